"""Labelled recordings, embedded and normalised, and how one label is learnt from them.

What training does with all of the recordings, evaluation does with each part of them.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation
from audioscan_host.classifier import (
    LEAST_WINDOWS_TO_NORMALISE,
    ClassifierSettings,
    Fitted,
    fit,
    normalise,
)
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.embedder import EmbeddedRecording, Embedder, RecordingFailure
from audioscan_host.errors import TrainingError
from audioscan_host.progress import Advance
from audioscan_host.window_labels import LEFT_OUT
from audioscan_host.windows import Windowing

Normalisation = Literal["recording", "none"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelledRecording:
    """A recording's windows as a classifier reads them, and the annotations on it.

    Attributes:
        times: (windows,) starts in seconds.
        features: (windows, dim), normalised.
        window: seconds; of a recording that is shorter than the window, its own length.
        annotations: of every label.
    """

    times: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32]
    window: float
    annotations: Sequence[Annotation]

    @classmethod
    def of(
        cls,
        recording: EmbeddedRecording,
        annotations: Sequence[Annotation],
        model: str,
        windowing: Windowing,
        normalisation: Normalisation,
    ) -> "LabelledRecording":
        """The windows of a recording by one model."""
        found = recording.embeddings[model]
        features = normalise(found.vectors) if normalisation == "recording" else found.vectors
        return cls(found.times, features, min(windowing.window, recording.duration), annotations)


def embed_labelled(
    embedder: Embedder, annotations: Mapping[Path, Sequence[Annotation]]
) -> tuple[list[EmbeddedRecording], tuple[RecordingFailure, ...]]:
    """The recordings in their order, and those that could not be read.

    Raises:
        TrainingError: none could be read and embedded.
    """
    found: dict[Path, EmbeddedRecording] = {}
    failures = []
    for result in embedder.embed_each(list(annotations)):
        if isinstance(result, RecordingFailure):
            failures.append(result)
        else:
            found[result.path] = result
    if not found:
        what = "embedded" if failures[0].by_plugin else "read"
        raise TrainingError(f"none of the labelled recordings could be {what}: {failures[0].reason}")
    embedded = [found[path] for path in annotations if path in found]
    _tell_beyond_the_end(embedded, annotations)
    return embedded, tuple(failures)


def _tell_beyond_the_end(
    embedded: Sequence[EmbeddedRecording], annotations: Mapping[Path, Sequence[Annotation]]
) -> None:
    """Warn of annotations that begin after the end of their recording: of another one, or not in seconds."""
    for recording in embedded:
        beyond = [each for each in annotations[recording.path] if each.start >= recording.duration]
        if beyond:
            logger.warning(
                "%s: lasts %g s, but %d of its annotations begin%s later, the first at %g s: they count for nothing; "
                "times are seconds from its beginning",
                recording.path,
                recording.duration,
                len(beyond),
                "s" * (len(beyond) == 1),
                min(each.start for each in beyond),
            )


def too_short_to_normalise(recordings: Sequence[EmbeddedRecording], model: str) -> list[Path]:
    """The recordings with too few windows for statistics of their own; one is enough to normalise none."""
    return [r.path for r in recordings if len(r.embeddings[model].times) < LEAST_WINDOWS_TO_NORMALISE]


def fit_label(
    name: str,
    recordings: Sequence[LabelledRecording],
    labels: Sequence[npt.NDArray[np.int8]],
    *,
    windowing: Windowing,
    settings: ClassifierSettings,
    advance: Advance,
) -> Fitted:
    """Fit one label on the windows that are positive or negative.

    Args:
        name: the label.
        recordings: to learn from.
        labels: for each recording (windows,) as `window_labels` gives them.
        windowing: window and hop.
        settings: how to learn.
        advance: called after each fit; FOLDS in all, however many fits there are.

    Raises:
        TrainingError: no window is positive, or none is negative.
    """
    decided = [each != LEFT_OUT for each in labels]
    try:
        return fit(
            features=np.concatenate([r.features[d] for r, d in zip(recordings, decided, strict=True)]),
            labels=np.concatenate([each[d] for each, d in zip(labels, decided, strict=True)]),
            groups=np.repeat(np.arange(len(recordings)), [np.count_nonzero(d) for d in decided]),
            times=np.concatenate([r.times[d] for r, d in zip(recordings, decided, strict=True)]),
            window=windowing.window,
            hop=windowing.hop,
            settings=settings,
            on_step=lambda _done, total: advance(FOLDS / total),
        )
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from error
