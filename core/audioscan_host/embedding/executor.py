"""Who computes tasks: this process, or whatever a plugin knows to send them to."""

import itertools
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from audioscan_host.audio import AudioInfo, Decoders
from audioscan_host.cache import BusyError
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Outcome, Task
from audioscan_host.embedding.under_way import Steps, UnderWay, next_of
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import SettingError
from audioscan_host.models.model import Runtime

logger = logging.getLogger(__name__)

MOST_DECODERS = 8
"""Recordings that are decoded at once however many cores there are: each holds three blocks, and a process of 40 MB."""

ENVIRONMENT = "AUDIOSCAN_DECODERS"
"""The environment variable that says how many recordings are decoded at once; with 1, in this process alone."""

MOST_BYTES = 2**28
"""Of vectors of recordings that are embedded beside each other; a single one may have more."""

FINISHED_AHEAD = 8
"""Tasks for each decoder that may be finished before their turn: short recordings behind a long one."""

_LOOK_AGAIN = 1.0  # seconds; where waiting cannot be interrupted, Ctrl-C is heeded after so long


@dataclass(frozen=True)
class Capacity:
    """What an executor computes with, as `audioscan-host plan` asks for it.

    Attributes:
        workers: encoders at work at once.
        decoders: recordings that each of them has decoded at once.
        cores: processors that each of them has, with its decoders.
        gpus: that each of them holds, or a share of one.
    """

    workers: int
    decoders: int
    cores: float
    gpus: float


class Executor(Protocol):
    """Runs the tasks of a journey."""

    def run(self, tasks: Iterable[Task], worker: Worker, reports: Reports) -> Iterator[Outcome]:
        """The outcome of each task, as they are finished; where a recording fails, its outcome says so.

        Args:
            tasks: taken one after the other, and no more than can be worked on: each is looked up when it is taken.
            worker: computes tasks in this process; an executor elsewhere makes others like it.
            reports: who is told of what happens meanwhile.
        """
        ...

    def capacity(self, runtime: Runtime) -> Capacity:
        """What it computes with, before any task is run; an executor that connects does so now.

        Raises:
            ExecutorError: it cannot be reached.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds from one run to the next, such as processes and their GPUs; a further run takes it anew."""
        ...


class LocalExecutor:
    """Runs the tasks in this process and gives their outcomes in their order; those that another process works on come last.

    Several recordings are decoded at once, each in a thread of its own, and where it is worth it in a process.
    Everything else is done in the thread that calls: it embeds a block of the first recording that has one ready.

    Args:
        decoders: recordings that are decoded at once; None for what `AUDIOSCAN_DECODERS` says, or as many as there are cores.

    Raises:
        SettingError: the variable is no number from 1.
    """

    def __init__(self, decoders: int | None = None) -> None:
        # Not a core less for the encoder: where that is the slower one, they wait for it most of the time.
        self._decoders = decoders or _asked_for() or min(MOST_DECODERS, _cores())

    def close(self) -> None:
        """Nothing is held from one run to the next."""

    def capacity(self, runtime: Runtime) -> Capacity:  # noqa: ARG002 - as of any executor
        """One encoder, which has a GPU where there is one, and this machine's processors."""
        return Capacity(workers=1, decoders=self._decoders, cores=_cores(), gpus=1)

    def run(self, tasks: Iterable[Task], worker: Worker, reports: Reports) -> Iterator[Outcome]:
        """The outcome of each task."""
        # One alone would decode no sooner than this process does.
        decoders = Decoders(self._decoders) if self._decoders > 1 else None
        reports = replace(reports, decoders=decoders)
        run = _Run(tasks, worker, reports, self._decoders)
        try:
            while (outcome := run.next_outcome()) is not None:
                yield outcome
                del outcome  # its vectors, which may be gigabytes, while others are computed
        finally:
            if decoders is not None:
                decoders.close()  # first: nobody has to wait for what they are at
            run.close()
        for task in run.waiting:
            logger.info("%s: another process is embedding it; waiting", task.recording.path)
            yield worker.attempt(task, reports, wait=True)


