"""What was predicted of one label, judged: a row of figures for each system, and which system to use."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations.points import Points, points_of
from audioscan_host.classifier.figures import Figures
from audioscan_host.evaluation import conditions
from audioscan_host.evaluation.bootstrap import Interval, average_precisions
from audioscan_host.evaluation.conclusion import Conclusion, conclude
from audioscan_host.evaluation.conditions import Condition, all_conditions
from audioscan_host.evaluation.event_matching import Matches, match_onsets, match_segments
from audioscan_host.evaluation.held_out import CrossValidation, HeldOut, HeldOutRecording, System

SHORT_COLLAR = 0.2
"""Seconds by which an onset may be off; what the DCASE challenges take."""


@dataclass(frozen=True)
class Row:
    """How one system does on one label.

    Attributes:
        label: the sound.
        system: model, classifier and calibration.
        figures: of the labelled windows, pooled over the recordings.
        interval: of the average precision, over recordings.
        segments: what was found, segment by segment; None where the label is labelled in points.
        onsets: what was found by its onset, up to 0.2 s off.
        onsets_half_window: the same, up to half a window off.
    """

    label: str
    system: System
    figures: Figures
    interval: Interval
    segments: Matches | None
    onsets: Matches
    onsets_half_window: Matches

    def facts(self) -> dict[str, Any]:
        """All of it by name, as plain values; None where something is not known."""
        figures = self.figures.to_json()
        windows = {name: figures.pop(name) for name in ("windows", "positives", "average_precision")}
        interval = self.interval.to_json()
        return {
            "label": self.label,
            **asdict(self.system),
            **windows,
            "average_precision_low": interval["low"],
            "average_precision_high": interval["high"],
            "resamples_skipped": interval["skipped"],
            **figures,
            "segment_f1": self.segments.f1 if self.segments else None,
            "event_f1_200_ms": self.onsets.f1,
            "event_f1_half_window": self.onsets_half_window.f1,
        }


@dataclass(frozen=True)
class LabelEvaluation:
    """How all systems do on one label.

    Attributes:
        label: the sound.
        folds: how many parts of the recordings were held out in turn.
        rows: one a system, in the order asked for.
        conclusion: which one to use.
        held_out: what each system predicted.
        conditions: what a field will show of each system: as labelled, without the sound, rare, frequent.
        resampled: system -> (resamples,) average precision; NaN where a resample lacks a class.
        notes: what could not be done, and what to keep in mind.
    """

    label: str
    folds: int
    rows: tuple[Row, ...]
    conclusion: Conclusion
    held_out: Mapping[System, HeldOut]
    conditions: Mapping[System, tuple[Condition, ...]]
    resampled: Mapping[System, npt.NDArray[np.float64]]
    notes: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Share of the labelled windows that hold the sound, at which probabilities are."""
        return self.rows[0].figures.positives / self.rows[0].figures.windows

    @property
    def rate_sentence(self) -> str:
        """At which rate of the sound the probabilities are."""
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
                yield {"label": self.label, **asdict(system), **each.facts()}


def judge(
    label: str,
    predicted: CrossValidation,
    *,
    folds: int,
    groups: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
    threshold: float,
) -> LabelEvaluation:
    """Judge what every system predicted of one label.

    Args:
        label: the sound.
        predicted: what each predicted of the same recordings.
        folds: how many parts of the recordings were held out in turn.
        groups: (recordings,) which group of recordings that share a source.
        drawn: (resamples, recordings) how often a resample holds each recording.
        threshold: from which on a window counts as found.
    """
    held_out = predicted.held_out
    resampled = {
        system: average_precisions(each.labels, each.probabilities, each.places.groups, drawn)
        for system, each in held_out.items()
    }
    rows = tuple(
        _row(label, system, each, Interval.of(resampled[system]), threshold)
        for system, each in held_out.items()
    )
    shown = {
        system: all_conditions(each, predicted.shifted[system], threshold)
        for system, each in held_out.items()
    }
    any_system = next(iter(held_out.values()))
    judged = np.unique(any_system.places.groups)
    with_sound = np.unique(any_system.places.groups[any_system.labels == 1])
    named = len(np.unique(groups)) < len(groups)
    return LabelEvaluation(
        label=label,
        folds=folds,
        rows=rows,
        conclusion=conclude(
            {row.system: row.figures.average_precision for row in rows},
            {row.system: row.figures.brier for row in rows},
            resampled,
            recordings=len(judged),
            with_sound=len(with_sound),
            sources_with_sound=len(np.unique(groups[with_sound])) if named else None,
        ),
        held_out=held_out,
        conditions=shown,
        resampled=resampled,
        notes=(
            *predicted.notes,
            *_notes(any_system, rows[0].interval.skipped, len(drawn)),
            *conditions.notes(shown[rows[0].system]),
        ),
    )


def _row(label: str, system: System, predicted: HeldOut, interval: Interval, threshold: float) -> Row:
    return Row(
        label=label,
        system=system,
        figures=Figures.from_scores(predicted.labels, predicted.probabilities, threshold, predicted.places),
        interval=interval,
        segments=_segments(predicted) if _labelled_in_spans(predicted) else None,
        onsets=_onsets(predicted, SHORT_COLLAR),
        onsets_half_window=_onsets(predicted, predicted.window / 2),
    )


def _segments(predicted: HeldOut) -> Matches:
    return Matches.total(
        match_segments(
            [(event.start, event.end) for event in recording.events if event.end is not None],
            [(region.start, region.end) for region in recording.regions],
            recording.duration,
        )
        for recording in _labelled_throughout(predicted)
    )


def _onsets(predicted: HeldOut, collar: float) -> Matches:
    return Matches.total(
        match_onsets((e.start for e in recording.events), (r.start for r in recording.regions), collar)
        for recording in _labelled_throughout(predicted)
    )


def _labelled_throughout(predicted: HeldOut) -> list[HeldOutRecording]:
    return [recording for recording in predicted.recordings if recording.throughout]


def _labelled_in_spans(predicted: HeldOut) -> bool:
    """Whether points, if there are any, are but clicks among spans."""
    events = [event for recording in predicted.recordings for event in recording.events]
    return not events or points_of(events[0].label, events) is Points.UNSURE


def _notes(predicted: HeldOut, skipped: int, resamples: int) -> Iterator[str]:
    points = sum(event.end is None for recording in predicted.recordings for event in recording.events)
    if not _labelled_in_spans(predicted):
        yield (
            "some of its labels are points, which have no end: no segment-based F1; the event-based one takes "
            "them for onsets, and what nobody marked for false"
        )
    elif points:
        yield (
            f"{points} of its labels {'are points' if points > 1 else 'is a point'} among spans: the event-based F1 "
            "takes points for onsets, and for the segment-based one what is found there is false"
        )
    partly = len(predicted.recordings) - len(_labelled_throughout(predicted))
    if partly:
        yield (
            f"{partly} of {len(predicted.recordings)} recordings are labelled in part: what is found in them "
            "does not count for the F1 of segments and events"
        )
    if skipped:
        yield f"{skipped} of {resamples} resamples lack a class and are left out of the intervals"
