"""Learn a sound from labelled embeddings: thin the negatives, fit, calibrate, judge."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from audioscan_host.classifier.calibration import CALIBRATIONS, natural_rate, probabilities_by
from audioscan_host.classifier.figures import Figures, Places
from audioscan_host.classifier.fitting import Fits
from audioscan_host.classifier.folds import FOLDS, Folds, split
from audioscan_host.errors import SettingError, TrainingError

LEAST_RECORDINGS_TO_JUDGE = 5
"""Recordings with both classes below which held-out figures are told to be uncertain: over forty sets each of synthetic
scenes, the calibration error that is printed was off by 0.020 and 0.013 (root mean square) with three and four, and by 0.008
to 0.011 with five, six and eight."""

LEAST_WINDOWS_TO_CALIBRATE = 6
"""Windows that each class needs: two in each fold, or the folds say nothing of it."""

KINDS = ("logistic", "hist-gbt")

_WORTH_THREADS = 20_000  # windows; hundreds of trees that each wait for a second core gain nothing below
_ROWS = 4096  # windows that are scored at once, so that a day-long recording needs no double-precision copy


@dataclass(frozen=True)
class ClassifierSettings:
    """How a classifier is learnt.

    Attributes:
        kind: `logistic`, which needs fewer labels, or `hist-gbt` (boosted trees); see docs/calibration.md.
        calibration: `isotonic`, `sigmoid` or `none`.
        negatives_per_positive: how many negatives are fitted on, drawn at random; None for all.
        natural_rate: put the probabilities back to the rate before thinning; off only to compare.
        seed: of the thinning and of the trees.

    Raises:
        SettingError: a value is unknown or out of its range.
    """

    kind: Literal["logistic", "hist-gbt"] = "logistic"
    calibration: Literal["isotonic", "sigmoid", "none"] = "isotonic"
    negatives_per_positive: float | None = 3.0
    natural_rate: bool = True
    seed: int = 42

    def __post_init__(self) -> None:
        for name, value, known in (
            ("classifier", self.kind, KINDS),
            ("calibration", self.calibration, CALIBRATIONS),
        ):
            if value not in known:
                raise SettingError(f"{name} must be one of {', '.join(known)}, not {value!r}")
        ratio = self.negatives_per_positive
        if ratio is not None and not 0 < ratio < math.inf:
            raise SettingError(f"negatives per positive must be above 0, not {ratio:g}")


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier of one label.

    Attributes:
        kind: as in the settings.
        calibration: the one that was done, which is `none` where there was too little for another.
        kept_share: share of the negatives that was fitted on, by which odds are multiplied; 1 where
            the probabilities stay at the rate of the thinned windows.
        estimators: fitted scikit-learn classifiers; their probabilities are averaged.
    """

    kind: str
    calibration: str
    kept_share: float
    estimators: tuple[Any, ...]

    def probabilities(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """How likely each window holds the sound.

        Args:
            features: (windows, dim), normalised as they were for fitting.

        Returns:
            (windows,) from 0 to 1.
        """
        mean = np.zeros(len(features))
        with threadpool_limits(1 if len(features) < _WORTH_THREADS else None, "openmp"):
            for rows in _parts(len(features)):
                part: npt.NDArray[Any] = features[rows]
                if self.kind == "hist-gbt":
                    # Trees read a few columns of all rows, as doubles: with columns that lie
                    # together they are three times as fast.
                    part = np.asfortranarray(part, dtype=np.float64)
                for estimator in self.estimators:
                    mean[rows] += probabilities_by(estimator, part, self.calibration)
        return natural_rate(mean / len(self.estimators), self.kept_share)


@dataclass(frozen=True)
class Fitted:
    """What came of fitting.

    Attributes:
        classifier: to be used on other recordings.
        figures: how the classifier does on windows it was not trained on; None where there were
            too few to hold any out.
        held_out: (windows,) the probability of each labelled window by a classifier and a
            calibrator that had not seen it; what the figures come from. None with them.
        folds: what was held out at a time: `recordings`, blocks of `time`, or `none`.
        notes: sentences for the user on what could not be done, and what would be enough.
    """

    classifier: Classifier
    figures: Figures | None
    held_out: npt.NDArray[np.float64] | None
    folds: Literal["recordings", "time", "none"]
    notes: tuple[str, ...]


def fit(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.integer[Any]],
    groups: npt.NDArray[np.integer[Any]],
    times: npt.NDArray[np.float64],
    *,
    window: float,
    hop: float,
    settings: ClassifierSettings,
    sources: npt.NDArray[np.integer[Any]] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Fitted:
    """Learn one label from windows of one or more recordings.

    Args:
        features: (windows, dim), normalised.
        labels: (windows,) 1 where the window holds the sound, 0 where it does not.
        groups: (windows,) which recording the window is of.
        times: (windows,) its start in the recording, seconds.
        window: its length, seconds.
        hop: from one window's start to the next, seconds.
        settings: how to learn.
        sources: (windows,) which group of recordings that share a source, for the folds; None where each
            recording is its own.
        on_step: called after each fit with the fits done and the fits in all. At thousands of
            dimensions a fit takes minutes.

    Raises:
        TrainingError: no window is positive, or none is negative.
    """
    truth = labels.astype(np.int64)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not min(positives, negatives):
        found = "positive" if positives else "negative"
        raise TrainingError(
            f"all {len(labels)} labelled windows are {found}: "
            f"label places {'without' if positives else 'with'} the sound too"
        )
    recordings = groups.astype(np.int64)
    kept = _thin(truth, recordings, settings)
    apart = None if sources is None else sources.astype(np.int64)
    folds = split(truth, recordings, times, window, kept, sources=apart)
    enough = min(positives, negatives) >= LEAST_WINDOWS_TO_CALIBRATE and folds is not None
    method = settings.calibration if enough else "none"
    fits = Fits(features, truth, kept, method, _estimator(settings), on_step)
    estimators, held_out = fits.run(folds)
    kept_share = np.count_nonzero(kept & (truth == 0)) / negatives if settings.natural_rate else 1.0
    figures = None
    if held_out is not None:
        held_out = natural_rate(held_out, kept_share)
        places = Places(recordings, times, window, hop)
        figures = Figures.from_scores(truth, held_out, places=places)
    return Fitted(
        classifier=Classifier(settings.kind, method, kept_share, estimators),
        figures=figures,
        held_out=held_out,
        folds=folds.kind if folds else "none",
        notes=tuple(_notes(settings, truth, recordings, folds)),
    )


def _estimator(settings: ClassifierSettings) -> Any:
    if settings.kind == "logistic":
        # Embeddings have more dimensions than a user labels windows: strong regularisation.
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return HistGradientBoostingClassifier(
        max_iter=200, max_depth=5, learning_rate=0.1, random_state=settings.seed
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


def _notes(
    settings: ClassifierSettings,
    labels: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    folds: Folds | None,
) -> Iterator[str]:
    positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
    with_both = len(np.intersect1d(groups[labels == 1], groups[labels == 0]))
    smaller, what = min((positives, "positive"), (negatives, "negative"))
    if settings.calibration != "none" and smaller < LEAST_WINDOWS_TO_CALIBRATE:
        yield (
            f"only {smaller} {what} window{'s' * (smaller != 1)}: the probabilities are not calibrated; "
            f"{LEAST_WINDOWS_TO_CALIBRATE} windows of each class would be enough"
        )
    if folds is None:
        yield (
            "the labelled windows cannot be split in three without overlap: no calibration and no "
            "cross-validated figures; the sound at three places that lie more than a window apart, "
            "and places without it near each, would be enough"
        )
    elif folds.kind == "time":
        yield (
            "too few recordings hold both classes to hold whole ones out: the figures come from blocks "
            f"of time and flatter a new recording; {FOLDS} recordings with both would be enough"
        )
    elif with_both < LEAST_RECORDINGS_TO_JUDGE:
        yield (
            f"the figures come from {with_both} recordings with both classes and may be far off; "
            f"from {LEAST_RECORDINGS_TO_JUDGE} on they say more"
        )


def _parts(rows: int) -> Sequence[slice]:
    return [slice(first, first + _ROWS) for first in range(0, rows, _ROWS)]
