"""Amounts, rates and times left of work, and the words that people read."""

import re
from pathlib import Path

import pytest

import audioscan_host
from audioscan_ui.jobs.order import OrderedRecording
from audioscan_ui.jobs.plain_words import PlainWords
from audioscan_ui.jobs.works import Works


def _event(work, what, done, total, state="running"):
    return {"work": work, "what": what, "unit": "s of audio", "done": done, "total": total, "state": state}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_work_has_a_rate_and_the_time_that_is_left():
    clock = Clock()
    works = Works(clock)
    assert [each["what"] for each in works.facts()] == ["starting"]
    assert works.take(_event(1, "embedding", 0, 100, "begun"))
    clock.now = 2.0
    assert not works.take(_event(1, "embedding", 20, 100))

    (facts,) = works.facts()

    assert facts == {
        "what": "computing embeddings",
        "unit": "s of audio",
        "done": 20,
        "total": 100,
        "rate": 10.0,
        "seconds_left": 8.0,
    }


def test_the_rate_is_that_of_now_and_not_of_what_came_from_the_cache():
    clock = Clock()
    works = Works(clock)
    works.take(_event(1, "embedding", 0, 1000, "begun"))
    works.take(_event(1, "embedding", 500, 1000))
    for second in range(1, 41):
        clock.now = second
        works.take(_event(1, "embedding", 500 + second, 1000))

    assert works.facts()[0]["rate"] == pytest.approx(1.0)


def test_pieces_of_work_end_each_by_itself():
    works = Works(Clock())
    works.take(_event(1, "embedding", 0, 10, "begun"))
    works.take(_event(2, "downloading X", 0, None, "begun"))
    assert works.take(_event(1, "embedding", 10, 10, "done"))
    assert [each["what"] for each in works.facts()] == ["downloading X"]
    works.take(_event(2, "downloading X", 10, 10, "ended"))
    assert [each["what"] for each in works.facts()] == ["going on"]


def test_no_option_of_the_command_line_is_left_in_what_the_host_says():
    """Every sentence in the host's code that names an option, as it stands there."""
    words = PlainWords([])
    folder = Path(audioscan_host.__file__).parent
    parts = ("annotations", "audio", "classifier", "cutting", "embedding", "evaluation", "journeys", "models")
    said = [
        (path.name, sentence)
        for part in parts
        for path in (folder / part).rglob("*.py")
        for sentence in re.findall(r'f?"([^"\n]*--[a-z][^"\n]*)"', path.read_text())
    ]
    assert len(said) > 10
    for name, sentence in said:
        plain = words.say(sentence)
        assert not re.search(r"(?<!option )--[a-z]", plain), (name, plain)


def test_paths_are_said_as_names():
    recordings = [
        OrderedRecording(1, "/far/away/a.wav", "a.wav", None),
        OrderedRecording(2, "/far/away/a", "a", None),
    ]

    assert PlainWords(recordings).say("/far/away/a.wav: cannot be read:\n gone; as /far/away/a") == (
        "a.wav: cannot be read: gone; as a"
    )


def test_a_rate_is_no_option_on_the_page():
    said = "holds more of x y than any; --rate x y=SHARE puts them to another"

    assert (
        PlainWords([]).say(said).endswith("the share of the sound, given to the scan, puts them to another")
    )
