"""Decode to cache, with an encoder that does nothing: what the host itself can do."""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import machine
import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, embed, hookimpl, load_registry


class Nothing:
    """A plugin whose embeddings are zeros."""

    @hookimpl
    def register_models(self) -> list[Model]:
        checkpoint = Checkpoint(
            name="NOTHING", source="none", revision="1", layers=0, sample_rate=machine.RATE, step=1.0,
            shortest_window=1.0, licence="MIT", parameters=0,
        )  # fmt: skip
        return [Model("NOTHING", checkpoint, (FINAL,), 1, "zeros")]

    @hookimpl
    def load(self) -> str:
        return "nothing"

    @hookimpl
    def preprocess(self, windows: Any) -> Any:
        return windows.starts

    @hookimpl
    def embed(self, batch: Any) -> dict[int, Any]:
        return {FINAL: np.zeros((len(batch), 8, 1), np.float32)}


def write_aac(path: Path, minutes: float) -> Path:
    """A 48 kHz stereo AAC file of tones and noise at 128 kbit/s."""
    rng = np.random.default_rng(0)
    second = np.arange(48_000) / 48_000
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo", bit_rate=128_000)
        for i in range(round(minutes * 60)):
            tone = 0.3 * np.sin(2 * np.pi * (300 + 50 * (i % 40)) * second)
            both = np.stack([tone, tone[::-1]]) + 0.05 * rng.standard_normal((2, 48_000))
            frame = av.AudioFrame.from_ndarray(both.astype(np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, i * 48_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def times_real_time(path: Path, minutes: float) -> float:
    registry = load_registry({"nothing": Nothing()})
    best = np.inf
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            begun = time.perf_counter()
            embed([path], ["NOTHING"], registry=registry, cache_dir=Path(cache))
            best = min(best, time.perf_counter() - begun)
    return minutes * 60 / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        wav = times_real_time(machine.write_noise(Path(folder) / "a.wav", minutes), minutes)
        aac = times_real_time(write_aac(Path(folder) / "a.m4a", minutes / 3), minutes / 3)
    machine.report(
        f"Decode to cache with an encoder that does nothing, {minutes:g} minutes, best of 3",
        [
            ("16 kHz mono WAV", f"{wav:.0f} times real time"),
            ("48 kHz stereo AAC", f"{aac:.0f} times real time"),
        ],
    )


if __name__ == "__main__":
    main()
