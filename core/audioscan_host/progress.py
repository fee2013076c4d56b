"""How long work reports what it has done; the command line draws it, a program reads it, a script may ignore it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

Advance = Callable[[float], None]
"""Called with the amount done since the last call. What it raises ends the work, and all that was finished is kept."""

Say = Callable[[str], None]
"""Takes a line of text, without its end."""

JSON_SECONDS = 0.2
"""Between two objects for programs on one piece of work."""


class Progress(Protocol):
    """Where progress is shown, and from where work can be cancelled.

    Embedding calls `advance` after each batch, fitting after each fit, a download after each piece. An exception that
    is raised there reaches whoever called the journey, as it is: what lies in the cache by then is kept, the blocks
    of a recording that is under way among it, and the same call later goes on from there.
    """

    def track(self, what: str, total: float | None, unit: str) -> AbstractContextManager[Advance]:
        """Begin a piece of work of `total` units (`None` where nobody knows) and end it on exit.

        Another piece may begin and end in between. An `advance` that has a method `expect(total)` is told by it where
        the total is found out, or found to be another, while the work is done.
        """
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Take the reports and drop them."""
        yield lambda _amount: None


class JsonLines:
    """An object a line: when a piece of work begins, while it goes on, and when it ends, however that is.

    `{"event": "progress", "work": 1, "what": "embedding", "unit": "s of audio", "done": 12.5, "total": 60.0, "state":
    "running"}`; `work` numbers the pieces, `total` is null where it is not known, and `state` is `begun`, `running`, `done` or
    `ended` where something was raised.

    Args:
        say: takes each line, without its end, such as `print`.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._number = 0

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        """Tell of a piece of work; see `Progress.track`."""
        self._number += 1
        facts = {"event": "progress", "work": self._number, "what": what, "unit": unit}
        work = _JsonWork(self._say, facts, total)
        work.tell("begun")
        try:
            yield work
        except BaseException:
            work.tell("ended")
            raise
        work.tell("done")


class _JsonWork:
    def __init__(self, say: Say, facts: dict[str, Any], total: float | None) -> None:
        self._say, self._facts, self._total = say, facts, total
        self._done, self._said = 0.0, time.monotonic()

    def __call__(self, amount: float) -> None:
        self._done += amount
        if time.monotonic() - self._said >= JSON_SECONDS:
            self.tell("running")

    def expect(self, total: float | None) -> None:
        if total != self._total:
            self._total = total
            self.tell("running")

    def tell(self, state: str) -> None:
        self._said = time.monotonic()
        self._say(json.dumps({**self._facts, "done": self._done, "total": self._total, "state": state}))


def expect(advance: Advance, total: float | None) -> None:
    """Tell how much there is to do in all, as far as it is known by now, where that can be shown."""
    tell = getattr(advance, "expect", None)
    if tell is not None:
        tell(total)
