"""What the name of a recording says of its beginning."""

import re
from datetime import UTC, datetime

from audioscan_host.recorded_at.moments import moment

_OFFSET = r"(?:0\d|1[0-4]):?(?:00|15|30|45)(?!\d)"

_TIME = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<date_mark>[-._]?)(?P<month>\d\d)(?P=date_mark)(?P<day>\d\d)"
    r"(?:(?P<tee>T)|[$-]|[ _]{0,2})"
    r"(?P<hour>\d\d)(?P<time_mark>[-._:]?)(?P<minute>\d\d)(?P=time_mark)(?P<second>\d\d)(?!\d)"
    r"(?:[.,](?P<fraction>\d{1,6})(?!\d))?"
    # After a T a minus begins a zone, as ISO 8601 has it; elsewhere a number may be what follows it.
    rf"(?P<zone>Z(?![A-Za-z])|[ _]?UTC(?![A-Za-z+-])|[ _]?UTC[+-]{_OFFSET}|(?(tee)_?[+-]|(?:\+|_[+-])){_OFFSET})?"
)

_EIGHT_HEX = re.compile("[0-9A-F]{8}")


def moments_in(name: str) -> list[datetime]:
    """The dates with a time of day that a file name without its suffix has, each once, in order.

    - AudioMoth: `20240501_043000`, with a T at the end where it was triggered
      (https://www.openacousticdevices.info/audiomoth).
    - Song Meter: `PREFIX_20240501_043000`, with the channel before the date of an SM3, and `20240501$043000` where
      a GPS set its clock (https://www.wildlifeacoustics.com, user guides of SM3BAT and Song Meter Mini 2).
    - Frontier Labs, and what the Ecoacoustics Workbench takes: `20240501T043000-0400`, `20240501_043000+1000`, `...Z`
      (https://github.com/QutEcoacoustics/audio-analysis, docs/basics/dates.md).
    - ISO 8601 without the colons that file systems refuse: `2024-05-01T04-30-00+0200`; fourteen digits in a row.

    A zone is known where the name says it. What is no day or no time is left out, and so is a date alone.
    """
    told = (moment(found) for found in _TIME.finditer(name))
    return list(dict.fromkeys(each for each in told if each is not None))


def moment_in_hexadecimal(name: str) -> datetime | None:
    """Seconds since 1970 in hexadecimal, as the first AudioMoths named their recordings: `5E90A4D4`.

    Other things have eight such digits too: to be asked of recordings whose header names an AudioMoth.
    Source: https://search.r-project.org/CRAN/refmans/seewave/html/audiomoth.html
    """
    if not _EIGHT_HEX.fullmatch(name):
        return None
    told = datetime.fromtimestamp(int(name, 16), UTC)
    return told if 2015 <= told.year < 2100 else None
