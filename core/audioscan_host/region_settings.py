"""How regions are made of window scores. The command line lists the methods: nothing heavy is imported here."""

import math
from dataclasses import dataclass

from audioscan_host.choices import Choice
from audioscan_host.errors import SettingError


class RegionMethod(Choice):
    """How the scores of the windows over a place become one."""

    MEAN = "mean"
    """Each step has the mean of the windows over it."""
    UNION = "union"
    """The windows that reach the threshold are joined."""


@dataclass(frozen=True)
class RegionSettings:
    """How regions are made of scores.

    Attributes:
        threshold: the score that makes a region.
        low: the score down to which a region grows from there; None: the threshold.
        merge_gap: seconds; regions with a shorter gap between them become one.
        min_duration: seconds; a region that is shorter is dropped, after gaps are closed.
        method: "mean" scores each step by the mean of the windows over it; "union" joins the
            windows that reach the threshold.

    Raises:
        SettingError: a value is out of its range, or `low` is given for "union".
    """

    threshold: float = 0.5
    low: float | None = None
    merge_gap: float = 0.0
    min_duration: float = 0.0
    method: RegionMethod | str = RegionMethod.MEAN

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise SettingError(f"threshold must be between 0 and 1, not {self.threshold:g}")
        if not 0 <= self.lower <= self.threshold:
            raise SettingError(
                f"low must be between 0 and the threshold ({self.threshold:g}), not {self.lower:g}"
            )
        for name, value in (("merge_gap", self.merge_gap), ("min_duration", self.min_duration)):
            if not (math.isfinite(value) and value >= 0):
                raise SettingError(f"{name} must be 0 s or more, not {value:g} s")
        object.__setattr__(self, "method", RegionMethod.of(self.method, "method"))
        if self.method == RegionMethod.UNION and self.low is not None:
            raise SettingError("low goes with the method mean only: leave it out for union")

    @property
    def lower(self) -> float:
        """The score down to which a region grows."""
        return self.threshold if self.low is None else self.low
