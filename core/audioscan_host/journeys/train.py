"""The journey from labelled recordings to a detector, readable top to bottom."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host import detector as detector_file
from audioscan_host.annotations import positive_labels, read_review
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.points import tell_points_among_spans
from audioscan_host.annotations.sources import groups_of
from audioscan_host.annotations.window_labels import LEFT_OUT
from audioscan_host.cache import Cache
from audioscan_host.classifier import ClassifierSettings, Fitted, Statistics
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.coverage import cover
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.detector import Detector
from audioscan_host.embedding.embedder import Embedder, RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.copies import tell_copies
from audioscan_host.journeys.labelled import (
    LabelledRecording,
    any_positive,
    embed_labelled,
    fit_label,
    labels_of,
)
from audioscan_host.journeys.window_choice import (
    WindowChoice,
    choose_windowing,
    known_annotations,
    tell_choice,
)
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress, Silent
from audioscan_host.recordings import find_recordings
from audioscan_host.windows import Windowing

REFERENCE_WINDOWS = 128
"""Windows that a detector keeps of those it was trained on."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelReport:
    """What was learned of one label.

    Attributes:
        label: the label.
        positives: windows that hold the sound.
        negatives: windows that do not.
        left_out: windows that are neither.
        rate: share of positives among the windows that are either; probabilities are at that rate.
        figures: held-out figures; None where there was too little to hold out.
        notes: what could not be done, and what would be enough.
    """

    label: str
    positives: int
    negatives: int
    left_out: int
    rate: float
    figures: Figures | None
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Windows by what they were for training."""
        return {"positive": self.positives, "negative": self.negatives, "left out": self.left_out}


@dataclass(frozen=True)
class TrainResult:
    """A detector, and how it was learned.

    Attributes:
        detector: of all labels.
        reports: what was learned of each label.
        recordings: those that were learned from.
        failures: recordings that could not be read.
        window_choice: window and hop, and why these.
    """

    detector: Detector
    reports: tuple[LabelReport, ...]
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    window_choice: WindowChoice


def train(
    recordings: Iterable[Path | str],
    labels: Iterable[Path | str],
    model: str,
    *,
    from_regions: Iterable[tuple[Path | str, Path | str]] = (),
    out: Path | str | None = None,
    only: Collection[str] = (),
    windowing: Windowing | None = None,
    hop: float | None = None,
    tolerance: float = 12.0,
    neg_margin: float | None = None,
    classifier: ClassifierSettings | None = None,
    cache_dir: Path | None = None,
    runtime: Runtime | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Train a detector of every label, and save it.

    Args:
        recordings: files and folders.
        labels: label files, and folders of them; see `audioscan_host.annotations.read_annotations`.
        model: name of the model.
        from_regions: results of scans, each with its corrected copy; later than all label files. See
            `audioscan_host.annotations.read_review`.
        out: where the detector is saved; not saved unless given.
        only: the labels to learn; all of them unless given.
        windowing: window and hop; those that fit the labels unless given, see `choose_windowing`.
        hop: seconds, where only the window is to fit the labels.
        tolerance: seconds around a point annotation in which a window's start makes it positive.
        neg_margin: seconds that a negative window keeps from every positive; see `window_labels`.
        classifier: how to fit and calibrate.
        cache_dir: the cache folder.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown.

    Raises:
        UnknownModelError: the model is not installed.
        SettingError: there are neither label files nor corrected results, or the hop does not fit the window.
        AnnotationError: a label file cannot be read, or names none of the recordings.
        TrainingError: there is too little to learn from.
        DetectorError: the detector cannot be saved there.
    """
    registry = registry or load_registry()
    chosen = registry.model(model)
    progress = progress or Silent()
    if out is not None:
        detector_file.check_target(out)
    label_files = [Path(path) for path in labels]
    reviews = [(Path(found), Path(corrected)) for found, corrected in from_regions]
    if not (label_files or reviews):
        raise SettingError("there is nothing to learn from: give label files, or corrected results of a scan")
    paths, cache = find_recordings(map(Path, recordings)), Cache(cache_dir)
    known = {} if windowing else known_annotations(paths, [*label_files, *(after for _, after in reviews)])
    choice = choose_windowing(
        windowing, known, only, [chosen], hop=hop, cache=cache, wrappers=registry.wrappers
    )
    windowing = choice.windowing
    reviewed = [(after, read_review(found, after, windowing.window)) for found, after in reviews]
    annotations = annotated(paths, label_files, reviewed)
    names = positive_labels(chain.from_iterable(annotations.values()), only)
    tell_points_among_spans(names, annotations)
    tell_choice(choice)

    embedder = Embedder(registry, [chosen], windowing, cache, runtime=runtime, progress=progress)
    embedded, failures = embed_labelled(embedder, annotations)
    labelled = [
        LabelledRecording.of(recording, annotations[recording.path], model, windowing)
        for recording in embedded
    ]
    said = {name: labels_of(name, labelled, tolerance=tolerance, neg_margin=neg_margin) for name in names}
    tell_copies(embedded, model, any_positive(said.values()), groups_of([r.annotations for r in labelled]))
    settings = classifier or ClassifierSettings()
    statistics = Statistics.of([each.evidence for each in labelled])
    learned: dict[str, Fitted] = {}
    used = [np.zeros(len(each.times), np.bool_) for each in labelled]
    reports = []
    with progress.track("fitting", len(names) * FOLDS, "fits") as advance:
        for name, labels_of_each in said.items():
            used = [u | (each != LEFT_OUT) for u, each in zip(used, labels_of_each, strict=True)]
            learned[name] = fit_label(
                name,
                labelled,
                labels_of_each,
                statistics,
                windowing=windowing,
                settings=settings,
                advance=advance,
            )
            reports.append(_report(name, labels_of_each, learned[name]))

    detector = Detector(
        model=chosen.name,
        model_revision=chosen.revision,
        checkpoint_revision=chosen.checkpoint.revision,
        dim=chosen.dim,
        window=windowing.window,
        hop=windowing.hop,
        statistics=statistics,
        classifiers={
            name: _with_highest_mean(each.classifier, labelled, statistics) for name, each in learned.items()
        },
        figures={name: each.figures for name, each in learned.items()},
        training={
            "recordings": len(labelled),
            "windowing": choice.to_json(),
            "classifier": asdict(settings),
            "tolerance": tolerance,
            "neg_margin": neg_margin,
            "labels": {report.label: report.counts for report in reports},
        },
        plugin=_named(registry.owner(chosen)),
        wrappers=registry.wrappers,
    )
    detector = replace(detector, reference=_reference(detector, labelled, used))
    if out is not None:
        detector_file.save(detector, Path(out))
    return TrainResult(detector, tuple(reports), tuple(each.path for each in embedded), failures, choice)


