"""The trees of a HistGradientBoosting classifier as two arrays, checked before they are believed.

A detector holds some 600 trees. Written object by object they are 1800 files that take a second to
read; as arrays they take a millisecond. scikit-learn follows a node's indices without looking, so
that a wrong one in a file would read foreign memory or never end: here they can be checked all at
once. scikit-learn has no public way to a tree's nodes, hence its private names, in this file only.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn._loss import HalfBinomialLoss
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from audioscan_host.errors import DetectorError

_FLAGS = ("is_leaf", "missing_go_to_left", "is_categorical")
_CATEGORY_WORDS = 8  # 32-bit words of a set of 256 categories


@dataclass(frozen=True)
class Trees:
    """All trees of one classifier, in the order in which they were grown.

    Attributes:
        nodes: (nodes,) of scikit-learn's node type, tree after tree, each root first.
        offsets: (trees + 1,) int64, where each tree begins, and where the last one ends.
    """

    nodes: npt.NDArray[np.void]
    offsets: npt.NDArray[np.int64]


def take_out(estimator: Any) -> tuple[Any, Trees]:
    """Part a fitted HistGradientBoostingClassifier of two classes from its trees.

    Returns:
        A copy without trees and without what only fitting needs, and the trees.
    """
    trees = [predictor.nodes for (predictor,) in estimator._predictors]
    bare = copy(estimator)
    bare._predictors = []
    bare._feature_subsample_rng = None
    bare._loss = None  # the same for all classifiers of two classes
    bare._bin_mapper = copy(estimator._bin_mapper)
    bare._bin_mapper.bin_thresholds_ = []  # three files a dimension; nodes hold their own thresholds
    bare._bin_mapper.n_threads = None  # differs from machine to machine
    offsets = np.cumsum([0, *map(len, trees)], dtype=np.int64)
    return bare, Trees(np.concatenate(trees), offsets)


def put_back(bare: Any, trees: Trees, dim: int) -> Any:
    """Give a classifier that `take_out` parted its trees again, in place.

    Args:
        bare: classifier without trees.
        trees: what a file held.
        dim: dimensions of an embedding.

    Returns:
        The classifier, with the same probabilities bit for bit.

    Raises:
        DetectorError: the trees are of another scikit-learn, or cannot be walked safely.
    """
    check(trees, dim)
    if bare.n_trees_per_iteration_ != 1:
        raise DetectorError("a classifier of two classes grows one tree at a time")
    bare._loss = HalfBinomialLoss()
    no_categories = np.zeros((0, _CATEGORY_WORDS), np.uint32)
    bare._predictors = [
        [TreePredictor(trees.nodes[first:end], no_categories, no_categories)]
        for first, end in zip(trees.offsets[:-1], trees.offsets[1:], strict=True)
    ]
    return bare


def check(trees: Trees, dim: int) -> None:
    """Make sure that a walk from any root ends in a leaf, and reads nothing but the trees and `dim` values.

    A child comes after its parent, as scikit-learn writes it, so no walk can go in a circle.

    Raises:
        DetectorError: something else was found.
    """
    nodes, offsets = trees.nodes, trees.offsets
    if nodes.dtype != PREDICTOR_RECORD_DTYPE:
        raise DetectorError(
            "its trees were written by another version of scikit-learn, or on another kind of machine: "
            "install the version that it names, or train it again"
        )
    _require(nodes.ndim == 1 and offsets.ndim == 1 and offsets.dtype == np.int64, "arrays")
    _require(len(offsets) > 1 and offsets[0] == 0 and offsets[-1] == len(nodes), "offsets")
    sizes = np.diff(offsets)
    _require(bool((sizes > 0).all()), "offsets")
    index = np.arange(len(nodes)) - np.repeat(offsets[:-1], sizes)
    size = np.repeat(sizes, sizes)
    _require(all(bool((nodes[flag] <= 1).all()) for flag in _FLAGS), "flags")
    _require(not nodes["is_categorical"].any(), "categories")
    _require(bool(np.isfinite(nodes["value"]).all()), "values")
    inner = nodes["is_leaf"] == 0
    for side in ("left", "right"):
        child = nodes[side].astype(np.int64)
        _require(bool(((child > index) & (child < size))[inner].all()), f"{side} children")
    feature = nodes["feature_idx"]
    _require(bool(((feature >= 0) & (feature < dim))[inner].all()), "dimensions")
    _require(not np.isnan(nodes["num_threshold"][inner]).any(), "thresholds")


def _require(ok: bool, what: str) -> None:
    if not ok:
        raise DetectorError(f"its trees have {what} that no training gives: it is not safe to use")
