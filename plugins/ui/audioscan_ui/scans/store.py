"""The step scores of scans in the session's folder: `scans/DETECTOR/N.npz`, and what is there in `scans/DETECTOR/index.json`.

DETECTOR is the beginning of the SHA-256 of a detector's file: other scores under the same name there cannot be.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.atomic_write import atomic_write

if TYPE_CHECKING:
    from audioscan_host import ScannedRecording

VERSION = 1
_DIGITS = 16
_INDEX = "index.json"


@dataclass(frozen=True)
class ScannedFacts:
    """What is known of a scanned recording without reading its scores.

    Attributes:
        number: of the recording in the session.
        duration: seconds.
        steps: how many.
        silent: (first, after) of each run of steps that are digital silence, ascending.
        rate: share of windows with the sound that was given to the scan; None where none was.
        problem: why there are no scores, where there are none.
    """

    number: int
    duration: float
    steps: int
    silent: tuple[tuple[int, int], ...] = ()
    rate: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Scan:
    """All that a detector has scanned.

    Attributes:
        detector: SHA-256 of its file.
        labels: in the order in which scores are numbered, from 0.
        window: seconds.
        hop: seconds; the length of a step.
        recordings: number in the session -> facts, by number.
    """

    detector: str
    labels: tuple[str, ...]
    window: float
    hop: float
    recordings: Mapping[int, ScannedFacts]


class ScanStore:
    """Reads and writes the scores of a session.

    Args:
        folder: of the session.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "scans"

    def detectors(self) -> list[str]:
        """SHA-256 of each detector that has scanned anything."""
        found = (self._read(path) for path in sorted(self._folder.glob(f"*/{_INDEX}")))
        return [scan.detector for scan in found if scan is not None]

    def scan(self, detector: str) -> Scan | None:
        """What a detector has scanned; None where that is nothing, or damaged.

        Args:
            detector: SHA-256 of its file.
        """
        scan = self._read(self._of(detector) / _INDEX)
        return scan if scan is not None and scan.detector == detector else None

    def scanned(self, detector: str) -> int:
        """How many recordings have scores by a detector; counted by their files, since each page asks of each detector."""
        folder = self._of(detector)
        return sum(1 for _ in folder.glob("*.npz")) if (folder / _INDEX).is_file() else 0

    def recording(self, detector: str, number: int) -> ScannedFacts | None:
        """What is known of a recording by a detector; None where it was not scanned."""
        scan = self.scan(detector)
        return None if scan is None else scan.recordings.get(number)

    def scores(self, detector: str, number: int, label: int) -> npt.NDArray[np.float64]:
        """(steps,) scores, 0 to 1, of a recording and a label by its place in `Scan.labels`.

        Raises:
            OSError: they are not there.
            ValueError: their file is damaged.
        """
        try:
            with np.load(self._of(detector) / f"{number}.npz") as arrays:
                scores: npt.NDArray[np.float64] = arrays[f"scores_{label}"].astype(np.float64, copy=False)
        except (KeyError, EOFError) as error:
            raise ValueError(f"the scores of recording {number} are damaged: scan it again") from error
        return scores

    @contextmanager
    def writing(self, detector: str, window: float, rate: float | None = None) -> "Iterator[Writing]":
        """Add scores of recordings, those of an earlier scan replaced; what was added is there when the block ends.

        Args:
            detector: SHA-256 of its file.
            window: of the detector, seconds.
            rate: share of the windows with the sound that the scan was given.
        """
        writing = Writing(self._of(detector), self.scan(detector), detector, window, rate)
        yield writing
        writing.finish()

    def _of(self, detector: str) -> Path:
        return self._folder / detector[:_DIGITS]

    def _read(self, path: Path) -> Scan | None:
        try:
            index = json.loads(path.read_bytes())
            if index["version"] != VERSION:
                return None
            facts = [ScannedFacts(**each) for each in index["recordings"]]
            recordings = {each.number: each for each in sorted(facts, key=lambda each: each.number)}
            return Scan(index["detector"], tuple(index["labels"]), index["window"], index["hop"], recordings)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # as if it had not been scanned


class Writing:
    """Scores that are being added; see `ScanStore.writing`."""

    def __init__(
        self, folder: Path, before: Scan | None, detector: str, window: float, rate: float | None
    ) -> None:
        self._folder, self._detector, self._window, self._rate = folder, detector, window, rate
        self._found = {} if before is None else dict(before.recordings)
        self._labels, self._hop = ((), 0.0) if before is None else (before.labels, before.hop)

    def add(self, number: int, scanned: "ScannedRecording") -> None:
        """Keep the scores of a recording.

        Args:
            number: of the recording in the session.
            scanned: what the host found.
        """
        self._labels, self._hop = tuple(scanned.probabilities), scanned.hop
        scores = {f"scores_{i}": scanned.step_scores(label) for i, label in enumerate(self._labels)}
        with atomic_write(self._folder / f"{number}.npz") as file:
            np.savez(file, **scores)  # type: ignore[arg-type] # a name is never that of its other arguments
        silent = scanned.silent_steps
        self._found[number] = ScannedFacts(number, scanned.duration, len(silent), runs(silent), self._rate)

    def add_failure(self, number: int, problem: str) -> None:
        """Note why there are no scores of a recording; those of an earlier scan stay."""
        if number not in self._found or self._found[number].problem is not None:
            self._found[number] = ScannedFacts(number, 0.0, 0, rate=self._rate, problem=problem)

    def finish(self) -> None:
        """Write what is there."""
        index: dict[str, Any] = {
            "version": VERSION,
            "detector": self._detector,
            "labels": self._labels,
            "window": self._window,
            "hop": self._hop,
            "recordings": [asdict(self._found[number]) for number in sorted(self._found)],
        }
        with atomic_write(self._folder / _INDEX) as file:
            file.write(json.dumps(index).encode())


def runs(silent: npt.NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """(first, after) of each run of true values."""
    bounds = np.flatnonzero(np.diff(np.r_[False, silent, False].astype(np.int8)))
    return tuple((int(first), int(after)) for first, after in zip(bounds[::2], bounds[1::2], strict=True))
