"""A format of a plugin's reads what the host's own do not recognise, and what it does wrong is one line."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.annotations.label_format import LabelFormat
from audioscan_host.annotations.reading import LabelReader, read_label_file
from audioscan_host.errors import AnnotationError


def reader(read, recognises=lambda head: head.first_line == "NOTES", **fields):
    return LabelReader([LabelFormat("notes", "a line", recognises, read, **fields)])


def one(path, text):
    return [Annotation(path.stem, 1.0, 2.0, line) for line in text.splitlines()[1:]]


def test_its_annotations_are_read_as_those_of_any_format(write):
    read = read_label_file(write("day.txt", "NOTES\ncry\n\ncry (soft)\nnocall\n"), reader=reader(one))
    assert [(a.label, a.role) for a in read.annotations] == [
        ("cry", "positive"),
        ("cry", "soft"),
        ("nocall", "negative"),
    ]
    assert read.unnamed == 1
    assert read.format == "notes"


def test_a_file_without_a_row_says_that_nothing_is_there_where_the_format_says_so(write, refused):
    path = write("day.txt", "NOTES\n")
    assert read_label_file(path, reader=reader(one, of_one_recording=True)).heard_nothing
    with pytest.raises(AnnotationError, match="holds no annotations"):
        read_label_file(path, reader=reader(one))


def test_it_is_asked_after_the_formats_of_the_host_and_before_what_is_only_likely(write):
    greedy = reader(one, lambda head: True)
    assert read_annotations(write("day.txt", "1\t2\tcall\n"), reader=greedy) == [
        Annotation("day", 1.0, 2.0, "call")
    ]
    assert read_annotations(write("day.txt", "file;start\nx\n"), reader=greedy) == [
        Annotation("day", 1.0, 2.0, "x")
    ]


def raising(*arguments):
    raise RuntimeError("no\npen")


def refusing(path, text):
    raise AnnotationError(f"{path}, line 3: smudged")


@pytest.mark.parametrize(
    ("read", "recognises", "reason"),
    [
        (raising, lambda head: True, "the format 'notes' of a plugin fails: RuntimeError: no pen"),
        (one, raising, "the format 'notes' of a plugin fails: RuntimeError: no pen"),
        (refusing, lambda head: True, "day.txt, line 3: smudged"),
        (lambda path, text: [7], lambda head: True, "TypeError: int is no Annotation"),
        (lambda path, text: None, lambda head: True, "the format 'notes' of a plugin fails: TypeError"),
        (
            lambda path, text: [Annotation("a", -1.0, 2.0, "x")],
            lambda head: True,
            "start must be 0 s or later, not -1.0",
        ),
        (
            lambda path, text: [Annotation("a", 2.0, 2.0, "x")],
            lambda head: True,
            "end (2.0) must be after start (2.0)",
        ),
        (lambda path, text: [Annotation("", 1.0, 2.0, "x")], lambda head: True, "file is empty"),
        (lambda path, text: [Annotation("a", 1.0, 2.0, 7)], lambda head: True, "label must be text"),
    ],
)
def test_what_it_does_wrong_is_one_line_about_the_file(write, read, recognises, reason):
    with pytest.raises(AnnotationError) as caught:
        read_annotations(write("day.txt", "NOTES\n"), reader=reader(read, recognises))
    assert reason in str(caught.value)
    assert "day.txt" in str(caught.value)
    assert "\n" not in str(caught.value)
