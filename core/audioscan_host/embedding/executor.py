"""Who computes tasks: this process, or whatever a plugin knows to send them to."""

import logging
from collections.abc import Iterable, Iterator
from typing import Protocol

from audioscan_host.cache import BusyError
from audioscan_host.embedding.tasks import Outcome, Task
from audioscan_host.embedding.worker import Reports, Worker

logger = logging.getLogger(__name__)


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


class LocalExecutor:
    """Runs the tasks in this process, in their order; those that another process works on come last."""

    def run(self, tasks: Iterable[Task], worker: Worker, reports: Reports) -> Iterator[Outcome]:
        """The outcome of each task."""
        waiting = []
        for task in tasks:
            try:
                yield worker.attempt(task, reports, wait=False)
            except BusyError:
                waiting.append(task)
        for task in waiting:
            logger.info("%s: another process is embedding it; waiting", task.recording.path)
            yield worker.attempt(task, reports, wait=True)
