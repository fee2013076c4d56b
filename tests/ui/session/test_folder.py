"""The folder of a session belongs to one server at a time."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from audioscan_host import OutputError, SettingError


def test_a_second_server_is_refused_in_one_line(open_session):
    with (
        open_session(),
        pytest.raises(OutputError, match="another review page is open") as refused,
        open_session(),
    ):
        pass
    assert "\n" not in str(refused.value)
    with open_session():
        pass


def test_a_folder_that_cannot_be_written_to_is_refused_in_one_line(open_session, tmp_path, monkeypatch):
    def read_only(**facts):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    with (
        pytest.raises(OutputError, match=r"it\.review: .*Read-only file system; name a folder") as refused,
        open_session(),
    ):
        pass
    assert "\n" not in str(refused.value)


def test_a_file_in_its_place_is_refused(open_session, tmp_path):
    (tmp_path / "it.review").write_text("mine")
    with pytest.raises(OutputError, match="is a file"), open_session():
        pass


def test_a_folder_of_other_files_is_refused(open_session, tmp_path):
    (tmp_path / "it.review").mkdir()
    (tmp_path / "it.review" / "letter.txt").write_text("mine")
    with pytest.raises(SettingError, match="holds other files"), open_session():
        pass
    assert [path.name for path in (tmp_path / "it.review").iterdir()] == ["letter.txt"]


@pytest.mark.slow
def test_the_claim_of_a_server_that_was_killed_ends_with_it(open_session, tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from audioscan_ui.events import Events\n"
        "from audioscan_ui.session.review_session import opened\n"
        f"with opened(Path({str(tmp_path / 'it.review')!r}), Events()):\n"
        "    print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        with pytest.raises(OutputError, match="another review page"), open_session():
            pass
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with open_session():
        pass
