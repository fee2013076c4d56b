"""A summary counts finds by hour, and says beside them how much was scanned."""

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from audioscan_host.output.summary import hour_counts, summary_csv, summary_json
from audioscan_host.regions import Region


@dataclass(frozen=True)
class Scanned:
    """What of a scan a summary is made of."""

    path: Path
    duration: float
    recorded_at: datetime | None = None
    regions: tuple[Region, ...] = ()
    probabilities: dict[str, list[float]] = field(default_factory=lambda: {"call": []})
    channel: int | None = None


def rows(*recordings):
    """Day, hour, regions, seconds, scanned seconds."""
    return [(c.day, c.hour, c.regions, c.seconds, c.scanned_seconds) for c in hour_counts(recordings)]


# From 23:50:00 for two hours and a quarter: 10 minutes, two whole hours, 5 minutes.
NIGHT = Scanned(
    Path("night.wav"),
    8100.0,
    datetime(2024, 4, 30, 23, 50, tzinfo=timezone(timedelta(hours=2))),
    (
        Region(0.0, 2.5, "call", 0.9),
        Region(595.0, 610.0, "call", 0.9),  # over midnight: 5 s and 10 s
        Region(600.0, 601.0, "call", 0.9),  # begins as the hour does
        Region(4199.0, 7801.0, "call", 0.9),  # over a whole hour: 1 s, 3600 s, 1 s
    ),
)


def test_a_region_counts_where_it_begins_and_its_seconds_where_they_lie():
    assert rows(NIGHT) == [
        ("2024-04-30", 23, 2, 7.5, 600.0),
        ("2024-05-01", 0, 2, 12.0, 3600.0),
        ("2024-05-01", 1, 0, 3600.0, 3600.0),
        ("2024-05-01", 2, 0, 1.0, 300.0),
    ]


def test_sums_are_those_of_the_regions_and_of_the_recordings():
    counts = rows(NIGHT)
    assert sum(each[2] for each in counts) == len(NIGHT.regions)
    assert sum(each[3] for each in counts) == sum(each.end - each.start for each in NIGHT.regions)
    assert sum(each[4] for each in counts) == NIGHT.duration


def test_hours_and_recordings_without_a_find_are_there_with_0():
    began = datetime(2024, 5, 1, 4, 0)
    assert rows(Scanned(Path("a.wav"), 5400.0, began)) == [
        ("2024-05-01", 4, 0, 0.0, 3600.0),
        ("2024-05-01", 5, 0, 0.0, 1800.0),
    ]


@pytest.mark.parametrize("duration", [1.0, 1800.0])
def test_a_recording_that_ends_with_the_hour_is_not_in_the_next_one(duration):
    assert len(rows(Scanned(Path("a.wav"), duration, datetime(2024, 5, 1, 4, 30)))) == 1


def test_a_recording_whose_time_is_not_known_has_neither_day_nor_hour():
    found = (Region(10.0, 12.0, "call", 0.9), Region(7000.0, 7001.0, "call", 0.9))
    assert rows(Scanned(Path("a.wav"), 7200.0, None, found)) == [(None, None, 2, 3.0, 7200.0)]
    assert summary_csv([Scanned(Path("a.wav"), 7200.0, None, found)]).splitlines() == [
        "label,file,day,hour,regions,seconds,scanned_seconds",
        "call,a.wav,,,2,3.000,7200.000",
    ]


def test_each_label_that_was_looked_for_has_its_own_counts():
    both = Scanned(
        Path("a.wav"),
        60.0,
        datetime(2024, 5, 1, 4, 30),
        (Region(1.0, 2.0, "song", 0.9),),
        {"call": [], "song": []},
    )
    assert [(c.label, c.regions, c.scanned_seconds) for c in hour_counts([both])] == [
        ("call", 0, 60.0),
        ("song", 1, 60.0),
    ]


def test_a_document_has_the_same_counts_as_the_table():
    document = json.loads(summary_json([NIGHT, Scanned(Path("é.wav"), 1 / 3)]))
    assert (document["format"], document["version"]) == ("audioscan-host summary", 1)
    table = csv.DictReader(io.StringIO(summary_csv([NIGHT, Scanned(Path("é.wav"), 1 / 3)])))
    numbers = ("regions", "seconds", "scanned_seconds")
    assert [
        {
            **row,
            "day": row["day"] or None,
            "hour": int(row["hour"]) if row["hour"] else None,
            **{name: float(row[name]) for name in numbers},
        }
        for row in table
    ] == document["counts"]
    assert document["counts"][-1]["scanned_seconds"] == 0.333
