"""Which window, and which reading, suits a sound, and how sure that is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from audioscan_host.evaluation.bootstrap import Interval
from audioscan_host.evaluation.conclusion import Conclusion, by_calibration
from audioscan_host.evaluation.held_out import System
from audioscan_host.evaluation.row import Row

What = Literal["window", "reading"]


@dataclass(frozen=True)
class Alternative:
    """A window or a reading, beside the best one.

    Attributes:
        name: `2 s`, or `stretches`.
        system: that has it, by the calibration with the lowest Brier score.
        average_precision: of the system.
        behind: interval of how far its average precision lies below that of the best, by the same resamples; None for the
            best.
    """

    name: str
    system: System
    average_precision: float
    behind: Interval | None

    @property
    def is_behind(self) -> bool:
        """Whether the recordings show that the best is better."""
        return self.behind is not None and self.behind.low > 0


@dataclass(frozen=True)
class Comparison:
    """Windows or readings of one model, all else being that of the model's best system.

    Attributes:
        label: the sound.
        what: is compared.
        model: its name.
        alternatives: the best first.
        judged_by: how many recordings, or sources, hold the sound.
        too_few: whether they are too few to show any difference.
    """

    label: str
    what: What
    model: str
    alternatives: tuple[Alternative, ...]
    judged_by: str
    too_few: bool

    @property
    def suited(self) -> tuple[Alternative, ...]:
        """The best, and those that the recordings do not show to be worse; none where they are too few."""
        return () if self.too_few else tuple(each for each in self.alternatives if not each.is_behind)

    @property
    def sentence(self) -> str:
        """What suits the sound, with figures."""
        best, *others = self.alternatives
        # None of these is better than the others, and the shortest window comes first, not the luckiest.
        names = [each.name for each in sorted(self.suited, key=lambda each: each.system.window or 0.0)]
        if self.too_few:
            suits = f"{self.judged_by} with the sound are too few to say"
        elif len(names) == 1:
            suits = names[0]
        else:
            suits = f"{', '.join(names[:-1])} or {names[-1]}"
        figures = "; ".join(
            [f"average precision {best.average_precision:.2f} with {best.name}", *map(self._beside, others)]
        )
        return f"Which {self.what} suits {self.label}, by {self.model}: {suits}. {figures[0].upper()}{figures[1:]}."

    def _beside(self, other: Alternative) -> str:
        text = f"with {other.name} {other.average_precision:.2f}"
        if other.behind is None or self.too_few:
            return text
        interval = other.behind.text(2)
        if other.is_behind:
            return f"{text}, which is less (by {interval}, 95 % interval)"
        return f"{text}, no difference that {self.judged_by} could show (less by {interval})"

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain values."""
        return {
            "what": self.what,
            "model": self.model,
            "suited": [each.name for each in self.suited],
            "alternatives": [
                {
                    "name": each.name,
                    **each.system.facts(),
                    "average_precision": each.average_precision,
                    "behind": each.behind.to_json() if each.behind else None,
                }
                for each in self.alternatives
            ],
            "too_few": self.too_few,
            "sentence": self.sentence,
        }


def compare(
    label: str,
    rows: Sequence[Row],
    resampled: Mapping[System, npt.NDArray[np.float64]],
    conclusion: Conclusion,
) -> Iterator[Comparison]:
    """Compare windows, then readings, by each model.

    Args:
        label: the sound.
        rows: one a system.
        resampled: for each system (resamples,) average precision, of the same draws.
        conclusion: of the same rows; how many recordings there are.
    """
    figures = {row.system: row.figures for row in rows}
    calibrated = [
        min(tried, key=lambda system: figures[system].brier) for tried in by_calibration(figures).values()
    ]
    what_holds = "recordings" if conclusion.sources_with_sound is None else "sources"
    for model in dict.fromkeys(system.model for system in calibrated):
        ranked = sorted(
            (system for system in calibrated if system.model == model),
            key=lambda system: -figures[system].average_precision,
        )
        best = ranked[0]
        axes: dict[What, list[System]] = {
            "window": [each for each in ranked if _but_window(each) == _but_window(best)],
            "reading": [each for each in ranked if _but_reading(each) == _but_reading(best)],
        }
        for what, systems in axes.items():
            if len(systems) > 1:
                yield Comparison(
                    label,
                    what,
                    model,
                    tuple(
                        Alternative(
                            _name(what, each, systems),
                            each,
                            figures[each].average_precision,
                            None if each is best else Interval.of(resampled[best] - resampled[each]),
                        )
                        for each in systems
                    ),
                    f"{conclusion.apart} {what_holds}",
                    conclusion.too_few,
                )


def _but_window(system: System) -> System:
    return replace(system.uncalibrated(), window=None, hop=None)


def _but_reading(system: System) -> System:
    return replace(system.uncalibrated(), reading=None)


def _name(what: What, system: System, among: Sequence[System]) -> str:
    if what == "reading":
        return str(system.reading)
    alike = [each for each in among if each.window == system.window]
    return f"{system.window:g} s" + (f" every {system.hop:g} s" if len(alike) > 1 else "")
