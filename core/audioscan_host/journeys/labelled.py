"""Labelled recordings, embedded, and how one label is learned from them.

What training does with all of the recordings, evaluation does with each part of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.durations import tell_beyond_the_end, tell_nearly_whole
from audioscan_host.annotations.points import points_of
from audioscan_host.annotations.sources import groups_of
from audioscan_host.annotations.window_labels import LEFT_OUT, NEGATIVE, POSITIVE, window_labels
from audioscan_host.classifier import ClassifierSettings, Fitted, Statistics, fit
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import TrainingError
from audioscan_host.evidence import Evidence
from audioscan_host.journeys.session import Session
from audioscan_host.models.model import Model
from audioscan_host.notes import Tell
from audioscan_host.progress import Advance
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class LabelledRecording:
    """A recording's windows as a classifier reads them, and the annotations on it.

    Attributes:
        times: (windows,) starts in seconds.
        evidence: its windows by one model.
        window: seconds; of a recording that is shorter than the window, its own length.
        annotations: of every label.
    """

    times: npt.NDArray[np.float64]
    evidence: Evidence
    window: float
    annotations: Sequence[Annotation]

    @classmethod
    def of(
        cls,
        recording: EmbeddedRecording,
        annotations: Sequence[Annotation],
        model: str,
        windowing: Windowing,
    ) -> "LabelledRecording":
        """The windows of a recording by one model."""
        return cls(
            recording.embeddings[model].times,
            recording.evidence(model, windowing),
            min(windowing.window, recording.duration),
            annotations,
        )


def embed_labelled(
    session: Session,
    models: Sequence[Model],
    windowing: Windowing,
    annotations: Mapping[Path, Sequence[Annotation]],
    readings: Mapping[Model, Reading],
) -> tuple[list[EmbeddedRecording], tuple[RecordingFailure, ...]]:
    """The recordings in their order, as the models read them, and those that could not be read.

    Raises:
        TrainingError: none could be read and embedded.
    """
    found: dict[Path, EmbeddedRecording] = {}
    failures = []
    for result in session.embedder(models, windowing, readings=readings).embed_each(list(annotations)):
        if isinstance(result, RecordingFailure):
            failures.append(result)
        else:
            found[result.path] = result
    if not found:
        raise none_was_read(failures[0])
    embedded = [found[path] for path in annotations if path in found]
    tell_labels_by_durations(embedded, annotations, session.notes)
    return embedded, tuple(failures)


def none_was_read(first: RecordingFailure) -> TrainingError:
    """What is raised where every recording failed, of the first of them."""
    what = "embedded" if first.by_plugin else "read"
    return TrainingError(f"none of the labelled recordings could be {what}: {first.reason}")


def tell_labels_by_durations(
    embedded: Sequence[EmbeddedRecording], annotations: Mapping[Path, Sequence[Annotation]], tell: Tell
) -> None:
    """Tell of annotations that do not fit how long their recordings are."""
    durations = {recording.path: recording.duration for recording in embedded}
    tell_beyond_the_end(durations, annotations, tell)
    tell_nearly_whole(durations, annotations, tell)


def labels_of(
    name: str, recordings: Sequence[LabelledRecording], *, tolerance: float, neg_margin: float | None
) -> list[npt.NDArray[np.int8]]:
    """What the annotations of all recordings say of their windows, for one label.

    Returns:
        For each recording (windows,) as `window_labels` gives them; those that are digital silence by half
        or more are left out.
    """
    points = points_of(name, chain.from_iterable(r.annotations for r in recordings))
    labels = []
    for r in recordings:
        said = window_labels(
            r.annotations,
            name,
            r.times,
            r.window,
            tolerance=tolerance,
            neg_margin=neg_margin,
            points=points,
        )
        said[~r.evidence.audible] = LEFT_OUT
        labels.append(said)
    return labels


def any_positive(labels: Iterable[Sequence[npt.NDArray[np.int8]]]) -> list[npt.NDArray[np.bool_]]:
    """For each recording (windows,) which ones are positive for one label or more.

    Args:
        labels: of each label what `labels_of` gives.
    """
    return [np.any([each == POSITIVE for each in of_one], axis=0) for of_one in zip(*labels, strict=True)]


def fit_label(
    name: str,
    recordings: Sequence[LabelledRecording],
    labels: Sequence[npt.NDArray[np.int8]],
    statistics: Statistics,
    *,
    windowing: Windowing,
    settings: ClassifierSettings,
    advance: Advance,
) -> Fitted:
    """Fit one label on the windows that are positive or negative.

    Recordings that share a source are held out together, where there are three sources or more.

    Args:
        name: the label.
        recordings: to learn from.
        labels: for each recording (windows,) as `window_labels` gives them.
        statistics: of all windows of these recordings.
        windowing: window and hop.
        settings: how to learn.
        advance: called after each fit; FOLDS in all, however many fits there are.

    Raises:
        TrainingError: no window is positive, or none is negative.
    """
    sources = groups_of([r.annotations for r in recordings])
    try:
        fitted = fit(
            [r.evidence for r in recordings],
            labels,
            [r.times for r in recordings],
            statistics,
            window=windowing.window,
            settings=settings,
            sources=sources,
            on_step=lambda _done, total: advance(FOLDS / total),
        )
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from error
    return replace(fitted, notes=(*fitted.notes, *_few_sources(sources, labels)))


def _few_sources(sources: npt.NDArray[np.int64], labels: Sequence[npt.NDArray[np.int8]]) -> Iterator[str]:
    """What to tell where sources are named, and too few of them hold a class to be held out."""
    held = {
        wanted: len({source for source, each in zip(sources.tolist(), labels, strict=True) if wanted in each})
        for wanted in (POSITIVE, NEGATIVE)
    }
    if len(np.unique(sources)) < len(sources) and min(held.values()) < FOLDS:
        yield (
            f"the windows with the sound come from {held[POSITIVE]} sources, those without it from {held[NEGATIVE]}: "
            f"the folds split a source, and the figures flatter a new one; {FOLDS} sources with both would be enough"
        )
