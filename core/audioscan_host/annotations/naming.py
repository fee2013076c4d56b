"""Which recording a label file is named like, and when two names differ by their suffixes alone."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePath

from audioscan_host.recordings import SUFFIXES

_TABLE_NAME = re.compile(r"(\.Table\.\d+)?(\.selections)?$", re.IGNORECASE)

_OF_LABEL_FILES = re.compile(
    r"(\.Table\.\d+|[._-](audacity|raven|birdnet|results?|selections?|selection\.table|table|kaleidoscope|labels?|annotations?"
    r"|annot|events?|textgrid|transcript(ion)?))$",
    re.IGNORECASE,
)
"""What programs and people put behind a recording's name to name its label file."""

_SUFFIX = re.compile(r"\.(?=\w*[a-z])\w{1,8}$", re.IGNORECASE)  # not the end of a date: 2024.05.01


def named_like(path: Path) -> str:
    """What a label file that names no recording is named like: as Raven names tables, `day.Table.1.selections.txt`."""
    return _TABLE_NAME.sub("", path.stem) or path.stem


def stem(name: str) -> str:
    """A recording's name without suffix and case."""
    return Path(unicodedata.normalize("NFC", name)).stem.casefold()


def likely_stems(name: str) -> Iterator[str]:
    """What a recording may be called that a label file calls so, without suffix and case; the longest first.

    `Day.BirdNET.results` is `day.birdnet.results`, or `day.birdnet`, or `day`.
    """
    name = unicodedata.normalize("NFC", name)
    yield name.casefold()
    for suffix in (_SUFFIX, _OF_LABEL_FILES, _OF_LABEL_FILES, _OF_LABEL_FILES, None):
        shorter = _without_media_suffix(name) if suffix is None else suffix.sub("", name)
        if shorter and shorter != name:
            name = shorter
            yield name.casefold()


def _without_media_suffix(name: str) -> str:
    """`day.wav.txt` is named like day.wav."""
    path = PurePath(name)
    return path.stem if path.suffix.lower() in SUFFIXES else name
