import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import zscore
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from audioscan_host.classifier import ClassifierSettings, fit, normalise
from audioscan_host.classifier.figures import expected_calibration_error
from audioscan_host.classifier.folds import split
from audioscan_host.classifier.learning import _thin
from audioscan_host.errors import SettingError, TrainingError

WINDOW = 8.0


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


ESTIMATORS = {
    "hist-gbt": HistGradientBoostingClassifier(max_iter=200, max_depth=5, learning_rate=0.1, random_state=42),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)),
}


def labelled(recordings=6, windows=40, dim=4, seed=0):
    """Windows a second apart, of which about one in four holds a sound that can mostly be told."""
    rng = np.random.default_rng(seed)
    count = recordings * windows
    features = rng.normal(size=(count, dim)).astype(np.float32)
    labels = (features[:, 0] + 0.5 * rng.normal(size=count) > 0.8).astype(np.int8)
    return {
        "features": features,
        "labels": labels,
        "groups": np.repeat(np.arange(recordings), windows),
        "times": np.tile(np.arange(windows, dtype=np.float64), recordings),
        "window": WINDOW,
        "hop": 1.0,
    }


def first(data, positives):
    """The same windows with no more than so many positive ones."""
    labels = data["labels"].copy()
    labels[np.flatnonzero(labels)[positives:]] = 0
    return data | {"labels": labels}


# --- normalise


@pytest.mark.parametrize("count", [1, 30, 8192, 20000])
def test_normalising_is_the_z_score_over_all_windows(count):
    embeddings = np.random.default_rng(0).normal(5, 3, size=(count, 3)).astype(np.float32)
    normalised = normalise(embeddings)
    assert normalised.dtype == np.float32
    if count > 1:
        np.testing.assert_allclose(normalised, zscore(embeddings.astype(np.float64)), atol=1e-5)
    else:
        assert not normalised.any()


def test_a_dimension_that_does_not_change_stays_near_zero():
    embeddings = np.full((40, 2), 1000.1, np.float32)
    embeddings[:, 1] += np.linspace(0, 1, 40, dtype=np.float32)
    normalised = normalise(embeddings)
    assert not normalised[:, 0].any()
    assert normalised[:, 1].std() == pytest.approx(1, abs=1e-3)


def test_no_windows_are_normalised_to_none():
    assert normalise(np.zeros((0, 7), np.float32)).shape == (0, 7)


