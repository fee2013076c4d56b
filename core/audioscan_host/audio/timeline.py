"""Where decoded frames lie in a recording, from the timestamps that its container gives them."""

from collections.abc import Iterable
from pathlib import Path

from audioscan_host.notes import About, Note, Tell, log

JITTER = 0.015
"""Seconds that a timestamp may be off before it is acted on: above the rounding of the coarsest
containers (1 ms in Matroska and FLV), below the shortest usual frame (20 ms in AMR and Opus)."""

LONGEST_OVERLAP = 1.0
"""Seconds that a frame may lie before the end of the last one; earlier still, the clock was set back."""

LONGEST_SILENCE = 86400.0
"""Seconds that may be missing from a recording in all: a header can declare any number of them."""

FORESIGHT = 3.0
"""Seconds of frames that a jump is checked against: one damaged timestamp can reach over all the
frames that a transport stream packs under it."""


class Timeline:
    """Turns the timestamps of consecutive frames into silence to insert and samples to drop.

    A frame is compared with where all frames before it end, not with its predecessor, so that
    rounding does not add up: nothing is ever more than `JITTER` from its timestamp.

    `begin` is the timestamp of second 0, None for that of the first frame; `end` the length in
    seconds that the container states, None where it does not. `restarts` says that files of this kind
    may be joined, and that each part of them begins at second 0 again.
    """

    def __init__(
        self,
        path: Path,
        begin: float | None,
        end: float | None,
        tell: Tell = log,
        *,
        restarts: bool = False,
    ) -> None:
        self._path = path
        self._zero = begin
        self._end = end
        self._tell = tell
        self._part_begins = begin if restarts else None
        self._silence = 0.0  # seconds
        self._jumped = False
        self._rate = 1
        self._rate_began = 0.0  # seconds
        self._samples = 0  # since then

    @property
    def position(self) -> float:
        """Seconds from the beginning to the end of what was placed."""
        return self._rate_began + self._samples / self._rate

    def skip(self, samples: int, sample_rate: int) -> None:
        """Begin behind so many samples, which nobody wants."""
        self._samples, self._rate = samples, sample_rate

    def place(
        self, time: float | None, samples: int, sample_rate: int, upcoming: Iterable[float] = ()
    ) -> tuple[int, int]:
        """Samples of silence to insert before the next frame, and samples to drop from its beginning.

        `time` is its timestamp in seconds; None puts it right after the last frame. `upcoming` are
        the timestamps of frames behind it, by which one that is damaged is told from a jump.
        """
        if sample_rate != self._rate:
            self._rate_began, self._samples, self._rate = self.position, 0, sample_rate
        silence, drop = (0, 0) if time is None else self._correction(time, samples, upcoming)
        self._samples += silence + samples - drop
        return silence, drop

    def _correction(self, time: float, samples: int, upcoming: Iterable[float]) -> tuple[int, int]:
        if self._zero is None:
            self._zero = time
        late = round((time - self._zero - self._rate_began) * self._rate) - self._samples
        seconds = late / self._rate
        if abs(seconds) <= JITTER:
            return 0, 0
        if -LONGEST_OVERLAP <= seconds < 0:
            return 0, min(-late, samples)
        expected, behind = time - seconds, list(upcoming)
        if any(later < time if seconds > 0 else later >= expected for later in behind):
            return 0, 0  # the others go on as before: this timestamp alone is damaged
        if 0 < seconds <= self._longest_hole(max(behind, default=time) - time):
            self._silence += seconds
            return late, 0
        begins_again = self._part_begins is not None and abs(time - self._part_begins) <= LONGEST_OVERLAP
        if not (self._jumped or begins_again):
            message = f"{self._path}: clock jumps by {seconds:+.3f} s at {self.position:.3f} s"
            self._tell(Note(About.CLOCK, message, self._path))
        self._jumped |= not begins_again
        self._zero += seconds
        return 0, 0

    def _longest_hole(self, followed: float) -> float:
        # Damage must not become days of silence: what is missing has to fit into the length that the
        # container states (which may be an estimate, hence the minute), and to lie between audio, since
        # the first and the last timestamp have no neighbours that tell whether they are damaged.
        minute = 60.0
        at_an_edge = 0 < self.position < FORESIGHT or followed < FORESIGHT / 3
        fitting = 3600.0 - self._silence if self._end is None else self._end - self.position + minute
        longest = minute - self._silence if at_an_edge else max(minute - self._silence, fitting)
        return min(longest, LONGEST_SILENCE - self._silence)
