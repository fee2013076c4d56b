import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from audioscan_host.classifier.calibration import (
    LEAST_SLOPE,
    Calibrator,
    at_rate,
    cross_fitted,
    in_order,
    logistic,
    natural_rate,
)

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
    np.testing.assert_allclose(found[folds[0]], expected, atol=1e-6)


def by_rate(count, rate, seed=0):
    """Scores and labels of windows of which a share holds the sound."""
    labels = (np.arange(count) < rate * count).astype(np.int64)
    return np.random.default_rng(seed).normal(size=count) + 2 * labels - 6, labels


@pytest.mark.parametrize(("count", "rate"), [(40, 0.3), (3000, 0.3), (40_000, 0.0005)])
def test_a_sigmoid_is_platts_however_rare_the_sound(count, rate):
    scores, labels = by_rate(count, rate)
    # Platt (1999), section 2.2: the likelihood of targets that are a little less than certain.
    positives, negatives = labels.sum(), (1 - labels).sum()
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(line):
        log_odds = line[0] * scores + line[1]
        off = expit(log_odds) - target
        return np.logaddexp(0, log_odds).sum() - target @ log_odds, np.array([off @ scores, off.sum()])

    expected = minimize(loss, [1.0, 0.0], jac=True, method="BFGS", options={"gtol": 1e-6}).x
    found = Calibrator.fitted("sigmoid", scores, labels)
    np.testing.assert_allclose([found.slope, found.intercept], expected, rtol=2e-3)
    reference = _SigmoidCalibration().fit(scores, labels)
    np.testing.assert_allclose(found.probabilities(scores), reference.predict(scores), rtol=1e-3)
    # What is said is what happens, but for the certainty that Platt's targets lack.
    assert found.probabilities(scores).sum() == pytest.approx(target.sum(), rel=1e-3)


def test_a_sigmoid_of_a_score_by_hand():
    found = Calibrator("sigmoid", 2.0, -1.0).probabilities(np.array([0.5, 1.0, -800.0, 800.0]))
    assert found.tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-1)), 0, 1])


def test_without_a_calibration_the_log_odds_are_believed():
    scores, labels = by_rate(50, 0.3)
    np.testing.assert_allclose(
        Calibrator.fitted("none", scores, labels).probabilities(scores), expit(scores), atol=1e-15
    )


def test_isotonic_steps_are_scikit_learns_between_and_beyond_them():
    scores, labels = by_rate(200, 0.4)
    new = np.linspace(-20, 10, 500)
    reference = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    found = Calibrator.fitted("isotonic", scores, labels)
    np.testing.assert_allclose(
        found.probabilities(new), 0.99 * reference.predict(new) + 0.01 * expit(new), atol=1e-12
    )


@pytest.mark.parametrize("what", ["reversed", "chance", "equal"])
def test_scores_that_do_not_tell_the_classes_keep_their_order_and_mean_the_rate(what):
    scores, labels = by_rate(300, 0.2)
    if what == "reversed":
        labels = labels[::-1].copy()
        scores = np.where(labels == 1, scores.min() - 1, scores)
    elif what == "chance":
        scores = np.tile([-1.0, 0.0, 1.0], 100)
        labels = np.repeat(np.arange(100) % 5 == 0, 3).astype(np.int64)
    else:
        scores = np.zeros(300)
    found = Calibrator.fitted("sigmoid", scores, labels)
    assert found.slope == LEAST_SLOPE
    probabilities = found.probabilities(scores)
    assert (np.diff(probabilities[np.argsort(scores)]) >= 0).all()
    assert len(np.unique(probabilities)) == len(np.unique(scores))
    assert probabilities.mean() == pytest.approx(labels.mean(), abs=0.01)


# --- the rate of the sound


def test_another_rate_is_bayes_rule():
    # Two normal classes: what is known at either rate is known exactly.
    x = np.linspace(-4, 6, 101)
    with_it, without = np.exp(-((x - 2) ** 2) / 2), np.exp(-(x**2) / 2)

    def known(rate):
        return with_it * rate / (with_it * rate + without * (1 - rate))

    for learned, wanted in ((0.02, 0.5), (0.5, 0.02), (0.3, 0.3)):
        np.testing.assert_allclose(at_rate(known(learned), learned, wanted), known(wanted), rtol=1e-12)


def test_another_rate_by_hand_and_back():
    probabilities = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    moved = at_rate(probabilities, 0.1, 0.5)
    # Prior odds go from 1/9 to 1: odds times 9.
    assert moved.tolist() == pytest.approx([0, 0.5, 0.9, 81 / 82, 1])
    np.testing.assert_allclose(logit(moved[1:-1]) - logit(probabilities[1:-1]), np.log(9))
    np.testing.assert_allclose(at_rate(moved, 0.5, 0.1), probabilities, atol=1e-12)
    np.testing.assert_allclose(at_rate(probabilities, 0.2, 0.2), probabilities, atol=1e-15)


def test_the_logistic_function_does_not_overflow():
    x = np.array([-1e4, -5.0, 0.0, 5.0, 1e4])
    np.testing.assert_allclose(logistic(x), expit(x), atol=1e-15)


def test_windows_on_one_step_keep_the_order_of_their_scores():
    scores = np.array([-800.0, -3.0, -1.0, 0.0, 2.0, 2.5, 800.0])
    ordered = in_order(np.array([0.0, 0.0, 0.0, 0.4, 0.4, 1.0, 1.0]), scores)
    assert (np.diff(ordered) > 0).all()
    assert ordered[0] == 0
    assert ordered[-1] == 1
