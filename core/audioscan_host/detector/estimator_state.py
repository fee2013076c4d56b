"""Fitted scikit-learn classifiers as bytes, without pickle: skops for the estimators, arrays for trees.

What is read back may come from a stranger. Every type and every way of building an object that the
file names is compared with a short list before skops sees it: skops by itself trusts all of
scikit-learn.
"""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from audioscan_host.detector import archive, trees
from audioscan_host.errors import DetectorError

_TRUSTED = {
    "DictNode": {"builtins.dict"},
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {"builtins.str"},
    "NdArrayNode": {
        "numpy.ndarray",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.uint64",
    },
    "ObjectNode": {
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelEncoder",
    },
}
"""Per way in which skops builds an object, the types that may be built so."""

_MOST_DESCRIPTION = 2**22
"""Bytes; a description is some 40 KB, and JSON takes 20 times its size in memory."""

_MOST_REPEATED = 2**26
"""Bytes that arrays may take beyond the file: equal ones are stored once and read as often as they are named."""

_CLASSES = {"hist-gbt": HistGradientBoostingClassifier, "logistic": Pipeline}


def to_members(estimators: Sequence[Any]) -> dict[str, bytes]:
    """Turn the estimators of one classifier into named bytes, the same for the same estimators."""
    members: dict[str, bytes] = {}
    bare = []
    for number, estimator in enumerate(estimators):
        base = _base(estimator)
        if isinstance(base, HistGradientBoostingClassifier):
            base, grown = trees.take_out(base)
            members[f"{number}.nodes.npy"] = archive.write_array(grown.nodes)
            members[f"{number}.offsets.npy"] = archive.write_array(grown.offsets)
        bare.append(_with_base(estimator, base))
    return members | {"estimators.skops": _dump(bare)}


def from_members(
    members: Mapping[str, bytes], kind: str, calibration: str, count: int, dim: int
) -> tuple[Any, ...]:
    """Build again what `to_members` took apart.

    Args:
        members: named bytes.
        kind: of the classifier: `hist-gbt` or `logistic`.
        calibration: `none`, or what wraps each estimator.
        count: number of estimators.
        dim: dimensions of an embedding.

    Raises:
        DetectorError: members are missing or foreign, a type is not on the list, or the content
            is not what this kind of classifier holds.
    """
    grown = kind == "hist-gbt"
    parts = [f"{number}.{part}.npy" for number in range(count * grown) for part in ("nodes", "offsets")]
    if set(members) != {"estimators.skops", *parts}:
        raise DetectorError("lacks a part of its classifier, or holds a foreign one")
    bare = _load(members["estimators.skops"])
    if type(bare) is not list or len(bare) != count:
        raise DetectorError("holds another number of estimators than it declares")
    for number, estimator in enumerate(bare):
        base = _checked_base(estimator, kind, calibration, dim)
        if grown:
            arrays = [archive.read_array(members[f"{number}.{part}.npy"]) for part in ("nodes", "offsets")]
            trees.put_back(base, trees.Trees(*arrays), dim)
    return tuple(bare)


def _base(estimator: Any) -> Any:
    if isinstance(estimator, CalibratedClassifierCV):
        return estimator.calibrated_classifiers_[0].estimator
    return estimator


def _with_base(estimator: Any, base: Any) -> Any:
    if not isinstance(estimator, CalibratedClassifierCV):
        return base
    pair = copy(estimator.calibrated_classifiers_[0])
    pair.estimator = base
    outer = copy(estimator)
    outer.estimator = None  # what it was fitted from, unfitted: only fitting again needs it
    outer.calibrated_classifiers_ = [pair]
    return outer


def _checked_base(estimator: Any, kind: str, calibration: str, dim: int) -> Any:
    outer = _CLASSES[kind] if calibration == "none" else CalibratedClassifierCV
    if type(estimator) is not outer or (outer is CalibratedClassifierCV and estimator.method != calibration):
        raise DetectorError(f"holds a {type(estimator).__name__} in place of a classifier as it declares it")
    if outer is CalibratedClassifierCV and len(estimator.calibrated_classifiers_) != 1:
        raise DetectorError("holds another number of calibrators than a detector has")
    base = _base(estimator)
    if type(base) is not _CLASSES[kind] or estimator.n_features_in_ != dim or base.n_features_in_ != dim:
        raise DetectorError(f"holds a {type(base).__name__} that is not {kind} of {dim} dimensions")
    return base


def _dump(estimators: Sequence[Any]) -> bytes:
    import skops.io  # takes a second, all of scikit-learn with it: only where it is needed

    parts = archive.read(skops.io.dumps(list(estimators)))
    schema = json.loads(parts["schema.json"])
    members: dict[str, bytes] = {}
    # skops names objects and files by their addresses in memory, which change from run to run.
    for node in _nodes(schema):
        node.pop("__id__", None)
        if node.get("__loader__") == "NdArrayNode":
            content = parts[node["file"]]
            node["file"] = f"{hashlib.sha256(content).hexdigest()}.npy"
            members[node["file"]] = content
    return archive.write(members | {"schema.json": json.dumps(schema).encode()})


def _load(data: bytes) -> Any:
    import skops.io

    members = archive.read(data)
    if "schema.json" not in members:
        raise DetectorError("lacks the description of its classifier")
    if len(members["schema.json"]) > _MOST_DESCRIPTION:
        raise DetectorError("describes more than a classifier: it is not safe to use")
    arrays = 0
    for node in _nodes(json.loads(members["schema.json"])):
        _check_node(node)
        if node.get("__loader__") == "NdArrayNode":
            arrays += len(members[node["file"]])
    if arrays > len(data) + _MOST_REPEATED:
        raise DetectorError("names its arrays too often: it is not safe to use")
    for name, content in members.items():
        if name != "schema.json":
            archive.read_array(content)
    with warnings.catch_warnings():
        # Another scikit-learn is told apart by what it computes: see the probe in `detector`.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return skops.io.loads(data, trusted=sorted(_TRUSTED["ObjectNode"]))


def _check_node(node: Mapping[str, Any]) -> None:
    _check_type(node)
    if "__id__" in node:
        # skops puts what had that name before in its place: a few names make a structure without end.
        raise DetectorError("uses an object twice, which no detector needs: it is not safe to use")


def _check_type(node: Mapping[str, Any]) -> None:
    if not {"__loader__", "__class__", "__module__"} & set(node):
        return
    loader = node.get("__loader__")
    name = f"{node.get('__module__')}.{node.get('__class__')}"
    if not isinstance(loader, str) or name not in _TRUSTED.get(loader, ()):
        raise DetectorError(
            f"holds the type {name} ({loader}), which no detector needs: it is not safe to use"
        )
    if loader == "NdArrayNode" and node.get("type") != "numpy":
        raise DetectorError("holds an array of objects: it is not safe to use")


def _nodes(schema: Any) -> list[dict[str, Any]]:
    """All objects of a JSON value, however deep."""
    found, waiting = [], [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found.append(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found
