"""Host and MEL installed alone, from their wheels: all of it works, and nothing of a network comes along."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

OF_OTHER_FAMILIES = {"torch", "torchaudio", "torchvision", "transformers", "timm", "safetensors"} | {
    "huggingface-hub",
    "audioscan-torch",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def alone(wheel_of, new_environment) -> Run:
    """Run a program of a new virtual environment: `alone("audioscan-host", "models")`."""
    return new_environment(wheel_of("."), wheel_of("plugins/mel")).run


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


def test_a_detector_is_trained_and_finds_the_sound(
    alone: Run, tmp_path: Path, labelled_tones, regions_in
) -> None:
    recordings = labelled_tones(tmp_path)
    cache = ["--cache-dir", "cache"]
    windows = ["--window", 2, "--hop", 0.5]
    train = ["train", *recordings, "--labels", "labels.csv", "--model", "MEL", *windows, *cache]
    trained = alone("audioscan-host", *train, "--out", "tone.detector", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    scan = ["scan", "new.wav", "--detector", "tone.detector", *cache, "--out", "regions.csv"]
    scanned = alone("audioscan-host", *scan, cwd=tmp_path)
    assert scanned.returncode == 0, scanned.stderr
    np.testing.assert_allclose(regions_in(tmp_path / "regions.csv"), [(12, 16), (41, 45)], atol=1.5)
