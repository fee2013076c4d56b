"""The journey from labelled recordings to a detector, readable top to bottom."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Unpack

import numpy as np
import numpy.typing as npt

from audioscan_host import detector as detector_file
from audioscan_host.annotations import positive_labels, read_review
from audioscan_host.annotations.matching import annotated, known_annotations
from audioscan_host.annotations.names import Same
from audioscan_host.annotations.sources import groups_of
from audioscan_host.annotations.window_labels import LEFT_OUT
from audioscan_host.classifier import ClassifierSettings, Fitted, Statistics
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.coverage import cover
from audioscan_host.classifier.features import Chosen, FeatureRows
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.classifier.large_linear import MOST_DOUBLES
from audioscan_host.detector import Detector
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.embedding.eight_cut_tally import TRAINING_FACT
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.copies import tell_copies
from audioscan_host.journeys.label_report import LabelReport, report_of
from audioscan_host.journeys.labelled import (
    LabelledRecording,
    any_positive,
    embed_labelled,
    fit_label,
    labels_of,
)
from audioscan_host.journeys.odd_labels import tell_odd_labels
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.window_choice import (
    WindowChoice,
    choose_windowing,
    tell_choice,
)
from audioscan_host.notes import Note
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import path_of
from audioscan_host.windows import Windowing

REFERENCE_WINDOWS = 128
"""Windows that a detector keeps of those it was trained on."""

MOST_REFERENCE_NUMBERS = 3 * MOST_DOUBLES // 2
"""Of the features that these are chosen from, 0.8 GB; of more, windows that are spread evenly over all. A fold's fit has
two thirds of the windows, so what is fitted to by scikit-learn has all of them to choose from."""


@dataclass(frozen=True)
class TrainResult:
    """What was learned.

    Attributes:
        detector: of all labels.
        reports: how each was learned.
        recordings: those that were learned from.
        failures: those that could not be read.
        window_choice: window and hop, and why these.
        notes: what users must know of recordings, labels and figures.
    """

    detector: Detector
    reports: tuple[LabelReport, ...]
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    window_choice: WindowChoice
    notes: tuple[Note, ...] = ()


def train(
    recordings: Iterable[Path | str],
    labels: Iterable[Path | str],
    model: str,
    *,
    from_regions: Iterable[tuple[Path | str, Path | str]] = (),
    out: Path | str | None = None,
    only: Collection[str] = (),
    same: Same | None = None,
    windowing: Windowing | None = None,
    hop: float | None = None,
    tolerance: float = 12.0,
    neg_margin: float | None = None,
    labels_as: str = "auto",
    classifier: ClassifierSettings | None = None,
    eight_cut: EightCutSettings | None = None,
    **options: Unpack[SessionOptions],
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
        same: labels that are joined: name -> the others that stand for it, as {"chirp": ["Chirp", "chirps"]}.
        windowing: window and hop; those that fit the labels unless given, see `choose_windowing`.
        hop: seconds, where only the window is to fit the labels.
        tolerance: seconds around a point annotation in which a window's start makes it positive.
        neg_margin: seconds that a negative window keeps from every positive; see `window_labels`.
        labels_as: what the second number of a row without a header is: `ends`, `durations`, or `auto`, an end that is
            refused where it is likely a duration.
        classifier: how to fit and calibrate.
        eight_cut: how a database of 8-cut among the label files is read; see `EightCutSettings`.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        UnknownModelError: the model is not installed.
        SettingError: there are neither label files nor corrected results, or the hop does not fit the window.
        AnnotationError: a label file cannot be read, or names none of the recordings.
        TrainingError: there is too little to learn from.
        DetectorError: the detector cannot be saved there.
    """
    session = Session.of(**options)
    chosen, label_files = session.registry.model(model), [path_of(path) for path in labels]
    if out is not None:
        detector_file.check_target(out)
    reviews = [(path_of(found), path_of(corrected)) for found, corrected in from_regions]
    if not (label_files or reviews):
        raise SettingError("there is nothing to learn from: give label files, or corrected results of a scan")
    reader = session.label_reader(labels_as, eight_cut)
    paths = find_recordings(recordings, session.notes)
    every_file = [*label_files, *(after for _, after in reviews)]
    known = {} if windowing else known_annotations(paths, every_file, same, reader)
    choice = choose_windowing(
        windowing,
        known,
        only,
        [chosen],
        hop=hop,
        cache=session.cache_of_mix,
        wrappers=session.registry.wrappers,
    )
    windowing = choice.windowing
    reviewed = [
        (after, read_review(found, after, windowing.window, session.notes, reader))
        for found, after in reviews
    ]
    annotations = annotated(paths, label_files, reviewed, same, session.notes, reader=reader)
    names = positive_labels(chain.from_iterable(annotations.values()), only)
    tell_odd_labels(names, annotations, [chosen], session.registry, session.notes)
    tell_choice(choice, session.notes)

    readings = session.readings([chosen], windowing, list(annotations))
    embedded, failures = embed_labelled(session, [chosen], windowing, annotations, readings)
    session.executor.close()  # what it holds is not needed for fitting
    labelled = [
        LabelledRecording.of(recording, annotations[recording.path], model, windowing)
        for recording in embedded
    ]
    said = {name: labels_of(name, labelled, tolerance=tolerance, neg_margin=neg_margin) for name in names}
    positive, groups = any_positive(said.values()), groups_of([r.annotations for r in labelled])
    tell_copies(embedded, model, positive, groups, session.notes)
    settings = classifier or ClassifierSettings()
    statistics = Statistics.of([each.evidence for each in labelled])
    learned: dict[str, Fitted] = {}
    used = [np.zeros(len(each.times), np.bool_) for each in labelled]
    reports = []
    with session.progress.track("fitting", len(names) * FOLDS, "fits") as advance:
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
            reports.append(report_of(name, labels_of_each, learned[name], session.notes))

    by_eight_cut = sum(chosen.name in each.by_eight_cut for each in embedded)
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
            **({TRAINING_FACT: by_eight_cut} if by_eight_cut else {}),
        },
        plugin=_named(session.registry.owner(chosen)),
        wrappers=session.registry.wrappers,
        channel=session.learned_channel,
        reading=readings[chosen],
    )
    detector = replace(detector, reference=_reference(statistics, labelled, used))
    if out is not None:
        detector_file.save(detector, out)
    return TrainResult(
        detector,
        tuple(reports),
        tuple(each.path for each in embedded),
        failures,
        choice,
        session.notes.told(),
    )


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
    statistics: Statistics, recordings: Sequence[LabelledRecording], used: Sequence[npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float32]:
    """A few of the windows that were learned from, by which a window tells that it is like none of them."""
    chosen = [Chosen(r.evidence.vectors, np.flatnonzero(u)) for r, u in zip(recordings, used, strict=True)]
    windows = FeatureRows(chosen, None, statistics)
    features = windows.spread(MOST_REFERENCE_NUMBERS // windows.shape[1]).matrix(np.float32)
    return features[cover(features, REFERENCE_WINDOWS)]
