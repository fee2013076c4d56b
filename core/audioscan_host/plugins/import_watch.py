"""Watches what a plugin does while it is imported: how long it takes, what it prints, of what it warns."""

import io
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

SLOW = 1.0
"""Seconds; an import that takes longer delays every command and is told."""

_MOST_CHARACTERS = 80


@dataclass
class Watch:
    """What was seen.

    Attributes:
        seconds: how long it took.
        printed: on stdout, where results go: kept from there.
        warned: a line for each warning.
    """

    seconds: float = 0.0
    printed: str = ""
    warned: list[str] = field(default_factory=list)

    @property
    def faults(self) -> tuple[str, ...]:
        """What of it a plugin should not do, a sentence each."""
        found = []
        if self.seconds >= SLOW:
            found.append(f"took {self.seconds:.1f} s to import, which every command waits for")
        if self.printed:
            first = self.printed.strip().partition("\n")[0]
            found.append(f"prints while it is imported: {first[:_MOST_CHARACTERS]!r}")
        found += [f"warns while it is imported: {line}" for line in dict.fromkeys(self.warned)]
        return tuple(found)


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch what is done inside; stdout and warnings are caught meanwhile, whatever is raised."""
    watch = Watch()
    held = _Kept()
    stdout = io.TextIOWrapper(held, encoding="utf-8", errors="replace", write_through=True)
    shown, warnings.showwarning = warnings.showwarning, _noting(watch)
    begun = time.perf_counter()
    try:
        with redirect_stdout(stdout):
            yield watch
    finally:
        watch.seconds = time.perf_counter() - begun
        warnings.showwarning = shown
        watch.printed = held.content().decode(errors="replace")


def _noting(watch: Watch) -> Any:
    # In place of `catch_warnings`, which would undo the filters that a plugin sets for its libraries.
    def showwarning(message: Warning | str, category: type[Warning], *_where: Any, **_more: Any) -> None:
        watch.warned.append(f"{category.__name__}: {' '.join(str(message).split())}")

    return showwarning


class _Kept(io.BytesIO):
    """A stream whose content survives its being closed, as by a plugin that closes stdout."""

    _content = b""

    def close(self) -> None:
        if not self.closed:
            self._content = self.getvalue()
        super().close()

    def content(self) -> bytes:
        return self._content if self.closed else self.getvalue()
