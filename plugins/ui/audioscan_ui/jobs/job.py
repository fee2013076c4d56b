"""A job: what was asked for, how far it is, and how it ended."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from audioscan_ui.jobs.works import Works

MOST_NOTES = 200
"""That are kept of a job: two thousand recordings may each have something to tell."""


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in (State.WAITING, State.RUNNING)


@dataclass
class Job:
    """A job of a session. All that changes is changed under its lock.

    Attributes:
        number: from 1 in its session.
        request: what the page asked for.
        title: what it does, for people.
        state: how far it is.
        works: what it is doing.
        notes: what people should know, one sentence each.
        problem: why it failed, or how it came to be cancelled.
        result: what came of it.
        started: seconds since 1970; None while it waits.
        ended: seconds since 1970.
        end: ends its process; None where it has none.
    """

    number: int
    request: Mapping[str, Any]
    title: str
    state: State = State.WAITING
    works: Works = field(default_factory=Works)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None
    result: Mapping[str, Any] | None = None
    started: float | None = None
    ended: float | None = None
    end: Callable[[], None] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def kind(self) -> str:
        """Train, scan, ..."""
        return str(self.request["kind"])

    def begin(self) -> bool:
        """Note that it runs; False where it was cancelled before."""
        with self.lock:
            if self.state.is_over:
                return False
            self.state, self.started = State.RUNNING, time.time()
            return True

    def note(self, sentence: str) -> None:
        """Keep a sentence, each once."""
        with self.lock:
            if sentence not in self.notes and len(self.notes) < MOST_NOTES:
                self.notes.append(sentence)

    def finish(
        self, state: State, *, problem: str | None = None, result: Mapping[str, Any] | None = None
    ) -> bool:
        """Note how it ended; False where it had ended before."""
        with self.lock:
            if self.state.is_over:
                return False
            self.state, self.problem, self.result, self.ended = state, problem, result, time.time()
            return True

    def facts(self) -> dict[str, Any]:
        """All that a page shows of it."""
        with self.lock:
            return {
                "number": self.number,
                "kind": self.kind,
                "title": self.title,
                "state": str(self.state),
                "works": self.works.facts() if self.state is State.RUNNING else [],
                "notes": list(self.notes),
                "problem": self.problem,
                "result": self.result,
                "request": dict(self.request),
                "started": self.started,
                "ended": self.ended,
            }
