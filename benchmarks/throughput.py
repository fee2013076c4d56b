"""Recordings on disk to cache: seconds of audio a second, by format and by how many are decoded at once.

The encoder does nothing but to give a time step a second, so it is the host that is measured; `--model` names another, whose
weights are random. Where there is a GPU, `nvidia-smi` says what share of the time it is busy.
With `--against FOLDER` also another source folder of the host, such as a checkout of an earlier version. Each side is a
process of its own, and all take turns; libraries are imported before the clock starts. Processor seconds tell what is done
on a machine that others use too, of all processes together.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import machine
import numpy as np

SOURCES = Path(__file__).resolve().parents[1]
SIDE = Path(__file__).with_name("throughput_side.py")
FORMATS = {  # codec, rate, layout, format of samples, suffix
    "wav16": ("pcm_s16le", 16_000, "mono", "s16", "wav"),
    "wav48": ("pcm_s16le", 48_000, "stereo", "s16", "wav"),
    "flac48": ("flac", 48_000, "stereo", "s16", "flac"),
    "aac48": ("aac", 48_000, "stereo", "fltp", "m4a"),
}
NOTHING = "NOTHING"


@dataclass(frozen=True)
class Side:
    """One of what is compared.

    Attributes:
        sources: the folder of its source.
        decoders: recordings that are decoded at once; None where the source knows one alone, or for its own choice.
        threads: whether they are decoded in threads alone, and not in processes.
    """

    sources: Path
    decoders: int | None
    threads: bool = False

    def command(self, facts: dict[str, Any]) -> list[str]:
        paths = [self.sources / "core", *sorted((self.sources / "plugins").iterdir())]
        variables = ["env", f"PYTHONPATH={os.pathsep.join(map(str, paths))}"]
        measured = json.dumps({**facts, "decoders": self.decoders, "threads": self.threads})
        return [*variables, sys.executable, str(SIDE), measured]


def write(path: Path, form: str, minutes: float, seed: int) -> None:
    """Tones and noise, a burst every ten seconds; AAC at 128 kbit/s."""
    codec, rate, layout, sample_format, _ = FORMATS[form]
    rng, second, channels = np.random.default_rng(seed), np.arange(rate) / rate, 1 + (layout == "stereo")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec == "aac":
            stream.bit_rate = 128_000
        for number in range(round(minutes * 60)):
            tone = 0.1 * np.sin(2 * np.pi * (300 + 50 * (number % 40)) * second)
            noise = (0.2 if number % 10 == 1 else 0.02) * rng.standard_normal((channels, rate))
            both = tone + noise
            if sample_format == "s16":
                packed = (both.clip(-1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            else:
                frame = av.AudioFrame.from_ndarray(
                    both.astype(np.float32), format=sample_format, layout=layout
                )
            frame.sample_rate, frame.pts, frame.time_base = rate, number * rate, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@contextmanager
def recordings(form: str, files: int, minutes: float) -> Iterator[Path]:
    """A folder of them; those behind the second are others to the cache, since their times are."""
    suffix = FORMATS[form][-1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(files):
            path = folder / f"{number:04d}.{suffix}"
            if number < 2:
                write(path, form, minutes, number)
            else:
                shutil.copyfile(folder / f"{number % 2:04d}.{suffix}", path)
                os.utime(path, (number, number))
        yield folder


def taken(side: Side, facts: dict[str, Any]) -> dict[str, float]:
    """What a side took in a process of its own; `busy` is the share of the time that the GPU worked, in percent."""
    with sampled_gpu() as samples:
        done = subprocess.run(side.command(facts), check=True, stdout=-1, text=True, env=machine.ENVIRONMENT)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    busy = [share for at, share in samples if 0 <= at - result["begun"] <= result["seconds"]]
    return {**result, "busy": statistics.mean(busy)} if busy else result


@contextmanager
def sampled_gpu() -> Iterator[list[tuple[float, float]]]:
    """When it was looked, seconds since 1970, and the share of the time before that the GPU was busy, in percent."""
    samples: list[tuple[float, float]] = []
    program = shutil.which("nvidia-smi")
    if program is None:
        yield samples
        return
    asked = [
        program,
        "--query-gpu=utilization.gpu",
        "--format=csv,noheader,nounits",
        "-lms",
        "200",
        "-i",
        "0",
    ]
    process = subprocess.Popen(asked, stdout=-1, stderr=-3, text=True)

    def take() -> None:
        for line in process.stdout or ():
            with suppress(ValueError):  # it says so where it cannot tell
                samples.append((time.time(), float(line)))

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield samples
    finally:
        process.terminate()
        process.wait()
        thread.join()


@contextmanager
def random_weights(model: str) -> Iterator[dict[str, str]]:
    """Lays them where the loaders look; gives what `load_registry` needs."""
    if model == NOTHING:
        yield {}
        return
    import encoder_weights

    with tempfile.TemporaryDirectory() as folder:
        places = {"TORCH_HOME": f"{folder}/torch", "HF_HOME": f"{folder}/hf", "HF_HUB_OFFLINE": "1"}
        os.environ.update(places)
        machine.ENVIRONMENT.update(places)
        yield encoder_weights.family_of(model).lay_weights(Path(folder))


def compare(
    sides: dict[str, Side], rounds: int, take: Callable[[Side], dict[str, float]]
) -> list[tuple[str, str]]:
    """Rows of the report: the median of each side, and of its ratio to the first one of the same round; and the best rounds'."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(take(side))
    base, rows = next(iter(found.values())), []
    for name, results in found.items():
        rate = statistics.median(each["audio"] / each["seconds"] for each in results)
        work = statistics.median(each["audio"] / each["used"] for each in results)
        ratio = statistics.median(b["seconds"] / e["seconds"] for b, e in zip(base, results, strict=True))
        less = statistics.median(b["used"] / e["used"] for b, e in zip(base, results, strict=True))
        rates = f"{rate:7.0f} s of audio a second, {work:7.0f} a processor second"
        busy = [each["busy"] for each in results if "busy" in each]
        share = f"; GPU busy {statistics.median(busy):.0f} %" if busy else ""
        first = statistics.median(each["first"] for each in results)
        rates += f", the first recording after {first:.1f} s"
        best = min(each["seconds"] for each in base) / min(each["seconds"] for each in results)
        ratios = f"{ratio:.2f} and {less:.2f} times the first row, by the best rounds {best:.2f}"
        rows.append((name, f"{rates}; {ratios}{share}"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=[*FORMATS])
    parser.add_argument("--files", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=10, help="of each file")
    parser.add_argument("--decoders", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--threads", action="store_true", help="also decode in threads alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=NOTHING, metavar="NAME")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--reading", choices=["windows", "stretches"], default="windows")
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    sides = {}
    if arguments.against is not None:
        sides[f"of {arguments.against.name}"] = Side(arguments.against, None)
    sides |= {f"decoders: {number}": Side(SOURCES, number) for number in arguments.decoders}
    if arguments.threads:
        in_threads = {f"in threads: {number}": Side(SOURCES, number, True) for number in arguments.decoders}
        sides |= in_threads
    facts = {"model": arguments.model, "device": arguments.device, "reading": arguments.reading}
    with random_weights(arguments.model) as checkpoints:
        for form in arguments.formats:
            with recordings(form, arguments.files, arguments.minutes) as folder:
                asked = {**facts, "folder": str(folder), "checkpoints": checkpoints}
                rows = compare(sides, arguments.rounds, partial(taken, facts=asked))
            title = (
                f"{form}, {arguments.files} recordings of {arguments.minutes:g} minutes, {arguments.model}"
            )
            rounds = "one round" if arguments.rounds == 1 else f"median of {arguments.rounds} rounds in turn"
            machine.report(f"{title}, {arguments.reading}, {rounds}", rows)


if __name__ == "__main__":
    main()
