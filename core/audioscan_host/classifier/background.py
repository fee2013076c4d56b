"""What a recording sounds like where the sound is not: microphone, gain, wind, rain. Taken off, the sounds remain.

The sound itself is no part of it, so that a recording full of the sound and one that lacks it are read alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.statistics import LEAST_SHARE, SHRINK_SECONDS, Statistics, parts
from audioscan_host.evidence import Evidence


@dataclass(frozen=True, eq=False)
class UsualBackground:
    """What the backgrounds of the recordings that are learned from have in common.

    The sound is no part of it either: a recording with little background is read by this, and must not
    be read by the sound's own mean where the recordings learned from are full of it.

    Attributes:
        mean: (dim,) of standardised vectors.
        variance: (dim,) about each recording's own mean.
    """

    mean: npt.NDArray[np.float64]
    variance: npt.NDArray[np.float64]

    @classmethod
    def of(cls, backgrounds: Sequence["Background"]) -> Self:
        """Of one background or more.

        A minute of what all windows have in common counts with them, mean 0 and variance 1: where labels are so few
        that hardly any window is called background, what it sounds like is not known. Files of a clip each say
        nothing of what varies within one.
        """
        seconds = sum(each.seconds for each in backgrounds)
        sums = np.sum([each.sums for each in backgrounds], axis=0)
        about = [each.squares - each.sums**2 / each.seconds for each in backgrounds if each.seconds > 0]
        within = np.maximum(np.sum(about, axis=0), 0) if about else np.zeros_like(sums)
        trust = seconds + SHRINK_SECONDS
        return cls(sums / trust, (within + SHRINK_SECONDS) / trust)

    @classmethod
    def average(cls, several: Sequence[Self]) -> Self:
        """The mean of what several folds found."""
        mean = np.mean([each.mean for each in several], axis=0)
        return cls(mean, np.mean([each.variance for each in several], axis=0))


@dataclass(frozen=True, eq=False)
class Background:
    """Sums over the background windows of a recording, or of what a stream has given so far.

    Attributes:
        seconds: of audio that these windows stand for.
        sums: (dim,) of their standardised vectors, each counted by its seconds.
        squares: (dim,) of the squares.
    """

    seconds: float
    sums: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    @classmethod
    def of(cls, recording: Evidence, chosen: npt.NDArray[np.bool_], statistics: Statistics) -> Self:
        """Of the chosen windows; (windows,)."""
        sums, squares = np.zeros_like(statistics.mean), np.zeros_like(statistics.mean)
        for rows in parts(len(chosen)):
            standardised = statistics.standardised(recording.vectors[rows][chosen[rows]])
            sums += standardised.sum(axis=0, dtype=np.float64)
            squares += np.einsum("ij,ij->j", standardised, standardised, dtype=np.float64)
        hop = recording.hop
        return cls(hop * np.count_nonzero(chosen), hop * sums, hop * squares)

    def __add__(self, other: Self) -> Self:
        """Of both together: parts of one recording."""
        return type(self)(self.seconds + other.seconds, self.sums + other.sums, self.squares + other.squares)

    def shrunk_mean(self, towards: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(dim,) of the windows, shrunk as if a minute at another mean were there too: little background says little."""
        shrunk: npt.NDArray[np.float64] = (self.sums + SHRINK_SECONDS * towards) / (
            self.seconds + SHRINK_SECONDS
        )
        return shrunk

    def shrunk(self, usual: UsualBackground) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(dim,) its mean and its deviation, of standardised vectors.

        Both are shrunk towards the usual ones, as if a minute of that were there too: little background says little.
        """
        trust = self.seconds + SHRINK_SECONDS
        mean = self.shrunk_mean(usual.mean)
        about = self.squares - 2 * mean * self.sums + self.seconds * mean**2
        variance = (np.maximum(about, 0) + SHRINK_SECONDS * usual.variance) / trust
        variance = np.maximum(variance, LEAST_SHARE**2 * variance.mean())
        return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)

    def removed(
        self, standardised: npt.NDArray[np.float32], usual: UsualBackground
    ) -> npt.NDArray[np.float32]:
        """Windows relative to the background, (windows, dim): its mean is taken off and its deviation divided by."""
        mean, deviation = self.shrunk(usual)
        relative = standardised - mean
        relative /= deviation
        return relative


@dataclass(frozen=True, eq=False)
class FirstPass:
    """What a first pass over a recording needs.

    Attributes:
        line: tells the background from the sound.
        usual: what the backgrounds that are learned from have in common.
    """

    line: Linear
    usual: UsualBackground

    @classmethod
    def average(cls, several: Sequence[Self]) -> Self:
        """What all folds found together."""
        return cls(
            Linear.mean([each.line for each in several]),
            UsualBackground.average([each.usual for each in several]),
        )
