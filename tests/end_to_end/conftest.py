"""What tests of installed programs share: wheels, new environments, and recordings with tones in them."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
UNREACHABLE = "connection broken by"
"""What pip says, and tries again, where an index does not answer."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Environment:
    """A new virtual environment, in which nothing of the one that runs the tests is seen.

    Attributes:
        folder: that holds it; where its programs run unless a test says otherwise.
    """

    folder: Path

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "venv", self.folder / "environment"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    def run(
        self, program: str, *arguments: object, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of it, whatever comes of that."""
        programs = self.folder / "environment" / ("Scripts" if sys.platform == "win32" else "bin")
        ours = ("PYTHON", "AUDIOSCAN_")
        return subprocess.run(
            [str(programs / program), *map(str, arguments)],
            cwd=cwd or self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def install(self, *what: object) -> None:
        """Install wheels and packages, in the versions that are tested together; skip without an index."""
        pip = ["-m", "pip", "install", "--retries", "2", "-c", ROOT / "constraints.txt"]
        done = self.run("python", *pip, *what)
        if done.returncode and UNREACHABLE in done.stderr:
            pytest.skip("the package index cannot be reached, and what the host needs is not on this machine")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Build the wheel of a folder of the project, once: `wheel_of("plugins/mel")`."""
    built: dict[str, Path] = {}

    def build(folder: str) -> Path:
        if folder not in built:
            out = tmp_path_factory.mktemp("wheel")
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, ROOT / folder]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            (built[folder],) = out.iterdir()
        return built[folder]

    return build


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """An environment with those things installed: `new_environment(wheel, "pytest")`."""

    def make(*what: object) -> Environment:
        environment = Environment(tmp_path_factory.mktemp("installed"))
        environment.install(*what)
        return environment

    return make


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
