import json

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from audioscan_host.classifier.figures import (
    Figures,
    Places,
    expected_calibration_error,
    false_seconds_per_hour,
)


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(5)
    probabilities = rng.random(500)
    return (rng.random(500) < probabilities**2).astype(np.int64), probabilities


def test_figures_are_those_of_scikit_learn(scored):
    labels, probabilities = scored
    figures = Figures.from_scores(labels, probabilities, threshold=0.7)
    found = probabilities >= 0.7
    assert figures.windows == 500
    assert figures.positives == labels.sum()
    assert figures.threshold == 0.7
    assert figures.average_precision == metrics.average_precision_score(labels, probabilities)
    assert figures.roc_auc == metrics.roc_auc_score(labels, probabilities)
    assert figures.brier == pytest.approx(np.mean((labels - probabilities) ** 2))
    assert figures.precision == pytest.approx(labels[found].mean())
    assert figures.recall == pytest.approx(found[labels == 1].mean())
    assert figures.false_seconds_per_hour == pytest.approx(3600 * (found & (labels == 0)).mean())


def test_calibration_error_worked_by_hand():
    # Bin 0.1-0.2: two windows, predicted 0.15, observed 1/2; bin 0.9-1: two, predicted 0.95, observed 1.
    labels = np.array([0, 1, 1, 1])
    probabilities = np.array([0.1, 0.2 - 1e-9, 0.9, 1.0])
    by_hand = 2 / 4 * abs(0.15 - 0.5) + 2 / 4 * abs(0.95 - 1)
    assert expected_calibration_error(labels, probabilities) == pytest.approx(by_hand)


def test_calibration_error_follows_from_the_calibration_curve(scored):
    labels, probabilities = scored
    observed, predicted = calibration_curve(labels, probabilities, n_bins=10)
    weights = np.histogram(probabilities, np.linspace(0, 1, 11))[0] / len(labels)
    expected = (weights * abs(observed - predicted)).sum()
    assert expected_calibration_error(labels, probabilities) == pytest.approx(expected)


def test_false_alarms_are_found_places_without_the_sound():
    # Windows of 8 s. In recording 0: found at 0 and 7 s (they overlap: one place, with the sound), at 20 s
    # (a false alarm), 28 s (it only meets the one before: another); in recording 1 at 28 s: another still.
    times = np.array([28.0, 0, 7, 20, 40, 28])
    groups = np.array([0, 0, 0, 0, 0, 1])
    labels = np.array([0, 1, 0, 0, 1, 0])
    found = np.array([True, True, True, True, False, True])
    alarms = Places(groups, times, window=8.0, hop=600.0).false_alarms_per_hour(labels, found)
    assert alarms == 3  # six windows that each stand for ten minutes are one hour
    by_threshold = Figures.from_scores(labels, found / 2, places=Places(groups, times, 8.0, 1.0))
    assert by_threshold.false_alarms_per_hour == pytest.approx(3 / (6 / 3600))


def test_nothing_found_is_no_false_alarm():
    places = Places(np.zeros(2, np.int64), np.array([0.0, 30]), window=8.0, hop=1.0)
    assert places.false_alarms_per_hour(np.array([0, 1]), np.zeros(2, np.bool_)) == 0


def test_false_seconds_are_those_of_found_windows_without_the_sound():
    # A second each: in 7200 s of judged audio 3 s are found without the sound, 2 s with it.
    labels, found = np.zeros(7200, np.int64), np.zeros(7200, np.bool_)
    labels[:5] = 1
    found[3:8] = True
    assert false_seconds_per_hour(labels, found) == 1.5
    assert Figures.from_scores(labels, found / 2).false_seconds_per_hour == 1.5


def test_false_alarms_are_unknown_where_the_windows_places_are():
    assert Figures.from_scores(np.array([0, 1]), np.array([0.1, 0.2])).false_alarms_per_hour is None


def test_precision_is_unknown_where_nothing_is_found():
    figures = Figures.from_scores(np.array([0, 1]), np.array([0.1, 0.2]))
    assert figures.precision is None
    assert figures.recall == 0


def test_one_class_has_no_figures():
    with pytest.raises(ValueError, match="positive and negative"):
        Figures.from_scores(np.ones(3, np.int64), np.ones(3))


def test_figures_survive_json(scored):
    none, both = np.array([0.1, 0.2]), np.array([0.8, 0.9])
    two = np.array([0, 1])
    places = Places(np.array([0, 0]), np.array([0.0, 60.0]), window=1.0, hop=0.01)
    many = Figures.from_scores(two, both, places=places)
    assert (many.false_seconds_per_hour, many.false_alarms_per_hour) == (1800, pytest.approx(180_000))
    for figures in (Figures.from_scores(*scored), Figures.from_scores(two, none), many):
        assert Figures.from_json(json.loads(json.dumps(figures.to_json()))) == figures


@pytest.mark.parametrize(
    "change",
    [
        {"windows": 2.5},
        {"recall": "high"},
        {"brier": float("nan")},
        {"recall": None},
        {"recall": 1.1},
        {"false_seconds_per_hour": None},
        {"false_seconds_per_hour": -1.0},
        {"false_seconds_per_hour": float("inf")},
        {"false_alarms_per_hour": 1e16},
        {"roc_auc": True},
        {"extra": 1},
    ],
)
def test_figures_that_are_not_numbers_are_refused(scored, change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Figures.from_json(Figures.from_scores(*scored).to_json() | change)


def test_a_missing_figure_is_refused(scored):
    values = Figures.from_scores(*scored).to_json()
    del values["recall"]
    with pytest.raises(ValueError, match="recall"):
        Figures.from_json(values)
