"""Another window from the cache: seconds for each hour of audio, beyond imports.

    python benchmarks/grains.py [--hours 1] [--rounds 7] [--against FOLDER]

Recordings of noise are read once in stretches, by encoders that do nothing and give vectors of 256, 768 and 3072 numbers. Windows of
other lengths are then read from their grains, by an embedder that was just made: the file's digest, the look-up, the cache file with
its checksum, and the arithmetic. The windows take turns, and figures are the least and the median of the rounds. With `--against` the sources of
an earlier version, in whose folder `audioscan_host` lies, take turns with these, each in a process of its own that has imported all. Half of the
numbers are deviations where it says mean+std. Last come 2,000 recordings of half a second, read one after the other.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import machine
import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, Windowing, hookimpl, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.registry import Registry
from audioscan_host.reading import Reading

DIMS = (256, 768, 3072)
GRAINS = (0.25, 0.5, 1.0)
WINDOW = 8.0
SHORT = 2000


class Noise:
    """A plugin whose time steps are noise, 0.1 s long, the same for every window."""

    def __init__(self, dim: int, pooling: str) -> None:
        self._states = np.random.default_rng(0).standard_normal((1, 100, dim)).astype(np.float32)
        self._pooling = pooling

    @hookimpl
    def register_models(self) -> list[Model]:
        checkpoint = Checkpoint(
            name="NOISE", source="none", revision="1", layers=0, sample_rate=machine.RATE, step=0.1,
            shortest_window=0.1, licence="MIT", parameters=0, stretch=10.0,
        )  # fmt: skip
        dim = self._states.shape[2] * len(self._pooling.split("+"))
        return [Model("NOISE", checkpoint, (FINAL,), dim, "noise", pooling=self._pooling)]

    @hookimpl
    def load(self) -> str:
        return "noise"

    @hookimpl
    def preprocess(self, windows: Any) -> Any:
        return np.full(len(windows.starts), windows.length // 1600)

    @hookimpl
    def embed(self, batch: Any) -> dict[int, Any]:
        return {FINAL: np.repeat(self._states[:, : batch[0]], len(batch), axis=0)}


def embedder(registry: Registry, cache: Path, windowing: Windowing) -> Embedder:
    """That reads stretches, as a command makes it."""
    model = registry.model("NOISE")
    return Embedder(registry, [model], windowing, Cache(cache), readings={model: Reading.STRETCHES})


def registry_of(dim: int, pooling: str) -> Registry:
    """Of a model with vectors of so many numbers."""
    return load_registry({"noise": Noise(dim // len(pooling.split("+")), pooling)})


def answer() -> None:
    """Read what each line asks for, and say how long that took: wall clock and processor."""
    for line in sys.stdin:
        paths, cache, dim, pooling, hop = json.loads(line)
        registry = registry_of(dim, pooling)
        begun, processor = time.perf_counter(), time.process_time()
        for path in paths:
            found = embedder(registry, Path(cache), Windowing(WINDOW, hop)).embed(Path(path))
            if found.computed:
                raise SystemExit(f"{path} was not read from the cache")
            del found
        print(json.dumps([time.perf_counter() - begun, time.process_time() - processor]), flush=True)


def write_short(path: Path, seed: int) -> Path:
    """Half a second of noise."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(machine.RATE)
        noise = np.random.default_rng(seed).standard_normal(machine.RATE // 2) * 300
        file.writeframes(noise.astype("<i2").tobytes())
    return path


class Side:
    """A version of the sources, in a process that has imported them."""

    def __init__(self, core: Path | None) -> None:
        environment = dict(os.environ)
        if core is not None:
            environment["PYTHONPATH"] = os.pathsep.join([str(core), environment.get("PYTHONPATH", "")])
        command = [sys.executable, __file__, "--answer"]
        self._process: Any = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment)

    def seconds(self, *question: object) -> list[float]:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        found: list[float] = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def figures(sides: list[Side], rounds: int, share: float, *question: object) -> str:
    """Of each side in turn: wall clock and processor, least and median."""
    taken = np.array([[side.seconds(*question) for side in sides] for _ in range(rounds)]) * share
    least, median = taken.min(axis=0), np.median(taken, axis=0)
    return "   ".join(
        f"wall {low[0]:.3f} {mid[0]:.3f}, CPU {low[1]:.3f} {mid[1]:.3f}"
        for low, mid in zip(least, median, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--against", type=Path, help="folder of an earlier version's audioscan_host")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        answer()
        return
    sides = [Side(each) for each in ([arguments.against] if arguments.against else []) + [None]]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        path = machine.write_noise(Path(name) / "noise.wav", 60 * arguments.hours)
        for dim in DIMS:
            for pooling in ("mean", "mean+std"):
                for grain in GRAINS:
                    cache = Path(name) / f"cache-{dim}-{pooling}-{grain}"
                    embedder(registry_of(dim, pooling), cache, Windowing(WINDOW, grain)).embed(path)
                    for hop in sorted({grain, 1.0}):
                        question = [str(path)], str(cache), dim, pooling, hop
                        found = figures(sides, arguments.rounds, 1 / arguments.hours, *question)
                        rows.append(
                            (f"{dim} {pooling}, grains of {grain:g} s, hop {hop:g} s", f"{found} s an hour")
                        )
        cache = Path(name) / "short"
        short = [write_short(Path(name) / f"{n}.wav", seed=n) for n in range(SHORT)]
        for each in short:
            embedder(registry_of(768, "mean"), cache, Windowing(WINDOW, 0.25)).embed(each)
        question = [str(each) for each in short], str(cache), 768, "mean", 1.0
        found = figures(sides, arguments.rounds, 1000 / SHORT, *question)
        rows.append((f"{SHORT} recordings of half a second", f"{found} ms each"))
    for side in sides:
        side.end()
    machine.report(
        f"Another window of {WINDOW:g} s from the cache, least and median of {arguments.rounds} runs in turn",
        rows,
    )


if __name__ == "__main__":
    main()
