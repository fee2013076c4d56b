"""Which windows are worth a label, and the choice among them."""

from pathlib import Path

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.suggestion.candidates import Candidate, Kind, PredictedRecording, candidates, unlabelled
from audioscan_host.suggestion.choice import choose

TIMES = np.arange(40.0)


def span(start: float, end: float | None, role: Role = Role.POSITIVE) -> Annotation:
    return Annotation("a.wav", start, end, "cry", role)


def free(annotations: list[Annotation], window: float = 4.0) -> list[int]:
    return np.flatnonzero(unlabelled(annotations, TIMES, window)).tolist()


class TestUnlabelled:
    def test_a_recording_without_annotations_is_free(self):
        assert free([]) == list(range(40))

    def test_a_recording_that_is_labelled_throughout_is_not(self):
        assert free([span(3, 5)]) == []
        assert free([span(3, None, Role.NEGATIVE)]) == []

    @pytest.mark.parametrize("role", [Role.POSITIVE, Role.NEGATIVE, Role.SOFT])
    def test_beside_unlabelled_places_it_is_but_for_what_was_labelled(self, role):
        # The windows from 7 to 12 overlap 10..13, those up to 16 begin in the first 17 seconds.
        labelled = [span(0, 17, Role.UNLABELLED), span(10, 13, role)]
        assert free(labelled) == [*range(7), 13, 14, 15, 16]


def heard(
    probability: np.ndarray, features: np.ndarray | None = None, label: str = "cry"
) -> PredictedRecording:
    count = len(probability)
    if features is None:
        features = np.zeros((count, 2))
    everything = np.ones(count, np.bool_)
    return PredictedRecording(
        Path("a.wav"), TIMES[:count] * 10, 8.0, features.astype(np.float32), {label: probability}, everything
    )


def found(recording: PredictedRecording, reference: np.ndarray, kind: Kind, most: int = 3) -> list[float]:
    offered = candidates(recording, reference.astype(np.float32), most=most, random=np.random.default_rng(0))
    return [each.start for each in offered if each.kind is kind]


class TestCandidates:
    def test_the_least_sure_windows_come_first(self):
        recording = heard(np.array([0.0, 0.45, 0.9, 0.5, 1.0]))
        assert found(recording, np.zeros((0, 2)), Kind.UNCERTAIN) == [30, 10, 20]

    def test_novel_is_what_scores_high_and_is_far_from_all_that_was_learned_from(self):
        features = np.array([[0, 0], [9, 0], [9, 1], [1, 0], [0, 9]])
        recording = heard(np.array([0.9, 0.9, 0.1, 0.99, 0.8]), features)
        # 0 is what was learned from; 10 is as likely and far, 40 a little less likely, 20 far alone.
        assert found(recording, np.zeros((1, 2)), Kind.NOVEL) == [10, 40, 30]

    def test_random_windows_do_not_care_for_the_score(self):
        lots = [
            each.start
            for seed in range(400)
            for each in candidates(
                heard(np.array([0.0, 0.5, 1.0, 0.99])),
                np.zeros((0, 2), np.float32),
                most=1,
                random=np.random.default_rng(seed),
            )
            if each.kind is Kind.RANDOM
        ]
        counts = np.bincount(np.array(lots, np.int64) // 10)
        assert counts.sum() == 400
        assert counts.min() > 70

    def test_no_two_of_a_kind_overlap(self):
        probability = np.full(40, 0.5)
        recording = PredictedRecording(
            Path("a.wav"), TIMES, 8.0, np.zeros((40, 2), np.float32), {"cry": probability}, np.ones(40, bool)
        )
        for kind in Kind:
            starts = sorted(found(recording, np.zeros((0, 2)), kind, most=9))
            assert 3 <= len(starts) <= 5
            assert min(np.diff(starts)) >= 8

    def test_only_free_windows_are_offered(self):
        recording = heard(np.array([0.5, 0.5, 0.5]))
        recording.free[:2] = False
        offered = candidates(recording, np.zeros((0, 2), np.float32), most=5, random=np.random.default_rng(0))
        assert {each.start for each in offered} == {20}


def candidate(number: int, **facts: object) -> Candidate:
    values = {
        "path": Path(f"{number}.wav"), "start": 0.0, "label": "cry", "kind": Kind.UNCERTAIN,
        "probability": 0.5, "weight": 1.0, "distance": 1.0, "features": (100.0 * number, 0.0),
    } | facts  # fmt: skip
    values["features"] = np.array(values["features"], np.float32)
    return Candidate(end=values["start"] + 8, **values)


class TestChoice:
    def test_of_ten_five_are_uncertain_three_novel_and_two_random(self):
        offered = [candidate(number, kind=kind) for number, kind in enumerate(list(Kind) * 20)]
        chosen = choose(offered, 10, ["cry"], 60)
        assert [sum(c.kind is kind for c in chosen) for kind in Kind] == [5, 3, 2]

    def test_labels_take_turns(self):
        offered = [candidate(number, label=label) for number, label in enumerate(["cry", "door"] * 20)]
        chosen = choose(offered, 7, ["cry", "door"], 40)
        assert [c.label for c in chosen] == ["cry", "door", "cry", "door", "cry", "door", "cry"]

    def test_what_is_like_one_that_is_chosen_is_worth_less(self):
        alike = [candidate(0, weight=0.9), candidate(1, weight=0.8, features=(0.1, 0))]
        other = candidate(2, weight=0.3)
        assert choose([*alike, other], 2, ["cry"], 3) == [alike[0], other]

    def test_windows_that_overlap_are_chosen_once(self):
        same = {"path": Path("a.wav"), "kind": Kind.UNCERTAIN}
        offered = [candidate(i, start=start, **same) for i, start in enumerate([0.0, 7.0, 8.0, 15.0])]
        chosen = choose(offered, 4, ["cry"], 1)
        assert sorted(c.start for c in chosen) in ([0, 8], [0, 15], [7, 15])

    def test_no_recording_gives_much_more_than_its_share(self):
        best = [candidate(i, path=Path("best.wav"), start=20.0 * i, weight=5.0) for i in range(20)]
        others = [candidate(30 + i, weight=0.01) for i in range(9)]
        chosen = choose([*best, *others], 10, ["cry"], 10)
        assert sum(c.path == Path("best.wav") for c in chosen) == 2  # one each, and one more
        # Where there are no others, it gives all.
        assert len(choose(best, 10, ["cry"], 10)) == 10

    def test_there_may_be_fewer_than_asked_for(self):
        offered = [candidate(0), candidate(1, kind=Kind.RANDOM)]
        assert set(choose(offered, 10, ["cry"], 2)) == set(offered)
        assert choose([], 3, ["cry"], 0) == []
