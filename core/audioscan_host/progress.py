"""How long work reports what it has done; the command line draws it, a script may ignore it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[float], None]
"""Called with the amount done since the last call. What it raises ends the work, and all that was finished is kept."""


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


def expect(advance: Advance, total: float | None) -> None:
    """Tell how much there is to do in all, as far as it is known by now, where that can be shown."""
    tell = getattr(advance, "expect", None)
    if tell is not None:
        tell(total)
