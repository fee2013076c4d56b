"""The recordings of a session: each keeps its number wherever its file is moved to, since its content is known."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audioscan_host import RecordingError
from audioscan_host.recordings import Recording, place_of
from audioscan_ui.session.survey import MISSING, Seen


@dataclass
class SessionRecording:
    """A recording of a session.

    Attributes:
        number: in the session, from 1; that of the content, which never changes.
        path: where the file was last.
        name: as it is shown; no other recording of the session is called so.
        size: bytes, as of the file that has the digest.
        mtime_ns: when it was changed last, nanoseconds.
        digest: of the content, by the host's rule; None until it was looked at.
        duration: seconds; None until it was looked at, and where the file does not say.
        unreadable: why it cannot be read; None where it can.
        has_other_content: whether the file there is not the one that was judged.
        embedded: models whose embeddings of it are in the cache.
        annotated: annotations of it in the session's label files.
    """

    number: int
    path: Path
    name: str = ""
    size: int = 0
    mtime_ns: int = 0
    digest: str | None = None
    duration: float | None = None
    unreadable: str | None = None
    has_other_content: bool = False
    embedded: Sequence[str] = field(default_factory=tuple)
    annotated: int = 0

    @property
    def problem(self) -> str | None:
        """Why it cannot be read, or may not be what was judged; None where all is well."""
        if self.unreadable is None and self.has_other_content:
            return "the file's content has changed since it came into the session: verdicts may not fit it any more"
        return self.unreadable

    @property
    def is_missing(self) -> bool:
        """Whether the file was not there when it was looked at."""
        return self.unreadable is not None and self.unreadable.startswith(f"{self.path}: {MISSING}")

    @property
    def seen(self) -> Seen:
        """What a survey needs to know of it."""
        return Seen(
            self.number, str(self.path), self.size, self.mtime_ns, self.digest, self.duration, self.unreadable
        )

    def take(self, facts: Mapping[str, Any], *, is_judged: Callable[[], bool]) -> None:
        """Take what a survey found.

        Args:
            facts: of the recording.
            is_judged: whether verdicts speak of the content that was there; where none does, another one takes its place.
        """
        if "duration" in facts:
            self.duration, self.unreadable = facts["duration"], facts["unreadable"]
        if "digest" in facts:
            self.has_other_content = self.digest not in (None, facts["digest"]) and is_judged()
            if not self.has_other_content:
                self.size, self.mtime_ns, self.digest = facts["size"], facts["mtime_ns"], facts["digest"]

    def to_json(self, folder: Path) -> dict[str, Any]:
        """What the session keeps of it; the path from its folder too, in case both are moved together."""
        try:
            beside: str | None = os.path.relpath(self.path, folder)
        except ValueError:  # another drive
            beside = None
        return {
            "number": self.number,
            "path": str(self.path),
            "beside": beside,
            "size": self.size,
            "mtime_ns": self.mtime_ns,
            "digest": self.digest,
            "duration": self.duration,
        }

    @classmethod
    def of_json(cls, facts: Mapping[str, Any], folder: Path) -> "SessionRecording":
        """What `to_json` gave; what a look at the file finds again may be missing.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        path = Path(facts["path"])
        if facts.get("beside") is not None and not path.exists():
            beside = Path(os.path.normpath(folder / facts["beside"]))
            path = beside if beside.exists() else path
        return cls(
            int(facts["number"]),
            path,
            "",
            int(facts.get("size", 0)),
            int(facts.get("mtime_ns", 0)),
            facts.get("digest"),
            facts.get("duration"),
        )


def joined(known: Sequence[SessionRecording], paths: Iterable[Path]) -> list[SessionRecording]:
    """The recordings of a session after some were named: those that it knows keep their number.

    One is known by its path where the file there is as it was; else by its content, among those whose file is gone or
    has become another one. Only files of the same size as one of those are read for it.

    Args:
        known: those of the session; their path is set anew where they were moved.
        paths: of those that were named.
    """
    named = {place_of(path): path for path in paths}
    settled = {place_of(each.path) for each in known if each.seen.is_unchanged}
    lost = [each for each in known if place_of(each.path) not in settled and each.digest]
    unknown = {place: path for place, path in named.items() if place not in settled}
    moved = _moved(lost, unknown.values())
    for recording, path in moved:
        recording.path, recording.unreadable, recording.has_other_content = path.absolute(), None, False
        unknown.pop(place_of(path), None)
    taken = {place_of(each.path) for each in known}
    new = [path.absolute() for place, path in unknown.items() if place not in taken]
    return [*known, *(_new(number, path) for number, path in enumerate(new, len(known) + 1))]


def name_apart(recordings: Sequence[SessionRecording]) -> None:
    """Give each the shortest name that no other one has: the file's, with as many folders as are needed."""
    waiting, parts = list(recordings), 1
    while waiting:
        by_name: dict[str, list[SessionRecording]] = defaultdict(list)
        for recording in waiting:
            by_name["/".join(recording.path.parts[-parts:])].append(recording)
        waiting = []
        for name, same in by_name.items():
            if len(same) > 1 and any(len(each.path.parts) > parts for each in same):
                waiting += same
                continue
            for each in same:
                # Names of files may hold bytes that are no text.
                each.name = name.encode("utf-8", "replace").decode()
        parts += 1


def _new(number: int, path: Path) -> SessionRecording:
    status = _status(path)
    found = SessionRecording(number, path)
    if status is None:
        found.unreadable = f"{path}: {MISSING}"
    else:
        found.size, found.mtime_ns = status.st_size, status.st_mtime_ns
    return found


def _moved(lost: Sequence[SessionRecording], paths: Iterable[Path]) -> list[tuple[SessionRecording, Path]]:
    """Which of the recordings that are not where they were has come to which path."""
    by_content: dict[tuple[int, str | None], list[SessionRecording]] = defaultdict(list)
    for recording in lost:
        by_content[recording.size, recording.digest].append(recording)
    sizes = {recording.size for recording in lost}
    found = []
    for path in paths:
        status = _status(path)
        if status is None or status.st_size not in sizes:
            continue
        try:
            content = Recording.at(path)
        except RecordingError:
            continue
        if same := by_content[content.size, content.digest]:
            recording = same.pop(0)
            recording.mtime_ns = content.mtime_ns
            found.append((recording, path))
    return found


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
