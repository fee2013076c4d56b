"""Dates and times as recorders write them, and whether two of them can be the same."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

UNSET = date(1970, 1, 1)
"""Where a clock begins that was never set."""

TOLERANCE = timedelta(seconds=2)
"""Between two notes that a recorder makes of one beginning."""

FARTHEST = timedelta(hours=14)
"""From UTC; of all zones in use that of the Line Islands has the most."""

QUARTER = timedelta(minutes=15)
"""Every offset in use is a multiple of it."""

_NUMBERS = ("year", "month", "day", "hour", "minute", "second")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?")


def zone_of(text: str) -> timezone | None:
    """The zone that a text names: `Z`, `UTC`, `+02:00`, `-0330`, `UTC+2`, `UTC+5:30`; None where it names none."""
    if text in ("Z", "UTC"):
        return UTC
    found = _OFFSET.fullmatch(text.removeprefix("UTC"))
    if found is None:
        return None
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if offset > FARTHEST or offset % QUARTER:
        return None
    return timezone(-offset if found["sign"] == "-" else offset)


def moment(found: re.Match[str]) -> datetime | None:
    """What a match of these groups says: year, month, day, hour, minute, second, perhaps fraction and zone.

    Naive where no zone is named. None where there is no such day, time or zone, and on the day where a
    clock begins that was never set.
    """
    parts = found.groupdict()
    named = (parts.get("zone") or "").strip(" _")
    zone = zone_of(named)
    if named and zone is None:
        return None
    year, month, day, hour, minute, second = (int(parts[name]) for name in _NUMBERS)
    microsecond = int((parts.get("fraction") or "")[:6].ljust(6, "0"))
    try:
        told = datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError:
        return None
    return None if told.date() == UNSET else told


def agree(one: datetime, other: datetime) -> bool:
    """Whether two notes can be of one beginning: what is written without a zone may be in any."""
    if one.tzinfo and other.tzinfo:
        return abs(one - other) <= TOLERANCE
    apart = abs(one.replace(tzinfo=None) - other.replace(tzinfo=None))
    beside = apart % QUARTER
    return apart <= FARTHEST + TOLERANCE and min(beside, QUARTER - beside) <= TOLERANCE


def later(beginning: datetime | None, seconds: float) -> datetime | None:
    """The time of a place in a recording, from the recording's beginning; None where that is not known."""
    return None if beginning is None else beginning + timedelta(seconds=seconds)
