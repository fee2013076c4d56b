"""What was predicted of one label, judged: a row of figures for each system, and which system to use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.evaluation import conditions
from audioscan_host.evaluation.bootstrap import Interval, average_precisions
from audioscan_host.evaluation.comparison import Comparison, compare
from audioscan_host.evaluation.conclusion import Conclusion, conclude
from audioscan_host.evaluation.conditions import Condition, all_conditions
from audioscan_host.evaluation.held_out import CrossValidation, HeldOut, System
from audioscan_host.evaluation.moments import Moments
from audioscan_host.evaluation.row import Row, labelled_in_spans, labelled_throughout


@dataclass(frozen=True)
class LabelEvaluation:
    """How all systems do on one label.

    Attributes:
        label: the sound.
        folds: how many parts of the recordings were held out in turn.
        rows: one a system, in the order asked for.
        conclusion: which one to use.
        held_out: what each system predicted of the windows; of moments where several windows are compared.
        conditions: what a field will show of each system: as labelled, without the sound, rare, frequent.
        resampled: system -> (resamples,) average precision; NaN where a resample lacks a class.
        notes: what could not be done, and what to keep in mind.
        comparisons: which window and which reading suit the sound, by each model; of those of which several are compared.
        moment: seconds of the moments that figures are of; None where they are of windows.
    """

    label: str
    folds: int
    rows: tuple[Row, ...]
    conclusion: Conclusion
    held_out: Mapping[System, HeldOut]
    conditions: Mapping[System, tuple[Condition, ...]]
    resampled: Mapping[System, npt.NDArray[np.float64]]
    notes: tuple[str, ...]
    comparisons: tuple[Comparison, ...] = ()
    moment: float | None = None

    @property
    def unit(self) -> str:
        """What is judged: windows, or moments."""
        return "windows" if self.moment is None else f"moments of {self.moment:g} s"

    @property
    def rate(self) -> float:
        """Share of what is judged that holds the sound; of windows, the rate at which probabilities are."""
        return self.rows[0].figures.positives / self.rows[0].figures.windows

    @property
    def rate_sentence(self) -> str:
        """At which rate of the sound the probabilities are."""
        if self.moment is not None:
            return (
                f"{self.rate * 100:.3g} % of the {self.unit} hold the sound. Probabilities are at the rate of each system's own "
                "windows, as labelled; scan --rate puts them to another."
            )
        return (
            f"Probabilities are at a rate of {self.rate * 100:.3g} % of windows, as labelled; scan --rate puts them "
            "to another."
        )

    @property
    def sentence(self) -> str:
        """Which system to use, how sure that is, and what a field will show of it."""
        return self.conclusion.sentence(field=conditions.sentence([self.conditions[self.conclusion.best]]))

    def condition_facts(self) -> Iterator[dict[str, Any]]:
        """A row for each system and condition, as plain values."""
        for system, of_one in self.conditions.items():
            for each in of_one:
                yield {"label": self.label, **system.facts(), **each.facts()}


def judge(
    label: str,
    predicted: CrossValidation,
    *,
    folds: int,
    groups: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
    threshold: float,
    moments: Moments | None = None,
) -> LabelEvaluation:
    """Judge what every system predicted of one label.

    Args:
        label: the sound.
        predicted: what each predicted of the same recordings.
        folds: how many parts of the recordings were held out in turn.
        groups: (recordings,) which group of recordings that share a source.
        drawn: (resamples, recordings) how often a resample holds each recording.
        threshold: from which on a window counts as found.
        moments: where systems read several windows: the places at which all are judged.
    """
    held_out = predicted.held_out
    collar = min(each.window for each in held_out.values()) / 2
    if moments is not None:
        held_out = {system: moments.judged(each) for system, each in held_out.items()}
    resampled = {
        system: average_precisions(each.labels, each.probabilities, each.places.groups, drawn)
        for system, each in held_out.items()
    }
    rows = tuple(
        Row.of(
            label,
            system,
            each,
            interval=Interval.of(resampled[system]),
            threshold=threshold,
            collar=collar,
        )
        for system, each in held_out.items()
    )
    shown = {
        system: all_conditions(each, predicted.shifted[system], threshold)
        for system, each in predicted.held_out.items()
    }
    any_system = next(iter(held_out.values()))
    judged = np.unique(any_system.places.groups)
    with_sound = np.unique(any_system.places.groups[any_system.labels == 1])
    named = len(np.unique(groups)) < len(groups)
    conclusion = conclude(
        {row.system: row.figures.average_precision for row in rows},
        {row.system: row.figures.brier for row in rows},
        resampled,
        recordings=len(judged),
        with_sound=len(with_sound),
        sources_with_sound=len(np.unique(groups[with_sound])) if named else None,
    )
    return LabelEvaluation(
        label=label,
        folds=folds,
        rows=rows,
        conclusion=conclusion,
        held_out=held_out,
        conditions=shown,
        resampled=resampled,
        notes=(
            *predicted.notes,
            *_notes(any_system, rows[0].interval.skipped, len(drawn)),
            *conditions.notes(shown[rows[0].system]),
        ),
        comparisons=tuple(compare(label, rows, resampled, conclusion)),
        moment=None if moments is None else moments.length,
    )


def _notes(predicted: HeldOut, skipped: int, resamples: int) -> Iterator[str]:
    points = sum(event.end is None for recording in predicted.recordings for event in recording.events)
    if not labelled_in_spans(predicted):
        yield (
            "some of its labels are points, which have no end: no segment-based F1; the event-based one takes "
            "them for onsets, and what nobody marked for false"
        )
    elif points:
        yield (
            f"{points} of its labels {'are points' if points > 1 else 'is a point'} among spans: the event-based F1 "
            "takes points for onsets, and for the segment-based one what is found there is false"
        )
    partly = len(predicted.recordings) - len(labelled_throughout(predicted))
    if partly:
        yield (
            f"{partly} of {len(predicted.recordings)} recordings are labelled in part: what is found in them "
            "does not count for the F1 of segments and events"
        )
    if skipped:
        yield f"{skipped} of {resamples} resamples lack a class and are left out of the intervals"
