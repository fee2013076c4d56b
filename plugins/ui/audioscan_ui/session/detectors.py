"""The detectors of a session: numbered files in its folder, of which none is ever overwritten."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audioscan_host import DetectorError


@dataclass
class SessionDetector:
    """A detector, and what its file says of itself.

    Attributes:
        number: in the session, from 1.
        path: of its file in the session's folder.
        name: as it is shown.
        sha256: of the file.
        made_by: the request of the job that trained it; None where it was given.
        dropped: whether a person has put it aside.
        model: whose embeddings it reads.
        labels: that it finds.
        window: seconds.
        hop: seconds.
        figures: label -> cross-validated figures, None where there are none.
        problem: why its file cannot be used; None where it can.
    """

    number: int
    path: Path
    name: str
    sha256: str
    made_by: Mapping[str, Any] | None = None
    dropped: bool = False
    model: str = ""
    labels: Sequence[str] = ()
    window: float = 0.0
    hop: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None

    def describe(self) -> None:
        """Read what the file says; its classifiers are not built for it, so no library of theirs is loaded."""
        try:
            content = self.path.read_bytes()
            described = _description(content)
        except (DetectorError, OSError) as error:
            self.problem = f"{self.path.name}: {getattr(error, 'strerror', None) or error}"
            return
        is_same = hashlib.sha256(content).hexdigest() == self.sha256
        self.problem = (
            None
            if is_same
            else f"{self.path.name}: is not the file that the session had; bring that one back"
        )
        self.model, self.labels = described.values["model"], [label.name for label in described.labels]
        self.window, self.hop = described.values["window"], described.values["hop"]
        self.figures = {label.name: label.figures and label.figures.to_json() for label in described.labels}

    def to_json(self) -> dict[str, Any]:
        """What the session keeps of it."""
        return {
            "number": self.number,
            "file": self.path.name,
            "name": self.name,
            "sha256": self.sha256,
            "made_by": self.made_by,
            "dropped": self.dropped,
        }

    @classmethod
    def of_json(cls, facts: Mapping[str, Any], folder: Path) -> "SessionDetector":
        """What `to_json` gave, with what its file says; how it was made and whether it was dropped may be missing.

        Args:
            facts: of the session.
            folder: that detectors lie in.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        found = cls(
            int(facts["number"]),
            folder / Path(facts["file"]).name,
            str(facts["name"]),
            str(facts["sha256"]),
            facts.get("made_by"),
            bool(facts.get("dropped", False)),
        )
        found.describe()
        return found


def checked_content(path: Path) -> bytes:
    """The bytes of a detector's file.

    Raises:
        DetectorError: it is none, or cannot be read.
    """
    try:
        content = path.read_bytes()
        _description(content)
    except (DetectorError, OSError) as error:
        raise DetectorError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return content


def _description(content: bytes) -> Any:
    from audioscan_host.detector import archive, detector_json

    members = archive.read(content, sealed=True)
    if detector_json.DESCRIPTION not in members:
        raise DetectorError("is not a detector file; `audioscan-host train` makes one")
    return detector_json.read(members[detector_json.DESCRIPTION])
