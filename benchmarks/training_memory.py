"""Peak memory of training, or of evaluating, against the bytes of the embeddings that are learned from.

The embeddings are random numbers, 3600 windows an hour, a file an hour, and in the cache before. They stand for 100 hours
of 3072 dimensions and are a part of it: the numbers up to which features are built are scaled by the same share.
Memory is what the process held at its peak, above its peak in the same with six recordings of two minutes.
"""

import argparse
import resource
import sys
import tempfile
import time
import wave
import zlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import machine
import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, Windowing, embed, evaluate, hookimpl, train
from audioscan_host.classifier import large_linear
from audioscan_host.journeys import train as train_journey
from audioscan_host.plugins.registry import load_registry

FULL_SIZE = 100 * 3600 * 3072  # numbers; what is measured stands for these
RATE = 1000  # Hz; audio is but what windows are numbered and labelled by
WINDOWING = Windowing(1.0, 1.0)
WAYS = {"passes": "by passes over the embeddings", "matrix": "on a matrix of features"}
GOALS = {"passes": "1.3 times", "matrix": ""}
LOUD_EVERY = 10  # seconds, of which one is loud, and labelled


class RandomVectors:
    """A family whose embeddings are random; those of loud windows lie to one side."""

    def __init__(self, dim: int) -> None:
        self.checkpoint = Checkpoint(
            name="RANDOM",
            source="none",
            revision="1",
            layers=1,
            sample_rate=RATE,
            step=1.0,
            shortest_window=1.0,
            licence="MIT",
            parameters=0,
        )
        self.model = Model("RANDOM", self.checkpoint, (FINAL,), dim, "random numbers")

    @hookimpl
    def register_models(self) -> list[Model]:
        return [self.model]

    @hookimpl
    def load(self, checkpoint: Any, runtime: Any) -> str:
        return "no encoder"

    @hookimpl
    def preprocess(self, encoder: Any, waveform: Any, windows: Any) -> Any:
        return np.stack([waveform[start : start + RATE] for start in windows.starts])

    @hookimpl
    def embed(self, encoder: Any, batch: Any, layers: Any) -> Any:
        rng = np.random.default_rng(zlib.crc32(batch.tobytes()))
        vectors = rng.standard_normal((len(batch), 1, self.model.dim), dtype=np.float32)
        vectors[batch.std(axis=1) > 0.1] += 3 / np.sqrt(self.model.dim)
        return dict.fromkeys(layers, vectors)


def write_recording(path: Path, seconds: int, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((seconds, RATE)) * 300
    samples[::LOUD_EVERY] *= 20
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
    return path


def write_recordings(folder: Path, count: int, seconds: int) -> tuple[list[Path], Path]:
    """Recordings, and the labels of all of them."""
    folder.mkdir()
    recordings = [write_recording(folder / f"{number:03d}.wav", seconds, number) for number in range(count)]
    rows = [
        f"{path.name},{start},{start + 1},loud\n"
        for path in recordings
        for start in range(0, seconds, LOUD_EVERY)
    ]
    labels = folder / "labels.csv"
    labels.write_text("file,start,end,label\n" + "".join(rows), encoding="utf-8")
    return recordings, labels


def peak_bytes() -> int:
    # In kilobytes on Linux, in bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run(folder: Path, journey: str, dim: int, name: str) -> None:
    """Train or evaluate on the recordings of a folder."""
    options = {"windowing": WINDOWING, "cache_dir": folder / "cache"}
    options["registry"] = load_registry({"random": RandomVectors(dim)})
    recordings, labels = sorted((folder / name).glob("*.wav")), [folder / name / "labels.csv"]
    if journey == "embed":
        embed(recordings, ["RANDOM"], **options)
    elif journey == "train":
        train(recordings, labels, "RANDOM", **options)
    else:
        evaluate(recordings, labels, ["RANDOM"], **options)


def measured(folder: Path, journey: str, dim: int, share: float) -> tuple[int, float]:
    """Bytes at the peak above what was held before, and seconds."""
    large_linear.MOST_DOUBLES = int(share * large_linear.MOST_DOUBLES)
    train_journey.MOST_REFERENCE_NUMBERS = int(share * train_journey.MOST_REFERENCE_NUMBERS)
    run(folder, journey, dim, "small")
    before, begun = peak_bytes(), time.perf_counter()
    run(folder, journey, dim, "large")
    return peak_bytes() - before, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("journeys", nargs="*", default=["train"], help="train, evaluate")
    parser.add_argument("--hours", type=int, default=25)
    parser.add_argument("--dim", type=int, default=3072)
    parser.add_argument(
        "--matrix", action="store_true", help="also with features in memory, where they are few enough"
    )
    arguments = parser.parse_args()
    hours, dim = arguments.hours, arguments.dim
    size = 4 * hours * 3600 * dim
    share = size / (4 * FULL_SIZE)
    rows = [
        ("embeddings", f"{size / 1e9:.2f} GB", ""),
        ("of 100 hours of 3072 dimensions", f"{share:.1%}", ""),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_recordings(folder / "small", 6, 120)
        write_recordings(folder / "large", hours, 3600)
        # A process each: what one held at its peak is not what the next one holds.
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
            alone.submit(run, folder, "embed", dim, "large").result()
            for journey in arguments.journeys:
                for way in ("passes", "matrix") if arguments.matrix else ("passes",):
                    least = share if way == "passes" else 1.0
                    peak, seconds = alone.submit(measured, folder, journey, dim, least).result()
                    rows += [
                        (f"peak of {journey}, {WAYS[way]}", f"{peak / 1e9:.2f} GB", ""),
                        ("of the embeddings", f"{peak / size:.2f} times", GOALS[way]),
                        ("time", f"{seconds:.0f} s", ""),
                    ]
    machine.report(f"Peak memory of learning from {hours} hours, {dim} dimensions", rows)


if __name__ == "__main__":
    main()
