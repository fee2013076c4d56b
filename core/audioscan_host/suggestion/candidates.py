"""The windows of one recording that might be worth a label, a few of each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.window_labels import touched
from audioscan_host.classifier.coverage import distances


class Kind(StrEnum):
    """Why a window is worth a label."""

    UNCERTAIN = "uncertain"
    """The detector cannot tell: its probability is near one half, as near as there are."""
    NOVEL = "novel"
    """It scores high for a window that is far from all that were learned from: a new variant, or a mistake."""
    RANDOM = "random"
    """Chosen by chance: what the detector does not know that it does not know."""


LEAST = 1e-3
"""Added to what is multiplied by a distance: where all scores are 0, what is far from the labelled goes first."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A window that might be labelled.

    Attributes:
        path: the recording.
        start: seconds from its beginning.
        end: seconds.
        label: the sound that is asked for.
        kind: why it is worth a label.
        probability: of the sound, by the detector.
        weight: what makes it worth it, beside its distance; of a random one, its lot.
        distance: to the nearest window that was learned from, in the space of the features.
        features: (dim,), as `Detector.features` gives them.
    """

    path: Path
    start: float
    end: float
    label: str
    kind: Kind
    probability: float
    weight: float
    distance: float
    features: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PredictedRecording:
    """A recording, and what the detector predicts of it.

    Attributes:
        path: the recording.
        times: (windows,) starts in seconds.
        window: seconds.
        features: (windows, dim), as `Detector.features` gives them.
        probabilities: label -> (windows,)
        free: (windows,) which ones may be suggested.
    """

    path: Path
    times: npt.NDArray[np.float64]
    window: float
    features: npt.NDArray[np.float32]
    probabilities: Mapping[str, npt.NDArray[np.float64]]
    free: npt.NDArray[np.bool_]


def unlabelled(
    annotations: Sequence[Annotation], times: npt.NDArray[np.float64], window: float
) -> npt.NDArray[np.bool_]:
    """(windows,) which ones nobody has labelled.

    A recording without annotations is not labelled at all, one with unlabelled places only beside
    them, any other throughout. A window that overlaps an annotation counts as labelled with it: it would
    ask for nearly the same sound again.
    """
    if not annotations:
        return np.ones(len(times), np.bool_)
    places = [a for a in annotations if a.role is Role.UNLABELLED]
    labelled = [a for a in annotations if a.role is not Role.UNLABELLED]
    return touched(places, times, window) & ~touched(labelled, times, window)


def candidates(
    recording: PredictedRecording,
    reference: npt.NDArray[np.float32],
    *,
    most: int,
    random: np.random.Generator,
) -> list[Candidate]:
    """The windows of a recording that are worth most, up to `most` of each kind and label.

    Args:
        recording: with what is predicted of it.
        reference: (references, dim) windows that were learned from.
        most: windows of one kind and label, none of which overlaps another.
        random: draws the lots of the random ones.
    """
    times, window = recording.times, recording.window
    # Without anything to be far from, all are equally far.
    distance = distances(recording.features, reference) if len(reference) else np.ones(len(times))
    found = []
    for label, probability in recording.probabilities.items():
        weights = {
            Kind.UNCERTAIN: probability * (1 - probability) + LEAST,
            Kind.NOVEL: probability + LEAST,
            Kind.RANDOM: random.random(len(times)),
        }
        for kind, weight in weights.items():
            worth = weight if kind is Kind.RANDOM else weight * distance
            found += [
                Candidate(
                    recording.path,
                    float(times[i]),
                    float(times[i]) + window,
                    label,
                    kind,
                    float(probability[i]),
                    float(weight[i]),
                    float(distance[i]),
                    recording.features[i].copy(),  # not a view, which would keep the whole recording
                )
                for i in _apart(np.where(recording.free, worth, -1.0), times, window, most)
            ]
    return found


def _apart(
    worth: npt.NDArray[np.float64], times: npt.NDArray[np.float64], window: float, most: int
) -> list[int]:
    """The best windows that do not overlap each other; those of negative worth are none."""
    worth = worth.copy()
    chosen: list[int] = []
    while len(chosen) < most and len(worth) and worth.max() >= 0:
        best = int(worth.argmax())
        chosen.append(best)
        worth[abs(times - times[best]) < window] = -1.0
    return chosen
