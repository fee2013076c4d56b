"""Learn a sound from labelled embeddings: fit, calibrate, judge."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.calibration import Calibrator, cross_fitted, natural_rate
from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.figures import Figures, Places
from audioscan_host.classifier.fitting import Fits, LabelledWindows
from audioscan_host.classifier.folds import FoldKind, split
from audioscan_host.classifier.kinds import KINDS
from audioscan_host.classifier.notes import LEAST_PLACES_TO_JUDGE, LEAST_WINDOWS_TO_CALIBRATE, notes
from audioscan_host.classifier.settings import Calibration, ClassifierSettings, Normalisation
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.errors import TrainingError
from audioscan_host.evidence import Evidence


@dataclass(frozen=True)
class Fitted:
    """What came of fitting.

    Attributes:
        classifier: to be used on other recordings.
        figures: how the classifier does on windows it was not trained on; None where there were
            too few to hold any out, or to say how good it is.
        held_out: (windows,) the probability of each labelled window by a classifier and a
            calibrator that had not seen it; what the figures come from. None where none could be held out.
        folds: what was held out at a time: `recordings`, blocks of `time`, or `none`.
        notes: sentences for the user on what could not be done, and what would be enough.
    """

    classifier: Classifier
    figures: Figures | None
    held_out: npt.NDArray[np.float64] | None
    folds: FoldKind
    notes: tuple[str, ...]


def fit(
    recordings: Sequence[Evidence],
    labels: Sequence[npt.NDArray[np.integer[Any]]],
    times: Sequence[npt.NDArray[np.float64]],
    statistics: Statistics,
    *,
    window: float,
    settings: ClassifierSettings,
    sources: npt.NDArray[np.integer[Any]] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Fitted:
    """Learn one label from windows of one or more recordings.

    Args:
        recordings: each with all of its windows, labelled or not.
        labels: for each recording (windows,) 1 where the window holds the sound, 0 where it does not, -1
            where nothing is known of it; windows that are digital silence by half or more count as such.
        times: for each recording (windows,) their starts, seconds.
        statistics: of all windows that are learned from.
        window: their length, seconds.
        settings: how to learn.
        sources: (recordings,) which group of recordings that share a source, for the folds; None where
            each recording is its own.
        on_step: called after each fit with the fits done and the fits in all. At thousands of
            dimensions a fit takes minutes.

    Raises:
        TrainingError: no window is positive, or none is negative.
    """
    windows = _labelled(recordings, labels, times)
    truth = windows.truth
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not min(positives, negatives):
        found = "positive" if positives else "negative"
        raise TrainingError(
            f"all {len(truth)} labelled windows are {found}: "
            f"label places {'without' if positives else 'with'} the sound too"
        )
    kept = _thin(truth, windows.recording, settings)
    apart = None if sources is None else sources.astype(np.int64)[windows.recording]
    folds = split(truth, windows.recording, windows.times, window, kept, sources=apart)
    enough = (
        min(positives, negatives) >= LEAST_WINDOWS_TO_CALIBRATE[settings.calibration] and folds is not None
    )
    method = settings.calibration if enough else Calibration.NONE
    relative = settings.normalisation == Normalisation.BACKGROUND
    kind = KINDS[settings.kind]
    fits = Fits(windows, kept, statistics, relative, kind, settings.seed, on_step)
    first, second, scores = fits.run(folds)
    kept_share = int(np.count_nonzero(kept & (truth == 0))) / negatives if settings.natural_rate else 1.0
    calibrator, held_out, figures = Calibrator(Calibration.NONE), None, None
    if scores is not None and folds is not None:
        calibrator = Calibrator.fitted(method, scores[kept], truth[kept])
        held_out = cross_fitted(method, scores, truth, [held for _, held in folds.splits], kept)
        held_out = natural_rate(held_out, kept_share)
        places = Places(windows.recording, windows.times, window, recordings[0].hop)
        if places.with_sound(truth) >= LEAST_PLACES_TO_JUDGE:
            figures = Figures.from_scores(truth, held_out, places=places)
    told = notes(windows, folds, window, calibration=settings.calibration, judged=figures is not None)
    rate = float(np.mean(truth if settings.natural_rate else truth[kept]))
    return Fitted(
        classifier=Classifier(settings.kind, calibrator, rate, kept_share, first, second),
        figures=figures,
        held_out=held_out,
        folds=folds.kind if folds else FoldKind.NONE,
        notes=tuple(told),
    )


def _labelled(
    recordings: Sequence[Evidence],
    labels: Sequence[npt.NDArray[np.integer[Any]]],
    times: Sequence[npt.NDArray[np.float64]],
) -> LabelledWindows:
    chosen = [(said >= 0) & each.audible for said, each in zip(labels, recordings, strict=True)]
    return LabelledWindows(
        recordings,
        chosen,
        np.concatenate([said[mask] for said, mask in zip(labels, chosen, strict=True)]).astype(np.int64),
        np.repeat(np.arange(len(recordings)), list(map(np.count_nonzero, chosen))),
        np.concatenate([at[mask] for at, mask in zip(times, chosen, strict=True)]),
    )


def _thin(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], settings: ClassifierSettings
) -> npt.NDArray[np.bool_]:
    """(windows,) which ones are fitted on: all positives, and negatives drawn at random.

    One of each recording is drawn before a second of any: where somebody labelled a few windows without the
    sound, they are of as many backgrounds as there are.
    """
    kept = np.ones(len(labels), np.bool_)
    negatives = np.flatnonzero(labels == 0)
    if settings.negatives_per_positive is None:
        return kept
    wanted = math.ceil(settings.negatives_per_positive * int(labels.sum()))
    if wanted < len(negatives):
        drawn = np.random.default_rng(settings.seed).permutation(negatives)
        first = np.zeros(len(drawn), np.bool_)
        first[np.unique(groups[drawn], return_index=True)[1]] = True
        kept[negatives] = False
        kept[np.concatenate([drawn[first], drawn[~first]])[:wanted]] = True
    return kept
