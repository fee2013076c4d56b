"""How an example of the sound is written: a file, or a span in it."""

from pathlib import Path

import pytest

from audioscan_host.errors import SettingError
from audioscan_host.similarity.query_spans import QuerySpan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day.wav", QuerySpan(Path("day.wav"))),
        ("day.wav@83.5-85", QuerySpan(Path("day.wav"), 83.5, 85)),
        ("day.wav@1:23.5-1:25", QuerySpan(Path("day.wav"), 83.5, 85)),
        ("day.wav@1:00:01-1:00:02.25", QuerySpan(Path("day.wav"), 3601, 3602.25)),
        ("day.wav@90:00-91:00", QuerySpan(Path("day.wav"), 5400, 5460)),
        ("me@home/day.wav@0-4", QuerySpan(Path("me@home/day.wav"), 0, 4)),
    ],
)
def test_a_file_and_a_span_are_read(text, expected):
    assert QuerySpan.parse(text) == expected


def test_a_file_may_have_an_at_sign_in_its_name(tmp_path):
    path = tmp_path / "me@1-2"
    path.touch()
    assert QuerySpan.parse(str(path)) == QuerySpan(path)
    assert QuerySpan.parse(f"{path}@3-4") == QuerySpan(path, 3, 4)


@pytest.mark.parametrize(
    "span", ["", "5", "5-", "-5", "a-b", "1:75-2:00", "1:2:3:4-5", "5-6s", "5 - 6", "nan-inf"]
)
def test_what_is_no_span_is_refused_with_one_that_is(span):
    with pytest.raises(SettingError, match=r"expected FILE@START-END in seconds, .* such as day.wav@83"):
        QuerySpan.parse(f"day.wav@{span}")


@pytest.mark.parametrize("span", ["5-5", "6-5", "1:00-59"])
def test_the_end_is_after_the_start(span):
    with pytest.raises(SettingError, match="the end of an example must be after its start"):
        QuerySpan.parse(f"day.wav@{span}")


def test_a_start_alone_is_refused():
    with pytest.raises(SettingError, match="a start and an end, or neither"):
        QuerySpan(Path("day.wav"), 3.0)
