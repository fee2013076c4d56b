"""How one system does on one label, in figures."""

from dataclasses import dataclass
from typing import Any, Self

from audioscan_host.annotations.points import Points, points_of
from audioscan_host.classifier.figures import Figures
from audioscan_host.evaluation.bootstrap import Interval
from audioscan_host.evaluation.event_matching import Matches, match_onsets, match_segments
from audioscan_host.evaluation.held_out import HeldOut, HeldOutRecording, System

SHORT_COLLAR = 0.2
"""Seconds by which an onset may be off; what the DCASE challenges take."""


@dataclass(frozen=True)
class Row:
    """How one system does on one label.

    Attributes:
        label: the sound.
        system: that does so.
        figures: of the labelled windows, pooled over the recordings; of moments where several windows are compared.
        interval: of the average precision, over recordings.
        segments: what was found, segment by segment; None where the label is labelled in points.
        onsets: what was found by its onset, up to 0.2 s off.
        onsets_half_window: the same, up to half a window off; half of the shortest where several are compared.
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
            **self.system.facts(),
            **windows,
            "average_precision_low": interval["low"],
            "average_precision_high": interval["high"],
            "resamples_skipped": interval["skipped"],
            **figures,
            "segment_f1": self.segments.f1 if self.segments else None,
            "event_f1_200_ms": self.onsets.f1,
            "event_f1_half_window": self.onsets_half_window.f1,
        }

    @classmethod
    def of(
        cls,
        label: str,
        system: System,
        predicted: HeldOut,
        *,
        interval: Interval,
        threshold: float,
        collar: float,
    ) -> Self:
        """Of what a system predicted; `collar` in seconds is half a window."""
        return cls(
            label=label,
            system=system,
            figures=Figures.from_scores(
                predicted.labels, predicted.probabilities, threshold, predicted.places
            ),
            interval=interval,
            segments=_segments(predicted) if labelled_in_spans(predicted) else None,
            onsets=_onsets(predicted, SHORT_COLLAR),
            onsets_half_window=_onsets(predicted, collar),
        )


def _segments(predicted: HeldOut) -> Matches:
    return Matches.total(
        match_segments(
            [(event.start, event.end) for event in recording.events if event.end is not None],
            [(region.start, region.end) for region in recording.regions],
            recording.duration,
        )
        for recording in labelled_throughout(predicted)
    )


def _onsets(predicted: HeldOut, collar: float) -> Matches:
    return Matches.total(
        match_onsets((e.start for e in recording.events), (r.start for r in recording.regions), collar)
        for recording in labelled_throughout(predicted)
    )


def labelled_throughout(predicted: HeldOut) -> list[HeldOutRecording]:
    """The recordings all of which was labelled."""
    return [recording for recording in predicted.recordings if recording.throughout]


def labelled_in_spans(predicted: HeldOut) -> bool:
    """Whether points, if there are any, are but clicks among spans."""
    events = [event for recording in predicted.recordings for event in recording.events]
    return not events or points_of(events[0].label, events) is Points.UNSURE
