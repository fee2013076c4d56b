"""Folds, intervals, curves and the conclusion of an evaluation, against scikit-learn and brute force."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn import metrics

from audioscan_host.classifier.figures import expected_calibration_error
from audioscan_host.errors import TrainingError
from audioscan_host.evaluation import curves, pictures
from audioscan_host.evaluation.bootstrap import Interval, average_precisions, draw_recordings
from audioscan_host.evaluation.conclusion import LEAST_RECORDINGS, conclude
from audioscan_host.evaluation.held_out import HeldOut, HeldOutRecording, System
from audioscan_host.evaluation.recording_folds import recording_folds

BEST, SECOND, THIRD = (System(name, "hist-gbt", "isotonic") for name in ("BEST", "SECOND", "THIRD"))


@pytest.fixture(scope="module")
def held_out():
    """Seven recordings of 80 windows, of which a few are left out, with probabilities that tie often."""
    rng = np.random.default_rng(3)
    recordings = []
    for number in range(7):
        probabilities = rng.random(80).round(2)
        labels = (rng.random(80) < probabilities).astype(np.int8)
        labels[rng.random(80) < 0.1] = -1
        times = np.arange(80.0)
        recordings.append(
            HeldOutRecording(Path(f"{number}.wav"), 87.0, times, labels, probabilities, (), (), True)
        )
    return HeldOut(tuple(recordings), window=8.0, hop=1.0)


class TestFolds:
    def test_each_recording_is_held_out_once_and_every_side_has_both_classes(self):
        rng = np.random.default_rng(0)
        for _ in range(200):
            count = rng.integers(2, 15)
            positives = rng.integers(0, 4, count) * rng.integers(0, 50, count)
            positives[:2] += 1
            negatives = rng.integers(1, 50, count)
            folds = recording_folds("call", positives.tolist(), negatives.tolist())
            assert sorted(i for fold in folds for i in fold) == list(range(count))
            assert len(folds) == min(5, np.count_nonzero(positives))
            for fold in folds:
                assert positives[fold].any()
                assert np.delete(positives, fold).any()
                assert np.delete(negatives, fold).any()

    def test_the_sound_is_spread_evenly(self):
        folds = recording_folds("call", [50, 10, 40, 20, 30, 30, 20, 40, 10, 50], [10] * 10)
        assert sorted(map(len, folds)) == [2] * 5
        positives = [50, 10, 40, 20, 30, 30, 20, 40, 10, 50]
        assert {sum(positives[i] for i in fold) for fold in folds} == {60}

    def test_recordings_of_one_group_are_held_out_together(self):
        rng = np.random.default_rng(1)
        for _ in range(100):
            groups = rng.integers(0, 6, 15)
            positives, negatives = rng.integers(0, 9, 15), rng.integers(1, 9, 15)
            with_sound = {g for g, p in zip(groups.tolist(), positives, strict=True) if p}
            folds = recording_folds("call", positives.tolist(), negatives.tolist(), groups.tolist())
            assert sorted(i for fold in folds for i in fold) == list(range(15))
            assert len(folds) == min(5, len(with_sound))
            for fold in folds:
                assert positives[fold].any()
                assert not set(groups[fold]) & set(np.delete(groups, fold))

    def test_the_sound_in_one_source_is_said_to_be_in_one_source(self):
        with pytest.raises(TrainingError, match=r"call: 1 of 2 sources holds it.* in 2 sources or more"):
            recording_folds("call", [5, 5, 0], [9, 9, 9], [0, 0, 1])

    @pytest.mark.parametrize(
        ("positives", "holding"), [([5], "1 of 1"), ([0, 7, 0], "1 of 3"), ([0], "0 of 1")]
    )
    def test_the_sound_in_too_few_recordings_is_one_line_that_says_what_would_do(self, positives, holding):
        with pytest.raises(TrainingError, match=f"call: {holding} .* in 2 recordings or more") as raised:
            recording_folds("call", positives, [9] * len(positives))
        assert "\n" not in str(raised.value)

    def test_negatives_that_are_all_held_out_at_once_are_named(self):
        with pytest.raises(TrainingError, match="label places without it in more recordings"):
            recording_folds("call", [5, 5, 5], [0, 9, 0])


class TestBootstrap:
    def test_each_resample_is_the_average_precision_of_the_drawn_recordings(self, held_out):
        drawn = draw_recordings(7, 60, seed=1)
        groups = held_out.places.groups
        values = average_precisions(held_out.labels, held_out.probabilities, groups, drawn)
        for value, counts in zip(values, drawn, strict=True):
            windows = np.concatenate(
                [np.flatnonzero(groups == i) for i, times in enumerate(counts) for _ in range(times)]
            )
            expected = metrics.average_precision_score(
                held_out.labels[windows], held_out.probabilities[windows]
            )
            assert value == pytest.approx(expected, abs=1e-12)

    @pytest.mark.slow
    def test_the_interval_is_that_of_drawing_recordings_one_by_one(self, held_out):
        rng = np.random.default_rng(8)
        groups = held_out.places.groups
        by_hand = []
        for _ in range(1500):
            windows = np.concatenate([np.flatnonzero(groups == i) for i in rng.integers(0, 7, 7)])
            by_hand.append(
                metrics.average_precision_score(held_out.labels[windows], held_out.probabilities[windows])
            )
        drawn = draw_recordings(7, 1500, seed=2)
        interval = Interval.of(average_precisions(held_out.labels, held_out.probabilities, groups, drawn))
        assert interval.low == pytest.approx(np.percentile(by_hand, 2.5), abs=0.005)
        assert interval.high == pytest.approx(np.percentile(by_hand, 97.5), abs=0.005)
        assert interval.skipped == 0

    def test_a_resample_that_lacks_a_class_is_skipped_and_counted(self):
        labels, groups = np.array([0, 1, 0, 0, 1]), np.array([0, 0, 1, 1, 2])
        drawn = np.array([[0, 3, 0], [0, 0, 3], [2, 1, 0]])
        values = average_precisions(labels, np.array([0.1, 0.9, 0.2, 0.3, 0.4]), groups, drawn)
        assert np.isnan(values).tolist() == [True, True, False]
        assert Interval.of(values) == Interval(1.0, 1.0, skipped=2)
        assert Interval.of(values[:2]).to_json() == {"low": None, "high": None, "skipped": 2}

    def test_a_seed_gives_the_same_draws_and_another_others(self):
        draws = [draw_recordings(9, 20, seed).tolist() for seed in (4, 4, 5)]
        assert draws[0] == draws[1] != draws[2]
        assert all(sum(row) == 9 for row in draws[0])


class TestCurves:
    def test_left_out_windows_do_not_count(self, held_out):
        assert len(held_out.labels) == sum(np.count_nonzero(r.labels >= 0) for r in held_out.recordings)
        assert set(held_out.labels) == {0, 1}
        assert (
            held_out.places.times[:3].tolist()
            == np.flatnonzero(held_out.recordings[0].labels >= 0)[:3].tolist()
        )

    def test_the_area_under_the_curve_is_the_average_precision(self, held_out):
        curve = curves.PrecisionRecall.of(held_out)
        area = -np.sum(np.diff(curve.recall) * curve.precision[:-1])
        expected = metrics.average_precision_score(held_out.labels, held_out.probabilities)
        assert area == pytest.approx(expected)

    def test_the_gaps_of_the_reliability_diagram_are_the_calibration_error(self, held_out):
        bins = curves.reliability(held_out)
        gaps = sum(each.windows * abs(each.predicted - each.observed) for each in bins if each.windows)
        expected = expected_calibration_error(held_out.labels, held_out.probabilities)
        assert gaps / len(held_out.labels) == pytest.approx(expected)

    def test_the_reliability_diagram_is_observed_frequency_over_predicted_probability(self):
        filled = {0: curves.Bin(0, 0.1, 4, 1, 0.05, 0.25), 9: curves.Bin(0.9, 1, 2, 2, 0.95, 1.0)}
        bins = [filled.get(i, curves.Bin(i / 10, (i + 1) / 10, 0, 0, None, None)) for i in range(10)]
        above, below = Figure().subplots(2, 1)
        pictures._draw_bins(above, below, bins)
        assert (above.get_ylabel(), below.get_xlabel()) == ("observed frequency", "predicted probability")
        diagonal, points = above.lines
        assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
        assert points.get_xydata().tolist() == [[0.05, 0.25], [0.95, 1.0]]

    def test_the_histogram_holds_every_window_once(self, held_out):
        bins = curves.histogram(held_out)
        counts, _ = np.histogram(held_out.probabilities[held_out.labels == 1], np.arange(21) / 20)
        assert sum(each.windows for each in bins) == len(held_out.labels)
        assert abs(np.subtract([each.positives for each in bins], counts)).sum() <= 4  # 0.15 is on an edge

    def test_the_threshold_table_is_scikit_learns(self, held_out):
        for at in curves.threshold_table(held_out):
            found = held_out.probabilities >= at.threshold
            assert at.found == found.sum()
            assert at.precision == pytest.approx(metrics.precision_score(held_out.labels, found))
            assert at.recall == pytest.approx(metrics.recall_score(held_out.labels, found))
            assert at.false_alarms_per_hour == held_out.places.false_alarms_per_hour(held_out.labels, found)
            false = np.count_nonzero(found & (held_out.labels == 0))
            assert at.false_seconds_per_hour == pytest.approx(false / (len(found) / 3600))


class TestConclusion:
    def conclude(self, values, resampled, with_sound=12, briers=None):
        return conclude(
            values,
            briers or dict.fromkeys(values, 0.1),
            {system: np.array(each) for system, each in resampled.items()},
            recordings=12,
            with_sound=with_sound,
        )

    def test_the_best_is_compared_with_the_second_draw_by_draw(self):
        told = self.conclude(
            {THIRD: 0.5, SECOND: 0.8, BEST: 0.9},
            {THIRD: [0.5] * 4, SECOND: [0.7, 0.8, 0.9, np.nan], BEST: [0.8, 0.9, 0.85, np.nan]},
        )
        assert (told.best, told.second) == (BEST, SECOND)
        assert told.ahead == pytest.approx(2 / 3)
        by_hand = np.percentile([0.1, 0.1, -0.05], [2.5, 97.5])
        assert (told.difference.low, told.difference.high) == pytest.approx(tuple(by_hand))
        assert told.difference.skipped == 1
        assert not told.is_sure
        assert "to SECOND with hist-gbt and isotonic there is no difference that 12 rec" in told.sentence()

    def test_a_difference_that_all_draws_show_is_said(self):
        told = self.conclude({BEST: 0.9, SECOND: 0.8}, {BEST: [0.9, 0.95], SECOND: [0.8, 0.81]})
        assert told.is_sure
        assert told.sentence() == (
            "Use BEST with hist-gbt and isotonic: average precision 0.90 (95 % interval 0.90 to 0.95 over 12 "
            "recordings); it beats SECOND with hist-gbt and isotonic in 100 % of the resamples."
        )

    def test_few_recordings_show_no_difference_whatever_the_draws_say(self):
        few = LEAST_RECORDINGS - 1
        told = self.conclude({BEST: 0.9, SECOND: 0.1}, {BEST: [0.9, 0.9], SECOND: [0.1, 0.1]}, with_sound=few)
        assert not told.is_sure
        assert "ahead of" in told.sentence()
        assert f"{few} recordings are too few to be sure of any difference" in told.sentence()
        assert "6 with the sound, or more, would say something" in told.sentence()

    def test_calibrations_are_told_apart_by_the_brier_score(self):
        raw = System("BEST", "hist-gbt", "none")
        told = self.conclude(
            {raw: 0.91, BEST: 0.9, SECOND: 0.8},
            {raw: [0.9], BEST: [0.9], SECOND: [0.8]},
            briers={raw: 0.3, BEST: 0.1, SECOND: 0.2},
        )
        assert (told.best, told.second, told.calibrations) == (BEST, SECOND, 2)
        assert "Of 2 calibrations its own has the lowest Brier score." in told.sentence()

    def test_what_a_field_will_show_comes_before_how_few_recordings_there_are(self):
        told = self.conclude({BEST: 0.9}, {BEST: [0.9]}, with_sound=3).sentence(field="A field shows this.")
        assert "; nothing else was compared. A field shows this. 3 recordings are too few" in told

    def test_alone_it_says_so(self):
        told = self.conclude({BEST: 0.9}, {BEST: [0.9]})
        assert told.sentence().endswith("; nothing else was compared.")
        assert told.to_json()["second"] is None
