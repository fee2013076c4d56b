"""`session.json`: which recordings, label files and detectors a session has; written whole or not at all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audioscan_host import OutputError
from audioscan_host.atomic_write import atomic_write

from audioscan_ui.session.detectors import SessionDetector
from audioscan_ui.session.label_files import SessionLabelFile
from audioscan_ui.session.recordings import SessionRecording, name_apart

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
    """

    folder: Path
    recordings: Sequence[SessionRecording] = ()
    label_files: list[SessionLabelFile] = field(default_factory=list)
    detectors: list[SessionDetector] = field(default_factory=list)

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
