"""An iterable that runs ahead of its consumer, in a thread of its own."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 1.0  # seconds; one who left is noticed at once, unless this thread itself collected the garbage


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


def read_ahead(chunks: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Iterate over `chunks` in another thread, up to `depth` of them ahead of the caller.

    What `chunks` raises is raised here, in its place. When the iterator ends, or is closed or dropped,
    the thread has ended and `chunks` is closed.
    """
    if depth < 1:
        raise ValueError(f"depth must be 1 or more, not {depth}")
    ready: queue.Queue[T | _Ended] = queue.Queue(depth)
    stop = threading.Event()
    # A daemon, so that a program which ends with an iterator still open does not wait for it.
    thread = threading.Thread(target=_fill, args=(ready, chunks, stop), name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _Ended):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        # The garbage collector may run this in the thread itself, even while that holds the queue's lock.
        if thread is not threading.current_thread():
            # The thread may be waiting for room; it looks at `stop` before it offers another chunk.
            while not ready.empty():
                ready.get_nowait()
            thread.join()


def _fill(ready: queue.Queue[T | _Ended], chunks: Iterable[T], stop: threading.Event) -> None:
    error: BaseException | None = None
    try:
        source = iter(chunks)
        try:
            for chunk in source:
                _offer(ready, chunk, stop)
                if stop.is_set():
                    break
        finally:
            # Here, not in the caller's thread: a generator that is running cannot be closed from another.
            if hasattr(source, "close"):
                source.close()
    except BaseException as raised:  # noqa: BLE001 - raised again in the caller's thread
        error = raised
    _offer(ready, _Ended(error), stop)


def _offer(ready: queue.Queue[T | _Ended], item: T | _Ended, stop: threading.Event) -> None:
    """Wait for room, or until nobody reads any more."""
    offered = False
    while not (offered or stop.is_set()):
        with suppress(queue.Full):
            ready.put(item, timeout=_LOOK_AGAIN)
            offered = True
