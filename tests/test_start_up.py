"""Starting is quick: what is heavy is imported by what needs it, and a model's library by its plugin."""

import os
import subprocess
import sys

import pytest

LIBRARIES_OF_MODELS = ["torch", "torchaudio", "torchvision", "transformers", "timm"]
HEAVY = [
    *LIBRARIES_OF_MODELS,
    "numpy",
    "scipy",
    "sklearn",
    "skops",
    "av",
    "soxr",
    "array_api_compat",
    "matplotlib",
]


@pytest.fixture
def run(tmp_path):
    """Run a program in a Python where every model's library can be imported; what it prints, line by line."""
    for library in LIBRARIES_OF_MODELS:
        (tmp_path / "libraries" / library).mkdir(parents=True)
        (tmp_path / "libraries" / library / "__init__.py").touch()

    path = os.pathsep.join([str(tmp_path / "libraries"), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(program, **environment):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": path, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def imported(program, watched):
    """A program that ends with the names of those of `watched` that were imported."""
    return f"import sys\n{program}\nprint(' '.join(sorted(set({watched}) & set(sys.modules))) or 'none')"


def command(*arguments):
    return f"from audioscan_host.cli.main import main\nmain({list(arguments)}, standalone_mode=False)"


def test_what_is_watched_for_would_be_seen(run):
    assert run(imported("import torch, timm", HEAVY)) == ["timm torch"]


def test_no_module_of_the_host_imports_a_models_library(run):
    program = """
import importlib, pkgutil, audioscan_host
for module in pkgutil.walk_packages(audioscan_host.__path__, "audioscan_host."):
    if not module.name.endswith("__main__"):
        print(importlib.import_module(module.name).__name__)
for name in audioscan_host.__all__:
    getattr(audioscan_host, name)
"""
    *modules, found = run(imported(program, LIBRARIES_OF_MODELS))
    assert {"audioscan_host.embedding", "audioscan_host.cli.main"} <= set(modules)
    assert found == "none"


def test_importing_the_package_imports_none_of_its_modules(run):
    program = "import sys, audioscan_host\nprint([name for name in sys.modules if 'audioscan_host.' in name])"
    assert run(program) == ["[]"]


def test_what_a_plugin_author_imports_is_light(run):
    program = "from audioscan_host import FINAL, Checkpoint, HiddenStates, Inputs, Model, Runtime, hookimpl"
    assert run(imported(program, HEAVY)) == ["none"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["models"], "MEL"),
        (["models", "--json"], '"name": "MEL"'),
        (["plugins"], "audioscan-mel"),
        (["--help"], "Commands:"),
        (["scan", "--help"], "--threshold"),
    ],
)
def test_listing_and_help_import_nothing_heavy(run, arguments, shown):
    *lines, found = run(imported(command(*arguments), HEAVY), AUDIOSCAN_PLUGINS="mel")
    assert shown in "\n".join(lines)
    assert found == "none"
