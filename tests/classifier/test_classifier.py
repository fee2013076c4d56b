"""Fits, and what a fitted classifier says of recordings."""

import tracemalloc
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.classifier.figures import expected_calibration_error
from audioscan_host.classifier.learning import _thin
from audioscan_host.classifier.linear import Linear
from audioscan_host.errors import SettingError, TrainingError
from audioscan_host.evidence import Evidence

pytestmark = pytest.mark.usefixtures("one_thread")

WINDOW = 8.0


class Labelled:
    """Recordings of windows that follow each other, of which about one in four holds a sound that can mostly be told.

    Attributes:
        recordings: their windows.
        labels: of each (windows,) 0 or 1.
    """

    def __init__(self, recordings=6, windows=40, dim=6, seed=0):
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(recordings * windows, dim)).astype(np.float32)
        said = features[:, 0] + 0.5 * rng.normal(size=len(features)) > 0.8
        self.recordings = [Evidence.without_silence(part, WINDOW) for part in np.split(features, recordings)]
        self.labels = np.split(said.astype(np.int8), recordings)

    def first(self, positives):
        """The same windows with no more than so many positive ones."""
        said = np.concatenate(self.labels)
        said[np.flatnonzero(said)[positives:]] = 0
        return self.labelled(said)

    def labelled(self, said):
        other = Labelled.__new__(Labelled)
        other.recordings, other.labels = self.recordings, np.split(said, len(self.recordings))
        return other

    @property
    def truth(self):
        return np.concatenate(self.labels)

    @property
    def statistics(self):
        return Statistics.of(self.recordings)

    def fit(self, *settings, window=WINDOW, on_step=None, **more):
        return fit(
            self.recordings,
            self.labels,
            [each.hop * np.arange(len(each.vectors)) for each in self.recordings],
            self.statistics,
            window=window,
            settings=ClassifierSettings(*settings, **more),
            on_step=on_step,
        )


UNSEEN = Labelled(1, 300, seed=9).recordings[0]


def said(fitted, data, recording=UNSEEN, **more):
    return fitted.classifier.probabilities(recording, data.statistics, **more)


# --- fit


@pytest.mark.parametrize("kind", ["logistic", "hist-gbt"])
@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic", "none"])
def test_where_there_is_enough_nothing_is_told_and_there_are_figures(kind, calibration):
    fitted = Labelled().fit(kind, calibration)
    assert (fitted.classifier.kind, fitted.classifier.calibrator.method) == (kind, calibration)
    assert fitted.classifier.kept_share == 1
    assert fitted.notes == ()
    assert fitted.figures.roc_auc > 0.8


def test_a_logistic_detector_is_two_lines_whatever_the_number_of_folds():
    classifier = Labelled().fit().classifier
    assert isinstance(classifier.first.line, Linear)
    (second,) = classifier.second
    assert isinstance(second, Linear)
    assert classifier.first.line.weights.shape == second.weights.shape == (6,)
    assert classifier.first.usual.mean.shape == classifier.first.usual.variance.shape == (6,)
    assert classifier.calibrator.steps is None
    assert len(Labelled().fit("hist-gbt").classifier.second) == 3
    assert Labelled().fit(normalisation="global").classifier.first is None


def test_negatives_are_thinned_and_the_share_is_kept():
    data = Labelled().first(20)
    fitted = data.fit(negatives_per_positive=3.0)
    assert fitted.classifier.kept_share == pytest.approx(60 / 220)
    assert fitted.figures.windows == 240  # the thinned-out ones are judged too
    assert fitted.figures.positives == 20


def test_the_rate_is_the_share_of_windows_with_the_sound():
    data = Labelled().first(24)
    assert data.fit().classifier.rate == pytest.approx(24 / 240)
    assert data.fit(negatives_per_positive=3.0).classifier.rate == pytest.approx(24 / 240)
    # Where probabilities stay at the rate of the thinned windows, that is theirs.
    thinned = data.fit(negatives_per_positive=3.0, natural_rate=False).classifier
    assert (thinned.rate, thinned.kept_share) == (pytest.approx(1 / 4), 1)


