"""Where tasks can be computed beside this process: what an address means, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audioscan_host.errors import SettingError

LOCAL = "local"
"""The address of this process, which needs no plugin."""


@dataclass(frozen=True)
class Resources:
    """What was asked for of whoever computes tasks elsewhere; None where it may choose.

    Attributes:
        workers: processes that hold encoders, at the same time.
        gpus_per_worker: GPUs of each, or a share of one.

    Raises:
        SettingError: there are to be fewer than one worker, or less than no GPU.
    """

    workers: int | None = None
    gpus_per_worker: float | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise SettingError(f"workers must be 1 or more, not {self.workers}")
        if self.gpus_per_worker is not None and self.gpus_per_worker < 0:
            raise SettingError(f"GPUs of a worker must be 0 or more, not {self.gpus_per_worker:g}")


@dataclass(frozen=True)
class ExecutorKind:
    """A way to compute tasks elsewhere.

    Attributes:
        name: as its users call it: `Ray`.
        addresses: those that it understands, as they are shown: `ray://HOST:PORT`.
        description: where that is, half a sentence.
        understands: whether an address is one of these; quick, and without asking anybody.
        connect: address and resources -> an `audioscan_host.embedding.executor.Executor`. Called once a run, so it is to do
            what costs time only when the first task has to be computed. What does not go is raised as an
            `ExecutorError` or a `SettingError`, a line that says what to do.
    """

    name: str
    addresses: tuple[str, ...]
    description: str
    understands: Callable[[str], bool]
    connect: Callable[[str, Resources], Any]
