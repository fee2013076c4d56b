"""An iterable that runs ahead of its consumer, in a thread of its own."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 1.0  # seconds; one who left is noticed at once, unless this thread itself collected the garbage


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


class ReadAhead(Generic[T]):
    """Goes through an iterable in another thread from the moment it is made, up to `depth` items ahead.

    What the iterable raises is raised where its next item would be. For one thread at a time.

    Args:
        chunks: gone through; closed when the thread ends.
        depth: items that may wait to be taken.
        on_ready: called in the other thread when an item, or the end, is there.
        sparing: the next item is made only when there is room for it, since items are large.
    """

    def __init__(
        self,
        chunks: Iterable[T],
        depth: int,
        on_ready: Callable[[], None] | None = None,
        *,
        sparing: bool = False,
    ) -> None:
        if depth < 1:
            raise ValueError(f"depth must be 1 or more, not {depth}")
        self._ready: queue.Queue[T | _Ended] = queue.Queue(depth)
        self._stop = threading.Event()
        self._ended = False
        # A daemon, so that a program which ends with an iterator still open does not wait for it.
        arguments = (self._ready, chunks, self._stop, on_ready or (lambda: None))
        self._thread = threading.Thread(
            target=_fill, args=arguments, kwargs={"sparing": sparing}, name="read-ahead", daemon=True
        )
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether the next item, or the end, can be had without waiting."""
        return self._ended or not self._ready.empty()

    def __iter__(self) -> "ReadAhead[T]":
        return self

    def __next__(self) -> T:
        if self._ended:
            raise StopIteration
        item = self._ready.get()
        if not isinstance(item, _Ended):
            return item
        self._ended = True
        if item.error is not None:
            raise item.error
        raise StopIteration

    def close(self) -> None:
        """End the thread; `chunks` is closed then."""
        self._ended = True
        self._stop.set()
        # The garbage collector may run this in the thread itself, even while that holds the queue's lock.
        if self._thread is not threading.current_thread():
            # The thread may be waiting for room; it looks at `stop` before it offers another item.
            while not self._ready.empty():
                self._ready.get_nowait()
            self._thread.join()


def read_ahead(chunks: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Iterate over `chunks` in another thread, up to `depth` of them ahead of the caller.

    What `chunks` raises is raised here, in its place. When the iterator ends, or is closed or dropped,
    the thread has ended and `chunks` is closed.
    """
    with closing(ReadAhead(chunks, depth)) as ahead:
        yield from ahead


def _fill(
    ready: queue.Queue[T | _Ended],
    chunks: Iterable[T],
    stop: threading.Event,
    on_ready: Callable[[], None],
    *,
    sparing: bool,
) -> None:
    error: BaseException | None = None
    try:
        source = iter(chunks)
        try:
            for chunk in source:
                _offer(ready, chunk, stop)
                on_ready()
                del chunk  # it may be a block, and the next one is on its way
                if sparing:
                    _wait_for_room(ready, stop)
                if stop.is_set():
                    break
        finally:
            # Here, not in the caller's thread: a generator that is running cannot be closed from another.
            if hasattr(source, "close"):
                source.close()
    except BaseException as raised:  # noqa: BLE001 - raised again in the caller's thread
        error = raised
    _offer(ready, _Ended(error), stop)
    on_ready()


def _wait_for_room(ready: queue.Queue[T | _Ended], stop: threading.Event) -> None:
    with ready.not_full:
        while len(ready.queue) >= ready.maxsize and not stop.is_set():
            ready.not_full.wait(_LOOK_AGAIN)


def _offer(ready: queue.Queue[T | _Ended], item: T | _Ended, stop: threading.Event) -> None:
    """Wait for room, or until nobody reads any more."""
    offered = False
    while not (offered or stop.is_set()):
        with suppress(queue.Full):
            ready.put(item, timeout=_LOOK_AGAIN)
            offered = True