# --- fit


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
@pytest.mark.parametrize("recordings", [6, 1])
def test_probabilities_are_those_of_calibrated_classifier_cv_over_the_same_folds(kind, method, recordings):
    data = labelled(recordings, 240 // recordings)
    settings = ClassifierSettings(kind, method, negatives_per_positive=None)
    classifier = fit(**data, settings=settings).classifier
    labels = data["labels"].astype(np.int64)
    folds = split(labels, data["groups"], data["times"], WINDOW, np.ones(len(labels), np.bool_))
    reference = CalibratedClassifierCV(ESTIMATORS[kind], method=method, cv=list(folds.splits))
    reference.fit(data["features"], labels)
    new = labelled(seed=1)["features"]
    expected = reference.predict_proba(new)[:, 1]
    if method == "isotonic":  # with the order within its steps
        pairs = reference.calibrated_classifiers_
        own = np.mean([expit(pair.estimator.decision_function(new)) for pair in pairs], axis=0)
        expected = 0.99 * expected + 0.01 * own
    np.testing.assert_allclose(classifier.probabilities(new), expected, atol=1e-9)
    assert (classifier.calibration, classifier.kept_share) == (method, 1.0)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_without_calibration_one_classifier_is_fitted_on_everything(kind):
    data = labelled()
    settings = ClassifierSettings(kind, "none", negatives_per_positive=None)
    fitted = fit(**data, settings=settings)
    reference = clone(ESTIMATORS[kind]).fit(data["features"], data["labels"])
    expected = reference.predict_proba(data["features"])[:, 1]
    np.testing.assert_allclose(fitted.classifier.probabilities(data["features"]), expected, atol=1e-12)
    assert fitted.notes == ()
    assert fitted.figures is not None


def test_a_long_recording_is_scored_as_its_parts_are():
    classifier = fit(**labelled(), settings=ClassifierSettings("logistic")).classifier
    features = labelled(windows=1500)["features"]
    parts = [classifier.probabilities(part) for part in np.array_split(features, 7)]
    np.testing.assert_allclose(classifier.probabilities(features), np.concatenate(parts), atol=1e-12)


def test_negatives_are_thinned_and_the_share_is_kept():
    data = first(labelled(), 20)
    fitted = fit(**data, settings=ClassifierSettings(negatives_per_positive=3.0))
    assert fitted.classifier.kept_share == pytest.approx(60 / 220)
    assert fitted.figures.windows == 240  # the thinned-out ones are judged too
    assert fitted.figures.positives == 20


def test_the_same_training_gives_the_same_probabilities_and_another_seed_others():
    data = first(labelled(), 30)
    runs = [fit(**data, settings=ClassifierSettings("logistic", seed=seed)) for seed in (42, 42, 7)]
    one, same, other = (run.classifier.probabilities(data["features"]) for run in runs)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def rare_sound(count, seed):
    """Windows of one dimension x whose chance to hold the sound is known: 1 / (1 + exp(5 - 2 x))."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    chance = 1 / (1 + np.exp(5 - 2 * x))
    return x[:, np.newaxis].astype(np.float32), (rng.random(count) < chance).astype(np.int8), chance


@pytest.mark.parametrize(("natural_rate", "error"), [(True, 0.02), (False, None)])
def test_probabilities_mean_what_they_say_at_the_natural_rate(natural_rate, error):
    features, labels, _ = rare_sound(30_000, seed=0)
    groups, times = np.repeat(np.arange(30), 1000), np.tile(np.arange(1000.0), 30)
    settings = ClassifierSettings("logistic", "sigmoid", natural_rate=natural_rate)
    fitted = fit(features, labels, groups, times, window=1.0, hop=1.0, settings=settings)
    unseen, happened, chance = rare_sound(30_000, seed=1)
    found = fitted.classifier.probabilities(unseen)
    if error is None:
        assert abs(found - chance).mean() > 0.05
        assert expected_calibration_error(happened, found) > 0.05
        assert fitted.figures.expected_calibration_error > 0.05
    else:
        assert abs(found - chance).mean() < 0.005
        assert abs(found - chance).max() < 0.05
        assert expected_calibration_error(happened, found) < 0.01
        assert fitted.figures.expected_calibration_error < 0.01


@pytest.mark.parametrize("recordings", [1, 6])
def test_figures_of_what_cannot_be_learnt_are_those_of_chance(recordings):
    # Overlapping windows sound alike: split carelessly, each would know its neighbours' labels.
    rng = np.random.default_rng(3)
    data = labelled(recordings, 600 // recordings)
    events = np.repeat(np.arange(100), 6)
    noise = 0.05 * rng.normal(size=data["features"].shape)
    data["features"] = (rng.normal(size=(100, 4))[events] + noise).astype(np.float32)
    data["labels"] = rng.permutation(np.arange(100) % 3 == 0)[events].astype(np.int8)
    figures = fit(**data, settings=ClassifierSettings()).figures
    assert figures.roc_auc < 0.62
    assert figures.average_precision < 0.45
    assert figures.expected_calibration_error < 0.2


def test_figures_are_of_the_held_out_probabilities():
    data = labelled()
    fitted = fit(**data, settings=ClassifierSettings())
    assert fitted.folds == "recordings"
    assert fitted.figures.brier == pytest.approx(np.mean((fitted.held_out - data["labels"]) ** 2))
    assert fitted.figures.roc_auc > 0.8


def test_no_index_of_a_labelled_window_is_kept():
    classifier = fit(**labelled(), settings=ClassifierSettings("logistic")).classifier
    assert [estimator.cv for estimator in classifier.estimators] == [None] * 3


# --- too little


@pytest.mark.parametrize("sparse", ["positive", "negative"])
def test_fewer_than_six_windows_of_a_class_are_not_calibrated_and_it_is_said(sparse):
    data = first(labelled(), 5)
    if sparse == "negative":
        data["labels"] = 1 - data["labels"]
    fitted = fit(**data, settings=ClassifierSettings())
    assert fitted.classifier.calibration == "none"
    assert len(fitted.classifier.estimators) == 1
    assert f"only 5 {sparse} windows" in fitted.notes[0]
    assert "6 windows of each class would be enough" in fitted.notes[0]


def test_six_windows_of_a_class_are_calibrated():
    data = labelled()
    labels = np.zeros_like(data["labels"])
    labels[20::40] = 1  # one a recording
    fitted = fit(**data | {"labels": labels}, settings=ClassifierSettings())
    assert fitted.classifier.calibration == "isotonic"
    assert fitted.notes == ()


def test_one_positive_window_makes_a_classifier_without_figures():
    fitted = fit(**first(labelled(), 1), settings=ClassifierSettings())
    assert fitted.figures is fitted.held_out is None
    assert fitted.folds == "none"
    assert "only 1 positive window:" in fitted.notes[0]
    assert "cannot be split in three" in fitted.notes[1]
    assert fitted.classifier.probabilities(labelled()["features"]).shape == (240,)


def test_blocks_of_time_are_said_aloud():
    fitted = fit(**labelled(1, 200), settings=ClassifierSettings())
    assert fitted.folds == "time"
    assert fitted.classifier.calibration == "isotonic"
    assert "3 recordings with both would be enough" in fitted.notes[0]


@pytest.mark.parametrize("recordings", [3, 4, 5])
def test_figures_of_few_recordings_are_said_to_be_uncertain(recordings):
    fitted = fit(**labelled(recordings, 40), settings=ClassifierSettings())
    assert fitted.folds == "recordings"
    told = f"the figures come from {recordings} recordings with both classes"
    assert [note.startswith(told) for note in fitted.notes] == ([] if recordings == 5 else [True])


@pytest.mark.parametrize(("value", "lacking"), [(0, "with the sound"), (1, "without the sound")])
def test_one_class_is_refused_in_one_line(value, lacking):
    data = labelled()
    data["labels"] = np.full_like(data["labels"], value)
    with pytest.raises(TrainingError, match=lacking) as raised:
        fit(**data, settings=ClassifierSettings())
    assert "\n" not in str(raised.value)


# --- progress and settings


@pytest.mark.parametrize(
    ("calibration", "positives", "expected"),
    [("isotonic", 30, 3), ("none", 30, 4), ("isotonic", 1, 1)],
)
def test_each_fit_is_told(calibration, positives, expected):
    steps = []
    fit(
        **first(labelled(), positives),
        settings=ClassifierSettings("logistic", calibration),
        on_step=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(step, expected) for step in range(1, expected + 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "forest"},
        {"calibration": "platt"},
        {"negatives_per_positive": 0},
        {"negatives_per_positive": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(SettingError):
        ClassifierSettings(**wrong)


def test_thinned_negatives_are_of_every_recording():
    data = labelled(recordings=12, windows=40)
    labels = np.zeros(480, np.int8)
    labels[:3] = 1  # nine negatives to be kept, of twelve recordings
    settings = ClassifierSettings("logistic", "none", negatives_per_positive=3.0)
    kept = _thin(labels.astype(np.int64), data["groups"], settings)
    assert kept[:3].all()
    assert len(set(data["groups"][kept & (labels == 0)])) == 9
    labels[:15] = 1
    kept = _thin(labels.astype(np.int64), data["groups"], settings)
    assert np.count_nonzero(kept & (labels == 0)) == 45
    assert len(set(data["groups"][kept])) == 12
