"""What Ray costs: recordings a minute with 1, 2 and 4 workers against this process, a task's share of it, and the driver's memory.

The encoder sleeps, as one on a GPU of its own leaves the cores alone: so much for each recording. All sides compute the same
recordings into caches of their own, one after the other in one run. Each worker notes when its encoder begins and ends: what lies
between the first beginning and the last end and is not encoding is what a task costs beside it, however long Ray took to
start. Prints tables in Markdown.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RATE = 16_000

FAMILY = """
import os
import time
from pathlib import Path

import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, hookimpl


@hookimpl
def register_models():
    checkpoint = Checkpoint("SLEEPS", "none", "1", 0, 16_000, 0.1, 0.1, "MIT", 0)
    return [Model("SLEEPS", checkpoint, (FINAL,), 2, "sleeps")]


@hookimpl
def load(checkpoint, runtime):
    return "encoder"


@hookimpl
def preprocess(encoder, waveform, windows):
    begin = time.time()
    time.sleep(float(os.environ["AUDIOSCAN_SLEEP"]))
    with Path(os.environ["AUDIOSCAN_LOG"], str(os.getpid())).open("a") as log:
        log.write(f"{begin} {time.time()}\\n")
    return [0] * len(windows)


@hookimpl
def embed(encoder, batch, layers):
    return {FINAL: np.zeros((len(batch), 1, 2), np.float32)}
"""


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=int, default=24, help="of a minute")
    parser.add_argument("--sleep", type=float, default=1.0, help="seconds of the encoder for each")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument(
        "--tiny", type=int, default=10_000, help="recordings of a second, whose tasks are counted"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        if arguments.recordings:
            _throughput(Path(folder), arguments)
        if arguments.tiny:
            _tiny(Path(folder), arguments.tiny)


def _install(folder: Path) -> None:
    """Make the family a plugin, of this process and of those that it starts."""
    site = folder / "site"
    facts = site / "sleeps-1.0.dist-info"
    facts.mkdir(parents=True)
    (site / "sleeps.py").write_text(FAMILY)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeps\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[audioscan_host]\nsleeps = sleeps\n")
    sys.path.insert(0, str(site))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))


def _recordings(folder: Path, count: int, seconds: int) -> list[Path]:
    folder.mkdir()
    paths = []
    for number in range(count):
        path = folder / f"{number:05d}.wav"
        samples = np.random.default_rng(number).integers(-3000, 3000, RATE * seconds).astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
        paths.append(path)
    return paths


def _outcomes(paths: list[Path], cache: Path, **options: object) -> Iterator[float]:
    """When each recording is finished."""
    from audioscan_host import Windowing
    from audioscan_host.embedding.tasks import RecordingFailure
    from audioscan_host.journeys.session import Session

    session = Session.of(cache_dir=cache, **options)
    for result in session.embedder([session.registry.model("SLEEPS")], Windowing()).embed_each(paths):
        if isinstance(result, RecordingFailure):
            raise SystemExit(result.reason)
        yield time.perf_counter()


def _throughput(folder: Path, arguments: argparse.Namespace) -> None:
    os.environ["AUDIOSCAN_SLEEP"] = str(arguments.sleep)
    paths = _recordings(folder / "minutes", arguments.recordings, 60)
    print(f"{len(paths)} recordings of a minute, encoder of {arguments.sleep:g} s each\n")
    print(
        "| computed by | recordings a second | a task beside its encoding | of that | against `local` | processor time of the driver |"
    )
    print("|---|---|---|---|---|---|")
    local = 0.0
    for workers in [0, *arguments.workers]:
        log = folder / f"log-{workers}"
        log.mkdir()
        os.environ["AUDIOSCAN_LOG"] = str(log)
        options = {"on": "ray", "workers": workers} if workers else {}
        used = time.process_time()
        for _ in _outcomes(paths, folder / f"minutes-{workers}", **options):
            pass
        used = (time.process_time() - used) / len(paths)
        spans = [_span(file) for file in log.iterdir()]
        rate = sum(count / seconds for count, seconds in spans)
        beyond = sum(seconds - count * arguments.sleep for count, seconds in spans) / len(paths)
        local = local or rate
        name = f"{workers} worker{'s' * (workers > 1)}" if workers else "`local`"
        print(
            f"| {name} | {rate:.2f} | {1000 * beyond:.0f} ms | {beyond / arguments.sleep:.1%} | {rate / local:.2f} times "
            f"| {1000 * used:.1f} ms |",
            flush=True,
        )


def _span(log: Path) -> tuple[int, float]:
    """How many recordings a worker encoded, and from when to when, seconds."""
    times = [[float(word) for word in line.split()] for line in log.read_text().splitlines()]
    return len(times), times[-1][1] - times[0][0]


def _tiny(folder: Path, count: int) -> None:
    os.environ["AUDIOSCAN_SLEEP"] = "0"
    os.environ["AUDIOSCAN_LOG"] = str(folder)
    paths = _recordings(folder / "tiny", count, 1)
    print(f"\n{count} recordings of a second, one worker\n")
    print("| recordings finished | memory of the driver at most | milliseconds a task so far |")
    print("|---|---|---|")
    begin = 0.0
    for number, end in enumerate(_outcomes(paths, folder / "tiny-cache", on="ray", workers=1), start=1):
        begin = begin or end
        if number in (100, count // 4, count // 2, count):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"| {number} | {peak:.1f} MB | {1000 * (end - begin) / max(number - 1, 1):.1f} |", flush=True
            )


if __name__ == "__main__":
    main()
