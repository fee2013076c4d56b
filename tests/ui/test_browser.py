"""Which browser the tests of the page drive, and what happens where there is none."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "browser.py"


@pytest.fixture
def find(monkeypatch, tmp_path):
    """`find("chromium")`: what is found where those programs are on the path, and nothing else is."""

    def found(*programs, named=""):
        for program in programs:
            (tmp_path / program).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("AUDIOSCAN_BROWSER", named)
        return runpy.run_path(str(PROGRAM))["find"]()

    return found


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere browsers lie beside the path, too")
def test_a_browser_of_the_path_is_found(find, tmp_path):
    assert find() is None
    assert find("google-chrome") == str(tmp_path / "google-chrome")
    assert find("chromium") == str(tmp_path / "chromium")


def test_a_browser_that_is_named_is_taken_and_no_other(find, tmp_path):
    named = tmp_path / "mine"
    named.touch(mode=0o755)
    assert find("chromium", named=str(named)) == str(named)
    assert find("chromium", named=str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("needed", "code"), [({}, 0), ({"AUDIOSCAN_NEED_BROWSER": "1"}, 1), ({"AUDIOSCAN_NEED_ALL": "1"}, 1)]
)
def test_without_a_browser_it_says_how_to_get_one_and_fails_only_where_one_is_needed(tmp_path, needed, code):
    variables = {
        "PATH": str(tmp_path),
        "AUDIOSCAN_NEED_BROWSER": "",
        "AUDIOSCAN_NEED_ALL": "",
        "AUDIOSCAN_BROWSER": str(tmp_path / "none"),
    }
    environment = {**os.environ, **variables, **needed}
    done = subprocess.run(
        [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert "AUDIOSCAN_BROWSER=" in done.stderr
    assert "apt-get install" in done.stderr
