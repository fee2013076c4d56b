"""How many processors are to be had on a machine that others use too."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from audioscan_host.sizing.cost import Clock

SECONDS = 0.1
"""For which all processors are asked for."""

EVERY = 1.0
"""Seconds from one time to the next at the least: what others do changes from moment to moment."""

_ROUNDS = 2000
"""Of a digest that is computed without Python's lock: about a millisecond."""


class Processors:
    """Asks for all processors for a moment, again and again.

    Args:
        count: that this process may use.
    """

    def __init__(self, count: float) -> None:
        self._count = count
        self._clock = Clock()
        self._asked = float("-inf")

    def ask(self) -> None:
        """Ask for them, unless that was done just now."""
        if time.perf_counter() - self._asked >= EVERY:
            with ThreadPoolExecutor(max(1, round(self._count))) as threads:
                self._clock.of(lambda: list(threads.map(_work, range(round(self._count)))))
            self._asked = time.perf_counter()

    @property
    def to_be_had(self) -> float:
        """Processors that this process got, on average."""
        return min(self._count, sum(self._clock.processor) / sum(self._clock.wall))


def _work(_number: int) -> None:
    ends = time.perf_counter() + SECONDS
    while time.perf_counter() < ends:
        hashlib.pbkdf2_hmac("sha256", b"", b"", _ROUNDS)
