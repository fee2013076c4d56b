"""What the wheels of the host and of MEL hold and ask for."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "torchaudio", "torchvision", "transformers", "timm", "librosa"}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build the wheel of a folder; its names, its metadata and its entry points."""

    def build_wheel(folder):
        out = tmp_path_factory.mktemp("wheel")
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, folder]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        (wheel,) = out.iterdir()
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            info = next(name for name in names if name.endswith("METADATA")).rsplit("/", 1)[0]
            metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
            return names, metadata, archive.read(f"{info}/entry_points.txt").decode()

    return build_wheel


def required(metadata):
    requirements = map(Requirement, metadata.get_all("Requires-Dist"))
    return {r.name for r in requirements if r.marker is None}


def test_the_host(build):
    names, metadata, entry_points = build(ROOT)
    modules = {path.relative_to(ROOT / "core").as_posix() for path in (ROOT / "core").rglob("*.py")}
    assert modules | {"audioscan_host/py.typed"} <= names
    assert not any(name.startswith(("tests/", "plugins/", "benchmarks/")) for name in names)
    assert (metadata["Name"], metadata["License-Expression"]) == ("audioscan-host", "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert "audioscan-host = audioscan_host.cli.main:main" in entry_points
    assert {"pluggy", "click", "numpy", "scikit-learn", "importlib-metadata"} <= required(metadata)
    assert not required(metadata) & HEAVY


def test_mel(build):
    names, metadata, entry_points = build(ROOT / "plugins" / "mel")
    assert {name for name in names if name.endswith(".py")} == {
        "audioscan_mel.py",
        "audioscan_mel_spectrogram.py",
    }
    assert entry_points.split() == ["[audioscan_host]", "mel", "=", "audioscan_mel"]
    assert required(metadata) == {"audioscan-host", "numpy"}
    assert metadata["License-Expression"] == "MIT"


def test_constraints_pin_every_requirement_once():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") for pin in pins)
    names = [pin.name.lower().replace("_", "-") for pin in pins]
    assert len(names) == len(set(names))
    assert {"numpy", "scikit-learn", "av", "soxr", "skops", "pluggy", "click", "rich"} <= set(names)
