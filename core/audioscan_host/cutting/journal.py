"""Which clips of a folder are there whole, and how they were cut: what a later run goes on from."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.cutting.settings import ClipSettings
from audioscan_host.cutting.span import Span
from audioscan_host.remote_path import RemotePath

FILE = ".clips.jsonl"
"""In the folder of the clips: a line of JSON for each that was written."""


def key_of(recording: Path, span: Span, settings: ClipSettings) -> str:
    """Changes with the recording and with whatever else changes a clip.

    Raises:
        OSError: the recording is not there.
    """
    if isinstance(recording, RemotePath):
        told = recording.facts()
        content = told.size, told.version or told.changed_ns
    else:
        status = recording.stat()
        content = status.st_size, status.st_mtime_ns
    facts = (*content, span, settings)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@dataclass(frozen=True)
class _Line:
    key: str
    size: int
    mtime_ns: int
    start: float
    end: float


class Journal:
    """Notes each clip after it was written whole; whoever kills a run leaves at most a clip without its line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, _Line] = {}
        path = folder / FILE
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
            try:
                name, *facts = json.loads(text)
                self._lines[str(name)] = _Line(*facts)
            except (ValueError, TypeError):  # cut off by a kill
                continue

    def times_of(self, name: str, key: str) -> tuple[float, float] | None:
        """From where to where a clip goes in its recording; None where it is not there as the key has it."""
        line = self._lines.get(name)
        try:
            status = (self._folder / name).stat()
        except OSError:
            return None
        if line is None or (line.key, line.size, line.mtime_ns) != (key, status.st_size, status.st_mtime_ns):
            return None
        return line.start, line.end

    def note(self, name: str, key: str, start: float, end: float) -> None:
        """Note a clip that was written.

        Raises:
            OSError: the journal cannot be written.
        """
        status = (self._folder / name).stat()
        line = json.dumps([name, key, status.st_size, status.st_mtime_ns, start, end])
        with (self._folder / FILE).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{line}\n")
