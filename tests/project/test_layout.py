"""What the layout promises to a stranger: tests lie where the code lies, files are short, imports say where to."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "core" / "audioscan_host"
OF_THE_WHOLE = {"end_to_end", "families", "project", "ray", "ui"}  # ray, ui: of plugins without models
LONGEST = 250


def folders(where):
    return {path.parent.name for path in where.glob("*/*.py")}


def test_each_folder_of_tests_is_a_wing_of_the_package_or_tests_the_whole():
    assert folders(ROOT / "tests") - OF_THE_WHOLE <= folders(PACKAGE)


def test_each_wing_of_the_package_has_its_folder_of_tests():
    assert folders(PACKAGE) <= folders(ROOT / "tests")


def test_a_test_beside_the_folders_is_of_a_module_beside_the_wings():
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    assert tested <= {path.stem for path in PACKAGE.glob("*.py")}


@pytest.mark.parametrize("folder", ["core", "plugins", "tools"])
def test_a_file_can_be_read_in_one_sitting(folder):
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".js", ".css", ".html"}
    }
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def through_the_front_door(source):
    """The names that a module takes from `audioscan_host` itself, although another module has them."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    taken = [name.name for node in imports if node.module == PACKAGE.name for name in node.names]
    return [name for name in taken if not ((PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file())]


def test_a_module_of_the_host_imports_from_where_a_name_is():
    found = {
        str(path.relative_to(ROOT)): through_the_front_door(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_the_front_door_is_seen_where_it_is_used():
    inside = "def late():\n    from audioscan_host import train, detector, windows, hookimpl as mark"
    assert through_the_front_door(inside) == ["train", "hookimpl"]
