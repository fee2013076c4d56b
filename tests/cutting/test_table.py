"""The table beside the clips is a label file of them, and says what the recordings' own says."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.cutting.clip import Clip
from audioscan_host.cutting.table import clips_csv

DAY = Path("site/day.wav")


def place(start, end, label="cry", role=Role.POSITIVE, *, score=None, source=""):
    return Annotation("day.wav", start, end, label, role, source, score=score)


@pytest.fixture
def rows(tmp_path):
    """Of one clip from 10 s to 20 s for the first place."""

    def read(*places, start=10.0, end=20.0):
        clip = Clip(Path("clips/a.wav"), DAY, places[0], start, end)
        (tmp_path / "clips.csv").write_text(clips_csv([clip], {DAY: places}, {}))
        return read_annotations(tmp_path / "clips.csv")

    return read


def said(annotations):
    return [(a.start, a.end, a.label, a.role.value) for a in annotations]


def test_a_row_has_the_place_in_the_clip_its_score_and_its_source(rows):
    (row,) = rows(place(12.5, 14, score=0.75))
    assert (row.file, row.start, row.end, row.label, row.score) == ("a.wav", 2.5, 4.0, "cry", 0.75)
    assert row.source == "site/day.wav"
    assert rows(place(12, 14, source="hill"))[0].source == "hill"


def test_the_header_and_a_whole_row():
    clip = Clip(Path("clips/a.wav"), DAY, place(12.5, 14, score=0.75), 12.0, 14.5)
    assert clips_csv([clip], {DAY: [clip.place]}, {}).splitlines() == [
        "file,start,end,label,role,score,source,recording,clip_start,clip_end,recorded_at",
        "a.wav,0.500,2.000,cry,positive,0.750000,site/day.wav,site/day.wav,12.000,14.500,",
    ]


def test_where_it_is_known_when_a_recording_began_a_row_has_the_time_of_its_own_start():
    clip = Clip(Path("clips/a.wav"), DAY, place(12.5, 14, score=0.75), 12.0, 14.5)
    began = datetime(2024, 5, 1, 23, 59, 50, tzinfo=timezone(timedelta(hours=2)))
    (_, row) = clips_csv([clip], {DAY: [clip.place]}, {DAY: began}).splitlines()
    assert row.endswith(",12.000,14.500,2024-05-02T00:00:02.500+02:00")


def test_what_else_is_in_the_clip_has_a_row_too_and_what_is_not_has_none(rows):
    others = [
        place(9, 10, "dog"),
        place(9.5, 10.4, "dog"),
        place(16, 17, "door"),
        place(19, 24),
        place(20, 21),
    ]
    assert said(rows(place(12, 14), *others)) == [
        (2, 4, "cry", "positive"),
        (0, 0.4, "dog", "soft"),  # less than half of it
        (6, 7, "door", "positive"),
        (9, 10, "cry", "soft"),
    ]


def test_roles_stay_and_what_is_unlabelled_is_so_in_the_clip(rows):
    places = [
        place(12, 14, role=Role.ABSENT),
        place(0, 60, "", Role.UNLABELLED),
        place(19, 60, "", Role.NEGATIVE),
    ]
    with_label = [*places[:2], place(19, 60, "wind", Role.NEGATIVE)]
    assert said(rows(*with_label)) == [
        (2, 4, "cry", "absent"),
        (9, 10, "wind", "negative"),
        (0, 10, "", "unlabelled"),
    ]


def test_points_stay_points(rows):
    assert said(rows(place(15, None), place(12, None), place(20, None))) == [
        (5, None, "cry", "positive"),
        (2, None, "cry", "positive"),
    ]


def test_places_that_became_one_clip_are_not_listed_again(rows):
    joined = [place(12, 16, score=0.9), place(12, 13, score=0.9), place(14, 16, score=0.8)]
    assert said(rows(*joined)) == [(2, 6, "cry", "positive")]


def test_without_any_score_there_is_no_column_of_them():
    """It would say that a program chose the places, and `train` would warn of what it left out."""
    clip = Clip(Path("clips/a.wav"), DAY, place(12, 14), 12.0, 14.0)
    assert "score" not in clips_csv([clip], {DAY: [clip.place]}, {})
