"""Tells every open page what has changed, from whatever thread it happened in."""

import asyncio
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

_MOST_WAITING = 500
"""Events that wait for a page that does not read; beyond them it is told to fetch everything anew."""

Event = Mapping[str, Any]


class Hears(Protocol):
    """Whoever is told."""

    def hear(self, event: Event | None) -> None:
        """Take an event, at once and from any thread; None is the end."""
        ...


class Events:
    """What happens, for all who listen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Hears] = set()
        self._closed = False

    def tell(self, kind: str, facts: Mapping[str, Any] | None = None) -> None:
        """Tell all who listen; may be called from any thread.

        Args:
            kind: `change`, `job` or `state`.
            facts: JSON values beside it.
        """
        self._send({"kind": kind, **(facts or {})})

    def close(self) -> None:
        """End all that listen, so that the server can stop."""
        self._closed = True
        self._send(None)

    def add(self, listener: Hears) -> None:
        """Tell a listener too, from now on."""
        with self._lock:
            self._listeners.add(listener)
        if self._closed:
            listener.hear(None)

    def remove(self, listener: Hears) -> None:
        """Tell a listener nothing more."""
        with self._lock:
            self._listeners.discard(listener)

    def _send(self, event: Event | None) -> None:
        with self._lock:
            for listener in self._listeners:
                listener.hear(event)


class Listener:
    """Hears all events while it is entered; made in the event loop that it is read in."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def __enter__(self) -> Self:
        self._events.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.remove(self)

    def hear(self, event: Event | None) -> None:
        """Keep an event until it is read; from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._keep, event)

    async def next(self, seconds: float) -> Event | None:
        """The next event; None where the server stops.

        Raises:
            TimeoutError: nothing happened for so long.
        """
        async with asyncio.timeout(seconds):
            return await self._waiting.get()

    def _keep(self, event: Event | None) -> None:
        if event is not None and self._waiting.qsize() >= _MOST_WAITING:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            event = {"kind": "state"}
        self._waiting.put_nowait(event)
