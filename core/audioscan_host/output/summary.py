"""What was found in each hour of each recording, and how much of it was scanned: effort beside finds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

FORMAT = "audioscan-host summary"
VERSION = 1

HOUR = timedelta(hours=1)


class Scanned(Protocol):
    """What a summary is made of; see `ScannedRecording`."""

    @property
    def path(self) -> Path: ...
    @property
    def duration(self) -> float: ...
    @property
    def recorded_at(self) -> datetime | None: ...
    @property
    def probabilities(self) -> Mapping[str, Any]: ...
    @property
    def regions(self) -> Sequence[Region]: ...
    @property
    def channel(self) -> int | None: ...


@dataclass(frozen=True)
class HourCount:
    """What was found of one label in one hour of one recording.

    Attributes:
        label: the sound that was looked for.
        file: the recording.
        day: `2024-05-01`, in the recording's zone; None where its time is not known.
        hour: 0 to 23, likewise.
        regions: how many begin in the hour.
        seconds: of regions that lie in the hour.
        scanned_seconds: of the recording that lie in the hour.
        channel: its number where each channel was scanned by itself, else None, and not written.
    """

    label: str
    file: str
    day: str | None
    hour: int | None
    regions: int
    seconds: float
    scanned_seconds: float
    channel: int | None = None


def hour_counts(recordings: Iterable[Scanned]) -> Iterator[HourCount]:
    """A count for each recording, label that was looked for, and hour that the recording lies in.

    Those without a find are there, with 0. A region counts where it begins, and its seconds where they lie. A
    recording whose time is not known has one count a label, without a day and an hour.
    """
    for recording in recordings:
        hours = _hours(recording.recorded_at, recording.duration)
        for label in recording.probabilities:
            found = [(each.start, each.end) for each in recording.regions if each.label == label]
            for begins, start, end in hours:
                yield HourCount(
                    label,
                    str(recording.path),
                    None if begins is None else begins.date().isoformat(),
                    None if begins is None else begins.hour,
                    sum(start <= each < end for each, _ in found),
                    sum(max(min(stop, end) - max(each, start), 0.0) for each, stop in found),
                    end - start,
                    recording.channel,
                )


def _hours(began: datetime | None, duration: float) -> list[tuple[datetime | None, float, float]]:
    """Of each hour of the clock that a recording lies in: its beginning, and from where to where it is, in seconds."""
    if began is None:
        return [(None, 0.0, duration)]
    hour = began.replace(minute=0, second=0, microsecond=0)
    found: list[tuple[datetime | None, float, float]] = []
    while not found or (hour - began).total_seconds() < duration:
        start, end = ((edge - began).total_seconds() for edge in (hour, hour + HOUR))
        found.append((hour, max(start, 0.0), min(end, duration)))
        hour += HOUR
    return found


def summary_csv(recordings: Iterable[Scanned]) -> str:
    """The counts as a table, `label,file,day,hour,regions,seconds,scanned_seconds`, and `channel` where each was scanned."""
    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    counts = list(hour_counts(recordings))
    of_channels = any(each.channel is not None for each in counts)
    table.writerow([each.name for each in fields(HourCount) if of_channels or each.name != "channel"])
    for each in counts:
        seconds = cells.seconds(each.seconds), cells.seconds(each.scanned_seconds)
        channel = [each.channel] * of_channels
        table.writerow([each.label, each.file, each.day, each.hour, each.regions, *seconds, *channel])
    return stream.getvalue()


def summary_json(recordings: Iterable[Scanned]) -> str:
    """The counts as one object; a later version adds members, and counts up when it changes one.

    {"format": "audioscan-host summary", "version": 1, "counts": [
        {"label": "call", "file": "day.wav", "day": "2024-05-01", "hour": 4,
         "regions": 2, "seconds": 3.5, "scanned_seconds": 1800.0}]}

    A count has its `channel` where each was scanned by itself.
    """
    counts = [
        {
            **{name: value for name, value in asdict(each).items() if name != "channel" or value is not None},
            "seconds": float(cells.seconds(each.seconds)),
            "scanned_seconds": float(cells.seconds(each.scanned_seconds)),
        }
        for each in hour_counts(recordings)
    ]
    document = {"format": FORMAT, "version": VERSION, "counts": counts}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
