import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from audioscan_host.classifier.calibration import cross_fitted, in_order, natural_rate

METHODS = ("isotonic", "sigmoid")


@pytest.fixture
def folds():
    return np.array_split(np.random.default_rng(0).permutation(300), 3)


@pytest.fixture
def scored():
    rng = np.random.default_rng(1)
    labels = (rng.random(300) < 0.3).astype(np.int64)
    return labels * 1.5 + rng.normal(size=300), labels


def test_the_natural_rate_is_bayes_rule():
    # Two normal classes: what is known before and after thinning is known exactly.
    x, rate, kept_share = np.linspace(-4, 6, 101), 0.02, 0.1
    positive, negative = np.exp(-((x - 2) ** 2) / 2) * rate, np.exp(-(x**2) / 2) * (1 - rate)
    thinned = positive / (positive + kept_share * negative)
    np.testing.assert_allclose(
        natural_rate(thinned, kept_share), positive / (positive + negative), rtol=1e-12
    )


def test_certainty_and_unthinned_probabilities_stay():
    assert natural_rate(np.array([0.0, 1.0]), 0.1).tolist() == [0, 1]
    assert natural_rate(np.array([0.25, 0.5]), 1.0).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("method", METHODS)
def test_a_folds_own_labels_do_not_touch_its_probabilities(method, folds, scored):
    scores, labels = scored
    usable = np.ones(300, np.bool_)
    before = cross_fitted(method, scores, labels, folds, usable)
    labels = labels.copy()
    labels[folds[0]] = 1 - labels[folds[0]]
    after = cross_fitted(method, scores, labels, folds, usable)
    assert np.array_equal(before[folds[0]], after[folds[0]])
    assert not np.array_equal(before[folds[1]], after[folds[1]])


@pytest.mark.parametrize("method", METHODS)
def test_windows_that_were_thinned_out_do_not_calibrate_but_are_judged(method, folds, scored):
    scores, labels = scored
    usable = np.arange(300) % 4 != 0
    before = cross_fitted(method, scores, labels, folds, usable)
    after = cross_fitted(method, scores, np.where(usable, labels, 1 - labels), folds, usable)
    assert np.array_equal(before, after)
    assert np.isfinite(before).all()


@pytest.mark.parametrize(
    ("method", "reference"),
    [("isotonic", IsotonicRegression(out_of_bounds="clip")), ("sigmoid", _SigmoidCalibration())],
)
def test_calibrators_are_those_of_calibrated_classifier_cv(method, reference, folds, scored):
    scores, labels = scored
    found = cross_fitted(method, scores, labels, folds, np.ones(300, np.bool_))
    others = np.concatenate(folds[1:])
    reference.fit(scores[others], labels[others])
    held_out = scores[folds[0]]
    expected = reference.predict(held_out)
    if method == "isotonic":
        expected = 0.99 * expected + 0.01 * expit(held_out)
    np.testing.assert_allclose(found[folds[0]], expected, atol=1e-3)


def test_windows_on_one_step_keep_the_order_of_their_scores():
    scores = np.array([-800.0, -3.0, -1.0, 0.0, 2.0, 2.5, 800.0])
    ordered = in_order(np.array([0.0, 0.0, 0.0, 0.4, 0.4, 1.0, 1.0]), scores)
    assert (np.diff(ordered) > 0).all()
    assert ordered[0] == 0
    assert ordered[-1] == 1
