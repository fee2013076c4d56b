import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from audioscan_host.classifier.boosted import Boosted
from audioscan_host.classifier.trees import check
from audioscan_host.errors import DetectorError

pytestmark = pytest.mark.usefixtures("one_thread")

DIM = 5


@pytest.fixture(scope="module")
def grown():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, DIM)).astype(np.float32)
    labels = (features[:, 0] * features[:, 1] + rng.normal(size=400) > 0.5).astype(int)
    return HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(features, labels), features


@pytest.fixture
def trees(grown):
    found = Boosted.of(grown[0])
    return Boosted(found.baseline, found.nodes.copy(), found.offsets.copy())


def first_inner(trees):
    return int(np.flatnonzero(trees.nodes["is_leaf"] == 0)[0])


def test_trees_that_were_taken_out_give_the_same_bits(grown, trees):
    estimator, features = grown
    assert np.array_equal(trees.decision_function(features), estimator.decision_function(features))


def test_missing_values_go_the_same_way(grown, trees):
    estimator, features = grown
    gaps = features.copy()
    gaps[::3, 0] = np.nan
    assert np.array_equal(trees.decision_function(gaps), estimator.decision_function(gaps))


def test_the_estimator_itself_keeps_its_trees(grown, trees):
    assert len(grown[0]._predictors) == 30 == len(trees.offsets) - 1
    assert len(grown[0]._bin_mapper.bin_thresholds_) == DIM


def test_fitted_trees_are_accepted(trees):
    check(trees, DIM)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("child", ["beyond its tree", "itself", "its root", "far away"])
def test_a_child_that_is_not_further_on_in_its_tree_is_refused(trees, side, child):
    root = int(trees.offsets[1])  # of the second tree, so that indices are its own
    inner = root + int(np.flatnonzero(trees.nodes["is_leaf"][root:] == 0)[1])
    size = int(trees.offsets[2] - root)
    wrong = {"beyond its tree": size, "itself": inner - root, "its root": 0, "far away": 2**32 - 1}
    trees.nodes[side][inner] = wrong[child]
    with pytest.raises(DetectorError, match=f"{side} children"):
        check(trees, DIM)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("feature_idx", DIM, "dimensions"),
        ("feature_idx", -1, "dimensions"),
        ("num_threshold", np.nan, "thresholds"),
        ("value", np.inf, "values"),
        ("value", np.nan, "values"),
        ("value", -1e7, "values"),
        ("is_leaf", 7, "flags"),
        ("missing_go_to_left", 2, "flags"),
        ("is_categorical", 1, "categories"),
        ("depth", 7, "depths"),
        ("depth", 2**32 - 1, "depths"),
    ],
)
def test_a_node_with_an_impossible_value_is_refused(trees, name, value, message):
    trees.nodes[name][first_inner(trees)] = value
    with pytest.raises(DetectorError, match=message):
        check(trees, DIM)


@pytest.mark.parametrize("baseline", [np.nan, np.inf])
def test_a_baseline_that_is_no_number_is_refused(trees, baseline):
    with pytest.raises(DetectorError, match="values"):
        check(Boosted(baseline, trees.nodes, trees.offsets), DIM)


def test_a_tree_that_ends_in_an_inner_node_is_refused(trees):
    trees.nodes["is_leaf"][-1] = 0
    with pytest.raises(DetectorError, match="left children"):
        check(trees, DIM)


def test_a_walk_through_a_million_nodes_is_refused(trees):
    """Each child comes after its parent, and yet a window would take as long as all other windows together."""
    chain = np.zeros(10**6 + 1, trees.nodes.dtype)
    chain["left"] = np.arange(1, len(chain) + 1)
    chain["right"] = chain["left"]
    chain["is_leaf"][-1] = 1
    for depth in (0, np.arange(len(chain)), np.arange(len(chain)) % 2):
        chain["depth"] = depth
        with pytest.raises(DetectorError, match="depths"):
            check(Boosted(0.0, chain, np.array([0, len(chain)])), DIM)


def test_more_trees_than_training_grows_are_refused(trees):
    leaf = trees.nodes[trees.nodes["is_leaf"] == 1][:1]
    for count, refused in ((1000, False), (1001, True)):
        many = Boosted(0.0, np.repeat(leaf, count), np.arange(count + 1))
        if refused:
            with pytest.raises(DetectorError, match="numbers"):
                check(many, DIM)
        else:
            check(many, DIM)


@pytest.mark.parametrize(
    "change",
    [
        lambda offsets: offsets[:1],
        lambda offsets: offsets[1:],
        lambda offsets: offsets[:-1],
        lambda offsets: offsets[[0, 2, 1, *range(3, len(offsets))]],
        lambda offsets: offsets.astype(np.float64),
        lambda offsets: offsets[np.newaxis],
    ],
    ids=["none", "no begin", "no end", "backwards", "fractions", "two axes"],
)
def test_offsets_that_do_not_part_the_nodes_are_refused(trees, change):
    with pytest.raises(DetectorError, match=r"offsets|arrays"):
        check(Boosted(trees.baseline, trees.nodes, change(trees.offsets)), DIM)


def test_nodes_of_another_scikit_learn_are_told_so(trees):
    other = np.dtype([(name, kind) for name, (kind, _) in trees.nodes.dtype.fields.items() if name != "gain"])
    with pytest.raises(DetectorError, match="another version of scikit-learn"):
        check(Boosted(trees.baseline, np.zeros(len(trees.nodes), other), trees.offsets), DIM)
