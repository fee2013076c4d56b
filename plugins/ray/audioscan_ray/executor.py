"""The executor: begins Ray and workers when the first task has to be computed, and ends them with the session."""

import atexit
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audioscan_host.embedding.executor import Capacity
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Outcome, Task
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import StoreError
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.executor_kind import Resources
from audioscan_host.sizing.trial import Measured, Trial
from audioscan_ray.addresses import OWN
from audioscan_ray.connection import Connection
from audioscan_ray.crew import Crew
from audioscan_ray.room import Room, room
from audioscan_ray.run import Run
from audioscan_ray.terms import Facts, facts_of


class RayExecutor:
    """Has tasks computed by workers of Ray and gives their outcomes in their order; those that another process works on last.

    Workers write what they compute into the cache that they share with the driver, which reads it from there. They are
    held from one run to the next, and end as it is closed, with the process, or where a run is left.

    Args:
        address: of the Ray.
        resources: that were asked for.
    """

    def __init__(self, address: str, resources: Resources) -> None:
        self._address = address
        self._resources = resources
        self._held = _Held()
        self._end = weakref.finalize(self, self._held.close)

    def run(self, tasks: Iterable[Task], worker: Worker, reports: Reports) -> Iterator[Outcome]:
        """The outcome of each task."""

        def crew_of(facts: Facts) -> Crew:
            return self._held.crew(self._address, self._resources, worker, facts)

        run = Run(tasks, worker, reports, crew_of)
        finished = False
        try:
            while (outcome := run.next_outcome()) is not None:
                yield outcome
                del outcome  # its vectors, which may be gigabytes, while others are computed
            finished = True
        except StoreError:
            self._held.cut_off()
            raise
        finally:
            if not finished:
                self._held.close()

    def capacity(self, runtime: Runtime) -> Capacity:
        """The workers that there is room for, of which none is begun.

        Raises:
            ExecutorError: Ray cannot be reached, or has no room for a worker.
        """
        workers = self._held.room(self._address, self._resources, runtime.device)
        return Capacity(workers.workers, max(1, workers.decoders), workers.cores, workers.gpus)

    def measured(self, trial: Trial, worker: Worker) -> Measured:
        """Have one worker measure, which asks for what each of a run asks for.

        Raises:
            ExecutorError: Ray cannot be reached, or the worker does not suit, or dies.
        """
        facts = facts_of(worker.registry, trial.tasks[0].models, worker.runtime)
        return self._held.crew(self._address, self._resources, worker, facts, most=1).measured(trial, facts)

    def close(self) -> None:
        """End the workers, and the Ray that was started for them."""
        self._held.close()


class _Held:
    """What is held from one run to the next."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._crew: Crew | None = None

    def crew(
        self, address: str, resources: Resources, worker: Worker, facts: Facts, *, most: int | None = None
    ) -> Crew:
        """The workers, begun where there are none; all that there is room for, or `most` of them."""
        if self._crew is None:
            workers = self.room(address, resources, worker.runtime.device)
            workers = replace(workers, workers=min(workers.workers, most or workers.workers))
            self._crew = Crew(self._connected(address), workers, worker, facts)
        return self._crew

    def room(self, address: str, resources: Resources, device: str) -> Room:
        """How many workers there is room for."""
        return room(self._connected(address).nodes, resources, device=device, crowded=address == OWN)

    def _connected(self, address: str) -> Connection:
        if self._connection is None:
            self._connection = Connection(address)
            atexit.register(
                self.close
            )  # Ray's own end of the process was registered before, and comes after this
        return self._connection

    def cut_off(self) -> None:
        """The cache does not answer: nobody is to wait for it once more."""
        if self._crew is not None:
            self._crew.is_cut_off = True

    def close(self) -> None:
        """End them."""
        atexit.unregister(self.close)
        crew, self._crew = self._crew, None
        connection, self._connection = self._connection, None
        try:
            if crew is not None:
                crew.close()
        finally:
            if connection is not None:
                connection.close()
