"""How long work reports what it has done; the command line draws it, a script may ignore it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[float], None]
"""Called with the amount done since the last call."""


class Progress(Protocol):
    """Where progress is shown."""

    def track(self, what: str, total: float | None, unit: str) -> AbstractContextManager[Advance]:
        """Begin a piece of work of `total` units (`None` where nobody knows) and end it on exit."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Take the reports and drop them."""
        yield lambda _amount: None
