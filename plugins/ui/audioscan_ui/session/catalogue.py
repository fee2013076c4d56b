"""`session.json`: which recordings, label files and detectors a session has; written whole or not at all."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audioscan_host import AnnotationError, OutputError, RecordingError
from audioscan_host.atomic_write import atomic_write
from audioscan_host.recordings import find_recordings, place_of
from audioscan_ui.session.detectors import SessionDetector, checked_content
from audioscan_ui.session.label_files import SessionLabelFile
from audioscan_ui.session.recordings import SessionRecording, joined, name_apart

FILE = "session.json"
DETECTORS = "detectors"
VERSION = 1


@dataclass
class Catalogue:
    """What a session is about.

    Attributes:
        folder: of the session.
        recordings: in order of their numbers.
        label_files: in order of their numbers.
        detectors: in order of their numbers.
        last_given: number of the latest file name that was given for a detector.
        port: where it was served last; 0 where it never was.
    """

    folder: Path
    recordings: Sequence[SessionRecording] = ()
    label_files: list[SessionLabelFile] = field(default_factory=list)
    detectors: list[SessionDetector] = field(default_factory=list)
    last_given: int = 0
    port: int = 0

    @classmethod
    def read(cls, folder: Path) -> "Catalogue":
        """That of a folder; an empty one where there is none yet.

        Raises:
            OutputError: it is damaged, or of a later version.
        """
        file = folder / FILE
        try:
            facts = json.loads(file.read_bytes())
        except FileNotFoundError:
            return cls(folder)
        except (OSError, ValueError) as error:
            raise OutputError(f"{file}: cannot be read: {error}") from error
        if not isinstance(facts, dict) or facts.get("version") != VERSION:
            raise OutputError(
                f"{file}: is of another version of audioscan-ui; update it, or name another --session"
            )
        try:
            found = cls(
                folder,
                [SessionRecording.of_json(each, folder) for each in facts["recordings"]],
                [SessionLabelFile(int(each["number"]), Path(each["path"])) for each in facts["label_files"]],
                [SessionDetector.of_json(each, folder / DETECTORS) for each in facts["detectors"]],
                port=int(facts.get("port", 0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OutputError(f"{file}: is damaged ({error!r}): bring it back from a copy") from error
        name_apart(found.recordings)
        return found

    def keep(self) -> None:
        """Write it.

        Raises:
            OutputError: it cannot be written.
        """
        facts = {
            "version": VERSION,
            "port": self.port,
            "recordings": [each.to_json(self.folder) for each in self.recordings],
            "label_files": [{"number": each.number, "path": str(each.path)} for each in self.label_files],
            "detectors": [each.to_json() for each in self.detectors],
        }
        try:
            with atomic_write(self.folder / FILE) as file:
                file.write(json.dumps(facts, indent=1).encode())
        except OSError as error:
            raise OutputError(
                f"{self.folder / FILE}: cannot be written: {error.strerror or error}"
            ) from error

    def add_recordings(self, paths: Iterable[Path]) -> None:
        """Add recordings, and those of folders; one that is known by its content keeps its number.

        Raises:
            RecordingError: nothing is found, or a file that is named is not there.
            OutputError: the session cannot be kept.
        """
        found = find_recordings(paths)
        for path in found:
            if not path.exists():
                raise RecordingError(f"{path}: does not exist: name a recording, or a folder of them")
        self.recordings = joined(self.recordings, found)
        name_apart(self.recordings)
        self.keep()

    def add_label_files(self, paths: Iterable[Path]) -> None:
        """Add label files, or folders of them; one that is known already is not added again.

        Raises:
            AnnotationError: one is not there.
            OutputError: the session cannot be kept.
        """
        known = {place_of(each.path) for each in self.label_files}
        for path in paths:
            if not path.exists():
                raise AnnotationError(f"{path}: does not exist: name a label file, or a folder of them")
            if place_of(path) not in known:
                self.label_files.append(SessionLabelFile(len(self.label_files) + 1, path.absolute()))
                known.add(place_of(path))
        self.keep()

    def new_detector_path(self) -> Path:
        """Where the next detector is to be written: a file that does not exist yet, and was given to nobody else."""
        folder = self.folder / DETECTORS
        folder.mkdir(exist_ok=True)
        taken = [int(each.stem) for each in folder.glob("*.detector") if each.stem.isdecimal()]
        self.last_given = max([self.last_given, *taken]) + 1
        return folder / f"{self.last_given:04d}.detector"

    def add_detector(self, path: Path, made_by: Mapping[str, Any] | None) -> SessionDetector:
        """Add a detector; a file from elsewhere is copied into the session's folder, unless its bytes are there already.

        Raises:
            DetectorError: it is no detector's file.
            OutputError: it cannot be kept.
        """
        content = checked_content(path)
        sha256 = hashlib.sha256(content).hexdigest()
        same = [each for each in self.detectors if each.sha256 == sha256]
        if same and made_by is None:
            return same[0]
        number = len(self.detectors) + 1
        name = path.stem.encode("utf-8", "replace").decode() if made_by is None else f"detector {number}"
        detector = SessionDetector(number, self._own(path, content), name, sha256, made_by)
        detector.describe()
        self.detectors.append(detector)
        self.keep()
        return detector

    def _own(self, path: Path, content: bytes) -> Path:
        """The file of a detector in the session's folder."""
        if place_of(path.parent) == place_of(self.folder / DETECTORS):
            return path
        own = self.new_detector_path()
        try:
            with atomic_write(own) as file:
                file.write(content)
        except OSError as error:
            raise OutputError(f"{own}: cannot be written: {error.strerror or error}") from error
        return own
