"""Subtitles, SubRip and WebVTT, are labels of the recording that their file is named like."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.annotations.reading import read_label_file

SRT = """1
00:00:01,500 --> 00:00:04,000
cry

2
01:00:00,000 --> 01:00:00,250
a door, and
<i>rain</i>

3
00:00:09,000 --> 00:00:09,000
click
"""

VTT = """WEBVTT - what was labelled

NOTE
a remark --
of two lines

STYLE
::cue { color: red }

1
00:01.500 --> 00:04.000 align:start
cry

01:00:00.000 --> 01:00:00.250
<v Anna>a door, and
rain

00:00:09.000 --> 00:00:09.000
click
"""


@pytest.mark.parametrize("text", [SRT, VTT])
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
def test_times_and_texts_are_labels(write, text, end_of_line):
    assert read_annotations(write("day.srt", text.replace("\n", end_of_line))) == [
        Annotation("day", 1.5, 4.0, "cry"),
        Annotation("day", 3600.0, 3600.25, "a door, and rain"),
        Annotation("day", 9.0, None, "click"),
    ]


def test_a_subtitle_without_text_is_skipped_with_a_count(write):
    read = read_label_file(
        write("day.srt", "1\n00:00:01,0 --> 00:00:02,0\n\n2\n00:00:03,0 --> 00:00:04,0\ncry\n")
    )
    assert read.annotations == [Annotation("day", 3.0, 4.0, "cry")]
    assert read.unnamed == 1


def test_a_file_without_subtitles_says_that_nothing_is_in_its_recording(write):
    assert read_label_file(write("day.vtt", "WEBVTT\n")).heard_nothing


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SRT + "\n4\n00:00:05,0 --> 00:00:04,0\nx\n", "line 15: end (4.0) must be after start (5.0)"),
        (
            SRT + "\n4\n00:00:61,0 --> 00:01:04,0\nx\n",
            "line 15: start must be a number of seconds, not '00:00:61.0'",
        ),
        (SRT + "\n4\nsoon --> later\nx\n", "line 14: expected times as 00:00:01,500 --> 00:00:04,000"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write, refused, text, reason):
    assert reason in refused(write("day.srt", text))
