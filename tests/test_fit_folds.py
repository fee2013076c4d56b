"""What a fit is judged by it has not seen: whole recordings, or blocks of time. Leaks are planted, and seen."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import calibration_curve
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from audioscan_host import Windowing, detector, train, training
from audioscan_host.classifier import ClassifierSettings, fit, folds, learning
from audioscan_host.classifier.folds import Folds

WINDOW, HOP = 8.0, 1.0
KINDS = ("logistic", "hist-gbt")
CALIBRATIONS = ("isotonic", "sigmoid", "none")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


def material(features, labels, recordings):
    each = len(labels) // recordings
    return {
        "features": features.astype(np.float32),
        "labels": labels.astype(np.int8),
        "groups": np.repeat(np.arange(recordings), each),
        "times": np.tile(np.arange(each, dtype=np.float64), recordings),
        "window": WINDOW,
        "hop": HOP,
    }


def fingerprinted(recordings=9, windows=100):
    """In each recording a dimension of its own is the label: it tells all about that recording, nothing of others."""
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(recordings), windows)
    labels = rng.random(len(groups)) < 0.3
    features = np.zeros((len(groups), recordings))
    features[np.arange(len(groups)), groups] = np.where(labels, 6.0, -6.0)
    return material(features, labels, recordings)


def lasting(events=100):
    """One recording of sounds of six seconds, each like nothing else: neighbouring windows share sound and label."""
    rng = np.random.default_rng(2)
    sounds = np.repeat(rng.standard_normal((events, events)), 6, axis=0)
    labels = np.repeat(rng.random(events) < 0.3, 6)
    return material(sounds + 0.02 * rng.standard_normal(sounds.shape), labels, 1)


def mixed(labels, groups, times, window, usable, *, sources=None):
    """A split that knows nothing of recordings or time."""
    parts = StratifiedKFold(3, shuffle=True, random_state=0).split(np.zeros(len(labels)), labels)
    return Folds("recordings", tuple(parts))


def no_better_than_guessing(fitted, labels):
    """Whether the held-out figures are those of one who guesses."""
    return fitted.figures.roc_auc < 0.6 and fitted.figures.average_precision < labels.mean() + 0.12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
@pytest.mark.parametrize(("make", "kept_whole"), [(fingerprinted, "recordings"), (lasting, "time")])
def test_what_cannot_be_carried_over_is_worth_nothing_unless_windows_are_mixed(
    monkeypatch, kind, calibration, make, kept_whole
):
    data, settings = make(), ClassifierSettings(kind, calibration)
    honest = fit(**data, settings=settings)
    assert honest.folds == kept_whole
    assert no_better_than_guessing(honest, data["labels"])

    monkeypatch.setattr(learning, "split", mixed)
    leaky = fit(**data, settings=settings)
    assert not no_better_than_guessing(leaky, data["labels"])
    assert leaky.figures.roc_auc > 0.95


def test_what_tells_only_a_sources_windows_apart_is_worth_nothing_unless_its_recordings_are_mixed():
    """Three recordings of a source share a dimension of their own, which is the label."""
    data = fingerprinted(4, 300)
    data["sources"], data["groups"] = data["groups"], np.repeat(np.arange(12), 100)
    data["times"] = np.tile(np.arange(100.0), 12)
    settings = ClassifierSettings()
    assert no_better_than_guessing(fit(**data, settings=settings), data["labels"])
    del data["sources"]
    assert fit(**data, settings=settings).figures.roc_auc > 0.95


def test_false_alarms_are_counted_by_recording_whatever_the_sources():
    data = learnable()
    fitted = fit(**data, settings=ClassifierSettings(), sources=data["groups"] % 3)
    again = recomputed(data["labels"], fitted.held_out, data["groups"], data["times"], window=WINDOW, hop=HOP)
    assert fitted.figures.to_json() == pytest.approx(again)
    assert again["false_alarms_per_hour"] > 0


# --- which windows a classifier is given


class Noting(ClassifierMixin, BaseEstimator):
    """A classifier by the first dimension, that notes the windows which it learns from and then judges.

    The last dimension of a window is its number.
    """

    def __init__(self, noted=None):
        self.noted = noted

    def __sklearn_clone__(self):
        return Noting(self.noted)  # clone() would copy the list

    def fit(self, features, labels):
        self.classes_ = np.unique(labels)
        self.seen_ = features[:, -1].astype(int)
        return self

    def decision_function(self, features):
        self.noted.append((self.seen_, features[:, -1].astype(int)))
        return features[:, 0].astype(np.float64)

    def predict_proba(self, features):
        positive = 1 / (1 + np.exp(-self.decision_function(features)))
        return np.stack([1 - positive, positive], axis=1)


@pytest.fixture
def noted(monkeypatch):
    """Pairs of what a classifier had learnt from when it judged, and what it judged: indices of windows."""
    pairs = []
    monkeypatch.setattr(learning, "_estimator", lambda settings: Noting(pairs))
    return pairs


def numbered(recordings, windows):
    rng = np.random.default_rng(13)
    count = recordings * windows
    features = np.stack([rng.standard_normal(count), np.arange(count)], axis=1)
    return material(features, features[:, 0] + rng.standard_normal(count) > 1, recordings)


def shares_recordings(data, noted):
    """Whether some classifier judged a recording of which it had learnt."""
    groups = data["groups"]
    return any(set(groups[seen]) & set(groups[judged]) for seen, judged in noted)


def shares_audio(data, noted):
    """Whether some classifier judged a window that overlaps one of which it had learnt."""
    groups, times = data["groups"], data["times"]
    return any(
        (
            (groups[seen][:, np.newaxis] == groups[judged])
            & (abs(times[seen][:, np.newaxis] - times[judged]) < WINDOW)
        ).any()
        for seen, judged in noted
    )


def judged_windows(noted):
    return sorted(set(np.concatenate([judged for _, judged in noted]).tolist()))


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_no_classifier_judges_a_recording_that_it_learnt_from(monkeypatch, noted, calibration):
    data, settings = numbered(6, 60), ClassifierSettings(calibration=calibration)
    fit(**data, settings=settings)
    assert judged_windows(noted) == list(range(360))
    assert not shares_recordings(data, noted)

    noted.clear()
    monkeypatch.setattr(learning, "split", mixed)
    fit(**data, settings=settings)
    assert shares_recordings(data, noted)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
@pytest.mark.parametrize("recordings", [1, 2])
def test_no_classifier_judges_a_window_that_overlaps_one_that_it_learnt_from(
    monkeypatch, noted, calibration, recordings
):
    data, settings = numbered(recordings, 180), ClassifierSettings(calibration=calibration)
    assert fit(**data, settings=settings).folds == "time"
    assert judged_windows(noted) == list(range(recordings * 180))
    assert not shares_audio(data, noted)

    # Blocks of time that lie side by side, without a window's gap between them.
    noted.clear()
    monkeypatch.setattr(folds, "_hold_out", lambda held, *_: (np.flatnonzero(~held), np.flatnonzero(held)))
    fit(**data, settings=settings)
    assert shares_audio(data, noted)


# --- figures


ESTIMATORS = {
    "hist-gbt": HistGradientBoostingClassifier(max_iter=200, max_depth=5, learning_rate=0.1, random_state=42),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)),
}


def learnable(recordings=6, windows=50):
    rng = np.random.default_rng(14)
    features = rng.standard_normal((recordings * windows, 4))
    noise = 0.7 * rng.standard_normal(len(features))
    return material(features, features[:, 0] + noise > 1, recordings)


def splits_of(data):
    everything = np.ones(len(data["labels"]), np.bool_)
    labels = data["labels"].astype(np.int64)
    return list(folds.split(labels, data["groups"], data["times"], WINDOW, everything).splits)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_probabilities_are_scikit_learns_by_the_same_folds(kind):
    data, estimator = learnable(), ESTIMATORS[kind]
    features, labels, splits = data["features"], data["labels"], splits_of(data)

    def held_out(calibration):
        settings = ClassifierSettings(kind, calibration, negatives_per_positive=None)
        return fit(**data, settings=settings).held_out

    plain = cross_val_predict(estimator, features, labels, cv=splits, method="predict_proba")[:, 1]
    np.testing.assert_allclose(held_out("none"), plain, atol=1e-9)

    scores = cross_val_predict(estimator, features, labels, cv=splits, method="decision_function")
    calibrated = np.empty(len(labels))
    for others, held in splits:
        calibrator = IsotonicRegression(out_of_bounds="clip").fit(scores[others], labels[others])
        calibrated[held] = calibrator.predict(scores[held])
    # An isotonic probability keeps a hundredth of the classifier's own, for the order within a step.
    np.testing.assert_allclose(held_out("isotonic"), 0.99 * calibrated + 0.01 * plain, atol=1e-9)


def recomputed(labels, probabilities, groups, times, *, window, hop):
    """All figures of a detector, from the definitions or by scikit-learn."""
    found = probabilities >= 0.5
    happened, said = calibration_curve(labels, probabilities, n_bins=10)
    weights = np.histogram(probabilities, np.linspace(0, 1, 11))[0] / len(labels)
    alarms, end, recording, with_sound = 0, -np.inf, None, True  # of the place before
    for group, time, label in sorted(zip(groups[found], times[found], labels[found], strict=True)):
        if group != recording or time >= end - 1e-6:
            alarms += not with_sound
            with_sound = False
        recording, end, with_sound = group, time + window, with_sound or label == 1
    alarms += not with_sound
    return {
        "windows": len(labels),
        "positives": np.count_nonzero(labels),
        "average_precision": metrics.average_precision_score(labels, probabilities),
        "roc_auc": metrics.roc_auc_score(labels, probabilities),
        "brier": np.mean((labels - probabilities) ** 2),
        "expected_calibration_error": np.sum(weights[weights > 0] * abs(happened - said)),
        "threshold": 0.5,
        "precision": labels[found].mean(),
        "recall": found[labels == 1].mean(),
        "false_alarms_per_hour": alarms / (len(labels) * hop / 3600),
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_every_figure_follows_from_the_held_out_probabilities(kind, calibration):
    data = learnable()
    fitted = fit(**data, settings=ClassifierSettings(kind, calibration))
    again = recomputed(data["labels"], fitted.held_out, data["groups"], data["times"], window=WINDOW, hop=HOP)
    assert fitted.figures.to_json() == pytest.approx(again)
    assert again["false_alarms_per_hour"] > 0
    # Not those of the windows that it learnt from, which flatter it.
    known = fitted.classifier.probabilities(data["features"])
    assert np.mean((data["labels"] - known) ** 2) < again["brier"] - 0.005


def test_a_detectors_file_holds_the_figures_of_its_held_out_windows(
    monkeypatch, make_wav, tiny_registry, tmp_path
):
    rows = ["file,start,end,label"]
    for number in range(4):
        make_wav(f"sounds/{number}.wav", seconds=60, seed=number)
        rows += [f"{number}.wav,{at},{at + 6},{name}" for at, name in ((5, "a"), (25, "b"), (40, "a"))]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    learnt = {}

    def noted_fit_label(name, recordings, labels, **rest):
        fitted = fit_label(name, recordings, labels, **rest)
        decided = [each >= 0 for each in labels]
        learnt[name] = (
            np.concatenate([each[d] for each, d in zip(labels, decided, strict=True)]).astype(np.int64),
            fitted.held_out,
            np.repeat(np.arange(len(recordings)), [d.sum() for d in decided]),
            np.concatenate([r.times[d] for r, d in zip(recordings, decided, strict=True)]),
        )
        return fitted

    fit_label = training.fit_label
    monkeypatch.setattr(training, "fit_label", noted_fit_label)
    result = train(
        [tmp_path / "sounds"],
        [tmp_path / "labels.csv"],
        "TINY",
        out=tmp_path / "x.detector",
        windowing=Windowing(4.0, 1.0),
        classifier=ClassifierSettings("logistic"),
        registry=tiny_registry,
    )
    stored = detector.load(tmp_path / "x.detector").figures
    assert set(stored) == set(learnt) == {"a", "b"}
    for report in result.reports:
        figures = stored[report.label]
        assert report.figures == figures
        labels, held_out, groups, times = learnt[report.label]
        assert (figures.windows, figures.positives) == (report.positives + report.negatives, report.positives)
        again = recomputed(labels, held_out, groups, times, window=4.0, hop=1.0)
        assert figures.to_json() == pytest.approx(again)
