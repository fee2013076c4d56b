"""Logistic regression to windows whose features would not fit into memory beside their embeddings.

A feature is a window's vector less a mean, by a deviation, both of its recording, and scaled to one length. So a weighted sum
of features is, but for the scale, one of the vectors themselves, and the gradient of the loss is a sum of vectors. A
pass over the vectors gives both and keeps a few numbers a window.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from audioscan_host.classifier.features import Chosen, FeatureRows
from audioscan_host.classifier.linear import MOST_STEPS, PENALTY, TOLERANCE, Linear
from audioscan_host.classifier.statistics import FARTHEST, Statistics, parts, scale_to_one_length

MOST_DOUBLES = 2**27
"""Numbers, 1 GB of doubles, up to which features are built and fitted to by scikit-learn. Both ways lead to the same
line, but for digits that no probability shows; below, no digit of a detector is to move."""

_AT_ONCE = 2**17  # numbers whose doubles, 1 MB, stay in the CPU's cache

_Vector = npt.NDArray[np.float64]


def fitted(windows: FeatureRows, labels: npt.NDArray[np.int64]) -> Linear:
    """Fit as `Linear.fitted` does to features that need not fit into memory.

    All is in double precision, so that every machine comes to the same detector: in single precision the last
    steps of a fit are rounding, and probabilities move by some 2e-4.

    Args:
        windows: their features.
        labels: (windows,) 0 and 1.
    """
    if windows.size <= MOST_DOUBLES:
        return Linear.fitted(windows.matrix(np.float64), labels)
    return _least(_Loss.of(windows, labels), windows.shape[1])


def _least(loss: "_Loss", dim: int) -> Linear:
    """The line of the least loss, by the solver of scikit-learn's LogisticRegression and its settings."""
    from scipy.optimize import minimize  # not needed to scan
    from sklearn.exceptions import ConvergenceWarning

    options = {"maxiter": MOST_STEPS, "maxls": 50, "gtol": TOLERANCE, "ftol": 64 * np.finfo(np.float64).eps}
    with threadpool_limits(1, "blas"):  # what is multiplied at a time is too small for several
        found = minimize(loss, np.zeros(dim + 1), jac=True, method="L-BFGS-B", options=options)
    if not found.success:
        warnings.warn(f"a fit stopped before its end: {found.message}", ConvergenceWarning, stacklevel=2)
    return Linear(found.x[:-1], float(found.x[-1]))


@dataclass(frozen=True, eq=False)
class _Loss:
    """The mean loss of a line over windows, and its penalty.

    Attributes:
        recordings: their windows.
        windows: how many they are together.
    """

    recordings: Sequence["_Windows"]
    windows: int

    @classmethod
    def of(cls, windows: FeatureRows, labels: npt.NDArray[np.int64]) -> Self:
        ends = np.cumsum([len(each) for each in windows.chosen])
        recordings = [
            some
            for number, truth in enumerate(np.split(labels, ends[:-1]))
            for some in _Windows.of(windows, number, truth)
        ]
        return cls(recordings, len(labels))

    def __call__(self, line: _Vector) -> tuple[float, _Vector]:
        """The loss, and its gradient by the weights and the bias."""
        loss, gradient = 0.0, np.zeros_like(line)
        for each in self.recordings:
            loss += each.add(line, gradient)
        gradient /= self.windows
        strength, weights = 1 / (PENALTY * self.windows), line[:-1]
        gradient[:-1] += strength * weights
        return loss / self.windows + strength / 2 * float(weights @ weights), gradient


@dataclass(frozen=True, eq=False)
class _Windows:
    """Windows of one recording, whose features are scale * (vector - mean) / deviation.

    Attributes:
        vectors: the windows.
        labels: (windows,) 0 and 1.
        scale: (windows,) what brings each to its length.
        background: (dim,) mean and deviation that standardised vectors are read relative to; None where without.
        statistics: what the vectors are standardised by; None where they are.
    """

    vectors: Chosen
    labels: npt.NDArray[np.int64]
    scale: _Vector
    background: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None
    statistics: Statistics | None

    @classmethod
    def of(cls, windows: FeatureRows, number: int, labels: npt.NDArray[np.int64]) -> Iterator[Self]:
        """Of a recording by its place. What standardising holds at the farthest there is, is kept as that leaves it."""
        chosen, relative = windows.chosen[number], windows.relative_of(number)
        scale, held = np.empty(len(chosen)), np.zeros(len(chosen), np.bool_)
        held_vectors = [np.empty((0, windows.shape[1]), np.float32)]
        for rows in parts(len(chosen)):
            standardised = windows.statistics.standardised(chosen[rows])
            held[rows] = np.abs(standardised).max(axis=1) >= FARTHEST
            held_vectors.append(standardised[held[rows]])
            known = standardised if relative is None else relative[0].removed(standardised, relative[1])
            scale[rows] = scale_to_one_length(known)[:, 0]
        background = relative[0].shrunk(relative[1]) if relative else None
        free = Chosen(chosen.vectors, chosen.places[~held])
        yield cls(free, labels[~held], scale[~held], background, windows.statistics)
        if held.any():
            yield cls(
                Chosen.all_of(np.concatenate(held_vectors)), labels[held], scale[held], background, None
            )

    def add(self, line: _Vector, gradient: _Vector) -> float:
        """Add to the gradient of the sum of the losses of a line; the sum."""
        mean, deviation = self._mean_and_deviation(len(line) - 1)
        weights, bias = line[:-1] / deviation, line[-1]
        of_mean, loss, scaled_slopes = weights @ mean, 0.0, 0.0
        vectors_by_slope = np.zeros_like(weights)
        step = max(1, _AT_ONCE // len(weights))
        for first in range(0, len(self.labels), step):
            rows = slice(first, first + step)
            vectors, scale, labels = (
                self.vectors[rows].astype(np.float64),
                self.scale[rows],
                self.labels[rows],
            )
            log_odds = scale * (vectors @ weights - of_mean) + bias
            losses_of_absence = np.logaddexp(0, log_odds)
            loss += float(losses_of_absence.sum() - labels @ log_odds)
            slopes = np.exp(log_odds - losses_of_absence) - labels
            gradient[-1] += slopes.sum()
            slopes *= scale
            scaled_slopes += slopes.sum()
            vectors_by_slope += slopes @ vectors
        gradient[:-1] += (vectors_by_slope - scaled_slopes * mean) / deviation
        return loss

    def _mean_and_deviation(self, dim: int) -> tuple[_Vector, _Vector]:
        """(dim,) each. They are made anew in each pass: of short recordings they are as large as the vectors."""
        standard = (np.zeros(dim), np.ones(dim)) if self.statistics is None else self.statistics.arrays
        if self.background is None:
            return standard
        mean, deviation = self.background
        return standard[0] + standard[1] * mean, standard[1] * deviation
