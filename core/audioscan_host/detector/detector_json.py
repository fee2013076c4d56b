"""What a detector's file says of itself, `detector.json`: written, and read with every type checked."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.channels import MIX
from audioscan_host.classifier.calibration import LEAST_SLOPE
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.settings import Calibration, ClassifierKind
from audioscan_host.detector.detector import Detector
from audioscan_host.errors import DetectorError
from audioscan_host.reading import Reading

FORMAT = 2
"""Raised when the file's layout changes."""

DESCRIPTION = "detector.json"

_VALUES: dict[str, type] = {
    "model": str,
    "model_revision": int,
    "checkpoint_revision": str,
    "dim": int,
    "window": float,
    "hop": float,
    "training": dict,
    "versions": dict,
    "plugin": dict,
    "wrappers": list,
}
_LABEL: dict[str, type] = {
    "label": str,
    "kind": str,
    "calibration": str,
    "slope": float,
    "intercept": float,
    "rate": float,
    "kept_share": float,
    "highest_mean": float,
    "relative": bool,
    "estimators": int,
    "probe": list,
}
_MOST_BYTES = 2**22  # JSON takes 20 times its size in memory; a label has some 700 bytes
_LONGEST_NAME = 200  # characters
_MOST_ESTIMATORS = 100
_MOST_DIM = 2**17
_STEEPEST = 1e6
_MOST_REVISIONS = 2**31
_LEAST_SHARE = 1e-9  # of windows; a year has 3e7 seconds


@dataclass(frozen=True)
class Label:
    """One label of a detector, before its classifier is built.

    Attributes:
        name: the label.
        kind: of the classifier.
        calibration: that was done.
        slope: of a sigmoid.
        intercept: of a sigmoid.
        rate: of the sound where it was learned.
        kept_share: by which odds are multiplied.
        highest_mean: probability over a recording that it was learned from.
        relative: windows are read relative to the background of their recording.
        estimators: how many are averaged.
        probe: (windows,) probabilities of the probe windows when it was saved.
        figures: cross-validated, or None.
    """

    name: str
    kind: ClassifierKind
    calibration: Calibration
    slope: float
    intercept: float
    rate: float
    kept_share: float
    highest_mean: float
    relative: bool
    estimators: int
    probe: npt.NDArray[np.float64]
    figures: Figures | None


@dataclass(frozen=True)
class Description:
    """A detector without its classifiers: `values` are the attributes that need no building."""

    values: dict[str, Any]
    labels: tuple[Label, ...]


def write(detector: Detector, probes: Mapping[str, list[float]]) -> bytes:
    """Describe a detector, with the probabilities of the probe windows by label.

    Raises:
        ValueError, TypeError: `training` holds what JSON cannot.
    """
    values = {name: getattr(detector, name) for name in _VALUES}
    mappings = {name: dict(values[name]) for name in ("training", "versions", "plugin")}
    numbers = {name: float(values[name]) for name in ("window", "hop")}
    labels = []
    for label, classifier in detector.classifiers.items():
        figures = detector.figures[label]
        labels.append(
            {
                "label": label,
                "kind": classifier.kind,
                "calibration": classifier.calibrator.method,
                "slope": float(classifier.calibrator.slope),
                "intercept": float(classifier.calibrator.intercept),
                "rate": float(classifier.rate),
                "kept_share": float(classifier.kept_share),
                "highest_mean": float(classifier.highest_mean),
                "relative": classifier.first is not None,
                "estimators": len(classifier.second),
                "probe": probes[label],
                "figures": figures and figures.to_json(),
            }
        )
    # Left out where all are mixed, as detectors were before there was a choice.
    channel = {} if detector.channel == MIX else {"channel": detector.channel}
    # So are windows: detectors are older than stretches.
    reading = {} if detector.reading == Reading.WINDOWS else {"reading": detector.reading}
    described = {
        "format": FORMAT,
        **values,
        **mappings,
        **numbers,
        **channel,
        **reading,
        "labels": labels,
    }
    return json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False).encode()


