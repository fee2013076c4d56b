"""Logistic regression, kept as weights and a bias."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from audioscan_host.classifier.linear import Linear


def windows(count=400, dim=20, rate=0.2, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, dim)).astype(np.float32)
    labels = (np.arange(count) < rate * count).astype(np.int64)
    features[labels == 1, :5] += 1
    features *= (dim**0.25 / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    return features, labels


def test_log_odds_are_scikit_learns():
    features, labels = windows()
    doubles = features.astype(np.float64)
    reference = LogisticRegression(C=0.3, tol=1e-8, max_iter=2000).fit(doubles, labels)
    new = windows(seed=1)[0]
    found = Linear.fitted(features, labels).decision_function(new)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, reference.decision_function(new), atol=1e-5)


@pytest.mark.parametrize("rate", [0.5, 0.01, 0.0005])
def test_a_fit_is_the_least_penalised_loss_however_rare_the_sound(rate):
    features, labels = windows(20_000, 10, rate)
    doubles = features.astype(np.float64)

    def loss(line):
        log_odds = doubles @ line[1:] + line[0]
        slope = expit(log_odds) - labels
        gradient = np.append(slope.sum(), doubles.T @ slope + line[1:] / 0.3)
        return np.logaddexp(0, log_odds).sum() - log_odds @ labels + line[1:] @ line[1:] / 0.6, gradient

    start = np.append(np.log(rate / (1 - rate)), np.zeros(10))
    best = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-5})
    found = Linear.fitted(features, labels)
    np.testing.assert_allclose(np.append(found.bias, found.weights), best.x, rtol=1e-3, atol=1e-3)


def test_the_mean_of_several_gives_the_mean_of_their_log_odds():
    several = [Linear.fitted(*windows(seed=seed)) for seed in range(3)]
    new = windows(seed=3)[0]
    expected = np.mean([each.decision_function(new) for each in several], axis=0)
    np.testing.assert_allclose(Linear.mean(several).decision_function(new), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("share", "moved"), [(0.75, np.log(3)), (0.5, 0.0), (0.02, 0.0), (1.0, 0.0), (0.9, np.log(9))]
)
def test_a_bar_is_at_the_share_of_positives_where_that_is_more_than_half(share, moved):
    line = Linear(np.array([2.0, -1.0]), 0.5)
    found = line.with_bar(share)
    assert found.weights.tolist() == [2, -1]
    assert found.bias == pytest.approx(0.5 - moved)
    # What it gives the share of positives is just at a half now.
    if moved:
        assert found.decision_function(np.array([[(moved - 0.5) / 2, 0]])) == pytest.approx([0], abs=1e-12)


def test_a_weighted_sum_by_hand():
    line = Linear(np.array([2.0, -1.0]), 0.5)
    rows = np.array([[1, 1], [0, 3]], np.float32)
    assert line.decision_function(rows).tolist() == [1.5, -2.5]
    assert Linear.mean([line, Linear(np.array([0.0, 3.0]), 1.5)]).decision_function(rows).tolist() == [3, 4]
