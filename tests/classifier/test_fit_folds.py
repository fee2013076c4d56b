"""What a fit is judged by it has not seen: whole recordings, or blocks of time. Leaks are planted, and seen."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.model_selection import StratifiedKFold

from audioscan_host import Windowing, detector, train
from audioscan_host.classifier import (
    ClassifierSettings,
    Statistics,
    fit,
    fitting,
    folds,
    large_linear,
    learning,
)
from audioscan_host.classifier.classifier import background
from audioscan_host.classifier.folds import Folds
from audioscan_host.classifier.linear import Linear
from audioscan_host.evidence import Evidence
from audioscan_host.journeys import train as journey

pytestmark = pytest.mark.usefixtures("one_thread")

WINDOW, HOP = 8.0, 1.0
KINDS = ("logistic", "hist-gbt")
CALIBRATIONS = ("isotonic", "sigmoid", "none")
NORMALISATIONS = ("background", "global")


class Material:
    """Windows a second apart, of which the label is known.

    Attributes:
        features: (windows, dim)
        labels: (windows,) 0 or 1.
        groups: (windows,) which recording.
        times: (windows,) seconds.
    """

    def __init__(self, features, labels, recordings):
        self.features, self.labels = features.astype(np.float32), labels.astype(np.int64)
        self.each = len(labels) // recordings
        self.groups = np.repeat(np.arange(recordings), self.each)
        self.times = np.tile(np.arange(self.each, dtype=np.float64), recordings)
        self.recordings = [
            Evidence.without_silence(part, HOP) for part in np.split(self.features, recordings)
        ]
        self.statistics = Statistics.of(self.recordings)

    def fit(self, settings, *, labels=None, sources=None):
        count = len(self.recordings)
        return fit(
            self.recordings,
            np.split((self.labels if labels is None else labels).astype(np.int8), count),
            np.split(self.times, count),
            self.statistics,
            window=WINDOW,
            settings=settings,
            sources=sources,
        )


def fingerprinted(recordings=9, windows=100):
    """In each recording a dimension of its own is the label: it tells all about that recording, nothing of others.

    Sixty dimensions more say nothing, so that little of the noise in a background points where the sounds do.
    """
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(recordings), windows)
    labels = rng.random(len(groups)) < 0.3
    features = 0.1 * rng.standard_normal((len(groups), recordings + 60))
    features[np.arange(len(groups)), groups] = np.where(labels, 6.0, -6.0)
    return Material(features, labels, recordings)


def lasting(events=100):
    """One recording of sounds of six seconds, each like nothing else: neighbouring windows share sound and label."""
    rng = np.random.default_rng(2)
    sounds = np.repeat(rng.standard_normal((events, 3 * events // 2)), 6, axis=0)
    labels = np.repeat(rng.random(events) < 0.3, 6)
    return Material(sounds + 0.02 * rng.standard_normal(sounds.shape), labels, 1)


def mixed(labels, groups, times, window, usable, *, sources=None):
    """A split that knows nothing of recordings or time."""
    parts = StratifiedKFold(3, shuffle=True, random_state=0).split(np.zeros(len(labels)), labels)
    return Folds("recordings", tuple(parts))


def no_better_than_guessing(fitted, labels):
    """Whether the held-out figures are those of one who guesses."""
    return fitted.figures.roc_auc < 0.6 and fitted.figures.average_precision < labels.mean() + 0.12


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("case", [(fingerprinted, "recordings"), (lasting, "time")])
def test_what_cannot_be_carried_over_is_worth_nothing_unless_windows_are_mixed(
    monkeypatch, kind, calibration, normalisation, case
):
    make, kept_whole = case
    data, settings = make(), ClassifierSettings(kind, calibration, normalisation)
    honest = data.fit(settings)
    assert honest.folds == kept_whole
    assert no_better_than_guessing(honest, data.labels)

    monkeypatch.setattr(learning, "split", mixed)
    leaky = data.fit(settings)
    assert not no_better_than_guessing(leaky, data.labels)
    assert leaky.figures.roc_auc > 0.95


def test_what_tells_only_a_sources_windows_apart_is_worth_nothing_unless_its_recordings_are_mixed():
    """Three recordings of a source share a dimension of their own, which is the label."""
    whole = fingerprinted(4, 300)
    data = Material(whole.features, whole.labels, 12)
    honest = data.fit(ClassifierSettings(), sources=np.repeat(np.arange(4), 3))
    assert no_better_than_guessing(honest, data.labels)
    assert data.fit(ClassifierSettings()).figures.roc_auc > 0.95


def test_false_alarms_are_counted_by_recording_whatever_the_sources():
    data = learnable()
    fitted = data.fit(ClassifierSettings(), sources=np.arange(6) % 3)
    again = recomputed(data.labels, fitted.held_out, data.groups, data.times, window=WINDOW, hop=HOP)
    assert fitted.figures.to_json() == pytest.approx(again)
    assert again["false_alarms_per_hour"] > 0


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("recordings", [1, 2, 6])
def test_a_held_out_windows_own_label_does_not_touch_what_is_said_of_it(
    monkeypatch, normalisation, recordings
):
    """Nor through the background of its recording, which is learned from too where folds are blocks of time."""
    data, settings = (
        learnable(recordings, 300 // recordings),
        ClassifierSettings("logistic", "none", normalisation),
    )
    splits = splits_of(data)
    monkeypatch.setattr(learning, "split", lambda *_, **__: Folds("time", splits))
    before = data.fit(settings).held_out
    held = splits[1][1]
    labels = data.labels.copy()
    labels[held] = 1 - labels[held]
    after = data.fit(settings, labels=labels).held_out
    np.testing.assert_array_equal(after[held], before[held])
    assert not np.array_equal(after, before)


# --- which windows a classifier is given


class Noting(Linear):
    """A line that knows the windows it was learned from: `seen`, their numbers."""

    def __init__(self, weights, bias, seen=()):
        super().__init__(weights, bias)
        object.__setattr__(self, "seen", seen)

    def with_bar(self, share):
        moved = super().with_bar(share)
        return Noting(moved.weights, moved.bias, self.seen)


@pytest.fixture
def noted(monkeypatch):
    """Pairs of what a classifier had learned from when it judged, and what it judged: numbers of windows.

    The last dimension of a window is its number. The first pass judges too, all windows of a held-out recording;
    those of one that is learned from, whose labels are known, are not noted.
    """
    pairs = []

    def numbers(vectors):
        return vectors[:, -1].astype(int)

    def noting_fitted(windows, labels):
        line = fitted(windows, labels)
        return Noting(line.weights, line.bias, numbers(np.concatenate([each[:] for each in windows.chosen])))

    def noting_log_odds(chosen, several, known, statistics):
        pairs.extend((each.seen, numbers(chosen[:])) for each in several)
        return log_odds(chosen, several, known, statistics)

    def noting_background(recording, first, statistics, without=None):
        if without is None:
            pairs.append((first.seen, numbers(recording.vectors)))
        return background(recording, first, statistics, without)

    log_odds, background, fitted = fitting.log_odds, fitting.background, large_linear.fitted
    monkeypatch.setattr(fitting, "log_odds", noting_log_odds)
    monkeypatch.setattr(fitting, "background", noting_background)
    monkeypatch.setattr(large_linear, "fitted", noting_fitted)
    return pairs


def numbered(recordings, windows):
    rng = np.random.default_rng(13)
    count = recordings * windows
    features = np.stack([rng.standard_normal(count), np.arange(count)], axis=1)
    return Material(features, features[:, 0] + rng.standard_normal(count) > 1, recordings)


def shares_recordings(data, noted):
    """Whether some classifier judged a recording of which it had learned."""
    return any(set(data.groups[seen]) & set(data.groups[judged]) for seen, judged in noted)


def shares_audio(data, noted):
    """Whether some classifier judged a window that overlaps one of which it had learned."""
    groups, times = data.groups, data.times
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
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_no_classifier_judges_a_recording_that_it_learned_from(
    monkeypatch, noted, calibration, normalisation
):
    data, settings = numbered(6, 60), ClassifierSettings("logistic", calibration, normalisation)
    data.fit(settings)
    assert judged_windows(noted) == list(range(360))
    assert not shares_recordings(data, noted)

    noted.clear()
    monkeypatch.setattr(learning, "split", mixed)
    data.fit(settings)
    assert shares_recordings(data, noted)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("recordings", [1, 2])
def test_no_classifier_judges_a_window_that_overlaps_one_that_it_learned_from(
    monkeypatch, noted, calibration, normalisation, recordings
):
    # The first pass tells background throughout the recording, of windows that it learned from too.
    monkeypatch.setattr(fitting, "background", background)
    data, settings = numbered(recordings, 180), ClassifierSettings("logistic", calibration, normalisation)
    assert data.fit(settings).folds == "time"
    assert judged_windows(noted) == list(range(recordings * 180))
    assert not shares_audio(data, noted)

    # Blocks of time that lie side by side, without a window's gap between them.
    noted.clear()
    monkeypatch.setattr(folds, "_hold_out", lambda held, *_: (np.flatnonzero(~held), np.flatnonzero(held)))
    data.fit(settings)
    assert shares_audio(data, noted)


# --- figures


def learnable(recordings=6, windows=50):
    rng = np.random.default_rng(14)
    features = rng.standard_normal((recordings * windows, 12))
    noise = 0.7 * rng.standard_normal(len(features))
    return Material(features, features[:, 0] + noise > 1, recordings)


def splits_of(data):
    everything = np.ones(len(data.labels), np.bool_)
    return folds.split(data.labels, data.groups, data.times, WINDOW, everything).splits


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
        # What is found where the sound is not, of all that was judged: so much of an hour.
        "false_seconds_per_hour": hop * (found & (labels == 0)).sum() / (len(labels) * hop) * 3600,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_every_figure_follows_from_the_held_out_probabilities(kind, calibration):
    data = learnable()
    fitted = data.fit(ClassifierSettings(kind, calibration))
    again = recomputed(data.labels, fitted.held_out, data.groups, data.times, window=WINDOW, hop=HOP)
    assert fitted.figures.to_json() == pytest.approx(again)
    assert again["false_alarms_per_hour"] > 0
    assert again["false_seconds_per_hour"] > 0
    # Not those of the windows that it learned from, which flatter it.
    known = [fitted.classifier.probabilities(each, data.statistics) for each in data.recordings]
    assert np.mean((data.labels - np.concatenate(known)) ** 2) < again["brier"] - 0.004


@pytest.mark.slow
def test_a_detectors_file_holds_the_figures_of_its_held_out_windows(
    monkeypatch, make_wav, tiny_registry, tmp_path
):
    rows = ["file,start,end,label"]
    for number in range(6):
        make_wav(f"sounds/{number}.wav", seconds=90, seed=number)
        spans = ((5, "a"), (25, "b"), (40, "a"), (60, "b"), (75, "c"))
        rows += [f"{number}.wav,{at},{at + 6},{name}" for at, name in spans]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    learned = {}

    def noted_fit_label(name, recordings, labels, statistics, **rest):
        fitted = fit_label(name, recordings, labels, statistics, **rest)
        decided = [each >= 0 for each in labels]
        learned[name] = (
            np.concatenate([each[d] for each, d in zip(labels, decided, strict=True)]).astype(np.int64),
            fitted.held_out,
            np.repeat(np.arange(len(recordings)), [d.sum() for d in decided]),
            np.concatenate([r.times[d] for r, d in zip(recordings, decided, strict=True)]),
        )
        return fitted

    fit_label = journey.fit_label
    monkeypatch.setattr(journey, "fit_label", noted_fit_label)
    result = train(
        [tmp_path / "sounds"],
        [tmp_path / "labels.csv"],
        "TINY",
        out=tmp_path / "x.detector",
        windowing=Windowing(4.0, 1.0),
        classifier=ClassifierSettings("hist-gbt", "none"),
        registry=tiny_registry,
    )
    stored = detector.load(tmp_path / "x.detector").figures
    assert set(stored) == set(learned) == {"a", "b", "c"}
    assert stored.pop("c") is None  # of six places
    for report in result.reports[:2]:
        figures = stored[report.label]
        assert report.figures == figures
        labels, held_out, groups, times = learned[report.label]
        assert (figures.windows, figures.positives) == (report.positives + report.negatives, report.positives)
        again = recomputed(labels, held_out, groups, times, window=4.0, hop=1.0)
        assert figures.to_json() == pytest.approx(again)
