"""Many windows are fitted to by passes over their embeddings: the same line as by scikit-learn on a matrix of features."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from audioscan_host.classifier import ClassifierSettings, Statistics, fit, large_linear
from audioscan_host.classifier.background import Background, UsualBackground
from audioscan_host.classifier.features import Chosen, FeatureRows
from audioscan_host.classifier.statistics import FARTHEST
from audioscan_host.evidence import Evidence

pytestmark = pytest.mark.usefixtures("one_thread")

DIM = 12


@pytest.fixture
def _many(monkeypatch):
    """So few windows are fitted to as too many for a matrix are, a few at a time."""
    monkeypatch.setattr(large_linear, "MOST_DOUBLES", 0)
    monkeypatch.setattr(large_linear, "_AT_ONCE", 50 * DIM)


def material(recordings=6, windows=140, seed=0):
    """Recordings of different levels and gains, their labels, and starts of their windows."""
    rng = np.random.default_rng(seed)
    evidence, labels, times = [], [], []
    for number in range(recordings):
        count = windows + 7 * number
        truth = (rng.random(count) < 0.25).astype(np.int8)
        vectors = rng.standard_normal((count, DIM)) * rng.uniform(0.5, 2, DIM)
        vectors[truth == 1, :4] += 1.5
        vectors = 40 + 5 * rng.standard_normal(DIM) + (1 + number / 4) * vectors
        evidence.append(Evidence.without_silence(vectors.astype(np.float32), 1.0))
        truth[rng.random(count) < 0.1] = -1
        labels.append(truth)
        times.append(np.arange(count, dtype=np.float64))
    return evidence, labels, times


def rows_of(evidence, labels, *, relative):
    """The labelled windows, without or relative to backgrounds, and their truth."""
    statistics = Statistics.of(evidence)
    chosen = [
        Chosen(each.vectors, np.flatnonzero(said >= 0)) for each, said in zip(evidence, labels, strict=True)
    ]
    known = [Background.of(each, said == 0, statistics) for each, said in zip(evidence, labels, strict=True)]
    usual = UsualBackground.of(known)
    truth = np.concatenate([said[said >= 0] for said in labels]).astype(np.int64)
    return FeatureRows(chosen, [(each, usual) for each in known] if relative else None, statistics), truth


def scikit_learns(windows, truth):
    """Weights and bias on features that lie in a matrix."""
    fitted = LogisticRegression(C=0.3, tol=1e-8, max_iter=2000).fit(windows.matrix(np.float64), truth)
    return np.append(fitted.coef_[0], fitted.intercept_)


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("relative", [False, True])
def test_the_line_is_scikit_learns_on_a_matrix_of_features(relative):
    windows, truth = rows_of(*material()[:2], relative=relative)
    np.testing.assert_allclose(
        large_linear.fitted(windows, truth).array, scikit_learns(windows, truth), atol=2e-6
    )


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("relative", [False, True])
def test_windows_that_are_held_at_the_farthest_count_as_a_matrix_has_them(relative):
    evidence, labels, _ = material()
    windows, truth = rows_of(evidence, labels, relative=relative)
    # After what is common was measured, so that the farthest is a million deviations off.
    far = 3 * FARTHEST * windows.statistics.deviation
    for number, place, dimension in ((0, 3, 5), (0, 60, 1), (4, 100, 0)):
        vectors = windows.chosen[number].vectors
        vectors[windows.chosen[number].places[place], dimension] = far[dimension]
        vectors[windows.chosen[number].places[place], 7] = -far[7] / 2
    np.testing.assert_allclose(
        large_linear.fitted(windows, truth).array, scikit_learns(windows, truth), atol=2e-6
    )


@pytest.mark.usefixtures("_many")
def test_no_matrix_of_features_is_built(monkeypatch):
    windows, truth = rows_of(*material()[:2], relative=True)
    monkeypatch.setattr(FeatureRows, "matrix", lambda *_: pytest.fail("a matrix was built"))
    large_linear.fitted(windows, truth)


@pytest.mark.parametrize("more", [0, 1])
def test_up_to_a_gigabyte_of_doubles_the_line_is_scikit_learns_to_the_last_bit(monkeypatch, more):
    windows, truth = rows_of(*material()[:2], relative=True)
    monkeypatch.setattr(large_linear, "MOST_DOUBLES", windows.size - more)
    same = np.array_equal(large_linear.fitted(windows, truth).array, scikit_learns(windows, truth))
    assert same is not bool(more)


def test_a_gigabyte():
    assert large_linear.MOST_DOUBLES * np.dtype(np.float64).itemsize == 2**30


@pytest.mark.usefixtures("_many")
def test_a_fit_that_is_not_at_its_end_is_told(monkeypatch):
    windows, truth = rows_of(*material()[:2], relative=False)
    monkeypatch.setattr(large_linear, "MOST_STEPS", 2)
    with pytest.warns(ConvergenceWarning, match="stopped before its end"):
        large_linear.fitted(windows, truth)


@pytest.mark.usefixtures("_many")
def test_the_fit_of_a_sound_that_is_rare_comes_to_the_same_end():
    evidence, labels, _ = material(4, 1500)
    for number, each in enumerate(labels):
        positives = np.flatnonzero(each == 1)
        each[positives[1 + number % 2 :]] = 0
    windows, truth = rows_of(evidence, labels, relative=False)
    assert truth.mean() < 0.002
    np.testing.assert_allclose(
        large_linear.fitted(windows, truth).array, scikit_learns(windows, truth), atol=2e-5
    )


@pytest.mark.parametrize("normalisation", ["background", "global"])
@pytest.mark.parametrize("negatives_per_positive", [None, 1.5])
@pytest.mark.parametrize("recordings", [1, 6])
def test_folds_thinning_and_held_out_scores_are_the_same_both_ways(
    monkeypatch, normalisation, negatives_per_positive, recordings
):
    settings = ClassifierSettings(normalisation=normalisation, negatives_per_positive=negatives_per_positive)
    evidence, labels, times = material(recordings, 840 // recordings)
    statistics = Statistics.of(evidence)

    def learned():
        return fit(evidence, labels, times, statistics, window=3.0, settings=settings)

    built = learned()
    monkeypatch.setattr(large_linear, "MOST_DOUBLES", 0)
    passed = learned()
    assert passed.folds == built.folds
    assert passed.classifier.kept_share == built.classifier.kept_share
    np.testing.assert_allclose(passed.held_out, built.held_out, atol=2e-6)
    assert not np.array_equal(passed.held_out, built.held_out)  # it came another way
    (line,), (other) = passed.classifier.second, built.classifier.second[0]
    np.testing.assert_allclose(line.array, other.array, atol=5e-6)
    if normalisation == "background":
        np.testing.assert_allclose(
            passed.classifier.first.line.array, built.classifier.first.line.array, atol=5e-6
        )
    assert passed.figures.to_json() == pytest.approx(built.figures.to_json(), rel=1e-4)
