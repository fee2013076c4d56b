"""A second column may be a duration: where it likely is, or an end is before its start, that is said."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.annotations.labels_as import LabelsAs
from audioscan_host.annotations.reading import LabelReader
from audioscan_host.errors import AnnotationError, SettingError

DURATIONS = LabelReader(labels_as="durations")
ENDS = LabelReader(labels_as=LabelsAs.ENDS)

SONIC_VISUALISER = "2.5\t6.5\tcry\n12\t1.5\tcry\n20\t0\tclick\n"


def comma(text):
    return text.replace("\t", ",")


@pytest.mark.parametrize("form", [str, comma])
def test_an_end_before_its_start_says_that_it_may_be_a_duration(write, refused, form):
    message = refused(write("day.txt", form(SONIC_VISUALISER)))
    assert "line 2: end (1.5) must be after start (12.0)" in message
    assert "where the second column is a duration" in message
    assert "say --labels-as durations" in message


@pytest.mark.parametrize("form", [str, comma])
def test_durations_are_counted_from_the_start(write, form):
    assert read_annotations(write("day.txt", form(SONIC_VISUALISER)), reader=DURATIONS) == [
        Annotation("day", 2.5, 9.0, "cry"),
        Annotation("day", 12.0, 13.5, "cry"),
        Annotation("day", 20.0, None, "click"),
    ]


@pytest.mark.parametrize("form", [str, comma])
def test_labels_of_one_sound_that_overlap_throughout_are_refused_unless_they_are_said_to(
    write, refused, form
):
    path = write("day.txt", form("0.5\t6.5\tcry\n2\t7\tcry\n4\t8\tcry\n"))
    message = refused(path)
    assert "overlap each other throughout" in message
    assert "say --labels-as durations, or --labels-as ends" in message
    assert [a.end for a in read_annotations(path, reader=ENDS)] == [6.5, 7.0, 8.0]
    assert [a.end for a in read_annotations(path, reader=DURATIONS)] == [7.0, 9.0, 12.0]


@pytest.mark.parametrize(
    "text",
    [
        "0.5\t6.5\tcry\n2\t7\tcry\n",  # two may overlap
        "0.5\t6.5\tcry\n2\t7\tcry\n4\t8\tcry\n9\t10\tcry\n",  # not throughout
        "0\t60\tblackbird\n1\t50\trobin\n2\t40\twren\n3\t30\ttit\n",  # a chorus of several
    ],
)
def test_labels_that_overlap_here_and_there_are_ends(write, text):
    found = read_annotations(write("day.txt", text))
    assert [a.end for a in found] == [float(line.split("\t")[1]) for line in text.splitlines()]


def test_a_header_says_what_its_columns_are(write):
    path = write("l.csv", "file,start,end,label\nd.wav,1,2,x\n")
    assert read_annotations(path, reader=DURATIONS) == [Annotation("d.wav", 1.0, 2.0, "x")]


def test_another_word_is_refused(write):
    with pytest.raises(SettingError, match="labels_as must be one of auto, ends, durations, not 'spans'"):
        LabelReader(labels_as="spans")


def test_an_end_before_its_start_is_refused_where_ends_are_meant(write):
    with pytest.raises(AnnotationError, match=r"line 2: end \(1.5\) must be after start"):
        read_annotations(write("day.txt", SONIC_VISUALISER), reader=ENDS)
