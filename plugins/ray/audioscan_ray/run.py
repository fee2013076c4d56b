"""A run: tasks go to workers while these have hands free, and outcomes come back in the order of the tasks."""

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Outcome, Task
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import ExecutorError
from audioscan_ray.crew import Crew, Member
from audioscan_ray.desk import Done, Order
from audioscan_ray.inbox import POLL, Inbox
from audioscan_ray.terms import Facts, facts_of
from audioscan_ray.turns import Turn, shares

MOST_AHEAD = 10_000
"""Tasks that may be finished before their turn, behind a long one: they hold no vectors, two kilobytes each."""

MOST_KNOWN = 64
"""Tasks that are looked up ahead where the first one is finished already."""

BUSY = 1.0
"""Seconds until a task that another process works on is tried again."""

MOST_VANISHED = 2
"""Times that a task is computed whose embeddings are gone when they are to be read; then this process does it."""

logger = logging.getLogger(__name__)


class Run:
    """The tasks of a run.

    Args:
        tasks: taken when there is a worker for them.
        worker: of this process, which reads what the cache has.
        reports: who is told of what happens.
        crew_of: facts of models -> the workers, begun at first need.
    """

    def __init__(
        self, tasks: Iterable[Task], worker: Worker, reports: Reports, crew_of: Callable[[Facts], Crew]
    ) -> None:
        self._tasks = iter(tasks)
        self._is_exhausted = False
        self._worker = worker
        self._reports = reports
        self._crew_of = crew_of
        self._crew: Crew | None = None
        self._facts: dict[tuple[Any, ...], Facts] = {}
        self._turns: deque[Turn] = deque()
        self._later: deque[Turn] = deque()
        self._waiting: list[Turn] = []
        self._flying: dict[int, Turn] = {}  # by the numbers of orders
        self._places = itertools.count()
        self._vanished: dict[Turn, int] = {}
        self._inbox: Inbox | None = None

    def next_outcome(self) -> Outcome | None:
        """That of the next task; None where there are no more.

        Raises:
            ExecutorError: a worker does not suit, or none comes to live.
        """
        while True:
            self._take_more()
            self._assign()
            if not self._turns:
                if not self._later:
                    return None
                self._turns, self._later = self._later, deque()
                continue
            first = self._turns[0]
            if first.awaited:
                self._wait(POLL)
                continue
            self._wait(0)
            if (outcome := self._outcome(first)) is not None:
                self._turns.popleft()
                return outcome

    # Taking tasks

    def _take_more(self) -> None:
        while not self._is_exhausted and self._has_room():
            task = next(self._tasks, None)
            if task is None:
                self._is_exhausted = True
                return
            turn = Turn(task, next(self._places))
            self._turns.append(turn)
            if self._worker.has_all(task):
                turn.awaited = False
            else:
                self._waiting.append(turn)

    def _has_room(self) -> bool:
        if len(self._turns) >= (MOST_AHEAD if not self._turns or self._turns[0].awaited else MOST_KNOWN):
            return False
        hands = self._crew.size * self._crew.hands if self._crew is not None else 1
        return len(self._waiting) + len(self._flying) < hands

    # Giving them to workers

    def _assign(self) -> None:
        if not self._waiting:
            if self._is_exhausted and self._flying:
                self._let_help()
            return
        if self._crew is None:
            self._crew = self._crew_of(self._facts_of(self._waiting[0].task))
            self._inbox = Inbox(self._crew)
        if not self._crew.has_started:
            return
        now = time.monotonic()
        for turn in [each for each in self._waiting if each.not_before <= now]:
            if any(turn.task.claims_the_same(each.task) for each in self._flying.values()):
                continue  # of a copy: what is kept of that is its own too
            member = self._free(alone=turn.is_suspect)
            if member is not None:
                self._waiting.remove(turn)
                turn.begin()
                self._give(member, turn)

    def _free(self, *, alone: bool) -> Member | None:
        """The fit worker with most hands free."""
        fit = [member for member in self._members if member.is_fit and not self._has_suspect(member)]
        least = min(fit, key=lambda member: len(member.orders), default=None)
        if least is None or len(least.orders) >= (1 if alone else self._crew_there.hands):
            return None
        return least

    def _has_suspect(self, member: Member) -> bool:
        flying = [self._flying.get(order.number) for order in member.orders.values()]
        return any(turn is not None and turn.is_suspect for turn in flying)

    def _let_help(self) -> None:
        idle = [member for member in self._members if member.is_fit and not member.orders]
        if not idle:
            return
        computed = {id(turn): turn for turn in self._flying.values() if turn.awaited and not turn.is_suspect}
        for member, (turn, span) in zip(idle, shares(list(computed.values()), len(idle)), strict=False):
            self._give(member, turn, span)

    def _give(self, member: Member, turn: Turn, span: tuple[float, float] | None = None) -> None:
        order = Order(next(self._crew_there.numbers), turn.task, self._facts_of(turn.task), span)
        self._flying[order.number] = turn
        self._crew_there.give(member, order)

    def _facts_of(self, task: Task) -> Facts:
        if task.models not in self._facts:
            self._facts[task.models] = facts_of(self._worker.registry, task.models, self._worker.runtime)
        return self._facts[task.models]

    @property
    def _members(self) -> list[Member]:
        return self._crew.members if self._crew is not None else []

    @property
    def _crew_there(self) -> Crew:
        if self._crew is None:
            raise ValueError("nothing was given to anybody yet")
        return self._crew

    # What comes back

    def _wait(self, seconds: float) -> None:
        """Wait until a worker has something, or so long; take all that is there."""
        for member, awaited in self._inbox.ready(seconds) if self._inbox is not None else []:
            if member in self._members:  # it has not died of another of these
                self._take(member, awaited)

    def _take(self, member: Member, awaited: Any) -> None:
        import ray

        crew = self._crew_there
        try:
            if awaited == member.begun:  # a client has other objects for the same
                crew.settle(member)
            elif awaited == member.news:
                member.news = None
                for number, events in crew.news(awaited).items():
                    if number in self._flying:
                        helper = any(o.number == number and o.span for o in member.orders.values())
                        self._flying[number].happened(events, self._reports, helper=helper)
            else:
                done = crew.done(awaited)
                order = member.orders.pop(awaited)
                turn = self._flying.pop(order.number, None)
                if turn is not None:  # else it was to help in the run before
                    self._end(turn, order, done, member)
        except (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError) as error:
            self._lose(member, error)

    def _end(self, turn: Turn, order: Order, done: Done, member: Member) -> None:
        if order.span is not None:
            if turn.awaited:
                turn.happened(done.events, self._reports, helper=True)
        elif done.refused:
            raise ExecutorError(f"node {member.node} {done.refused}")
        elif done.busy:
            turn.put_off(BUSY)
            self._waiting.append(turn)
            if turn in self._turns:  # else it was put off before
                self._turns.remove(turn)
                self._later.append(turn)
        else:
            turn.settle(done, self._reports)

    def _lose(self, member: Member, error: Exception) -> None:
        """A worker died: what it had is computed elsewhere."""
        orders, was_fit = list(member.orders.values()), member.is_fit
        with_node = self._crew_there.connection.has_lost(member.node_id) if was_fit else False
        self._crew_there.replace(member, was_fit=was_fit)
        logger.info("a worker on node %s died: %s", member.node, " ".join(str(error).split()))
        for order in orders:
            turn = self._flying.pop(order.number, None)
            if turn is None or order.span is not None:
                continue  # whoever computes the task comes to these blocks too
            if turn.lost(member.node, with_node=with_node or _is_out_of_reach(error)):
                self._waiting.insert(0, turn)

    def _outcome(self, turn: Turn) -> Outcome | None:
        """What came of a task, its vectors read from the cache; None where they are gone, and it is computed again."""
        done = turn.done or Done()
        if done.error is not None:
            raise done.error
        if done.failure is not None:
            return Outcome(turn.task, done.failure, {}, {}, frozenset(), None)
        outcome = self._worker.kept(turn.task, self._reports)
        if outcome is None:
            self._vanished[turn] = self._vanished.get(turn, 0) + 1
            if self._vanished[turn] > MOST_VANISHED:
                return self._worker.attempt(turn.task, self._reports, wait=True)
            turn.awaited = True
            self._waiting.insert(0, turn)
            return None
        return replace(outcome, computed=done.computed)


def _is_out_of_reach(error: Exception) -> bool:
    """Whether nothing more is known of a worker than that it does not answer: its node may be gone."""
    import ray

    return isinstance(error, ray.exceptions.ActorUnavailableError)
