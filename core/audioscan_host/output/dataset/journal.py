"""What a dataset knows of itself: whose it is, and which recordings each of its parts holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from audioscan_host.errors import OutputError, SettingError
from audioscan_host.output.dataset.rows import Rows

DESCRIPTION = "_scan.json"
"""The file that says what a dataset is of. Readers of datasets leave out what begins with `_`."""

FOLDER = "_scanned"
"""The folder that has a record of each part."""

RECORD = ".jsonl"

VERSION = 1
"""Counts up when a column changes."""


@dataclass(frozen=True)
class Description:
    """What a dataset is of.

    Attributes:
        format: `audioscan-host regions` or `audioscan-host scores`.
        settings: all that its rows depend on beside the recordings; plain values.
        origin: what else is good to know: the version of the host, names of detector and model.
    """

    format: str
    settings: Mapping[str, Any]
    origin: Mapping[str, Any]

    def to_json(self) -> bytes:
        """As the file in the dataset's folder."""
        facts = {"format": self.format, "version": VERSION, "settings": self.settings, "origin": self.origin}
        return (json.dumps(facts, indent=2) + "\n").encode()

    def to_metadata(self) -> dict[str, str]:
        """As what each Parquet file keeps beside its columns."""
        return {
            "audioscan.format": self.format,
            "audioscan.version": str(VERSION),
            "audioscan.settings": json.dumps(self.settings),
            "audioscan.origin": json.dumps(self.origin),
        }

    def require_same(self, content: bytes, folder: object) -> None:
        """See that a dataset which is there is of the same scan.

        Raises:
            SettingError: it is not.
            OutputError: its file is damaged.
        """
        try:
            there = json.loads(content)
            kind, version, settings = there["format"], there["version"], dict(there["settings"])
        except (ValueError, TypeError, LookupError) as error:
            raise OutputError(
                f"{folder}: its {DESCRIPTION} is damaged: name another folder, or remove this one"
            ) from error
        if (kind, version) != (self.format, VERSION):
            raise SettingError(
                f"{folder}: holds {kind} of version {version}, not {self.format} of version {VERSION}: name another folder"
            )
        here = json.loads(json.dumps(self.settings))
        if here.pop("detector") != settings.pop("detector", None):
            raise SettingError(
                f"{folder}: is of a scan by another detector: name another folder for this one"
            )
        for name in sorted({*here, *settings}):
            if here.get(name) != settings.get(name):
                raise SettingError(
                    f"{folder}: is of a scan with other settings, {name} {_told(settings.get(name))} and not "
                    f"{_told(here.get(name))}: scan with those, or name another folder"
                )


@dataclass(frozen=True)
class Held:
    """A recording in a part.

    Attributes:
        file: as the results name it.
        digest: of its content.
        channel: its number where each channel is scanned by itself, else None.
        duration: seconds.
        recorded_at: when it began, as ISO 8601; None where it cannot be told.
        rows: how many it has.
    """

    file: str
    digest: str
    channel: int | None
    duration: float
    recorded_at: str | None
    rows: int

    @classmethod
    def of(cls, rows: Rows) -> Held:
        began = None if rows.recorded_at is None else rows.recorded_at.isoformat()
        return cls(rows.file, rows.digest, rows.channel, rows.duration, began, len(rows.starts))


@dataclass(frozen=True)
class Record:
    """A part of a dataset, which is a Parquet file, and the recordings in it.

    Attributes:
        part: the file, below the dataset's folder.
        size: its bytes.
        held: the recordings, those without a row among them.
    """

    part: str
    size: int
    held: Sequence[Held]

    def to_lines(self) -> bytes:
        """As lines of JSON: the part, then a line for each recording."""
        lines: Iterable[dict[str, Any]] = [{"part": self.part, "size": self.size}, *map(asdict, self.held)]
        return "".join(json.dumps(line) + "\n" for line in lines).encode()

    @classmethod
    def of_lines(cls, content: bytes) -> Record | None:
        """The record; None where it is damaged."""
        try:
            head, *lines = map(json.loads, content.splitlines())
            return cls(str(head["part"]), int(head["size"]), [Held(**line) for line in lines])
        except (ValueError, TypeError, LookupError):
            return None


def _told(value: object) -> str:
    """A setting in a line that people read."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
