"""One thread that does what is asked of it, one thing after the other: the most urgent first, then the newest."""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

LISTENING = 0
"""Who listens waits least: a gap is heard."""

LOOKING = 1


class Turns:
    """Decoding takes turns on one thread: memory stays that of one decoder, and the server answers meanwhile."""

    def __init__(self) -> None:
        self._asked: list[tuple[int, int, Future[Any], Callable[[], Any]]] = []
        self._numbers = itertools.count()
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="media", daemon=True)
        self._thread.start()

    async def take(self, urgency: int, work: Callable[[], T]) -> T:
        """Do `work` on the thread and give what it returns, or raise what it raises.

        A caller that is cancelled while it waits loses its turn.
        """
        future: Future[T] = Future()
        with self._change:
            if self._closed:
                raise asyncio.CancelledError
            heapq.heappush(self._asked, (urgency, -next(self._numbers), future, work))
            self._change.notify()
        return await asyncio.wrap_future(future)

    def close(self, last: Callable[[], None]) -> None:
        """Refuse what is waiting, do `last` on the thread, and end it."""
        with self._change:
            self._closed = True
            for _, _, future, _ in self._asked:
                future.cancel()
            self._asked = []
            self._change.notify()
        self._thread.join()
        last()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._asked or self._closed)
                if self._closed:
                    return
                _, _, future, work = heapq.heappop(self._asked)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                future.set_exception(error)
            del future, work  # what was read is not held until the next turn