def _named(plugin: Plugin) -> dict[str, str]:
    origin = plugin.origin
    return {"name": plugin.name, "distribution": origin.distribution, "version": origin.version}


def _with_highest_mean(
    classifier: Classifier, recordings: Sequence[LabelledRecording], statistics: Statistics
) -> Classifier:
    """The classifier, with how much of the sound it says is in the recording that has most of it."""
    means = [
        float(classifier.probabilities(r.evidence, statistics)[r.evidence.audible].mean())
        for r in recordings
        if r.evidence.audible.any()
    ]
    return replace(classifier, highest_mean=max(means))


def _reference(
    detector: Detector, recordings: Sequence[LabelledRecording], used: Sequence[npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float32]:
    """A few of the windows that were learned from, by which a window tells that it is like none of them."""
    features = np.concatenate(
        [detector.features(r.evidence)[u] for r, u in zip(recordings, used, strict=True)]
    )
    return features[cover(features, REFERENCE_WINDOWS)]


def _report(name: str, labels: Sequence[npt.NDArray[np.int8]], fitted: Fitted) -> LabelReport:
    left_out, negatives, positives = map(int, np.bincount(np.concatenate(labels) - LEFT_OUT, minlength=3))
    for sentence in fitted.notes:
        logger.warning("%s: %s", name, sentence)
    return LabelReport(
        name, positives, negatives, left_out, fitted.classifier.rate, fitted.figures, fitted.notes
    )
