"""Ways from embeddings and labels to probabilities: the project's own, what it did before, and what was tried on the way.

A recipe takes recordings to learn from, and gives a function from a recording to the probabilities of its windows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audioscan_host.classifier import ClassifierSettings, Fitted, Statistics, fit
from audioscan_host.classifier.calibration import Calibrator, logistic, natural_rate
from audioscan_host.classifier.folds import Folds, split
from audioscan_host.evidence import Evidence


@dataclass(frozen=True, eq=False)
class Learned:
    """A recording to learn from, or to judge by.

    Attributes:
        evidence: its windows.
        labels: (windows,) 1, 0, or -1 where nothing is known.
        times: (windows,) starts, seconds.
    """

    evidence: Evidence
    labels: npt.NDArray[np.int8]
    times: npt.NDArray[np.float64]

    @property
    def vectors(self) -> npt.NDArray[np.float32]:
        """(windows, dim)."""
        return self.evidence.vectors


Predict = Callable[[Evidence], npt.NDArray[np.float64]]


def fitted(recordings: Sequence[Learned], window: float, **settings: object) -> tuple[Fitted, Statistics]:
    """What the project learns, by its own functions.

    Raises:
        TrainingError: no window is positive, or none is negative.
    """
    statistics = Statistics.of([each.evidence for each in recordings])
    found = fit(
        [each.evidence for each in recordings],
        [each.labels for each in recordings],
        [each.times for each in recordings],
        statistics,
        window=window,
        settings=ClassifierSettings(**settings),
    )
    return found, statistics


def host(recordings: Sequence[Learned], window: float, **settings: object) -> Predict:
    """What the project does."""
    found, statistics = fitted(recordings, window, **settings)
    return lambda evidence: found.classifier.probabilities(evidence, statistics)


def by_recording(recordings: Sequence[Learned], window: float, *, second_scaler: bool) -> Predict:
    """What the project did before: each recording by the mean and deviation of all its windows, three negatives a positive."""
    features = [_by_itself(each.vectors) for each in recordings]
    labelled = _Labelled(recordings, window)
    rows, truth = np.concatenate(features)[labelled.mask], labelled.truth
    rng = np.random.default_rng(42)
    negatives = rng.permutation(np.flatnonzero(truth == 0))
    kept = truth == 1
    kept[negatives[: 3 * int(truth.sum())]] = True
    line = partial(LogisticRegression, C=0.1, max_iter=1000)
    models, calibrators = [], []
    for train, held in labelled.folds(kept).splits:
        model = make_pipeline(StandardScaler(), line()) if second_scaler else line()
        model.fit(rows[train[kept[train]]], truth[train[kept[train]]])
        usable = held[kept[held]]
        scores = model.decision_function(rows[usable])
        calibrators.append(IsotonicRegression(out_of_bounds="clip").fit(scores, truth[usable]))
        models.append(model)
    share = np.count_nonzero(kept & (truth == 0)) / np.count_nonzero(truth == 0)

    def predict(evidence: Evidence) -> npt.NDArray[np.float64]:
        own = _by_itself(evidence.vectors)
        scores = [model.decision_function(own) for model in models]
        calibrated = [
            0.99 * each.predict(s) + 0.01 * logistic(s) for each, s in zip(calibrators, scores, strict=True)
        ]
        return natural_rate(np.mean(calibrated, axis=0), share)

    return predict


def linear_probe(recordings: Sequence[Learned], window: float) -> Predict:
    """Logistic regression on labelled windows as they are, by scikit-learn's defaults."""
    labelled = _Labelled(recordings, window)
    rows = np.concatenate([each.vectors for each in recordings])[labelled.mask]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(rows, labelled.truth)
    return lambda evidence: model.predict_proba(evidence.vectors)[:, 1]