def read(data: bytes) -> Description:
    """Read what `write` gave.

    Raises:
        DetectorError: the format is another, or a value is missing or of another type.
    """
    if len(data) > _MOST_BYTES:
        raise DetectorError("describes more than a detector: it is not safe to use")
    try:
        described = json.loads(data)
    except ValueError as error:
        raise DetectorError(f"{DESCRIPTION} is not JSON") from error
    found = _take(described, "format", int)
    if found == 1:
        raise DetectorError(
            "was trained by an audioscan-host whose detectors read each recording by its own statistics, so that "
            "probabilities depended on how much of the sound is in it: train it again, from the same labels"
        )
    if found != FORMAT:
        raise DetectorError(
            f"is of format {found}, and this audioscan-host reads format {FORMAT}: "
            "upgrade audioscan-host, or train it again"
        )
    values = _read_values(described)
    labels = tuple(_read_label(label) for label in _take(described, "labels", list))
    if len({label.name for label in labels}) != len(labels):
        raise DetectorError("holds a label twice")
    return Description(values, labels)


def _read_values(described: Any) -> dict[str, Any]:
    values = {name: _take(described, name, kind) for name, kind in _VALUES.items()}
    values["channel"] = _take(described, "channel", str) if "channel" in described else MIX
    values["reading"] = _take(described, "reading", str) if "reading" in described else Reading.WINDOWS
    if not all(_is_name(values[name]) for name in ("model", "checkpoint_revision")):
        raise DetectorError("model and checkpoint_revision must be short texts of one line")
    if not 0 <= values["model_revision"] <= _MOST_REVISIONS:
        raise DetectorError("model_revision is out of its range")
    if not 1 <= values["dim"] <= _MOST_DIM:
        raise DetectorError(f"dim must be from 1 to {_MOST_DIM}, not {values['dim']}")
    if not all(isinstance(version, str) for version in values["versions"].values()):
        raise DetectorError("versions must be texts")
    if not all(
        isinstance(each, str) and _is_name(each) for each in (*values["plugin"].values(), *values["wrappers"])
    ):
        raise DetectorError("plugin and wrappers must be short texts of one line")
    return values | {"wrappers": tuple(values["wrappers"])}


def _read_label(described: Any) -> Label:
    values = {name: _take(described, name, kind) for name, kind in _LABEL.items()}
    label = values["label"]
    if values["kind"] not in tuple(ClassifierKind) or values["calibration"] not in tuple(Calibration):
        raise DetectorError(
            f"label {label!r}: classifier {values['kind']!r} with calibration {values['calibration']!r} is unknown"
        )
    if not (
        _LEAST_SHARE <= values["kept_share"] <= 1
        and _LEAST_SHARE <= values["rate"] <= 1 - _LEAST_SHARE
        and 0 <= values["highest_mean"] <= 1
        and LEAST_SLOPE <= values["slope"] <= _STEEPEST
        and abs(values["intercept"]) <= _STEEPEST
        and 1 <= values["estimators"] <= _MOST_ESTIMATORS
    ):
        raise DetectorError(f"label {label!r}: a number is out of its range")
    if not all(type(value) in (int, float) and 0 <= value <= 1 for value in values["probe"]):
        raise DetectorError(f"label {label!r}: probe must be numbers from 0 to 1")
    try:
        figures = described.get("figures")
        figures = None if figures is None else Figures.from_json(figures)
    except (TypeError, ValueError) as error:
        raise DetectorError(f"label {label!r}: {error}") from error
    values |= {"kind": ClassifierKind(values["kind"]), "calibration": Calibration(values["calibration"])}
    return Label(
        name=label,
        **{name: values[name] for name in _LABEL if name not in ("label", "probe")},
        probe=np.array(values["probe"], dtype=np.float64),
        figures=figures,
    )


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and text.isprintable()


def _take(described: Any, name: str, kind: type) -> Any:
    value = described.get(name) if isinstance(described, dict) else None
    if type(value) is not kind or (isinstance(value, float) and not math.isfinite(value)):
        raise DetectorError(f"{name} must be of type {kind.__name__}, not {value!r}"[:200])
    return value
