"""A session of the review page: what is in its folder, and what people do to it."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from audioscan_host import AnnotationError, OutputError, RecordingError
from audioscan_host.atomic_write import atomic_write
from audioscan_host.recordings import find_recordings, place_of

from audioscan_ui.events import Events
from audioscan_ui.problems import Problem
from audioscan_ui.session.actions import read_action
from audioscan_ui.session.catalogue import DETECTORS, Catalogue
from audioscan_ui.session.detectors import SessionDetector, checked_content
from audioscan_ui.session.folder import ENDING, claimed
from audioscan_ui.session.journal import Journal
from audioscan_ui.session.label_files import SessionLabelFile
from audioscan_ui.session.ledger import Ledger
from audioscan_ui.session.recordings import SessionRecording, joined, name_apart
from audioscan_ui.session.verdicts import Verdict

T = TypeVar("T")


@dataclass(frozen=True)
class Standing:
    """What all actions until a moment have led to.

    Attributes:
        seq: how many there were.
        verdicts: that stand, by id.
        settings: that pages keep.
        undo: how many steps can be undone.
        redo: how many steps can be redone.
    """

    seq: int
    verdicts: Mapping[str, Verdict]
    settings: Mapping[str, Any]
    undo: int
    redo: int


class ReviewSession:
    """Recordings, label files, detectors and verdicts; may be used from several threads.

    Use `opened`, which holds the folder.

    Args:
        folder: of the session.
        events: are told of what changes.

    Attributes:
        folder: of the session.
    """

    def __init__(self, folder: Path, events: Events) -> None:
        self.folder = folder
        self._events = events
        self._lock = threading.RLock()
        self._catalogue = Catalogue.read(folder)
        self._journal = Journal(folder / "journal.jsonl")
        self._ledger = Ledger(self._journal, len(self._catalogue.recordings))

    @property
    def name(self) -> str:
        """The folder's name without its ending."""
        return self.folder.absolute().name.removesuffix(ENDING).encode("utf-8", "replace").decode()

    @property
    def recordings(self) -> Sequence[SessionRecording]:
        """In order of their numbers."""
        return self._catalogue.recordings

    @property
    def label_files(self) -> Sequence[SessionLabelFile]:
        """In order of their numbers."""
        return tuple(self._catalogue.label_files)

    @property
    def detectors(self) -> Sequence[SessionDetector]:
        """In order of their numbers, those too that were put aside."""
        return tuple(self._catalogue.detectors)

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """Those that stand now, by id, in the order in which they were given."""
        with self._lock:
            return dict(self._ledger.verdicts)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What pages keep."""
        with self._lock:
            return dict(self._ledger.settings)

    def recording(self, number: int) -> SessionRecording:
        """The recording of a number.

        Raises:
            Problem: there is none.
        """
        return _numbered(self.recordings, number, "recording")

    def label_file(self, number: int) -> SessionLabelFile:
        """The label file of a number.

        Raises:
            Problem: there is none.
        """
        return _numbered(self.label_files, number, "label file")

    def detector(self, number: int) -> SessionDetector:
        """The detector of a number.

        Raises:
            Problem: there is none.
        """
        return _numbered(self.detectors, number, "detector")

    def add_recordings(self, paths: Iterable[Path]) -> None:
        """Add recordings, and those of folders; one that is known by its content keeps its number.

        Raises:
            RecordingError: nothing is found, or a file that is named is not there.
            OutputError: the session cannot be kept.
        """
        named = list(paths)
        found = find_recordings(named) if named else []
        for path in found:
            if not path.exists():
                raise RecordingError(f"{path}: does not exist: name a recording, or a folder of them")
        with self._lock:
            recordings = joined(self.recordings, found)
            name_apart(recordings)
            self._catalogue.recordings = recordings
            self._catalogue.keep()
        self._events.tell("state")

    def add_label_files(self, paths: Iterable[Path]) -> None:
        """Add label files, or folders of them; one that is known already is not added again.

        Raises:
            AnnotationError: one is not there.
            OutputError: the session cannot be kept.
        """
        with self._lock:
            known = {place_of(each.path) for each in self._catalogue.label_files}
            for path in paths:
                if not path.exists():
                    raise AnnotationError(f"{path}: does not exist: name a label file, or a folder of them")
                if place_of(path) not in known:
                    number = len(self._catalogue.label_files) + 1
                    self._catalogue.label_files.append(SessionLabelFile(number, path.absolute()))
                    known.add(place_of(path))
            self._catalogue.keep()
        self._events.tell("state")

    def new_detector_path(self) -> Path:
        """Where the next detector is to be written: a file that does not exist yet."""
        folder = self.folder / DETECTORS
        folder.mkdir(exist_ok=True)
        taken = [int(each.stem) for each in folder.glob("*.detector") if each.stem.isdecimal()]
        return folder / f"{max(taken, default=0) + 1:04d}.detector"

    def add_detector(self, path: Path, made_by: Mapping[str, Any] | None = None) -> SessionDetector:
        """Add a detector; a file from elsewhere is copied into the session's folder, unless its bytes are there already.

        Args:
            path: of its file.
            made_by: the request of the job that trained it; None where it was given.

        Raises:
            DetectorError: it is no detector's file.
            OutputError: it cannot be kept.
        """
        content = checked_content(path)
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            same = [each for each in self._catalogue.detectors if each.sha256 == sha256 and made_by is None]
            if same:
                return same[0]
            own = path
            if place_of(path.parent) != place_of(self.folder / DETECTORS):
                own = self.new_detector_path()
                try:
                    with atomic_write(own) as file:
                        file.write(content)
                except OSError as error:
                    raise OutputError(f"{own}: cannot be written: {error.strerror or error}") from error
            number = len(self._catalogue.detectors) + 1
            name = f"detector {number}" if made_by is not None else path.stem
            detector = SessionDetector(number, own, name.encode("utf-8", "replace").decode(), sha256, made_by)
            detector.describe()
            self._catalogue.detectors.append(detector)
            self._catalogue.keep()
        self._events.tell("state")
        return detector

    def drop_detector(self, number: int, dropped: bool) -> None:
        """Put a detector aside, or take it back; its file stays.

        Raises:
            Problem: there is none of that number.
            OutputError: the session cannot be kept.
        """
        with self._lock:
            self.detector(number).dropped = dropped
            self._catalogue.keep()
        self._events.tell("state")

    def act(self, action: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a page sent, once it is kept; one that comes again is answered as it was the first time.

        Returns:
            The change, as pages read it.

        Raises:
            Problem: it is malformed.
            OutputError: it could not be kept; then nothing has changed.
        """
        with self._lock:
            read = read_action(action, len(self.recordings))
            before = self._ledger.done_before(read.id)
            if before is not None:
                return before
            change = self._ledger.keep(read, action).to_json()
            self._events.tell("change", change)
            return change

    def now(self) -> Standing:
        """What stands at one moment."""
        with self._lock:
            ledger = self._ledger
            return Standing(
                ledger.seq, dict(ledger.verdicts), dict(ledger.settings), ledger.undo_depth, ledger.redo_depth
            )

    def keep(self) -> None:
        """Write what was found out of the recordings since.

        Raises:
            OutputError: the session cannot be kept.
        """
        with self._lock:
            self._catalogue.keep()

    def close(self) -> None:
        """Close the journal; no action can be done after it."""
        with self._lock:
            self._journal.close()


@contextmanager
def opened(folder: Path, events: Events) -> Iterator[ReviewSession]:
    """The session of a folder, which no other server can open meanwhile.

    Raises:
        OutputError: the folder cannot be used, or what is in it is damaged.
        SettingError: it holds other things.
    """
    with claimed(folder):
        session = ReviewSession(folder, events)
        try:
            yield session
        finally:
            session.close()


def _numbered(found: Sequence[T], number: int, what: str) -> T:
    if not 1 <= number <= len(found):
        raise Problem(404, f"the session has no {what} {number}; it has {len(found)}")
    return found[number - 1]