class _Run:
    """The tasks of a run that are under way, in their order.

    Attributes:
        waiting: those that another process works on.
    """

    def __init__(self, tasks: Iterable[Task], worker: Worker, reports: Reports, decoders: int) -> None:
        self.waiting: list[Task] = []
        self._tasks = iter(tasks)
        self._worker = worker
        self._reports = reports
        self._decoders = decoders
        self._under_way: deque[UnderWay] = deque()
        self._held_back: Task | None = None
        self._ended_by: BaseException | None = None  # raised by who is told: it ends the run at once

    def next_outcome(self) -> Outcome | None:
        """That of the next task; None where there are no more.

        Raises:
            Exception: what ended it, once all before it are finished.
        """
        while True:
            self._begin_more()
            if not self._under_way:
                return None
            if self._under_way[0].error is not None:
                raise self._under_way[0].error
            if self._under_way[0].outcome is not None:
                return self._under_way.popleft().outcome
            self._step()

    def close(self) -> None:
        """Leave what is under way where it is: its blocks are kept, and its claims end."""
        for each in self._under_way:
            each.close()

    def _begin_more(self) -> None:
        while self._has_room() and (task := self._held_back or next(self._tasks, None)) is not None:
            # A copy of what is under way has to wait: what is kept of that is its own too.
            self._held_back = task
            if any(each.awaited and task.claims_the_same(each.task) for each in self._under_way):
                return
            self._held_back = None
            begun = UnderWay(task)
            try:
                self._go_on(begun, self._worker.attempted(task, self._told_of(begun), wait=False))
            except BusyError:
                self.waiting.append(task)
            else:
                self._under_way.append(begun)

    def _has_room(self) -> bool:
        unfinished = [each for each in self._under_way if each.awaited is not None]
        if len(unfinished) < len(self._under_way) and not (unfinished and self._under_way[0].awaited):
            return False  # the first one is finished
        return not self._under_way or (
            sum(each.decoded is not None for each in unfinished) < self._decoders
            and len(self._under_way) < FINISHED_AHEAD * self._decoders
            and not any(each.error for each in self._under_way)
            and all(each.is_open for each in unfinished)
            and sum(each.size for each in self._under_way) < MOST_BYTES
        )

    def _step(self) -> None:
        """Embed a block of the first task that has one, or take one from the device; wait where none has."""
        self._reports.news.clear()
        # Those behind one that failed are not wanted any more.
        wanted = itertools.takewhile(lambda each: each.error is None, self._under_way)
        if (task := next_of(list(wanted))) is not None:
            self._go_on(task)
            return
        self._reports.news.wait(_LOOK_AGAIN)

    def _go_on(self, task: UnderWay, steps: Steps | None = None) -> None:
        try:
            task.step(steps)
        except BusyError:
            raise
        except Exception:
            # The task keeps it as its error, which is raised when its turn has come: those before it are finished first.
            if self._ended_by is not None:
                raise

    def _told_of(self, begun: UnderWay) -> Reports:
        """The reports of a task; what is raised by who is told ends the run."""
        reports = self._reports

        def opened(task: Task, info: AudioInfo) -> None:
            begun.opened(info.duration)
            reports.news.set()
            with self._ending():
                reports.opened(task, info)

        def advance(amount: float) -> None:
            with self._ending():
                reports.advance(amount)

        return replace(reports, opened=opened, advance=advance)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._ended_by = error
            raise


def _asked_for() -> int | None:
    text = os.environ.get(ENVIRONMENT)
    if not text:
        return None
    if not (text.isdecimal() and int(text)):
        raise SettingError(f"{ENVIRONMENT}: expected a number of recordings from 1, not {text!r}")
    return int(text)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
