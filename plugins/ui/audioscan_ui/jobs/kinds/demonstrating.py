"""Make the demo's recordings, and a label file of all but one of them."""

import csv
import io
from pathlib import Path

from audioscan_host.atomic_write import atomic_write
from audioscan_ui.jobs.work import Result, Work


def run(work: Work) -> Result:
    """Synthesise into `order.out`; the server adds the files that it names to the session.

    What is there already and the same is left: to the cache, a file that is written anew is another one.
    """
    from audioscan_host.demo import TRAINING_RECORDINGS
    from audioscan_host.demo.synthesis import synthesise

    assert work.order.out is not None  # noqa: S101 - ordering sees to it
    folder = Path(work.order.out)
    names = [f"training-{number}.wav" for number in range(1, TRAINING_RECORDINGS + 1)] + ["unseen.wav"]
    rows: list[tuple[object, ...]] = [("file", "start", "end", "label")]
    paths = []
    with work.progress.track("synthesising", len(names), "recordings") as advance:
        for index, name in enumerate(names):
            made = synthesise(index)
            path = folder / "recordings" / name
            paths.append(path)
            _write(path, made.wav())
            if index < TRAINING_RECORDINGS:
                rows += [(f"recordings/{name}", each.start, each.end, each.label) for each in made.events]
            advance(1)
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    _write(folder / "labels.csv", stream.getvalue().encode())
    return {
        "recordings": len(names),
        "recording_paths": [str(path) for path in paths],
        "label_paths": [str(folder / "labels.csv")],
    }


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_write(path) as file:
        file.write(content)
