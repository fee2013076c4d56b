"""Which places become clips."""

from pathlib import Path

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.cutting.choosing import Find, chosen, merged, stratified
from audioscan_host.errors import AnnotationError, SettingError

A, B = Path("a.wav"), Path("b.wav")


def place(start, end, label="cry", score=None, role=Role.POSITIVE):
    return Annotation("a.wav", start, end, label, role, score=score)


def times(places):
    return [(each.start, each.end) for each in places]


def test_they_come_by_recording_and_time_and_what_is_unlabelled_is_none():
    places = {
        B: [place(5, 6), place(1, 2)],
        A: [place(0, 60, "", role=Role.UNLABELLED), place(3, 4, role=Role.ABSENT)],
    }
    assert [(f.recording, f.place.start) for f in chosen(places)] == [(B, 1), (B, 5), (A, 3)]


def test_only_the_labels_that_are_wanted():
    places = {A: [place(1, 2), place(3, 4, "dog"), place(5, 6, "door")]}
    assert [f.place.label for f in chosen(places, only=["dog", "cry"])] == ["cry", "dog"]
    with pytest.raises(AnnotationError, match="the label 'cat'; there are: cry, dog, door"):
        chosen(places, only=["cat"])


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (0, [(1, 2), (1.5, 3), (3, 4), (4.3, 5)]),
        (0.2, [(1, 4), (4.3, 5)]),
        (0.3, [(1, 4), (4.3, 5)]),  # the gap is 0.3 s, not shorter
        (0.301, [(1, 5)]),
    ],
)
def test_shorter_gaps_are_closed_as_in_a_scan(gap, expected):
    assert times(merged([place(3, 4), place(1, 2), place(1.5, 3), place(4.3, 5)], gap)) == expected


def test_what_is_joined_has_the_highest_score_and_one_label_and_role():
    places = [
        place(1, 2, score=0.5),
        place(2.1, 3, score=0.9),
        place(3.1, 4, "dog"),
        place(3.2, 4, role=Role.ABSENT),
    ]
    joined = merged(places, 1)
    assert [(p.start, p.end, p.label, p.role, p.score) for p in joined] == [
        (1, 3, "cry", "positive", 0.9), (3.1, 4, "dog", "positive", None), (3.2, 4, "cry", "absent", None),
    ]  # fmt: skip


def test_a_point_is_joined_with_nothing():
    assert times(merged([place(1, 2), place(2.1, None), place(2.2, 3)], 0.5)) == [(1, 3), (2.1, None)]


def test_the_highest_scores_of_all_recordings():
    places = {A: [place(1, 2, score=0.2), place(3, 4, score=0.9)], B: [place(1, 2, score=0.8), place(5, 6)]}
    assert [(f.recording, f.place.score) for f in chosen(places, top=2)] == [(A, 0.9), (B, 0.8)]
    assert len(chosen(places, top=9)) == 3
    with pytest.raises(SettingError, match="has none"):
        chosen({A: [place(1, 2)]}, top=1)


def test_a_sample_has_every_range_of_scores_as_often_as_the_whole():
    """Of 1000 scores that pile up at the top, each tenth gives a tenth of the sample."""
    scores = np.sort(np.random.default_rng(0).beta(5, 1, 1000))
    finds = [
        Find(A, place(n, n + 1, score=score))
        for n, score in enumerate(np.random.default_rng(1).permutation(scores))
    ]
    drawn = stratified(finds, 100, seed=7)
    assert len({find.place.start for find in drawn}) == 100
    ranks = np.searchsorted(scores, [find.place.score for find in drawn])
    assert np.bincount(ranks // 100).tolist() == [10] * 10
    assert stratified(finds, 100, seed=7) == drawn
    assert stratified(finds, 100, seed=8) != drawn


def test_a_sample_estimates_the_share_of_right_ones_closer_than_one_drawn_anywhere():
    """Where the score says something, strata take its variance out of the estimate."""
    random = np.random.default_rng(3)
    scores = random.random(2000)
    right = random.random(2000) < scores
    finds = [Find(A, place(n, n + 1, score=score)) for n, score in enumerate(scores)]

    def error(draw):
        return np.sqrt(np.mean([(np.mean(right[draw(seed)]) - right.mean()) ** 2 for seed in range(100)]))

    by_strata = error(lambda seed: [int(find.place.start) for find in stratified(finds, 50, seed)])
    anywhere = error(lambda seed: np.random.default_rng(seed).choice(2000, 50, replace=False))
    assert by_strata < 0.9 * anywhere
    assert by_strata < 0.08


def test_a_sample_of_more_than_there_are_is_all_of_them():
    assert len(chosen({A: [place(1, 2), place(3, 4)]}, sample=5)) == 2


@pytest.mark.parametrize(
    "setting", [{"top": 0}, {"sample": -1}, {"merge_gap": -0.1}, {"merge_gap": float("nan")}]
)
def test_numbers_out_of_range_are_refused(setting):
    with pytest.raises(SettingError):
        chosen({A: [place(1, 2)]}, **setting)
