"""What the pages of the documentation say of the review page is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
STATIC = ROOT / "plugins" / "ui" / "audioscan_ui" / "static"

NAME = r'"((?:Ctrl\+)?(?:Shift\+)?(?:[A-Z0-9]|[^\w\s"]|[A-Z][a-z]+))"'
KEYS = [
    re.compile(before + NAME)
    for before in (r"\bregister\(\s*", r'\bbutton\(\s*(?:"[^"]*"|`[^`]*`),\s*', r"\bkey: ")
]
"""A key where a module registers it: `register("J", ...)`, `button("Accept", "A", ...)`, `key: "L"` in a list of buttons."""

IN_LOOPS = {*(f"Shift+{digit}" for digit in range(1, 6)), *map(str, range(1, 10))}
"""Keys that are registered in loops, for tabs and labels."""


def keys_of_the_page():
    found = set()
    for module in STATIC.rglob("*.js"):
        if module.name != "keys.js":  # where the functions are
            found |= {key for each in KEYS for key in each.findall(module.read_text(encoding="utf-8"))}
    return found


def keys_of_the_card():
    rows = re.findall(r"^\| (`.+?) \|", (DOCS / "review-keys.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = set()
    for row in rows:
        keys = re.findall(r"`([^`]+)`", row)
        if "..." in row:
            before, first, last = keys[0][:-1], int(keys[0][-1]), int(keys[1][-1])
            keys = [f"{before}{digit}" for digit in range(first, last + 1)]
        found |= set(keys)
    return found


def test_the_card_has_every_key_of_the_page_and_no_other():
    assert {"J", "A", "Backspace", "Ctrl+Z", "Shift+[", "?", "0"} <= keys_of_the_page()
    assert keys_of_the_card() == keys_of_the_page() | IN_LOOPS


def test_the_options_of_the_command_are_those_that_the_page_shows():
    program = "from audioscan_host.cli.main import main; main(['ui', '--help'], prog_name='audioscan-host')"
    environment = {**os.environ, "COLUMNS": "100", "AUDIOSCAN_PLUGINS": "ui"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    shown = re.search(
        r"^```text\n(Usage: .*?)^```$", (DOCS / "review.md").read_text(encoding="utf-8"), re.M | re.S
    )
    assert shown
    assert shown[1] == done.stdout


def test_the_tabs_are_those_of_the_page():
    tabs = re.findall(r'name: "\w+", title: "(\w+)"', (STATIC / "tabs.js").read_text(encoding="utf-8"))
    headings = re.findall(r"^## (.+)$", (DOCS / "review.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[: len(tabs)] == tabs
    assert f"| {', '.join(tabs)} |" in (DOCS / "review-keys.md").read_text(encoding="utf-8")


def test_the_orders_are_those_of_the_page():
    orders = re.findall(r'label: "([^"]+)"', (STATIC / "review" / "orders.js").read_text(encoding="utf-8"))
    table = (DOCS / "review.md").read_text(encoding="utf-8").split("| order | for |")[1].split("\n\n")[0]
    assert re.findall(r"^\| ([A-Z][^|]+?) \|", table, re.MULTILINE) == orders


def test_the_order_to_measure_in_is_called_so_wherever_it_is_named():
    from audioscan_ui.results import kinds

    (name,) = re.findall(
        r'"mixed", label: "([^"]+)"', (STATIC / "review" / "orders.js").read_text(encoding="utf-8")
    )
    assert f'in the order "{name}"' in Path(kinds.__file__).read_text(encoding="utf-8")
    assert f"in the order *{name}*" in (DOCS / "review.md").read_text(encoding="utf-8")


def test_each_view_has_its_picture_light_and_dark_and_small():
    text = (DOCS / "review.md").read_text(encoding="utf-8")
    for view in re.findall(r'name: "(\w+)", title: ', (STATIC / "tabs.js").read_text(encoding="utf-8")):
        section = text.split(f"\n## {view.capitalize()}\n")[1].split("\n## ")[0]
        dark, light = re.findall(r'(?:srcset|src)="(pictures/[^"]+)"', section)
        assert (dark, light) == (f"pictures/review-{view}-dark.png", f"pictures/review-{view}-light.png")
        assert re.search(r' alt="\w[^"]{20,}"', section)
        assert all(0 < (DOCS / name).stat().st_size <= 120_000 for name in (dark, light))


def test_every_picture_that_is_shown_by_html_is_there():
    shown = {
        (page.name, name)
        for page in DOCS.glob("*.md")
        for name in re.findall(
            r'<(?:img|source)\b[^>]*? (?:src|srcset)="([^"]+)"', page.read_text(encoding="utf-8")
        )
    }
    assert len(shown) >= 10
    assert [each for each in shown if not (DOCS / each[1]).is_file()] == []
