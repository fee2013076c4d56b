"""A detector's numbers as the members of its file: arrays alone, so that nothing in a file can be run.

What is read back may come from a stranger: each array's type, shape and range is checked before it is used.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.background import FirstPass, UsualBackground
from audioscan_host.classifier.boosted import Boosted
from audioscan_host.classifier.calibration import Calibrator
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.settings import Calibration, ClassifierKind
from audioscan_host.classifier.statistics import FARTHEST, Statistics
from audioscan_host.detector import archive, trees
from audioscan_host.detector.detector_json import Label
from audioscan_host.errors import DetectorError

STATISTICS = "statistics.npy"
"""The member that holds mean and deviation: (2, dim)."""

_FIRST, _USUAL, _SECOND, _STEPS = "first.npy", "usual.npy", "second.npy", "steps.npy"
_LARGEST = 1e30  # of a number; embeddings and weights have some thousands
_SMALLEST = 1e-30  # of a deviation
_VARIANCES = (1e-9, FARTHEST**2)  # within a recording: above 0 by its shrinking
_NEAREST = 1e-16  # of two steps of isotonic regression, log-odds; scikit-learn joins those that are nearer than 1e-15


def of_statistics(statistics: Statistics) -> bytes:
    """All of it, the same for the same numbers."""
    return archive.write_array(np.stack(statistics.arrays))


def statistics_of(data: bytes, dim: int) -> Statistics:
    """Read what `of_statistics` gave.

    Raises:
        DetectorError: it is of other dimensions, or a deviation is not what training gives.
    """
    mean, deviation = _numbers(data, (2, dim), "statistics")
    if not (deviation >= _SMALLEST).all():
        raise DetectorError("its statistics have deviations that no training gives")
    return Statistics(mean, deviation)


def of_classifier(classifier: Classifier) -> dict[str, bytes]:
    """Name of each member -> its bytes, the same for the same classifier."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    if classifier.first is not None:
        arrays[_FIRST] = _line(classifier.first.line)
        arrays[_USUAL] = np.stack([classifier.first.usual.mean, classifier.first.usual.variance])
    for number, each in enumerate(classifier.second):
        if isinstance(each, Linear):
            arrays[_SECOND] = _line(each)
        else:
            arrays |= {
                f"{number}.nodes.npy": each.nodes,
                f"{number}.offsets.npy": each.offsets,
                f"{number}.baseline.npy": np.array([each.baseline]),
            }
    if classifier.calibrator.steps is not None:
        arrays[_STEPS] = classifier.calibrator.steps
    return {name: archive.write_array(array) for name, array in arrays.items()}


def classifier_of(members: Mapping[str, bytes], label: Label, dim: int) -> Classifier:
    """Build again what `of_classifier` took apart.

    Raises:
        DetectorError: members are missing or foreign, or hold what no training gives.
    """
    grown = [f"{n}.{part}.npy" for n in range(label.estimators) for part in ("nodes", "offsets", "baseline")]
    expected = [_SECOND] if label.kind == ClassifierKind.LOGISTIC else grown
    expected += [_FIRST, _USUAL] * label.relative + [_STEPS] * (label.calibration == Calibration.ISOTONIC)
    if set(members) != set(expected):
        raise DetectorError("lacks a part of its classifier, or holds a foreign one")
    return Classifier(
        label.kind,
        Calibrator(label.calibration, label.slope, label.intercept, _steps(members.get(_STEPS))),
        label.rate,
        label.kept_share,
        _first(members, dim) if label.relative else None,
        _second(members, label, dim),
        label.highest_mean,
    )


def _first(members: Mapping[str, bytes], dim: int) -> FirstPass:
    mean, variance = _numbers(members[_USUAL], (2, dim), "usual background")
    low, high = _VARIANCES
    if not ((variance >= low).all() and (variance <= high).all() and (np.abs(mean) <= FARTHEST).all()):
        raise DetectorError("its usual background is one that no training gives")
    return FirstPass(_linear(members[_FIRST], dim), UsualBackground(mean, variance))


def _second(members: Mapping[str, bytes], label: Label, dim: int) -> tuple[Linear | Boosted, ...]:
    if label.kind == ClassifierKind.LOGISTIC:
        if label.estimators != 1:
            raise DetectorError("holds another number of estimators than it declares")
        return (_linear(members[_SECOND], dim),)
    boosted = []
    for number in range(label.estimators):
        nodes, offsets = (
            archive.read_array(members[f"{number}.{part}.npy"]) for part in ("nodes", "offsets")
        )
        baseline = _numbers(members[f"{number}.baseline.npy"], (1,), "baseline")
        boosted.append(Boosted(float(baseline[0]), nodes, offsets))
        trees.check(boosted[-1], dim)
    return tuple(boosted)


def _steps(data: bytes | None) -> npt.NDArray[np.float64] | None:
    if data is None:
        return None
    steps = archive.read_array(data)
    steps = _numbers(data, (2, steps.shape[-1] if steps.ndim else 0), "steps")
    log_odds, probabilities = steps
    ascending = (np.diff(log_odds) >= _NEAREST).all() and (np.diff(probabilities) >= 0).all()
    if not (len(log_odds) and ascending and probabilities[0] >= 0 and probabilities[-1] <= 1):
        raise DetectorError("its calibration has steps that no training gives")
    return steps


def _line(linear: Linear) -> npt.NDArray[np.float64]:
    return np.append(linear.weights, linear.bias)


def _linear(data: bytes, dim: int) -> Linear:
    numbers = _numbers(data, (dim + 1,), "weights")
    return Linear(numbers[:-1], float(numbers[-1]))


def _numbers(data: bytes, shape: tuple[int, ...], what: str) -> npt.NDArray[np.float64]:
    array = archive.read_array(data)
    if array.dtype != np.float64 or array.shape != shape:
        raise DetectorError(f"holds {what} of {array.dtype} {array.shape} in place of float64 {shape}")
    if not (np.abs(array) <= _LARGEST).all():  # NaN is not
        raise DetectorError(f"holds {what} that are not numbers, or far too large")
    return array
