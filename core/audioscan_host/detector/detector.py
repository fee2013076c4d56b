"""A trained, calibrated classifier with all that is needed to use it again, and its file."""

import importlib.metadata
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import sklearn

from audioscan_host.atomic_write import atomic_write
from audioscan_host.classifier import Classifier, normalise
from audioscan_host.classifier.figures import Figures
from audioscan_host.detector import archive, detector_json
from audioscan_host.detector.detector_json import DESCRIPTION
from audioscan_host.detector.estimator_state import from_members, to_members
from audioscan_host.errors import DetectorError, SettingError
from audioscan_host.model import Model
from audioscan_host.windows import Windowing

MOST_BYTES = 512 * 2**20
"""A detector of one label is some 3 MB."""

_PROBES = 8  # windows by which a loaded classifier shows that it computes what it did when saved
_PROBE_TOLERANCE = 1e-6  # another machine's linear algebra rounds otherwise


def installed_versions() -> dict[str, str]:
    """Versions of what a detector's numbers depend on beside its model."""
    names = ("audioscan-host", "numpy", "scikit-learn", "skops")
    return {name: importlib.metadata.version(name) for name in names}


@dataclass(frozen=True)
class Detector:
    """What finds one or more labels in embeddings of one model.

    Attributes:
        model: name of the model whose embeddings it reads.
        model_revision: of that model.
        checkpoint_revision: of the model's weights.
        dim: dimensions of an embedding.
        window: seconds.
        hop: seconds.
        normalisation: `recording` where embeddings are normalised over each recording, else `none`.
        classifiers: by label.
        figures: by label, cross-validated; None where there was too little to hold any out.
        training: how it was trained: settings, counts of windows and recordings; JSON values.
        versions: of the packages that it was trained with; those installed unless given.

    Raises:
        DetectorError: a value is out of its range, or does not go with another one.
    """

    model: str
    model_revision: int
    checkpoint_revision: str
    dim: int
    window: float
    hop: float
    normalisation: Literal["recording", "none"]
    classifiers: Mapping[str, Classifier]
    figures: Mapping[str, Figures | None]
    training: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=installed_versions)

    def __post_init__(self) -> None:
        try:
            Windowing(self.window, self.hop)
        except SettingError as error:
            raise DetectorError(str(error)) from error
        if self.normalisation not in ("recording", "none"):
            raise DetectorError(f"normalisation must be recording or none, not {self.normalisation!r}")
        if self.dim < 1 or not self.classifiers or set(self.classifiers) != set(self.figures):
            raise DetectorError("a detector needs dimensions, and for each label a classifier and figures")

    @property
    def windowing(self) -> Windowing:
        """How a recording is to be cut for it."""
        return Windowing(self.window, self.hop)

    def restricted(self, labels: Collection[str]) -> Self:
        """The same detector for some of its labels.

        Raises:
            DetectorError: it does not know a label, or none was given.
        """
        unknown = sorted(set(labels) - set(self.classifiers))
        if unknown or not labels:
            known = ", ".join(self.classifiers)
            asked = repr(unknown[0]) if unknown else "that is empty"
            raise DetectorError(f"the detector does not know the label {asked}; it knows: {known}")
        return replace(
            self,
            classifiers={label: each for label, each in self.classifiers.items() if label in labels},
            figures={label: each for label, each in self.figures.items() if label in labels},
        )

    def probabilities(self, embeddings: npt.NDArray[np.floating[Any]]) -> dict[str, npt.NDArray[np.float64]]:
        """How likely each window holds each label.

        Args:
            embeddings: (windows, dim), all windows of one recording, as the model gave them.

        Returns:
            By label (windows,) from 0 to 1.

        Raises:
            DetectorError: the embeddings have other dimensions.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.dim:
            raise DetectorError(
                f"a detector of {self.model} reads (windows, {self.dim}) embeddings, not {embeddings.shape}"
            )
        features = normalise(embeddings) if self.normalisation == "recording" else embeddings
        features = features.astype(np.float32, copy=False)
        return {label: classifier.probabilities(features) for label, classifier in self.classifiers.items()}


def require_model(detector: Detector, model: Model, path: str | os.PathLike[str] | None = None) -> None:
    """Refuse a model whose embeddings are not those that the detector was trained on.

    Args:
        detector: what was loaded.
        model: the installed model of that name.
        path: the detector's file, where it has one, for the message.

    Raises:
        DetectorError: name, revision, dimensions or weights are others.
    """
    for what, trained, installed in (
        ("model", detector.model, model.name),
        ("revision", detector.model_revision, model.revision),
        ("dimensions", detector.dim, model.dim),
        ("weights", detector.checkpoint_revision, model.checkpoint.revision),
    ):
        if trained != installed:
            raise DetectorError(
                f"{path or 'the detector'}: was trained on {detector.model} with {what} {trained}, but {model.name} with {what} "
                f"{installed} is installed: install the version of its plugin that it was trained with, "
                "or train it again"
            )


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
        raise DetectorError(f"{path}: {error}") from error
    except OSError as error:
        raise DetectorError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:
        # The content may be anyone's, and be wrong in more ways than can be foreseen.
        raise DetectorError(f"{path}: cannot be used ({type(error).__name__}: {error})") from error


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
    return archive.write(members | {DESCRIPTION: detector_json.write(detector, probes)}, sealed=True)


def _from_bytes(data: bytes) -> Detector:
    members = archive.read(data, sealed=True)
    if DESCRIPTION not in members:
        raise DetectorError("is not a detector file; `audioscan-host train` makes one")
    description = detector_json.read(members.pop(DESCRIPTION))
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
    return Detector(**description.values, classifiers=classifiers, figures=figures)


def _probe(dim: int) -> npt.NDArray[np.float32]:
    """Windows that are the same on every machine: (8, dim), spread over -2 to 2."""
    scattered = np.arange(_PROBES * dim, dtype=np.int64) * 7919 % 4001
    return (scattered.reshape(_PROBES, dim) / 1000 - 2).astype(np.float32)


def _check_probe(
    classifier: Classifier, saved: npt.NDArray[np.float64], dim: int, versions: Mapping[str, str]
) -> None:
    if versions.get("scikit-learn") == sklearn.__version__:
        return  # the same code on the same bytes
    found = classifier.probabilities(_probe(dim))
    if found.shape != saved.shape or not np.allclose(found, saved, rtol=0, atol=_PROBE_TOLERANCE):
        trained = versions.get("scikit-learn")
        raise DetectorError(
            f"gives other probabilities here than where it was trained (scikit-learn {trained}): "
            f"install scikit-learn {trained}, or train it again"
        )
