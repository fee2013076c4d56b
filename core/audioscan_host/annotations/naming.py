"""Which recording a label file is named like, and when two names differ by their suffixes alone."""

import re
import unicodedata
from pathlib import Path

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


def bare(name: str) -> str:
    """A file's name without suffix, what label files have behind it, and case: `Day.BirdNET.results.csv` is `day`."""
    name = unicodedata.normalize("NFC", name)
    shorter = _SUFFIX.sub("", name)
    while shorter and shorter != name:
        name, shorter = shorter, _OF_LABEL_FILES.sub("", shorter)
    # `day.wav.txt` is named like day.wav
    return (_MEDIA.sub("", name) or name).casefold()


_MEDIA = re.compile(r"\.(wav|wave|flac|mp3|m4a|ogg|opus|aiff?|caf|w64|mp4|mkv|mov|webm)$", re.IGNORECASE)
