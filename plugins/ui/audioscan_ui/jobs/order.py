"""What a job's process is told to do: plain values, with paths in place of the numbers of a session."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class OrderedRecording:
    """A recording of the session.

    Attributes:
        number: in the session.
        path: where it lies.
        name: as the page shows it.
        duration: seconds; None where it is not known.
    """

    number: int
    path: str
    name: str
    duration: float | None


@dataclass(frozen=True)
class OrderedDetector:
    """A detector of the session.

    Attributes:
        number: in the session.
        path: its file.
        sha256: of that file.
        window: seconds.
    """

    number: int
    path: str
    sha256: str
    window: float


@dataclass(frozen=True)
class Order:
    """What to do.

    Attributes:
        request: what the page asked for; its `kind` says which work it is.
        folder: of the session.
        cache_dir: where embeddings are; None for the host's own folder.
        recordings: that it is about.
        label_files: label files of the session that count.
        with_review: whether what was judged counts too.
        review_file: a label file of it; None where it does not count, or nothing was judged.
        detector: that it is about; None where it is about none.
        out: the file or folder that is made; None where none is, or until the job's turn has come.
        places_file: the places to cut out; None for other work.
        example: path of the recording that the place to search for is in; empty for other work.
    """

    request: Mapping[str, Any]
    folder: str
    cache_dir: str | None = None
    recordings: Sequence[OrderedRecording] = ()
    label_files: Sequence[str] = ()
    with_review: bool = False
    review_file: str | None = None
    detector: OrderedDetector | None = None
    out: str | None = None
    places_file: str | None = None
    example: str = ""

    @property
    def kind(self) -> str:
        """Which work it is."""
        return str(self.request["kind"])

    @property
    def paths(self) -> list[Path]:
        """Of the recordings, in their order."""
        return [Path(each.path) for each in self.recordings]

    @property
    def labels(self) -> list[Path]:
        """Every label file that counts, what was judged last: it wins over the others."""
        files = [*self.label_files, *([self.review_file] if self.review_file else [])]
        return [Path(each) for each in files]

    def numbers(self) -> dict[Path, int]:
        """Path of a recording -> its number in the session."""
        return {Path(each.path): each.number for each in self.recordings}

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        detector = values["detector"]
        return cls(
            **{
                **values,
                "recordings": tuple(OrderedRecording(**each) for each in values["recordings"]),
                "detector": None if detector is None else OrderedDetector(**detector),
            }
        )
