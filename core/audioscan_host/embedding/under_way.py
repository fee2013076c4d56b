"""Tasks that are computed step by step: several are decoded at once, and one thread embeds what is there."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from audioscan_host.cache import Embeddings
from audioscan_host.embedding.begun import MOST_BEGUN, Begun
from audioscan_host.embedding.tasks import Outcome, Task

_UNKNOWN = 3600.0
"""Seconds that a recording counts whose container does not say how long it is."""


class Awaited(Protocol):
    """What a task waits for: a block that is decoded in another thread, or one that a device computes."""

    @property
    def is_ready(self) -> bool:
        """Whether the next step waits for no decoder."""


@dataclass(frozen=True)
class OnDevice:
    """A block that a device computes, while the next one is decoded.

    Attributes:
        begun: the block.
        following: the next one, which is begun before this one is taken; None behind the last.
    """

    begun: Begun[Any]
    following: Awaited | None

    @property
    def is_ready(self) -> bool:
        """The block can be taken, where the next one is not there."""
        return True


Steps = Generator[Awaited, None, Outcome]
"""A task that is computed step by step; before each step it gives what that waits for."""


def outcome_of(steps: Steps) -> Outcome:
    """Compute all steps, one after the other."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            outcome: Outcome = ended.value
            return outcome


class UnderWay:
    """A task that was begun.

    Attributes:
        task: the task.
        awaited: what its next step waits for; None once it is finished, or left.
        outcome: what came of it, once it is finished.
        error: what ended it, where that is no outcome.
        is_open: whether its container said how long it is.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.awaited: Awaited | None = None
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self.is_open = False
        self._seconds = _UNKNOWN
        self._steps: Steps | None = None

    def step(self, begin: Steps | None = None) -> None:
        """Compute the next step, or begin with the first of them.

        Raises:
            Exception: what ended it.
        """
        self._steps = self._steps or begin
        if self._steps is None:
            raise ValueError("it was not begun")
        try:
            self.awaited = next(self._steps)
        except StopIteration as ended:
            self.awaited, self.outcome = None, ended.value
        except Exception as error:
            self.awaited, self.error = None, error
            raise

    @property
    def on_device(self) -> Begun[Any] | None:
        """A block that a device computes."""
        return self.awaited.begun if isinstance(self.awaited, OnDevice) else None

    @property
    def decoded(self) -> Awaited | None:
        """The block that is being decoded, or is; None behind the last."""
        return self.awaited.following if isinstance(self.awaited, OnDevice) else self.awaited

    def opened(self, seconds: float | None) -> None:
        """Its container says how long it is, or does not."""
        self.is_open = True
        if seconds is not None:
            self._seconds = seconds

    @property
    def size(self) -> float:
        """Bytes of its vectors, as far as known before they are there."""
        if self.outcome is not None:
            return float(sum(_bytes(each) for each in self.outcome.embeddings.values()))
        dims = sum(model.dim for model in self.task.models)
        return self._seconds / self.task.encoded.hop * dims * 4

    def close(self) -> None:
        """Leave it where it is: what is finished of it is kept, what a device computes is not, and its claim ends."""
        self.awaited = None
        if self._steps is not None:
            self._steps.close()


def next_of(tasks: Sequence[UnderWay]) -> UnderWay | None:
    """Which of some tasks computes its next step; None where all of them wait for decoders.

    The first that has a block decoded, so that the device has work; where it has enough, or none is decoded, the one whose
    block it was given first.
    """
    on_device = [(task.on_device.number, task) for task in tasks if task.on_device is not None]
    if len(on_device) < MOST_BEGUN:
        for task in tasks:
            if task.decoded is not None and task.decoded.is_ready:
                return task
    return min(on_device, key=lambda each: each[0])[1] if on_device else None


def _bytes(embeddings: Embeddings) -> int:
    return embeddings.vectors.nbytes + embeddings.times.nbytes
