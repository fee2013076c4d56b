"""A trained, calibrated classifier with all that is needed to use it again."""

import importlib.metadata
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audioscan_host.channels import MIX, channel_of
from audioscan_host.classifier.background import Background
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.features import features
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.errors import DetectorError, SettingError
from audioscan_host.evidence import Evidence
from audioscan_host.models.model import Model
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing

_LARGEST_FEATURE = 1e3  # windows are scaled to the length dim^0.25


def installed_versions() -> dict[str, str]:
    """Versions of what a detector's numbers depend on beside its model."""
    names = ("audioscan-host", "numpy", "scikit-learn")
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
        statistics: of all windows that it was learned from.
        classifiers: by label.
        figures: by label, cross-validated; None where there was too little to hold any out.
        training: how it was trained: settings, counts of windows and recordings; JSON values.
        versions: of the packages that it was trained with; those installed unless given.
        plugin: what the model came from: its `name`, `distribution` and `version`, empty where not known.
        wrappers: the plugins that changed the numbers of all models, as `Registry.wrappers` names them.
        channel: of the recordings that it was learned from, and reads: `mix`, `loudest` or a number from 1.
        reading: what the model reads of a recording: windows, or stretches.
        reference: (windows, dim), as `features` gives them: a few of the windows that it was trained on, such that
            every other is near one of them. None where they are not known.

    Raises:
        DetectorError: a value is out of its range, or does not go with another one.
    """

    model: str
    model_revision: int
    checkpoint_revision: str
    dim: int
    window: float
    hop: float
    statistics: Statistics
    classifiers: Mapping[str, Classifier]
    figures: Mapping[str, Figures | None]
    training: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    plugin: Mapping[str, str] = field(default_factory=dict)
    wrappers: tuple[str, ...] = ()
    channel: str = MIX
    reading: Reading = Reading.WINDOWS
    reference: npt.NDArray[np.float32] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        try:
            Windowing(self.window, self.hop)
            channel_of(self.channel)
            object.__setattr__(self, "reading", Reading.of(self.reading, "reading"))
        except SettingError as error:
            raise DetectorError(str(error)) from error
        if self.reading == Reading.AUTO:
            raise DetectorError("a detector reads windows or stretches, whatever it was trained with")
        if any(each.shape != (self.dim,) for each in self.statistics.arrays):
            raise DetectorError(f"its statistics must be of {self.dim} dimensions")
        if self.dim < 1 or not self.classifiers or set(self.classifiers) != set(self.figures):
            raise DetectorError("a detector needs dimensions, and for each label a classifier and figures")
        if self.reference is not None and (
            self.reference.dtype != np.float32
            or self.reference.ndim != 2
            or self.reference.shape[1] != self.dim
            or not (np.abs(self.reference) <= _LARGEST_FEATURE).all()  # NaN is not
        ):
            raise DetectorError(f"its reference windows must be (windows, {self.dim}) finite float32 numbers")

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

    def probabilities(
        self,
        recording: Evidence,
        *,
        backgrounds: Mapping[str, Background | None] | None = None,
        rates: Mapping[str, float] | None = None,
    ) -> dict[str, npt.NDArray[np.float64]]:
        """How likely each window holds each label.

        Args:
            recording: all windows of one recording, or of a part of it, as the model gave them.
            backgrounds: label -> the background of the recording, where what is given is a part of it. For a
                stream, add up what `backgrounds` gives of each part so far; unless given, the part is taken
                for all there is.
            rates: label -> share of windows that are expected to hold it, above 0 and below 1; that of the
                recordings it was learned from, unless given.

        Returns:
            By label (windows,) from 0 to 1; 0 where a window is digital silence by half or more.

        Raises:
            DetectorError: the embeddings have other dimensions.
        """
        self._check(recording)
        return {
            label: classifier.probabilities(
                recording,
                self.statistics,
                background=(backgrounds or {}).get(label),
                rate=(rates or {}).get(label),
            )
            for label, classifier in self.classifiers.items()
        }

    def backgrounds(self, recording: Evidence) -> dict[str, Background | None]:
        """By label what a recording, or a part of it, sounds like without the sound; None where that is not used.

        Raises:
            DetectorError: the embeddings have other dimensions.
        """
        self._check(recording)
        return {
            label: classifier.background(recording, self.statistics)
            for label, classifier in self.classifiers.items()
        }

    def features(self, recording: Evidence) -> npt.NDArray[np.float32]:
        """The windows of one recording such that their distances say how alike they sound: (windows, dim).

        Raises:
            DetectorError: the embeddings have other dimensions.
        """
        self._check(recording)
        return features(recording.vectors, None, self.statistics)

    def _check(self, recording: Evidence) -> None:
        found = recording.vectors.shape
        if len(found) != 2 or found[1] != self.dim:
            raise DetectorError(
                f"a detector of {self.model} reads (windows, {self.dim}) embeddings, not {found}"
            )


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
