"""A sum over many recordings, of those among them that were looked at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev

CONFIDENCE = 1.96
"""Standard errors on either side that hold the true value in 95 of 100 samples, where they are large."""


@dataclass(frozen=True)
class Total:
    """A sum that is known, or estimated.

    Attributes:
        value: the sum.
        spread: on either side of it, what holds the true sum in 95 of 100 samples; 0 where nothing is estimated, None where too
            little was looked at to tell.
    """

    value: float
    spread: float | None = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether nothing is estimated, or what is estimated goes with bytes to the last digit."""
        return self.spread == 0.0

    def times(self, factor: float) -> "Total":
        """So many times of it."""
        return Total(self.value * factor, None if self.spread is None else self.spread * factor)

    def __add__(self, other: "Total") -> "Total":
        """Both, as if their errors had the same sign, which they have where both go with the hours of audio."""
        unknown = self.spread is None or other.spread is None
        return Total(self.value + other.value, None if unknown else (self.spread or 0) + (other.spread or 0))


def total_of(values: Sequence[float | None], sizes: Sequence[int], count: int, size: int) -> Total:
    """The sum over all recordings of what is known of some, by their share of the bytes.

    The ratio estimator of a simple random sample without replacement (Cochran, Sampling Techniques, 3rd edition, sections 2.11
    and 6.4): hours go with bytes, so that long and short recordings in one set cost little.

    Args:
        values: of each that was looked at, None where it does not say.
        sizes: bytes of each of them.
        count: of all recordings.
        size: bytes of all.
    """
    known = [(value, bytes_) for value, bytes_ in zip(values, sizes, strict=True) if value is not None]
    whole, covered = math.fsum(value for value, _ in known), sum(bytes_ for _, bytes_ in known)
    if len(known) == count:
        return Total(whole)
    if not covered:
        return Total(whole, None)
    ratio = whole / covered
    spread = None
    if len(known) > 1:
        residuals = math.fsum((value - ratio * bytes_) ** 2 for value, bytes_ in known) / (len(known) - 1)
        error = count * math.sqrt((1 - len(known) / count) * residuals / len(known))
        spread = CONFIDENCE * error
    return Total(whole + ratio * (size - covered), spread)


def relative_spread(values: Sequence[float]) -> float | None:
    """Of the mean of what was measured several times, as a share of it; None where it was measured once."""
    whole = math.fsum(values)
    if len(values) < 2 or not whole:
        return None
    return CONFIDENCE * stdev(values) * math.sqrt(len(values)) / whole
