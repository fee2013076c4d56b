"""The trees of a stranger's detector, checked before they are believed.

scikit-learn follows a node's indices without looking, so that a wrong one in a file would read foreign
memory or never end: as arrays they can be checked all at once.
"""

import math

import numpy as np

from audioscan_host.classifier.boosted import Boosted
from audioscan_host.errors import DetectorError

_FLAGS = ("is_leaf", "missing_go_to_left", "is_categorical")
_LARGEST = 1e6  # log-odds; a leaf has some tenths
_MOST_TREES = 1000  # training grows 200
_DEEPEST = 64  # training grows no deeper than 5


def check(trees: Boosted, dim: int) -> None:
    """Make sure that a walk from any root ends in a leaf, and reads nothing but the trees and `dim` values.

    A child comes after its parent, as scikit-learn writes it, so no walk can go in a circle; and it is one
    deeper, so none is long.

    Raises:
        DetectorError: something else was found.
    """
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes, offsets = trees.nodes, trees.offsets
    if nodes.dtype != PREDICTOR_RECORD_DTYPE:
        raise DetectorError(
            "its trees were written by another version of scikit-learn, or on another kind of machine: "
            "install the version that it names, or train it again"
        )
    _require(nodes.ndim == 1 and offsets.ndim == 1 and offsets.dtype == np.int64, "arrays")
    _require(len(offsets) <= _MOST_TREES + 1, "numbers")
    _require(len(offsets) > 1 and offsets[0] == 0 and offsets[-1] == len(nodes), "offsets")
    sizes = np.diff(offsets)
    _require(bool((sizes > 0).all()), "offsets")
    index = np.arange(len(nodes)) - np.repeat(offsets[:-1], sizes)
    size = np.repeat(sizes, sizes)
    _require(all(bool((nodes[flag] <= 1).all()) for flag in _FLAGS), "flags")
    _require(not nodes["is_categorical"].any(), "categories")
    _require(math.isfinite(trees.baseline) and bool((np.abs(nodes["value"]) <= _LARGEST).all()), "values")
    _require(bool((nodes["depth"] <= _DEEPEST).all()), "depths")
    inner = nodes["is_leaf"] == 0
    for side in ("left", "right"):
        child = nodes[side].astype(np.int64)
        _require(bool(((child > index) & (child < size))[inner].all()), f"{side} children")
        below = nodes["depth"][np.where(inner, child + np.arange(len(nodes)) - index, 0)].astype(np.int64)
        _require(bool((below == nodes["depth"] + 1)[inner].all()), "depths")
    feature = nodes["feature_idx"]
    _require(bool(((feature >= 0) & (feature < dim))[inner].all()), "dimensions")
    _require(not np.isnan(nodes["num_threshold"][inner]).any(), "thresholds")


def _require(ok: bool, what: str) -> None:
    if not ok:
        raise DetectorError(f"its trees have {what} that no training gives: it is not safe to use")
