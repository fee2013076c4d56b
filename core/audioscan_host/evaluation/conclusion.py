"""Which system to use, and how sure that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.evaluation.bootstrap import Interval
from audioscan_host.evaluation.held_out import System

LEAST_RECORDINGS = 6
"""Recordings with the sound below which nothing is called a difference: where one system is ahead in
each of five, chance does that once in 16 times; in each of six once in 32, less than 5 % (sign test)."""


@dataclass(frozen=True)
class Conclusion:
    """The best system, and how it compares with the second.

    Calibration leaves the order of the windows nearly as it is, so of systems that differ in nothing else it is
    chosen by the Brier score; those that differ in more are compared by average precision.

    Attributes:
        best: the system with the highest average precision; the first of equals.
        calibrations: how many were tried with it.
        average_precision: its own; of several labels the mean.
        interval: of it.
        second: the next best that differs in more than its calibration; None where there is no other.
        ahead: share of the resamples in which the best beats the second.
        difference: interval of what it is ahead by, recording by recording the same draws for both.
        recordings: that were judged.
        with_sound: recordings that hold the sound; of several labels the fewest.
        sources_with_sound: groups of recordings with a source in common that hold it; None where no two have one.
    """

    best: System
    calibrations: int
    average_precision: float
    interval: Interval
    second: System | None
    ahead: float | None
    difference: Interval | None
    recordings: int
    with_sound: int
    sources_with_sound: int | None = None

    @property
    def is_sure(self) -> bool:
        """Whether these recordings show that the best is better than the second."""
        return self.difference is not None and self.difference.low > 0 and not self.too_few

    @property
    def too_few(self) -> bool:
        """Whether the recordings, or the sources that they come from, are too few to show any difference."""
        return self.apart < LEAST_RECORDINGS

    @property
    def apart(self) -> int:
        """What holds the sound independently: recordings of one source are as one."""
        return self.with_sound if self.sources_with_sound is None else self.sources_with_sound

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain values."""
        return {
            "best": self.best.facts(),
            "calibrations": self.calibrations,
            "average_precision": self.average_precision,
            "interval": self.interval.to_json(),
            "second": self.second.facts() if self.second else None,
            "ahead": self.ahead,
            "difference": self.difference.to_json() if self.difference else None,
            "is_sure": self.is_sure,
            "recordings": self.recordings,
            "recordings_with_sound": self.with_sound,
        }

    def sentence(self, what: str = "average precision", field: str = "") -> str:
        """Which system to use, and how sure that is.

        Args:
            what: the figure that was compared.
            field: a sentence on what a field will show of the best system.
        """
        what_holds = "recordings" if self.sources_with_sound is None else "sources"
        over = f"{self.recordings} recordings"
        if self.with_sound < self.recordings:
            over += f", {self.with_sound} of them with the sound"
        value = f"{what} {self.average_precision:.2f} (95 % interval {self.interval.text(2)} over {over})"
        if self.second is None or self.difference is None or self.ahead is None:
            alone = "; nothing else was compared" if self.calibrations == 1 else ""
            text = f"Use {self.best}: {value}{alone}."
        elif self.is_sure:
            text = f"Use {self.best}: {value}; it beats {self.second} in {self.ahead * 100:.0f} % of the resamples."
        elif self.too_few:
            text = f"Use {self.best}: {value}; ahead of {self.second} in {self.ahead * 100:.0f} % of the resamples."
        else:
            text = (
                f"Use {self.best}: {value}; to {self.second} there is no difference that "
                f"{self.apart} {what_holds} could show (ahead in {self.ahead * 100:.0f} % of the resamples)."
            )
        if field:
            text += f" {field}"
        if self.calibrations > 1:
            text += f" Of {self.calibrations} calibrations its own has the lowest Brier score."
        if self.too_few:
            text += (
                f" {self.apart} {what_holds} are too few to be sure of any difference: "
                f"{LEAST_RECORDINGS} with the sound, or more, would say something."
            )
        return text


def conclude(
    values: Mapping[System, float],
    briers: Mapping[System, float],
    resampled: Mapping[System, npt.NDArray[np.float64]],
    *,
    recordings: int,
    with_sound: int,
    sources_with_sound: int | None = None,
) -> Conclusion:
    """Compare the best system with the second, resample by resample.

    Args:
        values: average precision of each system.
        briers: Brier score of each system.
        resampled: for each system (resamples,) of the same draws; NaN where one lacks a class.
        recordings: that were judged.
        with_sound: recordings that hold the sound.
        sources_with_sound: groups of them that have a source in common, where any have.
    """
    calibrated = by_calibration(values)
    candidates = [min(tried, key=lambda system: briers[system]) for tried in calibrated.values()]
    best, *others = sorted(candidates, key=lambda system: -values[system])
    second = others[0] if others else None
    ahead = difference = None
    if second is not None:
        by = resampled[best] - resampled[second]
        difference = Interval.of(by)
        known = by[~np.isnan(by)]
        ahead = float(np.mean(known > 0)) if len(known) else None
    return Conclusion(
        best=best,
        calibrations=len(calibrated[best.uncalibrated()]),
        average_precision=values[best],
        interval=Interval.of(resampled[best]),
        second=second,
        ahead=ahead,
        difference=difference,
        recordings=recordings,
        with_sound=with_sound,
        sources_with_sound=sources_with_sound,
    )


def by_calibration(systems: Iterable[System]) -> dict[System, list[System]]:
    """Those that differ in nothing but their calibration, together."""
    together: dict[System, list[System]] = {}
    for system in systems:
        together.setdefault(system.uncalibrated(), []).append(system)
    return together
