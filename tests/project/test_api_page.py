"""docs/api.md has every public name, each taken from where it is, and no other."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import audioscan_host
import audioscan_host.testing
import audioscan_host.weights

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"

SHOWN = {
    name: path
    for path, name in re.findall(
        r"^::: (\S+)\n    options:\n      heading: (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
}
"""The name that a heading has -> where the page takes the docstring from."""

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (audioscan_host, audioscan_host.testing, audioscan_host.weights)
    for name in module.__all__
}


def test_every_public_name_is_on_the_page_and_no_other():
    assert sorted(SHOWN) == sorted(PUBLIC)
    assert PAGE.read_text(encoding="utf-8").count("\n::: ") == len(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_shows_the_very_object_that_is_imported_by_the_name(name):
    module, _, attribute = SHOWN[name].rpartition(".")
    assert getattr(importlib.import_module(module), attribute) is PUBLIC[name]


@pytest.mark.parametrize("name", [name for name in SHOWN if inspect.isfunction(PUBLIC[name])])
def test_every_argument_of_a_function_is_explained(name):
    parameters = list(inspect.signature(PUBLIC[name]).parameters)
    section = (inspect.getdoc(PUBLIC[name]) or "").split("\nArgs:\n")
    explained = re.findall(r"^    (\w+): ", section[1].split("\n\n")[0], re.MULTILINE) if section[1:] else []
    assert explained == parameters


def test_the_front_door_refuses_a_name_that_it_does_not_have():
    with pytest.raises(AttributeError, match="no attribute 'load'"):
        _ = audioscan_host.load
