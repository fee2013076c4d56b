"""The table beside the clips, which is a label file of them."""

import csv
import io
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from audioscan_host.annotations import Annotation, Role
from audioscan_host.cutting.clip import Clip
from audioscan_host.output import cells

FILE = "clips.csv"

COLUMNS = (
    "file", "start", "end", "label", "role", "score", "source", "recording", "clip_start", "clip_end",
    "recorded_at",
)  # fmt: skip


def clips_csv(
    clips: Sequence[Clip], places: Mapping[Path, Sequence[Annotation]], began: Mapping[Path, datetime]
) -> str:
    """A row for each clip: what it was cut for; then the rows of whatever else is known to be in them.

    `file` is the clip's name, and `start` and `end` are seconds in it. So `train` learns from the clips what it would
    from the recordings. `source` is the recording where nothing else is named: clips of one are never judged by each
    other. Without any score there is no column of them. `clip_start` and `clip_end` are seconds in `recording`, and
    `recorded_at` is the date and time of the row's start, empty where it is not known.

    Args:
        clips: in order.
        places: recording -> all that was found in it, also what became no clip.
        began: recording -> when it began, where that is known.
    """
    stream = io.StringIO(newline="")
    # A column of scores says that a program chose the places; see `LabelFile.claims_the_rest`.
    scored = any(place.score is not None for found in places.values() for place in found)
    columns = [name for name in COLUMNS if scored or name != "score"]
    table = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for clip in clips:
        # A place that a cut at packets missed, or under a millisecond, is where the clip begins.
        own = _inside(clip.place, clip) or replace(clip.place, start=0.0, end=None)
        table.writerow(_row(clip, own, began))
    of_recording = {path: _Ordered(found) for path, found in places.items()}
    for clip in clips:
        for place in of_recording[clip.recording].within(clip.start, clip.end):
            inside = None if _is_of(clip, place) else _inside(place, clip)
            if inside is not None:
                table.writerow(_row(clip, _softened(inside, place), began))
    return stream.getvalue()


def _row(clip: Clip, inside: Annotation, began: Mapping[Path, datetime]) -> dict[str, object]:
    beginning = began.get(clip.recording)
    when = beginning and beginning + timedelta(seconds=clip.start + inside.start)
    return {
        "file": clip.file.name,
        "start": cells.seconds(inside.start),
        "end": "" if inside.end is None else cells.seconds(inside.end),
        "label": inside.label,
        "role": inside.role,
        "score": "" if inside.score is None else cells.score(inside.score),
        "source": inside.source or clip.recording,
        "recording": clip.recording,
        "clip_start": cells.seconds(clip.start),
        "clip_end": cells.seconds(clip.end),
        "recorded_at": cells.recorded_at(when),
    }


def _inside(place: Annotation, clip: Clip) -> Annotation | None:
    """The part of a place that lies in the clip, in the clip's seconds; None where it is under a millisecond."""
    start = max(place.start, clip.start) - clip.start
    if place.end is None:
        return replace(place, start=start) if clip.start <= place.start < clip.end else None
    end = min(place.end, clip.end) - clip.start
    return replace(place, start=start, end=end) if end - start >= 0.001 else None


def _softened(inside: Annotation, place: Annotation) -> Annotation:
    """A sound of which less than half lies in the clip may not be known in it: neither there nor absent."""
    if inside.end is None or place.end is None or place.role is not Role.POSITIVE:
        return inside
    least = (place.end - place.start) / 2
    return replace(inside, role=Role.SOFT) if inside.end - inside.start < least else inside


def _is_of(clip: Clip, place: Annotation) -> bool:
    """Whether the place is the one that the clip is of, or became a part of it."""
    own = clip.place
    if (place.label, place.role) != (own.label, own.role):
        return False
    if own.end is None or place.end is None:
        return (place.start, place.end) == (own.start, own.end)
    return own.start <= place.start and place.end <= own.end


class _Ordered:
    """The places of a recording in order of their starts."""

    def __init__(self, places: Sequence[Annotation]) -> None:
        self._rest = [place for place in places if place.role is Role.UNLABELLED]
        self._labelled = sorted((p for p in places if p.role is not Role.UNLABELLED), key=lambda p: p.start)
        self._starts = [place.start for place in self._labelled]
        self._longest = max(((p.end or p.start) - p.start for p in self._labelled), default=0.0)

    def within(self, start: float, end: float) -> Iterator[Annotation]:
        """Those that may reach into a span, what is unlabelled last."""
        first = bisect_left(self._starts, start - self._longest - 1e-6)
        yield from self._labelled[first : bisect_left(self._starts, end)]
        yield from self._rest
