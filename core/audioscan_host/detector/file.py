"""A detector's file: written whole or not at all, and read without running anything in it."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.atomic_write import atomic_write
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.detector import archive, detector_json, members
from audioscan_host.detector.detector import Detector
from audioscan_host.detector.detector_json import DESCRIPTION
from audioscan_host.errors import DetectorError, SettingError
from audioscan_host.evidence import Evidence
from audioscan_host.printable import printable
from audioscan_host.remote_path import path_of, written_path

MOST_BYTES = 512 * 2**20
"""A detector of one label is some 100 kB, one of boosted trees some megabytes."""

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
    target = written_path(path)
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
        with atomic_write(written_path(path)) as file:
            file.write(data)
    except OSError as error:
        raise DetectorError(f"{path}: cannot be written: {error.strerror}") from error


def load(path: str | os.PathLike[str]) -> Detector:
    """Read a detector's file. Nothing in it is run.

    Args:
        path: the file, as `train` saved it.

    Raises:
        DetectorError: the file is missing, damaged, of another format, or not a detector's.
    """
    path = path_of(path)
    try:
        return _from_bytes(_read_file(path))
    except SettingError:  # what reaches a URL is not installed
        raise
    except DetectorError as error:
        raise DetectorError(f"{path}: {_one_line(error)}") from error
    except OSError as error:
        raise DetectorError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:
        # The content may be anyone's, and be wrong in more ways than can be foreseen.
        raise DetectorError(f"{path}: cannot be used ({type(error).__name__}: {_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    """What a stranger's file is cited with: it may be long, or move the cursor of a terminal."""
    return printable(str(error)[:_MOST_SAID]).replace("\n", "\\n")


def _read_file(source: Path) -> bytes:
    if not source.is_file():
        raise DetectorError("is not a file" if source.exists() else "does not exist")
    if source.stat().st_size > MOST_BYTES:
        raise DetectorError(f"is larger than {MOST_BYTES // 2**20} MiB, which no detector is")
    return source.read_bytes()


def _to_bytes(detector: Detector) -> bytes:
    contents = {members.STATISTICS: members.of_statistics(detector.statistics)}
    for number, classifier in enumerate(detector.classifiers.values()):
        parts = members.of_classifier(classifier)
        contents |= {f"{number}/{name}": content for name, content in parts.items()}
    probes = {
        label: found.tolist() for label, found in detector.probabilities(_probe(detector.statistics)).items()
    }
    if detector.reference is not None:
        contents[REFERENCE] = archive.write_array(detector.reference)
    return archive.write(contents | {DESCRIPTION: detector_json.write(detector, probes)}, sealed=True)


def _from_bytes(data: bytes) -> Detector:
    contents = archive.read(data, sealed=True)
    if DESCRIPTION not in contents:
        raise DetectorError("is not a detector file; `audioscan-host train` makes one")
    description = detector_json.read(contents.pop(DESCRIPTION))
    if members.STATISTICS not in contents:
        raise DetectorError("lacks the statistics of what it was trained on")
    dim = description.values["dim"]
    statistics = members.statistics_of(contents.pop(members.STATISTICS), dim)
    reference = archive.read_array(contents.pop(REFERENCE)) if REFERENCE in contents else None
    parts: dict[str, dict[str, bytes]] = {str(number): {} for number in range(len(description.labels))}
    for name, content in contents.items():
        number, _, part = name.partition("/")
        if number not in parts:
            raise DetectorError(f"holds a foreign member, {name!r}")
        parts[number][part] = content
    classifiers = {
        label.name: members.classifier_of(own, label, dim)
        for label, own in zip(description.labels, parts.values(), strict=True)
    }
    figures = {label.name: label.figures for label in description.labels}
    detector = Detector(
        **description.values,
        statistics=statistics,
        classifiers=classifiers,
        figures=figures,
        reference=reference,
    )
    _check_probe(detector, {label.name: label.probe for label in description.labels})
    return detector


def _probe(statistics: Statistics) -> Evidence:
    """Windows that are the same on every machine: (8, dim), spread over two deviations about the mean."""
    dim = len(statistics.mean)
    scattered = np.arange(_PROBES * dim, dtype=np.int64) * 7919 % 4001
    spread = scattered.reshape(_PROBES, dim) / 1000 - 2
    return Evidence.without_silence(statistics.mean + spread * statistics.deviation, 1.0)


def _check_probe(detector: Detector, saved: Mapping[str, npt.NDArray[np.float64]]) -> None:
    # Before anything else: what is wrong in a file fails here, and not in the middle of a scan.
    for label, found in detector.probabilities(_probe(detector.statistics)).items():
        if found.shape != saved[label].shape or not np.allclose(
            found, saved[label], rtol=0, atol=_PROBE_TOLERANCE
        ):
            trained = detector.versions.get("scikit-learn")
            raise DetectorError(
                f"gives other probabilities here than where it was trained (scikit-learn {trained}): "
                f"install scikit-learn {trained}, or train it again"
            )
