"""The workers of a run, as the driver knows them: begun, found fit, replaced where they die."""

import itertools
import logging
import os
import pickle
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from audioscan_host.cache import Cache
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.cache.store import UNFINISHED
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import AudioscanError, CacheError, ExecutorError, StoreError
from audioscan_host.sizing.trial import Measured, Trial
from audioscan_ray.connection import Connection
from audioscan_ray.desk import Done, Events, Order
from audioscan_ray.room import Room
from audioscan_ray.terms import Facts, Terms
from audioscan_ray.worker_process import actor_class

MOST_FALSE_STARTS = 3
"""Workers that die one after the other before any of them was fit."""

STARTING = 20.0
"""Seconds that all workers have to be found fit before those that are begin: a cluster may have no room for the others yet."""

LEAVING = 3.0
"""Seconds that workers have to end their claims."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Member:
    """A worker.

    Attributes:
        actor: Ray's handle.
        begun: what its beginning is awaited by; None once it is fit.
        node: as people call it.
        node_id: as Ray calls it.
        orders: what is awaited -> the order that it has.
        news: what is awaited with what happened.
    """

    actor: Any
    begun: Any
    node: str = "?"
    node_id: str = ""
    orders: dict[Any, Order] = field(default_factory=dict)
    news: Any = None

    @property
    def is_fit(self) -> bool:
        """Whether it can be given orders."""
        return self.begun is None


class Crew:
    """The workers.

    Args:
        connection: where they are.
        room: how many, and what each asks for.
        worker: of the driver; they are like it.
        facts: what they have to have alike.
    """

    def __init__(self, connection: Connection, room: Room, worker: Worker, facts: Facts) -> None:
        import ray

        self.connection = connection
        self.size = room.workers
        self.is_cut_off = False  # from the cache
        self.hands = room.hands
        self._store = worker.cache.store
        self._marker = f"{UNFINISHED}/workers-{uuid4().hex}"
        try:
            with self._store.writing(self._marker) as file:
                file.write(b"of a run that is under way\n")
            self._terms = pickle.dumps(_terms(worker, self._marker, room.decoders))
        except OSError as error:
            where = f"cache {self._store.location()}"
            raise CacheError(f"{where}: cannot be written to: {error}; name another: --cache-dir") from error
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            self._remove_marker()
            where = f"the cache {self._store.location()}"
            raise ExecutorError(f"{where} cannot be reached by other processes: {error}") from error
        self._facts = pickle.dumps(facts)
        actor: Any = ray.remote(actor_class())
        self._actor = actor.options(
            num_cpus=room.cores,
            num_gpus=room.gpus,
            max_concurrency=room.hands + 2,  # beside what it computes: what happened, and that it is to leave
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        self.numbers = itertools.count()
        self._false_starts = 0
        self._started: float | None = time.monotonic()
        self.members = [self._begin() for _ in range(room.workers)]

    @property
    def has_started(self) -> bool:
        """Whether orders may be given: one that does not suit is to be told before anything is computed."""
        if self._started is not None and (
            all(member.is_fit for member in self.members) or time.monotonic() - self._started > STARTING
        ):
            self._started = None
        return self._started is None

    def _begin(self) -> Member:
        actor = self._actor.remote()
        return Member(actor, actor.begin.remote(self._terms, self._facts))

    def replace(self, lost: Member, *, was_fit: bool) -> None:
        """Let another take the place of one that died.

        Raises:
            ExecutorError: none comes to live.
        """
        self.dismiss(lost)
        self._false_starts = 0 if was_fit else self._false_starts + 1
        if self._false_starts >= MOST_FALSE_STARTS:
            raise ExecutorError(
                f"{MOST_FALSE_STARTS} workers died one after the other as they began; see Ray's logs"
            )
        self.members.append(self._begin())

    def dismiss(self, member: Member) -> None:
        """End a worker's process."""
        import ray

        self.members.remove(member)
        ray.kill(member.actor)

    def settle(self, member: Member) -> None:
        """See that a worker that has begun is fit.

        Raises:
            ExecutorError: it has something that the driver has otherwise, or lacks it.
        """
        import ray

        node, number, unfit = ray.get(member.begun)
        if unfit:
            raise ExecutorError(f"node {node} {unfit}")
        member.node, member.node_id, member.begun = node, number, None
        self._false_starts = 0

    def measured(self, trial: Trial, facts: Facts) -> Measured:
        """Have the first worker measure, once it is fit.

        Raises:
            ExecutorError: it does not suit, or dies.
            AudioscanError: what it says.
        """
        import ray

        member = self.members[0]
        try:
            if not member.is_fit:
                self.settle(member)
            said = ray.get(member.actor.measure.remote(pickle.dumps(trial), pickle.dumps(facts)))
        except ray.exceptions.RayError as error:
            reason = " ".join(str(error).split())
            raise ExecutorError(
                f"the worker on node {member.node} died while it measured: {reason}"
            ) from error
        found: Measured | AudioscanError = pickle.loads(said)  # noqa: S301 - of our own worker
        if isinstance(found, AudioscanError):
            raise found
        return found

    def give(self, member: Member, order: Order) -> None:
        """Let a worker compute something."""
        member.orders[member.actor.compute.remote(pickle.dumps(order))] = order

    @staticmethod
    def done(awaited: Any) -> Done:
        """What came of an order that has ended."""
        import ray

        done: Done = pickle.loads(ray.get(awaited))  # noqa: S301 - of our own worker
        return done

    @staticmethod
    def news(awaited: Any) -> dict[int, Events]:
        """What a worker says that happened."""
        import ray

        news: dict[int, Events] = pickle.loads(ray.get(awaited))  # noqa: S301 - of our own worker
        return news

    def close(self) -> None:
        """End all workers; those that compute leave it where it is."""
        import ray

        if ray.is_initialized():  # it ends by itself where the process does
            self._dismiss_all()
        if not self.is_cut_off:
            self._remove_marker()

    def _remove_marker(self) -> None:
        try:
            self._store.remove(self._marker)
        except (OSError, StoreError) as error:  # a few bytes, which `cache prune` takes
            logger.info("%s: is left: %s", self._store.location(self._marker), error)

    def _dismiss_all(self) -> None:
        import ray

        leaving = [member.actor.leave.remote() for member in self.members if member.orders]
        awaited = [*leaving, *(each for member in self.members for each in member.orders)]
        deadline = time.monotonic() + LEAVING
        while awaited and (left := deadline - time.monotonic()) > 0:
            _, awaited = ray.wait(awaited, num_returns=len(awaited), timeout=left)
        for member in list(self.members):
            self.dismiss(member)


def _terms(worker: Worker, marker: str, decoders: int) -> Terms:
    registry = worker.registry
    return Terms(
        cache=_everywhere(worker.cache),
        marker=marker,
        runtime=worker.runtime,
        checkpoints=registry.named_checkpoints,
        environment={name: value for name, value in os.environ.items() if name == "AUDIOSCAN_PLUGINS"},
        folder=str(Path.cwd()),
        decoders=decoders,
    )


def _everywhere(cache: Cache) -> Cache:
    """The cache by a place that does not depend on the folder that a process works in."""
    if not isinstance(cache.store, LocalFolder):
        return cache
    return Cache(LocalFolder(cache.store.root.absolute()), eight_cut_files=cache.eight_cut_files)
