"""What a job is doing: pieces of work with amount, rate and time left, from the progress that its process tells."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

RATE_SECONDS = 15.0
"""Over which a rate is taken: an hour's work shows what it does now, and what came from the cache is soon forgotten."""

WORDS = {
    "embedding": ("computing embeddings", "s of audio"),
    "fitting": ("learning", "fits"),
    "synthesising": ("making recordings", "recordings"),
    "clips": ("cutting clips", "clips"),
    "spectrograms": ("drawing spectrograms", "clips"),
    "opening": ("looking at recordings", "recordings"),
}
"""What the host calls a piece of work -> what people read, and the unit."""


class Works:
    """The pieces of work that a job has begun and not ended.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._works: dict[int, _Work] = {}
        self._between = "starting"

    def take(self, event: Mapping[str, Any]) -> bool:
        """Take one object of `audioscan_host.progress.JsonLines`; whether a piece of work began or ended by it."""
        number, state = int(event["work"]), event["state"]
        self._between = "going on"
        if state in ("done", "ended"):
            return self._works.pop(number, None) is not None
        began = number not in self._works
        if began:
            what, unit = WORDS.get(event["what"], (event["what"], event["unit"]))
            self._works[number] = _Work(what, unit)
        self._works[number].take(float(event["done"]), event["total"], self._clock())
        return began

    def facts(self) -> list[dict[str, Any]]:
        """What is under way: never nothing, so that a page has something to show from the first moment on."""
        works = [work.facts() for work in self._works.values()]
        return works or [_facts(self._between, "", 0.0, None, None)]


class _Work:
    def __init__(self, what: str, unit: str) -> None:
        self._what, self._unit = what, unit
        self._total: float | None = None
        self._seen: deque[tuple[float, float]] = deque()

    def take(self, done: float, total: float | None, now: float) -> None:
        self._total = total
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > RATE_SECONDS:
            self._seen.popleft()

    def facts(self) -> dict[str, Any]:
        (begun, before), (now, done) = self._seen[0], self._seen[-1]
        rate = (done - before) / (now - begun) if now > begun and done > before else None
        return _facts(self._what, self._unit, done, self._total, rate)


def _facts(what: str, unit: str, done: float, total: float | None, rate: float | None) -> dict[str, Any]:
    left = max(total - done, 0.0) / rate if total and rate else None
    return {"what": what, "unit": unit, "done": done, "total": total, "rate": rate, "seconds_left": left}
