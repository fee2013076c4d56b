"""A detector's file: written whole or not at all, and read without running anything in it."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sklearn

from audioscan_host.atomic_write import atomic_write
from audioscan_host.classifier import Classifier
from audioscan_host.detector import archive, detector_json
from audioscan_host.detector.detector import Detector
from audioscan_host.detector.detector_json import DESCRIPTION
from audioscan_host.detector.estimator_state import from_members, to_members
from audioscan_host.errors import DetectorError

MOST_BYTES = 512 * 2**20
"""A detector of one label is some 3 MB."""

REFERENCE = "reference.npy"
"""The member that holds the reference windows."""

_MOST_SAID = 500  # characters of an error
_PROBES = 8  # windows by which a loaded classifier shows that it computes what it did when saved
_PROBE_TOLERANCE = 1e-6  # another machine's linear algebra rounds otherwise


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a path that `save` could not write to, before the work that would be lost.

    Raises:
        DetectorError: it is a folder, or its folder cannot be made or written to.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DetectorError(f"{path}: cannot be written: {error.strerror}") from error
    if target.is_dir():
        raise DetectorError(f"{path}: cannot be written: it is a folder; name a file in it")
    if not os.access(target.parent, os.W_OK):
        raise DetectorError(f"{path}: cannot be written: no permission to write to its folder")


def save(detector: Detector, path: str | os.PathLike[str]) -> None:
    """Write a detector's file, whole or not at all; the same detector gives the same bytes.

    Raises:
        DetectorError: the file cannot be written.
    """
    data = _to_bytes(detector)
    try:
        with atomic_write(Path(path)) as file:
            file.write(data)
    except OSError as error:
        raise DetectorError(f"{path}: cannot be written: {error.strerror}") from error


def load(path: str | os.PathLike[str]) -> Detector:
    """Read a detector's file. Nothing in it is run.

    Raises:
        DetectorError: the file is missing, damaged, of another format, or not a detector's.
    """
    try:
        return _from_bytes(_read_file(Path(path)))
    except DetectorError as error:
        raise DetectorError(f"{path}: {_one_line(error)}") from error
    except OSError as error:
        raise DetectorError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:
        # The content may be anyone's, and be wrong in more ways than can be foreseen.
        raise DetectorError(f"{path}: cannot be used ({type(error).__name__}: {_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    """What a stranger's file is cited with: it may be long, or move the cursor of a terminal."""
    said = str(error)[:_MOST_SAID]
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in said)


def _read_file(source: Path) -> bytes:
    if not source.is_file():
        raise DetectorError("is not a file" if source.exists() else "does not exist")
    if source.stat().st_size > MOST_BYTES:
        raise DetectorError(f"is larger than {MOST_BYTES // 2**20} MiB, which no detector is")
    return source.read_bytes()


def _to_bytes(detector: Detector) -> bytes:
    members: dict[str, bytes] = {}
    for number, classifier in enumerate(detector.classifiers.values()):
        parts = to_members(classifier.estimators)
        members |= {f"{number}/{name}": content for name, content in parts.items()}
    probes = {
        label: classifier.probabilities(_probe(detector.dim)).tolist()
        for label, classifier in detector.classifiers.items()
    }
    if detector.reference is not None:
        members[REFERENCE] = archive.write_array(detector.reference)
    return archive.write(members | {DESCRIPTION: detector_json.write(detector, probes)}, sealed=True)


def _from_bytes(data: bytes) -> Detector:
    members = archive.read(data, sealed=True)
    if DESCRIPTION not in members:
        raise DetectorError("is not a detector file; `audioscan-host train` makes one")
    description = detector_json.read(members.pop(DESCRIPTION))
    reference = archive.read_array(members.pop(REFERENCE)) if REFERENCE in members else None
    parts: dict[int, dict[str, bytes]] = {number: {} for number in range(len(description.labels))}
    for name, content in members.items():
        number, _, part = name.partition("/")
        if not number.isdecimal() or int(number) not in parts:
            raise DetectorError(f"holds a foreign member, {name!r}")
        parts[int(number)][part] = content
    dim = description.values["dim"]
    classifiers = {}
    for label, own in zip(description.labels, parts.values(), strict=True):
        estimators = from_members(own, label.kind, label.calibration, label.estimators, dim)
        classifiers[label.name] = Classifier(label.kind, label.calibration, label.kept_share, estimators)
        _check_probe(classifiers[label.name], label.probe, dim, description.values["versions"])
    figures = {label.name: label.figures for label in description.labels}
    return Detector(**description.values, classifiers=classifiers, figures=figures, reference=reference)


def _probe(dim: int) -> npt.NDArray[np.float32]:
    """Windows that are the same on every machine: (8, dim), spread over -2 to 2."""
    scattered = np.arange(_PROBES * dim, dtype=np.int64) * 7919 % 4001
    return (scattered.reshape(_PROBES, dim) / 1000 - 2).astype(np.float32)


def _check_probe(
    classifier: Classifier, saved: npt.NDArray[np.float64], dim: int, versions: Mapping[str, str]
) -> None:
    # Before anything else: where a part is of a wrong type it fails here, and not in the middle of a scan.
    found = classifier.probabilities(_probe(dim))
    if versions.get("scikit-learn") == sklearn.__version__:
        return  # the same code on the same bytes
    if found.shape != saved.shape or not np.allclose(found, saved, rtol=0, atol=_PROBE_TOLERANCE):
        trained = versions.get("scikit-learn")
        raise DetectorError(
            f"gives other probabilities here than where it was trained (scikit-learn {trained}): "
            f"install scikit-learn {trained}, or train it again"
        )
