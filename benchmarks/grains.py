"""Another window from the cache: seconds for each hour of audio, beyond imports.

    python benchmarks/grains.py [--hours 1] [--rounds 7]

Recordings of noise are read once in stretches, by encoders that do nothing and give vectors of 256, 768 and 3072 numbers. Windows of
other lengths are then read from their grains, by an embedder that was just made: the file's digest, the look-up, the cache file with
its checksum, and the arithmetic. The windows take turns, and each figure is the median of the rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine
import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, Windowing, hookimpl, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.registry import Registry
from audioscan_host.reading import Reading

WINDOWS = ((8.0, 1.0), (1.0, 0.25), (2.0, 0.5), (4.0, 1.0), (8.0, 2.0), (8.0, 0.25))
DIMS = (256, 768, 3072)


class Noise:
    """A plugin whose time steps are noise, 0.1 s long, the same for every window."""

    def __init__(self, dim: int) -> None:
        self._states = np.random.default_rng(0).standard_normal((1, 100, dim)).astype(np.float32)

    @hookimpl
    def register_models(self) -> list[Model]:
        checkpoint = Checkpoint(
            name="NOISE", source="none", revision="1", layers=0, sample_rate=machine.RATE, step=0.1,
            shortest_window=0.1, licence="MIT", parameters=0, stretch=10.0,
        )  # fmt: skip
        return [Model("NOISE", checkpoint, (FINAL,), self._states.shape[2], "noise")]

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


def measured(
    path: Path, cache: Path, dim: int, grain: float, *, rounds: int, clock: Callable[[], float]
) -> dict[Windowing, float]:
    """Seconds to read each window, the median of the rounds."""
    registry = load_registry({"noise": Noise(dim)})
    embedder(registry, cache, Windowing(8.0, grain)).embed(path)
    windowings = [Windowing(*each) for each in WINDOWS if round(each[1] * 100) % round(grain * 100) == 0]
    taken: dict[Windowing, list[float]] = {each: [] for each in windowings}
    for _ in range(rounds):
        for windowing in windowings:
            begun = clock()
            found = embedder(registry, cache, windowing).embed(path)
            taken[windowing].append(clock() - begun)
            if found.computed:
                raise SystemExit(f"{windowing} was not read from the cache")
    return {windowing: float(np.median(each)) for windowing, each in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu", action="store_true", help="CPU time, on a machine that others use")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu else time.perf_counter
    rows = []
    with tempfile.TemporaryDirectory() as name:
        path = machine.write_noise(Path(name) / "noise.wav", 60 * arguments.hours)
        for dim in DIMS:
            for grain in (1.0, 0.25):
                cache = Path(name) / f"cache-{dim}-{grain}"
                of_windows = measured(path, cache, dim, grain, rounds=arguments.rounds, clock=clock)
                for windowing, seconds in of_windows.items():
                    what = f"{dim} numbers, grains of {grain:g} s: windows of {windowing.window:g} s every {windowing.hop:g} s"
                    rows.append((what, f"{seconds / arguments.hours:.3f} s an hour"))
    kind = "CPU time" if arguments.cpu else "wall clock"
    machine.report(f"Another window from the cache, {kind}, median of {arguments.rounds} runs in turn", rows)


if __name__ == "__main__":
    main()
