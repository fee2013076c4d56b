"""What is skipped on a machine that lacks a package fails where nothing may be lacking."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TESTS = {
    "test_file.py": "import pytest\npytest.importorskip('no_such_package')\n",
    "test_fixture.py": (
        "import pytest\n@pytest.fixture\ndef server():\n    pytest.importorskip('no_such_package.server')\n"
        "def test_asks(server): pass\n"
    ),
    "test_other.py": (
        "import pytest\ndef test_of_another_system(): pytest.skip('not here')\n"
        "def test_extra(monkeypatch):\n"
        "    monkeypatch.setitem(__import__('sys').modules, 'duckdb', None)\n"
        "    pytest.importorskip('duckdb')\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("needed", "said"), [("", "4 skipped"), ("1", "2 skipped, 2 errors")])
def test_a_package_that_is_lacking_skips_a_test_and_fails_it_where_all_is_needed(tmp_path, needed, said):
    for name, content in {**TESTS, "conftest.py": CONFTEST.read_text(encoding="utf-8")}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
    ]
    environment = {**os.environ, "AUDIOSCAN_NEED_ALL": needed}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert said in done.stdout, done.stdout
    assert (done.returncode != 0) == bool(needed)
