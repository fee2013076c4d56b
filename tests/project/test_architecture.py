"""docs/architecture.md leads to what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "core" / "audioscan_host"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGE = ROOT / "plugins" / "ui" / "audioscan_ui"
ENDING = r"(?:\.py|\.md|\.toml|\.js|\.html)"
PATHS = sorted(set(re.findall(rf"`((?:[\w.-]+/)*[\w.-]+{ENDING}|(?:[\w-]+/)+)`", TEXT)))


def section(title):
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    """The cells of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_of_the_page_is_there(path):
    # In the walk a file is named as it stands in the listing of the folder beside it.
    walked = [
        PACKAGE / folder / path
        for folder in ("", "annotations", "embedding", "plugins", "journeys", "similarity")
    ]
    of_the_page = [PAGE / path, PAGE / "static" / path]
    assert any(place.exists() for place in [ROOT / path, *walked, *of_the_page]), path


def test_every_folder_and_loose_file_of_the_page_is_on_the_page():
    named = set(re.findall(r"`([\w./]+)`", section("The review page")))
    doors = {"__init__.py", "py.typed", "static/"}
    server = {path.name + "/" * path.is_dir() for path in PAGE.iterdir()} - {"__pycache__/"}
    assert server - doors - named == set()
    folders = {f"{path.name}/" for path in (PAGE / "static").iterdir() if path.is_dir()}
    assert folders - named == set()


def test_every_wing_is_on_the_page():
    wings = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()}
    assert wings == {name.rstrip("/") for row in rows("The tree") for name in re.findall(r"`(\w+/)`", row[1])}


def test_every_loose_file_is_a_word_or_ground():
    named = {name for row in rows("The tree") for name in re.findall(r"`(\w+\.py)`", row[1])}
    doors = {"__init__.py", "__main__.py", "weights.py"}
    assert {file.name for file in PACKAGE.glob("*.py")} == named | doors


def test_ten_changes_and_more_have_a_place():
    changes = rows("Where to go for what")
    assert len(changes) >= 10
    assert all(re.search(r"`[\w/.]+`", where) for _, where in changes)


def test_the_walks_lead_from_listing_to_listing():
    for _, *listings in rows("A stranger's walk"):
        walked = [re.findall(r"`([\w/.]+)`", listing) for listing in listings if listing]
        assert len(walked) <= 3
        for folder, *found in walked:
            place = ROOT / folder if folder.startswith("core/") else PACKAGE / folder
            assert (place / found[0]).exists(), (folder, found)


def test_the_site_has_the_page_and_contributing_leads_to_it():
    assert "architecture.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "(docs/architecture.md)" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