@dataclass
class Variant:
    """The recipe as it was at first, with its parts to be changed, written apart from the project's own code.

    Attributes:
        shrink: seconds by which a background is shrunk to what all recordings have in common; None: no background.
        scale: whether its deviation is divided by.
        soft: whether windows count for it by 1 - p, in place of p < threshold.
        threshold: of the first pass.
        length: whether windows are scaled to one length.
        penalty: C of the logistic regressions.
        floor: of the deviations, as a share of their root mean square.
    """

    shrink: float | None = 60.0
    scale: bool = True
    soft: bool = False
    threshold: float = 0.5
    length: bool = True
    penalty: float = 1.0
    floor: float = 0.3

    def __call__(self, recordings: Sequence[Learned], window: float) -> Predict:
        """Learn."""
        vectors = np.concatenate([each.vectors for each in recordings]).astype(np.float64)
        self._mean = vectors.mean(axis=0)
        deviation = vectors.std(axis=0)
        self._deviation = np.maximum(deviation, self.floor * np.sqrt(np.mean(deviation**2)))
        standardised = [self._standardised(each.vectors) for each in recordings]
        self._within = np.mean([z.var(axis=0) for z in standardised], axis=0)
        labelled = _Labelled(recordings, window)
        truth, of = labelled.truth, labelled.recording
        rows = labelled.rows
        scores = np.zeros(len(truth))
        models = []
        for train, held in labelled.folds(np.ones(len(truth), bool)).splits:
            first = self._line(
                np.concatenate([z[r] for z, r in zip(standardised, rows, strict=True)])[train], truth[train]
            )
            second = first
            if self.shrink is not None:
                known = [
                    self._background(z, self._weights(z, first) * (each.labels != 1), each.evidence.hop)
                    for z, each in zip(standardised, recordings, strict=True)
                ]
                relative = [
                    self._relative(z[r], k) for z, r, k in zip(standardised, rows, known, strict=True)
                ]
                second = self._line(np.concatenate(relative)[train], truth[train])
            models.append((first, second))
            for number in np.unique(of[held]):
                here = held[of[held] == number]
                found = self._score(standardised[number], recordings[number].evidence.hop, *models[-1])
                scores[here] = found[rows[number]][here - np.searchsorted(of, number)]
        calibrator = Calibrator.fitted("sigmoid", scores, truth)

        def predict(evidence: Evidence) -> npt.NDArray[np.float64]:
            z = self._standardised(evidence.vectors)
            found = np.mean([self._score(z, evidence.hop, *each) for each in models], axis=0)
            return calibrator.probabilities(found)

        return predict

    def _standardised(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return ((vectors - self._mean) / self._deviation).astype(np.float32)

    def _sized(self, z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        scale = z.shape[1] ** 0.25
        return (
            z * (scale / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-6))
            if self.length
            else z / scale
        )

    def _line(self, z: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> LogisticRegression:
        return LogisticRegression(C=self.penalty, tol=1e-8, max_iter=2000).fit(self._sized(z), truth)

    def _weights(self, z: npt.NDArray[np.float32], first: LogisticRegression) -> npt.NDArray[np.float64]:
        p = first.predict_proba(self._sized(z))[:, 1]
        return 1 - p if self.soft else (p < self.threshold).astype(float)

    def _background(
        self, z: npt.NDArray[np.float32], weights: npt.NDArray[np.float64], hop: float
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | float]:
        trust = hop * weights.sum() + (self.shrink or 0)
        mean = hop * (weights[:, None] * z).sum(axis=0) / trust
        if not self.scale:
            return mean, 1.0
        about = hop * (weights[:, None] * (z - mean) ** 2).sum(axis=0)
        variance = (about + (self.shrink or 0) * self._within) / trust
        return mean, np.sqrt(np.maximum(variance, self.floor**2 * variance.mean()))

    def _relative(
        self, z: npt.NDArray[np.float32], known: tuple[npt.NDArray[np.float64], object]
    ) -> npt.NDArray[np.float32]:
        return ((z - known[0]) / known[1]).astype(np.float32)

    def _score(
        self, z: npt.NDArray[np.float32], hop: float, first: LogisticRegression, second: LogisticRegression
    ) -> npt.NDArray[np.float64]:
        if self.shrink is not None:
            z = self._relative(z, self._background(z, self._weights(z, first), hop))
        return second.decision_function(self._sized(z))


class _Labelled:
    """The labelled windows of all recordings, one recording after the other."""

    def __init__(self, recordings: Sequence[Learned], window: float) -> None:
        labels = np.concatenate([each.labels for each in recordings])
        self.mask = labels >= 0
        self.truth = labels[self.mask].astype(np.int64)
        self.rows = [np.flatnonzero(each.labels >= 0) for each in recordings]
        self.recording = np.repeat(np.arange(len(recordings)), list(map(len, self.rows)))
        self._times = np.concatenate([each.times for each in recordings])[self.mask]
        self._window = window

    def folds(self, usable: npt.NDArray[np.bool_]) -> Folds:
        found = split(self.truth, self.recording, self._times, self._window, usable)
        if found is None:
            raise ValueError("too few labels to split")
        return found


def _by_itself(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    doubles = vectors.astype(np.float64)
    return ((doubles - doubles.mean(axis=0)) / np.maximum(doubles.std(axis=0), 1e-6)).astype(np.float32)


RECIPES: dict[str, Callable[[Sequence[Learned], float], Predict]] = {
    "default": host,
    "global": partial(host, normalisation="global"),
    "isotonic": partial(host, calibration="isotonic"),
    "hist-gbt": partial(host, kind="hist-gbt"),
    "by recording": partial(by_recording, second_scaler=True),
    "by recording, one scaler": partial(by_recording, second_scaler=False),
    "linear probe": linear_probe,
}
"""What is compared by default."""

VARIANTS: dict[str, Callable[[Sequence[Learned], float], Predict]] = {
    "first": Variant(),
    "no background": Variant(shrink=None),
    "mean alone": Variant(scale=False),
    "mean alone, 20 s, soft": Variant(shrink=20, scale=False, soft=True),
    "30 s": Variant(shrink=30),
    "20 s": Variant(shrink=20),
    "soft": Variant(soft=True),
    "first pass at 0.25": Variant(threshold=0.25),
    "first pass at 0.1": Variant(threshold=0.1),
    "C = 3": Variant(penalty=3),
    "C = 0.3": Variant(penalty=0.3),
    "C = 0.1": Variant(penalty=0.1),
    "floor 0.1": Variant(floor=0.1),
    "floor 0.5": Variant(floor=0.5),
    "no length": Variant(length=False),
}
"""What was tried on the way."""
