"""A few windows that stand for many."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from audioscan_host.classifier.coverage import cover, distances


def points(count, dim=5, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)


def test_distances_are_those_to_the_nearest_reference():
    features, reference = points(9000), points(7, seed=1)
    expected = pairwise_distances(features.astype(np.float64), reference.astype(np.float64)).min(axis=1)
    np.testing.assert_allclose(distances(features, reference), expected, rtol=1e-4)


def test_without_a_reference_everything_is_far():
    assert np.isinf(distances(points(3), points(0))).all()


def test_no_cluster_is_forgotten():
    centres = 100 * points(10)
    features = np.repeat(centres, 50, axis=0) + points(500, seed=2)
    chosen = cover(features, 10)
    assert sorted(chosen // 50) == list(range(10))


def test_what_is_left_is_at_most_twice_the_best_possible():
    features = points(12, dim=2)
    from itertools import combinations

    best = min(distances(features, features[list(each)]).max() for each in combinations(range(12), 3))
    assert distances(features, features[cover(features, 3)]).max() <= 2 * best + 1e-6


@pytest.mark.parametrize(("windows", "count", "chosen"), [(5, 9, 5), (0, 4, 0), (7, 3, 3)])
def test_there_may_be_fewer_windows(windows, count, chosen):
    assert len(cover(points(windows), count)) == chosen


def test_equal_windows_are_not_chosen_twice():
    features = np.repeat(points(2), 20, axis=0)
    assert sorted(cover(features, 10) // 20) == [0, 1]
