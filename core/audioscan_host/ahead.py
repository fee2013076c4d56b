"""Asks ahead of turn: what waits for a server is asked for in a few threads, and the answers come in order."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16
"""Questions that are under way at once: each waits for a server most of the time."""

_LOOK_AGAIN = 1.0  # seconds; where waiting cannot be interrupted, Ctrl-C is heeded after so long
_PARTING = 5.0  # seconds for what is under way when nobody asks any more; a server may be silent for a minute


def answers(
    question: Callable[[T], R], items: Iterable[T], at_once: int = AT_ONCE
) -> Generator[R, None, None]:
    """What a function gives for each item, in order; it is called for up to `at_once` of them before their turn.

    What it raises is raised at the turn of its item, and ends this. Where this is closed before, nothing more is asked.
    """
    left = iter(items)
    asked: deque[_Asked[T, R]] = deque()
    try:
        while True:
            _ask(question, left, asked, at_once)
            if not asked:
                return
            answer = asked[0].answer()
            asked.popleft()
            _ask(question, left, asked, at_once)  # meanwhile the answer is worked on
            yield answer
            del answer  # it may be large
    finally:
        until = time.monotonic() + _PARTING
        for each in asked:
            each.join(until)


def _ask(question: Callable[[T], R], left: Iterable[T], asked: "deque[_Asked[T, R]]", at_once: int) -> None:
    for item in islice(left, at_once - len(asked)):
        asked.append(_Asked(question, item))


class _Asked(Generic[T, R]):
    """A question, in a thread of its own: a daemon, for which a program that ends does not wait."""

    def __init__(self, question: Callable[[T], R], item: T) -> None:
        self._question, self._item = question, item
        self._answers: list[R] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answers.append(self._question(self._item))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is taken
            self._error = error

    def answer(self) -> R:
        while self._thread.is_alive():
            self._thread.join(_LOOK_AGAIN)
        if self._error is not None:
            raise self._error
        return self._answers.pop()

    def join(self, until: float) -> None:
        self._thread.join(max(0.0, until - time.monotonic()))
