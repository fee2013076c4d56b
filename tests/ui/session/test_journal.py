"""The journal of a session keeps every action that it said it kept, whatever happens to the machine."""

import json
import os

import pytest

from audioscan_host import OutputError
from audioscan_ui.session.journal import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def lines_of(path):
    journal = Journal(path)
    try:
        return [line for _, line in journal.lines()]
    finally:
        journal.close()


def filled(path, count=3):
    journal = Journal(path)
    for number in range(count):
        journal.append({"number": number, "label": 'comma, "quote"\nnewline 🐦'})
    journal.close()


def test_what_is_appended_is_there_when_it_is_opened_again(path):
    filled(path)
    assert [line["number"] for line in lines_of(path)] == [0, 1, 2]
    assert lines_of(path)[0]["label"] == 'comma, "quote"\nnewline 🐦'


def test_a_line_is_one_line_whatever_is_in_it(path):
    filled(path)
    assert path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("torn", [b"{", b'{"number":3,"label":"x', b"\0" * 4096, b'{"number":3}'])
def test_a_torn_last_line_is_dropped_with_a_warning(path, torn, caplog):
    filled(path)
    sound = path.read_bytes()
    path.write_bytes(sound + torn)
    assert [line["number"] for line in lines_of(path)] == [0, 1, 2]
    assert path.read_bytes() == sound
    assert "was cut off" in caplog.text


def test_after_a_torn_line_the_next_one_is_whole(path):
    filled(path)
    path.write_bytes(path.read_bytes() + b'{"half')
    filled(path, 1)
    assert [line["number"] for line in lines_of(path)] == [0, 1, 2, 0]


def test_every_beginning_of_a_journal_can_be_opened(path):
    filled(path)
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        assert len(lines_of(path)) == whole[:length].count(b"\n")


def test_damage_in_the_middle_is_an_error_that_names_the_line(path):
    filled(path)
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[5:] + third)
    with pytest.raises(OutputError, match="line 2 is damaged"):
        lines_of(path)


def test_a_line_that_could_not_be_kept_leaves_no_trace(path, monkeypatch):
    filled(path)
    sound = path.read_bytes()
    journal = Journal(path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left on device; make room"):
            journal.append({"number": 3})
    assert path.read_bytes() == sound
    journal.append({"number": 4})
    journal.close()
    assert [line["number"] for line in lines_of(path)] == [0, 1, 2, 4]


def test_it_is_on_the_disk_before_append_returns(path, monkeypatch):
    journal, synced = Journal(path), []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(path.read_bytes()))
    journal.append({"number": 0})
    journal.close()
    assert [json.loads(content) for content in synced] == [{"number": 0}]


def test_a_line_is_found_again_by_its_place(path):
    journal = Journal(path)
    places = [journal.append({"number": number}) for number in range(3)]
    assert [journal.line_at(at)["number"] for at in places] == [0, 1, 2]
    assert [at for at, _ in journal.lines()] == places
    journal.close()
