"""What the header of a WAV file says of its beginning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audioscan_host.recorded_at.chunks import fields_of_wamd, parts_of_info, wanted_chunks
from audioscan_host.recorded_at.moments import moment

_ISO = re.compile(
    r"(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)[T ]"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?\s*(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_AUDIOMOTH = re.compile(
    r"Recorded at (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))? "
    r"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>(?:19|20)\d\d)(?: \((?P<zone>UTC[^)]*)\))?.* by AudioMoth",
    re.DOTALL,
)
_BEXT = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-_:. ](?P<month>\d\d)[-_:. ](?P<day>\d\d)"
    r"(?P<hour>\d\d)[-_:. ](?P<minute>\d\d)[-_:. ](?P<second>\d\d)"
)
_WAMD_TIMESTAMP = 5


@dataclass(frozen=True)
class HeaderMoment:
    """What a part of a header says.

    Attributes:
        part: what the part is called.
        when: the beginning of the recording; naive where the part names no zone.
    """

    part: str
    when: datetime


@dataclass(frozen=True)
class Header:
    """What the header of a recording says.

    Attributes:
        moments: those that know a zone by their format first.
        is_audiomoth: whether it names an AudioMoth as the recorder.
    """

    moments: tuple[HeaderMoment, ...] = ()
    is_audiomoth: bool = False


def read_header(path: Path) -> Header:
    """What a WAV file's header says of its beginning; nothing of another file.

    - `guan`, GUANO metadata: `Timestamp: 2017-04-26T20:50:20-05:00`
      (https://github.com/riggsd/guano-spec/blob/master/guano_specification.md).
    - `ICMT` of AudioMoth: `Recorded at 19:17:30 10/12/2018 (UTC+2) by AudioMoth ...`
      (https://github.com/mbsantiago/metamoth, docs/firmware_versions; the first firmware named no zone).
    - `wamd` of Wildlife Acoustics: `2014-04-02 22:59:14-05:00`, or without a zone.
    - `bext` of Broadcast WAV: OriginationDate and OriginationTime, which have no zone (https://tech.ebu.ch/docs/tech/tech3285.pdf).

    Raises:
        OSError: the file cannot be read.
    """
    found: dict[str, datetime] = {}
    is_audiomoth = False
    for name, content in wanted_chunks(path):
        if name == b"LIST":
            is_audiomoth |= b"AudioMoth" in content
        for part, pattern, text in _texts(name, content):
            told = pattern.search(text)
            when = told and moment(told)
            if when:
                found.setdefault(part, when)
    ordered = (part for part in ("GUANO", "AudioMoth", "wamd", "bext") if part in found)
    return Header(tuple(HeaderMoment(part, found[part]) for part in ordered), is_audiomoth)


def _texts(name: bytes, content: bytes) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """What a chunk may tell a time in: the part's name, how the time is written there, and the text."""
    if name == b"guan":
        for line in content.decode("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "Timestamp":
                yield "GUANO", _ISO, value
    elif name == b"LIST":
        for part, text in parts_of_info(content):
            if part == b"ICMT":
                yield "AudioMoth", _AUDIOMOTH, text.decode("ascii", "replace")
    elif name == b"wamd":
        for number, text in fields_of_wamd(content):
            if number == _WAMD_TIMESTAMP:
                yield "wamd", _ISO, text.decode("ascii", "replace")
    else:
        yield "bext", _BEXT, content[320:338].decode("ascii", "replace")
