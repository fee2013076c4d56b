"""The best windows: of a recording, and of all recordings together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.recorded_at.moments import later
from audioscan_host.similarity.recording import SearchedRecording
from audioscan_host.windows import microseconds


@dataclass(frozen=True)
class Match:
    """A window that is like an example.

    Attributes:
        path: the recording.
        start: seconds from its beginning.
        end: seconds.
        score: cosine with the example that is nearest to it, -1 to 1, to six decimals.
        recorded_at: date and time of its start, with the zone where that is known; None where it cannot be told.
    """

    path: Path
    start: float
    end: float
    score: float
    recorded_at: datetime | None = None


def dated(matches: Iterable[Match], recorded_at: Mapping[Path, datetime]) -> tuple[Match, ...]:
    """The matches with their dates and times, by when their recordings began."""
    return tuple(replace(m, recorded_at=later(recorded_at.get(m.path), m.start)) for m in matches)


@dataclass(frozen=True)
class Ranking:
    """Which windows are listed.

    Attributes:
        n: how many at most.
        all_windows: those too that overlap a better one by more than half.
    """

    n: int
    all_windows: bool

    def of_recording(
        self,
        recording: SearchedRecording,
        scores: npt.NDArray[np.float64],
        free: npt.NDArray[np.bool_],
    ) -> list[Match]:
        """The best windows of one recording.

        Args:
            recording: of which they are.
            scores: (windows,)
            free: (windows,) which ones may be listed.
        """
        # As they are written: what reads as equal is in order of place. Adding 0 leaves no -0.
        scores = scores.round(6) + 0.0
        times, window = recording.times, recording.window
        starts = microseconds(times)
        candidates = np.flatnonzero(free)
        candidates = candidates[np.lexsort((starts[candidates], -scores[candidates]))]
        listed = candidates[: self.n] if self.all_windows else self._spread(candidates, starts, window)
        return [
            Match(recording.path, time, min(time + window, recording.duration), score)
            for time, score in zip(times[listed].tolist(), scores[listed].tolist(), strict=True)
        ]

    def best(self, matches: list[Match], order: dict[Path, int]) -> list[Match]:
        """The best of several recordings; equal scores are in the order of these, then of time."""
        return sorted(matches, key=lambda match: (-match.score, order[match.path], match.start))[: self.n]

    def _spread(
        self, candidates: npt.NDArray[np.intp], starts: npt.NDArray[np.int64], window: float
    ) -> npt.NDArray[np.intp]:
        """The first candidates of which none overlaps an earlier one by more than half."""
        length = int(microseconds(window))
        free = np.ones(len(starts), np.bool_)
        listed: list[int] = []
        for candidate in candidates.tolist():
            if free[candidate]:
                listed.append(candidate)
                if len(listed) == self.n:
                    break
                free[2 * np.abs(starts - starts[candidate]) < length] = False
        return np.array(listed, np.intp)
