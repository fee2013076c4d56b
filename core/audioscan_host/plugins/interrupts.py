"""Tells a Ctrl-C of the user from a KeyboardInterrupt that a plugin raises itself, or swallows."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupts_of_the_user() -> Iterator[Callable[[], bool]]:
    """What it gives says whether the user has interrupted since; as a KeyboardInterrupt, this goes on as ever.

    Only the main thread is interrupted: elsewhere, and where somebody else has taken the signal, it says no.
    """
    arrived: list[int] = []

    def interrupted() -> bool:
        return bool(arrived)

    before: Any = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield interrupted
        return

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        if signal.getsignal(signal.SIGINT) is note:  # a plugin may set its own
            signal.signal(signal.SIGINT, before)