def test_the_same_training_gives_the_same_probabilities_and_another_seed_others():
    data = Labelled().first(30)
    one, same, other = (said(data.fit(negatives_per_positive=1.0, seed=seed), data) for seed in (42, 42, 7))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    one, same = (said(data.fit("hist-gbt"), data) for _ in range(2))
    assert np.array_equal(one, same)


def rare_sound(recordings, seed):
    """Directions in a plane, the chance of which to hold the sound is known: 1 / (1 + exp(4 - 4 cos))."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, 1000 * recordings)
    chance = expit(4 * np.cos(angle) - 4)
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    data = Labelled(recordings, 1)
    data.recordings = [Evidence.without_silence(part, 1.0) for part in np.split(vectors, recordings)]
    data.labels = np.split((rng.random(len(angle)) < chance).astype(np.int8), recordings)
    return data, chance


@pytest.mark.slow
@pytest.mark.parametrize(
    ("normalisation", "ratio", "off"),
    # A background of few of the windows is off their centre, and bends the line that the chance is by directions.
    [("background", None, 0.005), ("global", None, 0.005), ("global", 3.0, 0.005), ("background", 3.0, 0.02)],
)
def test_probabilities_mean_what_they_say_at_the_natural_rate(normalisation, ratio, off):
    data, _ = rare_sound(30, seed=0)
    fitted = data.fit("logistic", "sigmoid", normalisation, ratio, window=1.0)
    unseen, chance = rare_sound(30, seed=1)
    found = np.concatenate([said(fitted, data, each) for each in unseen.recordings])
    assert abs(found - chance).mean() < off
    assert abs(found - chance).max() < 10 * off
    assert expected_calibration_error(unseen.truth, found) < max(0.01, off)
    assert fitted.figures.expected_calibration_error < max(0.01, off)


def test_probabilities_at_the_rate_of_thinned_windows_do_not():
    data, _ = rare_sound(30, seed=0)
    fitted = data.fit(negatives_per_positive=3.0, natural_rate=False, window=1.0)
    unseen, chance = rare_sound(30, seed=1)
    found = np.concatenate([said(fitted, data, each) for each in unseen.recordings])
    assert abs(found - chance).mean() > 0.05
    assert expected_calibration_error(unseen.truth, found) > 0.05
    assert fitted.figures.expected_calibration_error > 0.05


@pytest.mark.parametrize("recordings", [1, 6])
def test_figures_of_what_cannot_be_learned_are_those_of_chance(recordings):
    # Overlapping windows sound alike: split carelessly, each would know its neighbours' labels.
    rng = np.random.default_rng(3)
    data = Labelled(recordings, 600 // recordings, dim=4)
    events = np.repeat(np.arange(100), 6)
    features = rng.normal(size=(100, 4))[events] + 0.05 * rng.normal(size=(600, 4))
    data.recordings = [
        Evidence.without_silence(part, 1.0) for part in np.split(features.astype(np.float32), recordings)
    ]
    figures = data.labelled(rng.permutation(np.arange(100) % 3 == 0)[events].astype(np.int8)).fit().figures
    assert figures.roc_auc < 0.62
    assert figures.average_precision < 0.45
    assert figures.expected_calibration_error < 0.2


def test_figures_are_of_the_held_out_probabilities():
    data = Labelled()
    fitted = data.fit()
    assert fitted.folds == "recordings"
    assert fitted.figures.brier == pytest.approx(np.mean((fitted.held_out - data.truth) ** 2))
    assert fitted.figures.roc_auc > 0.8


# --- what is said of a recording


@pytest.mark.parametrize("kind", ["logistic", "hist-gbt"])
@pytest.mark.parametrize("normalisation", ["background", "global"])
def test_a_recordings_parts_are_read_as_the_whole_by_its_background(kind, normalisation):
    data = Labelled()
    fitted = data.fit(kind, normalisation=normalisation)
    whole = Labelled(1, 9000, seed=1).recordings[0]
    known = fitted.classifier.background(whole, data.statistics)
    assert (known is None) == (normalisation == "global")
    parts = [Evidence.without_silence(part, WINDOW) for part in np.array_split(whole.vectors, 7)]
    found = [said(fitted, data, part, background=known) for part in parts]
    np.testing.assert_allclose(np.concatenate(found), said(fitted, data, whole), atol=1e-12)


def test_a_stream_comes_to_be_read_as_the_whole_recording():
    data = Labelled()
    fitted = data.fit()
    whole = Labelled(1, 700, seed=1).recordings[0]
    moved = Evidence.without_silence(whole.vectors + np.float32(0.8), WINDOW)
    heard, off = None, []
    for vectors in np.split(moved.vectors, 7):
        part = Evidence.without_silence(vectors, WINDOW)
        own = fitted.classifier.background(part, data.statistics)
        heard = own if heard is None else heard + own
        found = said(fitted, data, part, background=heard)
        expected = said(fitted, data, part, background=fitted.classifier.background(moved, data.statistics))
        off.append(abs(found - expected).mean())
    assert off[-1] < 1e-6 < off[0] < 0.1


@pytest.mark.parametrize(("kind", "looks"), [("logistic", 0), ("hist-gbt", 1)])
def test_a_line_is_read_without_looking_for_thread_libraries(kind, looks, monkeypatch):
    """That takes 5 ms, ten times as long as all else that a small recording from the cache needs."""
    windows = Labelled(recordings=4)
    fitted = windows.fit(kind)
    looked = []

    def limits(*arguments):
        looked.append(arguments)
        return nullcontext()

    monkeypatch.setattr("audioscan_host.classifier.classifier.threadpool_limits", limits)
    said(fitted, windows)
    assert len(looked) == looks


@pytest.mark.parametrize("kind", ["logistic", "hist-gbt"])
@pytest.mark.parametrize("normalisation", ["background", "global"])
@pytest.mark.parametrize("appended", [1, 700])
def test_silence_has_no_probability_and_changes_no_other(kind, normalisation, appended):
    data = Labelled()
    fitted = data.fit(kind, normalisation=normalisation)
    zeros = np.full((appended, 6), -50, np.float32)
    longer = Evidence(np.concatenate([UNSEEN.vectors, zeros]), np.repeat([0.0, 1.0], [300, appended]), WINDOW)
    found = said(fitted, data, longer)
    assert np.array_equal(found[:300], said(fitted, data))
    assert not found[300:].any()


def test_a_window_of_which_half_is_silence_is_none_and_one_of_less_is_read():
    data = Labelled()
    fitted = data.fit()
    silence = np.zeros(300)
    silence[:3] = 0.5, 0.49, 1.0
    found = said(fitted, data, replace(UNSEEN, silence=silence))
    assert found[0] == found[2] == 0 < found[1]


def test_labels_in_silence_are_not_learned_from():
    data = Labelled()
    before = data.fit()
    silence = np.where(np.arange(40) % 9 == 0, 0.7, 0.0)
    data.recordings = [replace(each, silence=silence) for each in data.recordings]
    one = data.fit()
    two = data.labelled(np.where(np.tile(silence, 6) > 0, 1 - data.truth, data.truth)).fit()
    assert np.array_equal(said(one, data), said(two, data))
    assert one.figures.windows == 6 * 35
    assert before.figures.windows == 6 * 40


def test_at_another_rate_all_odds_are_multiplied_by_the_same():
    data = Labelled().first(24)
    fitted = data.fit()
    plain, half = said(fitted, data), said(fitted, data, rate=0.5)
    # Prior odds go from 1/9 to 1.
    np.testing.assert_allclose(logit(half) - logit(plain), np.log(9), atol=1e-6)
    np.testing.assert_allclose(said(fitted, data, rate=0.1), plain, atol=1e-12)
    silent = said(fitted, data, replace(UNSEEN, silence=np.ones(300)), rate=0.5)
    assert not silent.any()


def test_a_recording_without_windows_has_no_probabilities():
    data = Labelled()
    nothing = Evidence.without_silence(np.zeros((0, 6), np.float32), WINDOW)
    assert said(data.fit(), data, nothing).shape == (0,)


@pytest.mark.slow
def test_a_day_long_recording_is_read_and_learned_from_without_a_copy():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((86_400, 96), np.float32)
    vectors[:40, :5] += 2
    day = Evidence.without_silence(vectors, 1.0)
    data = Labelled()
    data.recordings, data.labels = [day], [np.where(np.arange(86_400) < 400, np.arange(86_400) < 40, -1)]
    statistics = data.statistics

    def peak(work):
        tracemalloc.start()
        try:
            return work(), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    fitted, to_learn = peak(lambda: data.fit(window=1.0))
    found, to_read = peak(lambda: fitted.classifier.probabilities(day, statistics))
    assert found[:40].mean() > 0.5
    assert found[400:].mean() < 0.2
    assert to_learn < 0.5 * vectors.nbytes
    assert to_read < 0.5 * vectors.nbytes


# --- too little


def with_one_window_in_each_of(recordings, sparse):
    """Six recordings, so many of which hold one window of the sparse class."""
    data = Labelled()
    labels = np.zeros_like(data.truth)
    labels[20::40][:recordings] = 1
    return data.labelled(labels if sparse == "positive" else 1 - labels)


@pytest.mark.parametrize("sparse", ["positive", "negative"])
@pytest.mark.parametrize(("method", "enough"), [("sigmoid", 3), ("isotonic", 6)])
def test_with_fewer_windows_of_a_class_than_a_calibration_needs_there_is_none_and_it_is_said(
    sparse, method, enough
):
    fitted = with_one_window_in_each_of(enough - 1, sparse).fit("logistic", method)
    assert fitted.classifier.calibrator.method == "none"
    assert f"only {enough - 1} {sparse} windows: the probabilities are not calibrated" in fitted.notes[0]
    assert f"{enough} windows of each class would be enough" in fitted.notes[0]


@pytest.mark.parametrize("sparse", ["positive", "negative"])
@pytest.mark.parametrize(("method", "enough"), [("sigmoid", 3), ("isotonic", 6)])
def test_with_as_many_as_it_needs_it_is_calibrated(sparse, method, enough):
    fitted = with_one_window_in_each_of(enough, sparse).fit("logistic", method)
    assert fitted.classifier.calibrator.method == method
    assert not any("calibrated" in note for note in fitted.notes)


@pytest.mark.parametrize("windows", [1, 2])
def test_where_no_calibration_was_asked_for_none_is_missed(windows):
    fitted = with_one_window_in_each_of(windows, "positive").fit("logistic", "none")
    assert fitted.classifier.calibrator.method == "none"
    assert not any("not calibrated" in note for note in fitted.notes)


@pytest.mark.parametrize("kind", ["logistic", "hist-gbt"])
@pytest.mark.parametrize("recordings", [6, 1])
@pytest.mark.parametrize("positives", [3, 5])
def test_a_few_windows_with_the_sound_make_a_detector_without_figures(kind, recordings, positives):
    whole = Labelled(recordings, 240 // recordings)
    labels = np.zeros_like(whole.truth)
    labels[20 :: 240 // positives] = 1
    data = whole.labelled(labels)
    for window in np.flatnonzero(labels):
        data.recordings[window * recordings // 240].vectors[window % (240 // recordings), 0] += 4
    fitted = data.fit(kind)
    assert fitted.figures is None
    assert fitted.held_out.shape == (240,)
    assert f"the sound is labelled at {positives} places: too few" in fitted.notes[-1]
    assert "so no figures; 10 places, in 5 recordings, would be enough" in fitted.notes[-1]
    assert np.isfinite(said(fitted, data)).all()


@pytest.mark.parametrize(("places", "shown"), [(9, False), (10, True)])
def test_figures_are_shown_from_ten_places_on_however_many_windows_they_have(places, shown):
    data = Labelled(5, 80)
    labels = np.zeros((5, 80), np.int8)
    for place in range(places):
        labels[place % 5, 30 * (place // 5) + 5 :][:4] = 1
    data = data.labelled(labels.ravel())
    fitted = data.fit(window=2 * WINDOW)  # windows overlap the next one
    assert (fitted.figures is not None) == shown
    assert any("so no figures" in note for note in fitted.notes) != shown


@pytest.mark.parametrize(("places", "told"), [(10, True), (29, True), (30, False)])
def test_below_thirty_places_average_precision_is_told_to_be_uncertain(places, told):
    """Each place is three windows that overlap, apart from the next one."""
    data = Labelled(6, 160)
    labels = np.zeros((6, 160), np.int8)
    for place in range(places):
        labels[place % 6, 30 * (place // 6) + 5 :][:3] = 1
    fitted = data.labelled(labels.ravel()).fit(window=2 * WINDOW)
    sentence = (
        f"the sound is labelled at {places} places: average precision, precision and recall may be off by 0.2"
    )
    assert any(note.startswith(sentence) for note in fitted.notes) == told


def test_one_positive_window_makes_a_classifier_without_figures():
    data = Labelled().first(1)
    fitted = data.fit()
    assert fitted.figures is fitted.held_out is None
    assert fitted.folds == "none"
    assert "only 1 positive window:" in fitted.notes[0]
    assert "3 windows of each class" in fitted.notes[0]
    assert "cannot be split in three" in fitted.notes[1]
    assert said(fitted, data).shape == (300,)


def test_one_long_place_is_told_in_the_singular():
    data = Labelled(1, 240)
    fitted = data.labelled((abs(np.arange(240) - 120) < 50).astype(np.int8)).fit(window=2 * WINDOW)
    assert fitted.folds == "time"
    assert fitted.notes[-1].startswith("the sound is labelled at 1 place: too few")


def test_blocks_of_time_are_said_aloud():
    fitted = Labelled(1, 200).fit()
    assert fitted.folds == "time"
    assert fitted.classifier.calibrator.method == "sigmoid"
    assert "3 recordings with both would be enough" in fitted.notes[0]


@pytest.mark.parametrize("recordings", [3, 4, 5])
def test_figures_of_few_recordings_are_said_to_be_uncertain(recordings):
    fitted = Labelled(recordings, 40).fit()
    assert fitted.folds == "recordings"
    told = f"the figures come from {recordings} recordings with both classes"
    assert any(note.startswith(told) for note in fitted.notes) == (recordings < 5)


@pytest.mark.parametrize(("value", "lacking"), [(0, "with the sound"), (1, "without the sound")])
def test_one_class_is_refused_in_one_line(value, lacking):
    data = Labelled()
    with pytest.raises(TrainingError, match=lacking) as raised:
        data.labelled(np.full_like(data.truth, value)).fit()
    assert "\n" not in str(raised.value)


# --- progress and settings


@pytest.mark.parametrize(
    ("calibration", "positives", "expected"),
    [("sigmoid", 30, 3), ("isotonic", 30, 3), ("none", 30, 3), ("sigmoid", 1, 1)],
)
def test_each_fit_is_told(calibration, positives, expected):
    steps = []
    Labelled().first(positives).fit(
        "logistic", calibration, on_step=lambda done, total: steps.append((done, total))
    )
    assert steps == [(step, expected) for step in range(1, expected + 1)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "forest"}, "classifier must be one of logistic, hist-gbt, not 'forest'"),
        ({"calibration": "platt"}, "calibration must be one of sigmoid, isotonic, none, not 'platt'"),
        ({"normalisation": "recording"}, "normalisation must be one of background, global, not 'recording'"),
        ({"negatives_per_positive": 0}, "negatives per positive must be above 0, not 0"),
        ({"negatives_per_positive": float("nan")}, "negatives per positive must be above 0, not nan"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, said):
    with pytest.raises(SettingError, match=said):
        ClassifierSettings(**wrong)


def test_unless_said_otherwise_a_line_is_fitted_to_all_negatives_and_calibrated_by_a_sigmoid():
    settings = ClassifierSettings()
    assert (settings.kind, settings.calibration, settings.normalisation) == (
        "logistic",
        "sigmoid",
        "background",
    )
    assert settings.negatives_per_positive is None
    assert _thin(np.array([0, 0, 0, 0, 1]), np.arange(5), settings).all()


def test_thinned_negatives_are_of_every_recording():
    groups = np.repeat(np.arange(12), 40)
    labels = np.zeros(480, np.int64)
    labels[:3] = 1  # nine negatives to be kept, of twelve recordings
    settings = ClassifierSettings("logistic", "none", negatives_per_positive=3.0)
    kept = _thin(labels, groups, settings)
    assert kept[:3].all()
    assert len(set(groups[kept & (labels == 0)])) == 9
    labels[:15] = 1
    kept = _thin(labels, groups, settings)
    assert np.count_nonzero(kept & (labels == 0)) == 45
    assert len(set(groups[kept])) == 12
