"""What users must know of a run: told while it runs, and kept in its results."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

logger = logging.getLogger(__name__)


class About(StrEnum):
    """What a note is about; programs tell notes apart by it."""

    CACHE = "cache"
    """A file of the cache is damaged and is computed again, or cannot be written."""
    CHANNELS = "channels"
    """The channels of a recording cancel each other out in their mix."""
    CLOCK = "clock"
    """The timestamps of a recording jump."""
    COPIES = "copies"
    """Recordings hold the same sound."""
    DAMAGE = "damage"
    """Parts of a recording cannot be decoded and are silence."""
    EIGHT_CUT = "8-cut"
    """Some embeddings come from files of 8-cut whose numbers are not those that are computed here."""
    EMPTY_FOLDER = "empty folder"
    """A folder holds no recordings."""
    FIT = "fit"
    """There was too little of a label to learn it, judge it or calibrate it well."""
    FREQUENCY = "frequency"
    """Labels lie above what a model reads or a recording holds."""
    LABELS = "labels"
    """Annotations that count for nothing, or for something else than was meant."""
    LEFT_OUT = "left out"
    """Recordings or labels that take no part."""
    NAMES = "names"
    """Labels that may be one sound whose name is written differently, or names that were to be joined."""
    RATE = "rate"
    """A recording holds more of a sound than any that was learned from."""
    RECORDED_AT = "recorded at"
    """Header and name of a recording tell beginnings that cannot be the same, or a name tells several."""
    SILENCE = "silence"
    """A recording holds digital silence, or whether it does is not known."""
    WINDOWS = "windows"
    """The labels ask for windows of very different lengths, or windows that are compared are read in different ways."""


@dataclass(frozen=True)
class Note:
    """Something that users must know.

    Attributes:
        about: what kind of thing it is.
        message: one line, for people; it names what it is about.
        recording: the recording that it is about, where it is about one.
        label: the label that it is about, where it is about one.
    """

    about: About
    message: str
    recording: Path | None = None
    label: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """It as plain values."""
        recording = None if self.recording is None else str(self.recording)
        return {"about": self.about, "message": self.message, "recording": recording, "label": self.label}


Tell = Callable[[Note], None]
"""Takes a note as soon as it is known."""


def log(note: Note) -> None:
    """Tell a note by logging alone, where nobody keeps the notes of a run."""
    logger.warning("%s", note.message, extra={"note": note})


class Notes:
    """Keeps the notes of a run in their order, each once, and logs each; may be called from any thread."""

    def __init__(self) -> None:
        self._told: dict[Note, None] = {}  # ordered, and a note of twenty thousand is found at once

    def __call__(self, note: Note) -> None:
        if note in self._told:  # a recording that is read in several ways is as damaged as before
            return
        self._told[note] = None
        log(note)

    def told(self) -> tuple[Note, ...]:
        """All of them so far."""
        return tuple(self._told)
