"""Boosted trees, kept as their nodes."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from audioscan_host.classifier.boosted import Boosted

pytestmark = pytest.mark.usefixtures("one_thread")


def windows(count, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, 6)).astype(np.float32)
    return features, (features[:, 0] * features[:, 1] + 0.5 * rng.standard_normal(count) > 0.5).astype(
        np.int64
    )


def reference(seed=42):
    return HistGradientBoostingClassifier(max_iter=200, max_depth=5, learning_rate=0.1, random_state=seed)


@pytest.mark.parametrize("rows", [0, 1, 50, 20_000])
def test_log_odds_are_scikit_learns_bit_for_bit(rows):
    features, labels = windows(300)
    found = Boosted.fitted(features, labels, 42).decision_function(windows(rows, seed=1)[0])
    expected = reference().fit(features, labels)
    assert found.shape == (rows,)
    if rows:
        np.testing.assert_array_equal(found, expected.decision_function(windows(rows, seed=1)[0]))


def test_trees_that_stop_early_are_scikit_learns_too():
    features, labels = windows(10_500)  # it holds some windows out itself from 10,000 on
    found, expected = Boosted.fitted(features, labels, 7), reference(7).fit(features, labels)
    assert len(found.offsets) - 1 == expected.n_iter_ < 200
    np.testing.assert_array_equal(
        found.decision_function(features[:100]), expected.decision_function(features[:100])
    )


def test_each_tree_lies_where_its_offset_says():
    features, labels = windows(300)
    model = reference().fit(features, labels)
    found = Boosted.of(model)
    assert len(found.offsets) == 201
    assert found.offsets[-1] == len(found.nodes)
    for (tree,), first, end in zip(model._predictors, found.offsets[:-1], found.offsets[1:], strict=True):
        assert found.nodes[first:end].tobytes() == tree.nodes.tobytes()
