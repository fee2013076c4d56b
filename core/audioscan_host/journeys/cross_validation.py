"""Train on all folds of the recordings but one, and predict that one; then the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.sources import groups_of
from audioscan_host.annotations.window_labels import concerns
from audioscan_host.classifier import ClassifierSettings, Statistics
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.evaluation.held_out import CrossValidation, HeldOut, HeldOutRecording, System
from audioscan_host.evaluation.shifted import CONDITIONS, windows_left
from audioscan_host.evidence import Evidence
from audioscan_host.journeys.labelled import (
    LabelledRecording,
    fit_label,
    labels_of,
)
from audioscan_host.progress import Advance
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class Material:
    """The recordings with their annotations, and how they are made ready to learn from.

    Attributes:
        embedded: the recordings; elsewhere they are named by their places in here.
        annotations: of each of them.
        windowing: window and hop.
        tolerance: as `window_labels` takes it.
        neg_margin: as `window_labels` takes it.
    """

    embedded: Sequence[EmbeddedRecording]
    annotations: Mapping[Path, Sequence[Annotation]]
    windowing: Windowing
    tolerance: float
    neg_margin: float | None

    @cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """(recordings,) numbers of the groups that are held out together, since they share a source."""
        return groups_of([self.annotations[each.path] for each in self.embedded])

    def prepared(self, model: str) -> list[LabelledRecording]:
        """Every recording as it is learned from and predicted."""
        return [
            LabelledRecording.of(each, self.annotations[each.path], model, self.windowing)
            for each in self.embedded
        ]

    def labels(self, label: str, recordings: Sequence[LabelledRecording]) -> list[npt.NDArray[np.int8]]:
        """For each recording (windows,) what its annotations say."""
        return labels_of(label, recordings, tolerance=self.tolerance, neg_margin=self.neg_margin)


def cross_validate(
    label: str,
    folds: Sequence[Sequence[int]],
    material: Material,
    systems: Mapping[System, ClassifierSettings],
    *,
    regions: RegionSettings,
    seed: int,
    advance: Advance,
) -> CrossValidation:
    """What each system predicts of every recording after it was trained on the other folds.

    Args:
        label: the sound.
        folds: the recordings that are held out together, by their places in the material.
        material: all of the recordings.
        systems: how each of them is learned.
        regions: how probabilities become regions.
        seed: of the windows that conditions leave.
        advance: called with the fits that were done.
    """
    predicted: dict[System, dict[int, HeldOutRecording]] = {system: {} for system in systems}
    shifted: dict[System, dict[str, dict[int, HeldOutRecording]]] = {
        system: {name: {} for name in CONDITIONS} for system in systems
    }
    uncalibrated = 0
    for model in dict.fromkeys(system.model for system in systems):
        recordings = material.prepared(model)
        labels = material.labels(label, recordings)
        left = windows_left(labels, [each.times for each in recordings], material.windowing, seed)
        for held_out in folds:
            others = [i for i in range(len(material.embedded)) if i not in held_out]
            statistics = Statistics.of([recordings[i].evidence for i in others])
            for system in (each for each in systems if each.model == model):
                fitted = fit_label(
                    label,
                    [recordings[i] for i in others],
                    [labels[i] for i in others],
                    statistics,
                    windowing=material.windowing,
                    settings=systems[system],
                    advance=advance,
                )
                uncalibrated += fitted.classifier.calibrator.method != system.calibration
                for i in held_out:
                    probabilities = fitted.classifier.probabilities(recordings[i].evidence, statistics)
                    predicted[system][i] = _predicted(
                        label,
                        material.embedded[i],
                        recordings[i],
                        labels[i],
                        probabilities,
                        regions=regions,
                        hop=material.windowing.hop,
                    )
                    for name, masks in left.items():
                        if masks[i].any():
                            shifted[system][name][i] = _again(
                                predicted[system][i],
                                recordings[i].evidence,
                                masks[i],
                                fitted.classifier,
                                statistics,
                            )
    return CrossValidation(
        {system: _together(each, material.windowing) for system, each in predicted.items()},
        {
            system: {name: _together(each, material.windowing) for name, each in of_one.items() if each}
            for system, of_one in shifted.items()
        },
        tuple(_notes(uncalibrated)),
    )


def _together(recordings: Mapping[int, HeldOutRecording], windowing: Windowing) -> HeldOut:
    """In the order in which they were given, whatever the folds."""
    return HeldOut(tuple(recordings[i] for i in sorted(recordings)), windowing.window, windowing.hop)


def _again(
    whole: HeldOutRecording,
    evidence: Evidence,
    left: npt.NDArray[np.bool_],
    classifier: Classifier,
    statistics: Statistics,
) -> HeldOutRecording:
    """A recording as if it had only those windows: its background comes from them alone."""
    probabilities = whole.probabilities
    if not left.all():
        part = Evidence(evidence.vectors[left], evidence.silence[left], evidence.hop)
        probabilities = classifier.probabilities(part, statistics)
    return replace(
        whole,
        times=whole.times[left],
        labels=whole.labels[left],
        probabilities=probabilities,
        events=(),
        regions=(),
        throughout=False,
    )


def _predicted(
    label: str,
    embedded: EmbeddedRecording,
    recording: LabelledRecording,
    labels: npt.NDArray[np.int8],
    probabilities: npt.NDArray[np.float64],
    *,
    regions: RegionSettings,
    hop: float,
) -> HeldOutRecording:
    found = find_regions(
        recording.times,
        probabilities,
        label,
        window=recording.window,
        hop=hop,
        duration=embedded.duration,
        settings=regions,
        silence=embedded.silence,
    )
    events = (a for a in recording.annotations if a.role is Role.POSITIVE and a.label == label)
    return HeldOutRecording(
        embedded.path,
        embedded.duration,
        recording.times,
        labels,
        probabilities,
        tuple(events),
        tuple(found),
        all(a.role is not Role.UNLABELLED for a in recording.annotations)
        and any(concerns(a, label) for a in recording.annotations),
    )


def _notes(uncalibrated: int) -> Iterator[str]:
    if uncalibrated:
        yield (
            f"{uncalibrated} detectors could not be calibrated: with a part of the recordings held out, too few "
            "windows of one class were left, or they could not be split; more labels would be enough"
        )
