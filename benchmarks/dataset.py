"""What Parquet datasets cost beside CSV: processor time of a recording's rows, bytes, and memory for a million recordings."""

import argparse
import io
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import machine
import numpy as np

from audioscan_host.output.csv_table import write_csv
from audioscan_host.output.dataset.dataset import opened
from audioscan_host.output.dataset.journal import Description
from audioscan_host.output.dataset.known import Known
from audioscan_host.output.dataset.rows import REGIONS, SCORES
from audioscan_host.output.scores import ScoreTable
from audioscan_host.regions import Region

LABELS = ["call", "song"]


def recordings(count: int, minutes: int) -> list[SimpleNamespace]:
    """What a scan would give: a window a second, and twenty regions."""
    random = np.random.default_rng(0)
    times = np.arange(60.0 * minutes - 1)
    probabilities = {label: random.random((count, len(times))) for label in LABELS}
    return [
        SimpleNamespace(
            path=Path(f"recorder/{number:06}.wav"),
            digest=f"{number:064x}",
            duration=60.0 * minutes,
            recorded_at=None,
            channel=None,
            times=times,
            window=2.0,
            probabilities={label: of_all[number] for label, of_all in probabilities.items()},
            regions=[Region(3.0 * i, 3.0 * i + 2, LABELS[i % 2], random.random()) for i in range(20)],
        )
        for number in range(count)
    ]


def as_csv(found: list[SimpleNamespace], folder: Path) -> None:
    """Regions and scores as `scan` writes them."""
    stream, scores = io.StringIO(newline=""), io.StringIO(newline="")
    write_csv(stream, {str(each.path): each.regions for each in found})
    table = ScoreTable(scores)
    for each in found:
        table.add(str(each.path), each.times, each.window, each.duration, each.probabilities)
    (folder / "regions.csv").write_text(stream.getvalue(), encoding="utf-8")
    (folder / "scores.csv").write_text(scores.getvalue(), encoding="utf-8")


def as_parquet(found: list[SimpleNamespace], folder: Path) -> None:
    """The same as datasets."""
    for kind in (REGIONS, SCORES):
        description = Description(kind.format, {"detector": ""}, {})
        with opened(folder / kind.value, kind, description, LABELS) as dataset:
            for each in found:
                dataset.add(each)


def bytes_of(folder: Path) -> int:
    """Of all its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=60)
    arguments = parser.parse_args()
    found = recordings(arguments.recordings, arguments.minutes)
    seconds: dict[str, list[float]] = {"csv": [], "parquet": []}
    sizes = {}
    for _ in range(arguments.rounds):
        for name, write in (("csv", as_csv), ("parquet", as_parquet)):
            with TemporaryDirectory() as folder:
                begun = time.process_time()
                write(found, Path(folder))
                seconds[name].append(time.process_time() - begun)
                sizes[name] = bytes_of(Path(folder))
    tracemalloc.start()
    known = Known()
    for number in range(1_000_000):
        known.add(f"recorder/{number:07}.wav", f"{number:064x}", None, number // 10_000)
    held, _ = tracemalloc.get_traced_memory()
    each = {name: 1000 * float(np.median(of_all)) / len(found) for name, of_all in seconds.items()}
    machine.report(
        f"Regions and scores of {len(found)} recordings of {arguments.minutes} min, median of {arguments.rounds} runs in turn",
        [
            ("CSV, processor time a recording", f"{each['csv']:.2f} ms"),
            ("Parquet", f"{each['parquet']:.2f} ms, {each['parquet'] / each['csv']:.2f} of CSV"),
            ("bytes, Parquet by CSV", f"{sizes['parquet'] / sizes['csv']:.2f}"),
            ("memory of a million known recordings", f"{held / 1e6:.0f} MB"),
        ],
    )


if __name__ == "__main__":
    main()
