"""A session of the review page: what is in its folder, and what people do to it."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from audioscan_ui.events import Events
from audioscan_ui.problems import Problem
from audioscan_ui.session.actions import read_action
from audioscan_ui.session.catalogue import Catalogue
from audioscan_ui.session.detectors import SessionDetector
from audioscan_ui.session.folder import ENDING, claimed
from audioscan_ui.session.journal import Journal
from audioscan_ui.session.label_files import SessionLabelFile
from audioscan_ui.session.ledger import Ledger, Standing
from audioscan_ui.session.recordings import SessionRecording
from audioscan_ui.session.survey import SurveyOrder
from audioscan_ui.session.verdicts import Verdict

T = TypeVar("T")


class ReviewSession:
    """Recordings, label files, detectors and verdicts; may be used from several threads.

    Use `opened`, which holds the folder.

    Args:
        folder: of the session, also an attribute.
        events: are told of what changes.
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
    def port(self) -> int:
        """Where it was served last; 0 where it never was."""
        return self._catalogue.port

    @port.setter
    def port(self, port: int) -> None:
        with self._lock:
            if port != self._catalogue.port:
                self._catalogue.port = port
                self._catalogue.keep()

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
        with self._lock:
            self._catalogue.add_recordings(paths)
        self._events.tell("state", {"new": True})

    def add_label_files(self, paths: Iterable[Path]) -> None:
        """Add label files, or folders of them; one that is known already is not added again.

        Raises:
            AnnotationError: one is not there.
            OutputError: the session cannot be kept.
        """
        with self._lock:
            self._catalogue.add_label_files(paths)
        self._events.tell("state", {"new": True})

    def new_detector_path(self) -> Path:
        """Where the next detector is to be written: a file that does not exist yet."""
        with self._lock:
            return self._catalogue.new_detector_path()

    def add_detector(self, path: Path, made_by: Mapping[str, Any] | None = None) -> SessionDetector:
        """Add a detector; a file from elsewhere is copied into the session's folder, unless its bytes are there already.

        Args:
            path: of its file.
            made_by: the request of the job that trained it; None where it was given.

        Raises:
            DetectorError: it is no detector's file.
            OutputError: it cannot be kept.
        """
        with self._lock:
            detector = self._catalogue.add_detector(path, made_by)
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
            return self._ledger.now()

    def survey_order(self, cache_dir: str | None) -> SurveyOrder:
        """What a survey is to look at."""
        with self._lock:
            label_files = {each.number: str(each.path) for each in self._catalogue.label_files}
            return SurveyOrder([each.seen for each in self.recordings], label_files, cache_dir)

    def take_survey(self, facts: Mapping[str, Any]) -> None:
        """Take one thing that a survey found; see `survey`."""
        with self._lock:
            if "recording" in facts:
                number = facts["recording"]
                self.recording(number).take(facts, is_judged=lambda: self._is_judged(number))
            elif "label_file" in facts:
                self.label_file(facts["label_file"]).take(facts)
            elif "annotated" in facts:
                for each in self.recordings:
                    each.annotated = facts["annotated"].get(str(each.number), 0)
            elif "embedded" in facts:
                for each in self.recordings:
                    each.embedded = facts["embedded"].get(str(each.number), [])

    def _is_judged(self, number: int) -> bool:
        return any(verdict.recording == number for verdict in self._ledger.verdicts.values())

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
