"""Whether the points of a label are marks, or clicks among spans; and what is said of them."""

from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.points import points_of, tell_points_among_spans


def at(start: float, end: float | None = None, label: str = "cry", role: Role = Role.POSITIVE) -> Annotation:
    return Annotation("day.wav", start, end, label, role)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ([at(1), at(2)], "mark"),
        ([at(1), at(2, 3)], "unsure"),
        ([at(1), at(2), at(4, 5)], "mark"),
        ([at(1), at(2, 3), at(4, 5)], "unsure"),
    ],
)
def test_what_most_of_a_labels_annotations_are_decides(annotations, expected):
    assert points_of("cry", annotations) == expected


def test_other_labels_and_roles_do_not_count():
    others = [
        at(1, 2, "rain"),
        at(3, 4, role=Role.NEGATIVE),
        at(5, 6, role=Role.SOFT),
        at(0, 60, "", Role.UNLABELLED),
    ]
    assert points_of("cry", [at(9), *others]) == "mark"


def test_one_line_a_label_says_how_many_where_and_what_to_do(caplog):
    annotations = {
        Path(f"{i}.wav"): [at(i, i + 1), at(2, 3, "rain"), at(20 + i), at(30)] for i in range(1, 6)
    }
    annotations[Path("6.wav")] = [at(i, i + 1) for i in range(8)]
    tell_points_among_spans(["cry", "rain"], annotations)
    (told,) = caplog.messages
    assert told == (
        "cry: 10 of its 23 annotations have no length, clicks without a drag perhaps, in 1.wav (2, at 21 s and later), "
        "2.wav (2, at 22 s and later), 3.wav (2, at 23 s and later) and 2 more recordings: nobody knows how long the "
        "sound is there, so the windows that hold them are left out; drag over the sound, or remove them"
    )


def test_marks_and_spans_alone_are_not_told(caplog):
    tell_points_among_spans(["cry", "rain"], {Path("a.wav"): [at(1), at(2), at(2, 3, "rain")]})
    assert not caplog.messages
