"""What annotations amount to, by values counted by hand."""

from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.durations import tell_beyond_the_end, tell_nearly_whole
from audioscan_host.annotations.survey import Share, survey
from audioscan_host.notes import Notes

A, B, C = Path("a.wav"), Path("b.wav"), Path("c.wav")


def span(start, end, label="cry", role=Role.POSITIVE):
    return Annotation("x", start, end, label, role)


def of(label, annotations, durations=None):
    (found,) = [each for each in survey(annotations, durations or {}) if each.label == label]
    return found


def test_spans_points_and_roles_are_counted_by_label():
    found = of(
        "cry",
        {
            A: [span(0, 1), span(5, 8), span(9, None), span(20, 30, role=Role.SOFT)],
            B: [span(0, 2), span(3, 4, role=Role.NEGATIVE), span(0, 60, "", Role.UNLABELLED)],
            C: [span(0, 9, role=Role.ABSENT), span(1, 2, "door")],
        },
    )
    assert (found.recordings, found.spans, found.points) == (2, 3, 1)
    assert found.usual_length == 2  # of 1, 3 and 2 s
    assert found.roles == {
        Role.POSITIVE: 4,
        Role.SOFT: 1,
        Role.ABSENT: 1,
        Role.NEGATIVE: 1,
        Role.UNLABELLED: 0,
    }


def test_what_several_spans_cover_counts_once_and_makes_the_share_of_each_recording():
    annotations = {A: [span(0, 4), span(2, 6)], B: [span(0, 1)], C: [span(10, 13), span(11, 12)]}
    found = of("cry", annotations, {A: 60.0, B: 100.0, C: 10.0})
    assert found.seconds == 6 + 1 + 3
    assert found.share == Share(0.01, 0.1, 0.3)
    assert of("cry", annotations).share is None


def test_the_labels_are_in_order_and_those_in_points_have_no_usual_length():
    found = survey({A: [span(1, None, "knock"), span(3, 4, "cry")]}, {})
    assert [(each.label, each.usual_length) for each in found] == [("cry", 1), ("knock", None)]


def test_a_span_overlaps_where_it_shares_time_with_another_and_not_where_it_meets_its_end():
    annotations = {
        A: [
            span(0, 100),  # holds two of the door's
            span(200, 201),
            span(10, 20, "door"),
            span(15, 18, "door"),
            span(100, 110, "door"),
            span(201, 202, "door"),
        ],
        B: [span(10, 20, "door")],  # at the time of a cry, in another recording
    }
    cry, door = (of(label, annotations) for label in ("cry", "door"))
    assert (cry.overlaps, cry.own_overlaps) == (1, 0)
    assert (door.overlaps, door.own_overlaps) == (2, 2)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ([span(1, 2), span(59, 60.9)], None),  # a container rounds
        ([span(59, 62)], "1 of its annotations ends later, the last at 62 s"),
        ([span(60, 62), span(61, 70)], "2 of its annotations begin later, the first at 60 s"),
        ([span(70, None)], "1 of its annotations begins later, the first at 70 s"),
        ([span(0, 1e9, "", Role.UNLABELLED), span(55, 63, role=Role.ABSENT)], None),  # as a review writes
    ],
)
def test_annotations_past_the_end_are_told(own, told):
    notes = Notes()
    tell_beyond_the_end({A: 60.0}, {A: own}, notes)
    assert [told in note.message for note in notes.told()] == ([True] if told else [])


def test_a_span_of_nearly_all_of_a_recording_is_told_once_for_a_label_but_not_of_a_clip():
    notes = Notes()
    annotations = {A: [span(0, 58)], B: [span(1, 60)], C: [span(0, 5)]}
    tell_nearly_whole({A: 60.0, B: 60.0, C: 5.0}, annotations, notes)
    (note,) = notes.told()
    assert note.message.startswith("cry: one span is nearly all of a.wav and 1 more (0 to 58 of 60 s)")
    notes = Notes()
    tell_nearly_whole({A: 60.0}, {A: [span(0, 56), span(0, 60, role=Role.NEGATIVE)]}, notes)
    assert notes.told() == ()
