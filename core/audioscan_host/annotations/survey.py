"""What the annotations of each label amount to: how many, how long, how much of their recordings."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.annotations.window_ladder import usual_length

_Span = tuple[float, float]


@dataclass(frozen=True)
class Share:
    """What share of a recording its spans of a label cover: between 0 and 1, over the recordings that have any.

    Attributes:
        least: in the recording that has least of it.
        median: in the usual one.
        most: in the one that has most of it.
    """

    least: float
    median: float
    most: float


@dataclass(frozen=True)
class LabelSurvey:
    """What is annotated of a label.

    Attributes:
        label: the label; empty for what is unlabelled whatever the sound.
        recordings: those with a positive annotation of it.
        spans: positive ones.
        points: positive ones.
        seconds: that the positive spans cover; what several cover counts once.
        usual_length: median duration of the positive spans, seconds; None where it is labelled in points.
        share: of each recording; None where no span lies in a recording of known length.
        roles: role -> annotations that have it.
        overlaps: positive spans that share some time with a positive span of another label.
        own_overlaps: positive spans that share some time with another one of this label.
    """

    label: str
    recordings: int
    spans: int
    points: int
    seconds: float
    usual_length: float | None
    share: Share | None
    roles: Mapping[Role, int]
    overlaps: int
    own_overlaps: int

    def to_json(self) -> dict[str, Any]:
        """It as plain values."""
        share = self.share
        return {
            "label": self.label,
            "recordings": self.recordings,
            "spans": self.spans,
            "points": self.points,
            "seconds": round(self.seconds, 3),
            "usual_length": self.usual_length,
            "share": share and {"least": share.least, "median": share.median, "most": share.most},
            "roles": {str(role): number for role, number in self.roles.items()},
            "overlaps": self.overlaps,
            "own_overlaps": self.own_overlaps,
        }


def survey(
    annotations: Mapping[Path, Sequence[Annotation]], durations: Mapping[Path, float]
) -> list[LabelSurvey]:
    """What is annotated of each label, in order of the alphabet.

    Args:
        annotations: of each recording.
        durations: recording -> seconds, where it is known.
    """
    overlaps: Counter[str] = Counter()
    own_overlaps: Counter[str] = Counter()
    by_label: dict[str, dict[Path, list[Annotation]]] = defaultdict(dict)
    for path, of_path in annotations.items():
        for label, others, own in _overlapping(of_path):
            overlaps[label] += others
            own_overlaps[label] += own
        for each in of_path:
            by_label[each.label].setdefault(path, []).append(each)
    return [
        _of_label(label, of_label, durations, overlaps[label], own_overlaps[label])
        for label, of_label in sorted(by_label.items())
    ]


def _of_label(
    label: str,
    annotations: Mapping[Path, Sequence[Annotation]],
    durations: Mapping[Path, float],
    overlaps: int,
    own_overlaps: int,
) -> LabelSurvey:
    everything = list(chain.from_iterable(annotations.values()))
    positive = {path: [a for a in own if a.role is Role.POSITIVE] for path, own in annotations.items()}
    spans = {path: _spans(own) for path, own in positive.items()}
    covered = {path: _covered(own) for path, own in spans.items() if own}
    shares = [min(seconds / durations[path], 1.0) for path, seconds in covered.items() if durations.get(path)]
    roles = Counter(a.role for a in everything)
    number = sum(map(len, spans.values()))
    return LabelSurvey(
        label,
        sum(map(bool, positive.values())),
        number,
        roles[Role.POSITIVE] - number,
        sum(covered.values()),
        usual_length(label, everything),
        Share(min(shares), median(shares), max(shares)) if shares else None,
        {role: roles[role] for role in Role},
        overlaps,
        own_overlaps,
    )


def _spans(annotations: Sequence[Annotation]) -> list[_Span]:
    return [(round(a.start, 6), round(a.end, 6)) for a in annotations if a.end is not None]


def _covered(spans: Sequence[_Span]) -> float:
    """Seconds that lie in one span or more."""
    seconds, reached = 0.0, 0.0
    for start, end in sorted(spans):
        seconds += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return seconds


def _overlapping(annotations: Sequence[Annotation]) -> Iterator[tuple[str, int, int]]:
    """Of each label of a recording: its positive spans that overlap one of another label, and one of its own."""
    positive = [a for a in annotations if a.role is Role.POSITIVE and a.end is not None]
    by_label: dict[str, list[Annotation]] = defaultdict(list)
    for each in positive:
        by_label[each.label].append(each)
    of_all = _Ends(_spans(positive))
    for label, of_label in by_label.items():
        spans = _spans(of_label)
        of_own = _Ends(spans)
        counted = [(of_all.meeting(span), of_own.meeting(span)) for span in spans]
        yield label, sum(each > own for each, own in counted), sum(own > 1 for _, own in counted)


class _Ends:
    """The beginnings and ends of spans, in order, by which it is counted how many of them a span meets."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        self._starts = sorted(start for start, _ in spans)
        self._ends = sorted(end for _, end in spans)

    def meeting(self, span: _Span) -> int:
        """How many share some time with it: those that begin before its end, without those that end before it begins."""
        start, end = span
        return bisect_left(self._starts, end) - bisect_right(self._ends, start)
