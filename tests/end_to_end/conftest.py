"""What tests of whole programs share: recordings with tones in them, and scenes of real sounds."""

import csv
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

RATE = 16_000

Span = tuple[float, float]


@pytest.fixture(scope="session")
def scenes(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recordings with real cries and speech laid into them, and `labels.csv`."""
    folder = tmp_path_factory.mktemp("scenes")
    script = shared_data / "make_scenes.py"
    subprocess.run([sys.executable, script, folder], check=True, timeout=120)
    return folder


@pytest.fixture(scope="session")
def write_noise_with_tones(write_wav: Callable[..., Path]) -> Callable[..., None]:
    """`write_noise_with_tones(path, 60, [(5, 9)], seed=1)`: noise, and 1 kHz from 5 to 9 s."""

    def write(path: Path, seconds: float, tones: Sequence[Span], seed: int) -> None:
        time = np.arange(round(seconds * RATE)) / RATE
        samples = np.random.default_rng(seed).normal(0, 0.01, len(time))
        for start, end in tones:
            samples += np.where((time >= start) & (time < end), 0.2 * np.sin(2 * np.pi * 1000 * time), 0)
        write_wav(path, samples, RATE)

    return write


@pytest.fixture(scope="session")
def labelled_tones(write_noise_with_tones: Callable[..., None]) -> Callable[[Path], list[str]]:
    """Write three recordings with tones, labels.csv of them, and new.wav; returns the names of the three.

    In new.wav the tones are from 12 to 16 and from 41 to 45 s.
    """

    def write(folder: Path) -> list[str]:
        tones = [(5.0, 9.0), (20.0, 24.0), (35.0, 39.0), (50.0, 54.0)]
        recordings = [f"{number}.wav" for number in range(3)]
        labels = ["file,start,end,label"]
        for seed, name in enumerate(recordings):
            write_noise_with_tones(folder / name, 60, tones, seed=seed)
            labels += [f"{name},{start},{end},tone" for start, end in tones]
        (folder / "labels.csv").write_text("\n".join(labels), encoding="utf-8")
        write_noise_with_tones(folder / "new.wav", 60, [(12.0, 16.0), (41.0, 45.0)], seed=9)
        return recordings

    return write


@pytest.fixture(scope="session")
def regions_in() -> Callable[[Path], list[Span]]:
    """Start and end of the regions in a CSV file."""

    def read(path: Path) -> list[Span]:
        with path.open(newline="", encoding="utf-8") as file:
            return [(float(row["start"]), float(row["end"])) for row in csv.DictReader(file)]

    return read
