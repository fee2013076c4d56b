"""How many seconds of audio a batch will take, as far as that is known while it runs."""

from pathlib import Path

from audioscan_host.progress import Advance, expect


class Expectation:
    """Adds up what containers declare as they are opened; recordings to come count as the mean of those before.

    A recording is looked at when its turn comes, so that the first one does not wait for the last of ten thousand.
    """

    def __init__(self, recordings: int, advance: Advance) -> None:
        self._recordings = recordings
        self._advance = advance
        self._looked_at = 0
        self._seconds = 0.0
        self._passes: dict[Path, int] = {}
        self._unknown = False

    def looked_at(self, path: Path, passes: int) -> None:
        """It is the turn of a recording, which has to be passed so often."""
        self._looked_at += 1
        if passes:
            self._passes[path] = passes

    def opened(self, path: Path, seconds: float | None) -> None:
        """A recording is opened, and declares its duration or does not; its first pass counts for all of them."""
        passes = self._passes.pop(path, 0)
        self._unknown |= seconds is None
        self._seconds += passes * (seconds or 0.0)
        expect(self._advance, self._total())

    def _total(self) -> float | None:
        if self._unknown or not self._looked_at:
            return None
        return self._seconds * self._recordings / self._looked_at
