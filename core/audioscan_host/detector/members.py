"""A detector's numbers as the members of its file: arrays alone, so that nothing in a file can be run.

What is read back may come from a stranger: each array's type, shape and range is checked before it is used.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.background import FirstPass, UsualBackground
from audioscan_host.classifier.calibration import Calibrator
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.kinds import KINDS
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.settings import Calibration
from audioscan_host.classifier.statistics import FARTHEST, Statistics
from audioscan_host.classifier.strangers_arrays import numbers
from audioscan_host.detector import archive
from audioscan_host.detector.detector_json import Label
from audioscan_host.errors import DetectorError

STATISTICS = "statistics.npy"
"""The member that holds mean and deviation: (2, dim)."""

_FIRST, _USUAL, _STEPS = "first.npy", "usual.npy", "steps.npy"
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
    mean, deviation = numbers(archive.read_array(data), (2, dim), "statistics")
    if not (deviation >= _SMALLEST).all():
        raise DetectorError("its statistics have deviations that no training gives")
    return Statistics(mean, deviation)


def of_classifier(classifier: Classifier) -> dict[str, bytes]:
    """Name of each member -> its bytes, the same for the same classifier."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    if classifier.first is not None:
        arrays[_FIRST] = classifier.first.line.array
        arrays[_USUAL] = np.stack([classifier.first.usual.mean, classifier.first.usual.variance])
    arrays |= KINDS[classifier.kind].arrays(classifier.second)
    if classifier.calibrator.steps is not None:
        arrays[_STEPS] = classifier.calibrator.steps
    return {name: archive.write_array(array) for name, array in arrays.items()}


def classifier_of(members: Mapping[str, bytes], label: Label, dim: int) -> Classifier:
    """Build again what `of_classifier` took apart.

    Raises:
        DetectorError: members are missing or foreign, or hold what no training gives.
    """
    kind = KINDS[label.kind]
    expected = [*kind.members(label.estimators)]
    expected += [_FIRST, _USUAL] * label.relative + [_STEPS] * (label.calibration == Calibration.ISOTONIC)
    if set(members) != set(expected):
        raise DetectorError("lacks a part of its classifier, or holds a foreign one")
    return Classifier(
        label.kind,
        Calibrator(label.calibration, label.slope, label.intercept, _steps(members.get(_STEPS))),
        label.rate,
        label.kept_share,
        _first(members, dim) if label.relative else None,
        kind.read(lambda name: archive.read_array(members[name]), label.estimators, dim),
        label.highest_mean,
    )


def _first(members: Mapping[str, bytes], dim: int) -> FirstPass:
    mean, variance = numbers(archive.read_array(members[_USUAL]), (2, dim), "usual background")
    low, high = _VARIANCES
    if not ((variance >= low).all() and (variance <= high).all() and (np.abs(mean) <= FARTHEST).all()):
        raise DetectorError("its usual background is one that no training gives")
    return FirstPass(
        Linear.of_array(archive.read_array(members[_FIRST]), dim), UsualBackground(mean, variance)
    )


def _steps(data: bytes | None) -> npt.NDArray[np.float64] | None:
    if data is None:
        return None
    steps = archive.read_array(data)
    steps = numbers(steps, (2, steps.shape[-1] if steps.ndim else 0), "steps")
    log_odds, probabilities = steps
    ascending = (np.diff(log_odds) >= _NEAREST).all() and (np.diff(probabilities) >= 0).all()
    if not (len(log_odds) and ascending and probabilities[0] >= 0 and probabilities[-1] <= 1):
        raise DetectorError("its calibration has steps that no training gives")
    return steps
