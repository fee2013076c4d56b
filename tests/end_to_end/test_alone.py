"""Host and MEL installed alone, from their wheels: all of it works, and nothing of a network comes along."""

import csv
import json
import os
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
OF_OTHER_FAMILIES = {"torch", "torchaudio", "torchvision", "transformers", "timm", "safetensors"} | {
    "huggingface-hub",
    "audioscan-torch",
}
UNREACHABLE = "connection broken by"
"""What pip says, and tries again, where an index does not answer."""

Run = Callable[..., subprocess.CompletedProcess[str]]


def build_wheel(folder: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, folder]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = out.iterdir()
    return wheel


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a program of a new virtual environment: `alone("audioscan-host", "models")`."""
    folder = tmp_path_factory.mktemp("alone")
    environment = folder / "environment"
    programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
    ours = ("PYTHON", "AUDIOSCAN_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    def run(program: str, *arguments: object, cwd: Path = folder) -> subprocess.CompletedProcess[str]:
        command = [str(programs / program), *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=400, check=False
        )

    wheels = [build_wheel(ROOT, folder / "host"), build_wheel(ROOT / "plugins" / "mel", folder / "mel")]
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, capture_output=True, timeout=120)
    install = ["-m", "pip", "install", "--retries", "2", "-c", ROOT / "constraints.txt"]
    done = run("python", *install, *wheels)
    if done.returncode and UNREACHABLE in done.stderr:
        pytest.skip("the package index cannot be reached, and what the host needs is not on this machine")
    assert done.returncode == 0, done.stderr
    return run


def noise_with_tones(path: Path, seconds: float, tones: list[tuple[float, float]], seed: int) -> None:
    """A recording of noise with tones of 1 kHz from and to those seconds."""
    time = np.arange(round(seconds * RATE)) / RATE
    samples = np.random.default_rng(seed).normal(0, 0.01, len(time))
    for start, end in tones:
        samples += np.where((time >= start) & (time < end), 0.2 * np.sin(2 * np.pi * 1000 * time), 0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def test_mel_is_the_only_model(alone: Run) -> None:
    listing = alone("audioscan-host", "models")
    assert listing.returncode == 0, listing.stderr
    assert listing.stderr == ""
    header, _, *models = listing.stdout.splitlines()
    assert header.split()[:2] == ["model", "plugin"]
    assert [line.split()[:2] for line in models] == [["MEL", "mel"]]


def test_nothing_of_another_family_is_installed(alone: Run) -> None:
    listing = alone("python", "-m", "pip", "--disable-pip-version-check", "list", "--format", "json")
    installed = {each["name"].lower().replace("_", "-") for each in json.loads(listing.stdout)}
    assert {"audioscan-host", "audioscan-mel", "numpy"} <= installed
    assert not installed & OF_OTHER_FAMILIES


@pytest.mark.parametrize("library", ["torch", "transformers", "timm", "audioscan_torch"])
def test_the_library_of_a_network_cannot_be_imported(alone: Run, library: str) -> None:
    attempt = alone("python", "-c", f"import {library}")
    assert attempt.returncode == 1
    assert f"ModuleNotFoundError: No module named '{library}'" in attempt.stderr


def test_what_runs_is_what_was_installed(alone: Run) -> None:
    files = alone(
        "python", "-c", "import audioscan_host, audioscan_mel as m; print(audioscan_host.__file__, m)"
    )
    assert files.stdout.count("site-packages") == 2


def test_a_detector_is_trained_and_finds_the_sound(alone: Run, tmp_path: Path) -> None:
    tones = [(5.0, 9.0), (20.0, 24.0), (35.0, 39.0), (50.0, 54.0)]
    labels = ["file,start,end,label"]
    for number in range(3):
        noise_with_tones(tmp_path / f"{number}.wav", 60, tones, seed=number)
        labels += [f"{number}.wav,{start},{end},tone" for start, end in tones]
    (tmp_path / "labels.csv").write_text("\n".join(labels), encoding="utf-8")
    noise_with_tones(tmp_path / "new.wav", 60, [(12.0, 16.0), (41.0, 45.0)], seed=9)

    cache = ["--cache-dir", "cache"]
    windows = ["--window", 2, "--hop", 0.5]
    recordings = [f"{number}.wav" for number in range(3)]
    train = ["train", *recordings, "--labels", "labels.csv", "--model", "MEL", *windows, *cache]
    trained = alone("audioscan-host", *train, "--out", "tone.detector", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    scan = ["scan", "new.wav", "--detector", "tone.detector", *cache, "--out", "regions.csv"]
    scanned = alone("audioscan-host", *scan, cwd=tmp_path)
    assert scanned.returncode == 0, scanned.stderr

    with (tmp_path / "regions.csv").open(newline="", encoding="utf-8") as file:
        regions = [(float(row["start"]), float(row["end"])) for row in csv.DictReader(file)]
    np.testing.assert_allclose(regions, [(12, 16), (41, 45)], atol=1.5)
