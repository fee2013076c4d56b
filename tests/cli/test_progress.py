"""How long work is shown: to people, and to programs."""

import json
import time

import pytest

from audioscan_host.cli.progress_display import FIRST_SECONDS, Lines
from audioscan_host.progress import JsonLines, expect


@pytest.fixture
def said():
    return []


def objects(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_programs_get_an_object_a_line_of_progress_and_of_what_is_told(run, make_wav, tmp_path):
    make_wav("a.wav", seconds=30)
    (tmp_path / "empty").mkdir()
    done = run(
        "--progress", "json", "embed", "a.wav", "empty", "--model", "MEL", "--cache-dir", "c", "--json"
    )
    told = objects(done.stderr)
    (note,) = [each for each in told if each["event"] == "note"]
    assert (note["about"], note["level"]) == ("empty folder", "warning")
    assert "no media files" in note["message"]
    embedding = [each for each in told if each.get("what") == "embedding"]
    assert [embedding[0]["state"], embedding[-1]["state"]] == ["begun", "done"]
    assert embedding[-1]["done"] == pytest.approx(30)
    assert embedding[-1]["total"] == pytest.approx(2 * 30 / 2)
    assert json.loads(done.stdout)[0]["recording"] == "a.wav"


def test_without_progress_warnings_stay(run, make_wav, tmp_path):
    make_wav("a.wav", seconds=30)
    (tmp_path / "empty").mkdir()
    done = run("--progress", "none", "embed", "a.wav", "empty", "--model", "MEL", "--cache-dir", "c")
    assert [line for line in done.stderr.splitlines() if "embedding" in line] == []
    assert "warning: empty: no media files" in done.stderr


def test_work_that_raises_is_told_as_ended(said):
    def work():
        with JsonLines(said.append).track("fitting", 3, "fits") as advance:
            advance(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert [json.loads(line)["state"] for line in said] == ["begun", "ended"]
    assert json.loads(said[-1]) == {
        "event": "progress",
        "work": 1,
        "what": "fitting",
        "unit": "fits",
        "done": 1,
        "total": 3,
        "state": "ended",
    }


def test_a_total_that_is_found_out_is_told_at_once(said):
    with JsonLines(said.append).track("embedding", None, "s of audio") as advance:
        expect(advance, 60.0)
        expect(advance, 60.0)
    assert [json.loads(line)["total"] for line in said] == [None, 60.0, 60.0]


def test_work_that_shows_nothing_says_within_a_second_that_it_is_under_way(said):
    with Lines(said.append).track("embedding", None, "s of audio"):
        time.sleep(FIRST_SECONDS + 0.2)
        assert said == ["embedding ..."]


def test_work_that_is_done_at_once_says_nothing(said):
    with Lines(said.append).track("embedding", None, "s of audio"):
        pass
    time.sleep(FIRST_SECONDS + 0.2)
    assert said == []
