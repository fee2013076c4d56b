"""Praat's TextGrids: every tier, in the long form and the short one."""

import contextlib
import time
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.reading import read_label_file
from audioscan_host.errors import AnnotationError

REAL = Path(__file__).parents[3] / "shared" / "labels" / "textgrid"

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "birds 7 [x] = 3"
        xmin = 0
        xmax = 2.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "say ""hi"" 3 [4]"
        intervals [3]:
            xmin = 1.25
            xmax = 2.5
            text = "song
of two lines"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 0.75
            mark = "click"
"""

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2.5
<exists>
2
"IntervalTier"
"birds 7 [x] = 3"
0
2.5
3
0
0.5
""
0.5
1.25
"say ""hi"" 3 [4]"
1.25
2.5
"song
of two lines"
"TextTier"
"clicks"
0
2.5
1
0.75
"click"
"""

EXPECTED = [
    Annotation("day", 0.5, 1.25, 'say "hi" 3 [4]'),
    Annotation("day", 1.25, 2.5, "song of two lines"),
    Annotation("day", 0.75, None, "click"),
]


@pytest.mark.parametrize("text", [LONG, SHORT, LONG.replace("number = 0.75", "time = 0.75")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_all_tiers_are_read_in_every_form(write, text, encoding, end_of_line):
    path = write("day.TextGrid", text.replace("\n", end_of_line).encode(encoding))
    assert read_annotations(path) == EXPECTED


def test_a_grid_without_a_text_says_that_nothing_is_in_its_recording(write):
    text = (
        LONG.split("        intervals [2]", maxsplit=1)[0]
        .replace("size = 3", "size = 1")
        .replace("size = 2", "size = 1")
    )
    read = read_label_file(write("day.TextGrid", text))
    assert read.heard_nothing
    assert [a.role for a in read.annotations] == [Role.NEGATIVE]


@pytest.mark.parametrize(
    ("change", "to", "reason"),
    [
        ("xmax = 1.25", "xmax = 0.25", "line 21: end (0.25) must be after start (0.5)"),
        ("xmax = 1.25", "xmax = soon", "line 22: expected a label's end, a number, found"),
        ('"TextTier"', '"PointTier"', "line 29: expected an IntervalTier or a TextTier, found 'PointTier'"),
        ("points: size = 1", "points: size = 2", "the TextGrid ends before a label's beginning"),
        ("points: size = 1", "points: size = 1.5", "the number of labels must be a whole number"),
        ("number = 0.75", "number = -3", "must be 0 s or later, not -3"),
        ("number = 0.75", "number = 1e999", "must be 0 s or later, not 1e999"),
        ('Object class = "TextGrid"', 'Object class = "Pitch"', "is a file of Praat's that is no TextGrid"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write, refused, change, to, reason):
    assert reason in refused(write("day.TextGrid", LONG.replace(change, to)))


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("AVO-maea-basic", 19, (0.4351780385722748, None, "L+H*")),
        ("all_tiers_have_the_same_name", 3, (0.06588581304037375, 0.2342878321396945, "Mary")),
        ("bobby_phones_elan", 13, (0.06469123242311078, 0.08438971390281873, "B")),
        ("the_north_wind_and_the_sun.short.utf8", None, (0.06834975785384344, 0.08867687921858255, "ð")),
        ("the_north_wind_and_the_sun.utf16", None, (0.06834975785384344, 0.08867687921858255, "ð")),
    ],
)
def test_reads_what_people_have(name, count, first):
    path = REAL / f"{name}.TextGrid"
    if not path.is_file():
        pytest.skip("the label files of other projects are not there")
    found = read_annotations(path)
    assert count is None or len(found) == count
    assert (found[0].start, found[0].end, found[0].label) == first


def test_the_same_grid_in_two_forms_and_encodings_is_one():
    names = ("the_north_wind_and_the_sun.short.utf8", "the_north_wind_and_the_sun.utf16")
    paths = [REAL / f"{name}.TextGrid" for name in names]
    if not all(path.is_file() for path in paths):
        pytest.skip("the label files of other projects are not there")
    short, long = ([(a.start, a.end, a.label) for a in read_annotations(path)] for path in paths)
    assert short == long


@pytest.mark.parametrize("part", ["[", '"', '""', "9", "<", "!", "1 ", "x"])
def test_a_grid_of_much_of_one_thing_takes_no_longer_than_its_size(write, part):
    text = LONG.replace("points: size = 1", f"points: size = {part * 300_000} 1")
    begun = time.monotonic()
    with contextlib.suppress(AnnotationError):
        read_annotations(write("day.TextGrid", text))
    assert time.monotonic() - begun < 5
