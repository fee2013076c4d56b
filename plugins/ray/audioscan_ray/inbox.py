"""What workers have to say: waited for, asked for, and missed where none of them is there."""

import logging
import time
from typing import Any

from audioscan_host.errors import ExecutorError
from audioscan_ray.crew import Crew, Member

POLL = 0.5
"""Seconds between two questions of what happened."""

WAITING = 30.0
"""Seconds without any fit worker, after which that is said."""

logger = logging.getLogger(__name__)


class Inbox:
    """What comes from the workers of a crew."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._asked = 0.0
        self._alone_since = time.monotonic()

    def ready(self, seconds: float) -> list[tuple[Member, Any]]:
        """All that is there, each with the worker that it is of; waits for the first so long.

        Raises:
            ExecutorError: no node is alive any more.
        """
        import ray

        awaited = {each: member for member in self._crew.members for each in _awaited(member)}
        if not awaited:
            time.sleep(seconds)
            return []
        found, _ = ray.wait(list(awaited), num_returns=1, timeout=seconds)
        if found:
            found, _ = ray.wait(list(awaited), num_returns=len(awaited), timeout=0)
        self._ask()
        self._miss()
        return [(awaited[each], each) for each in found]

    def _ask(self) -> None:
        now = time.monotonic()
        if now - self._asked >= POLL:
            self._asked = now
            for member in self._crew.members:
                if member.orders and member.news is None:
                    member.news = member.actor.news.remote()

    def _miss(self) -> None:
        now = time.monotonic()
        if any(member.is_fit for member in self._crew.members):
            self._alone_since = now
        elif not self._crew.connection.nodes:  # nobody adds nodes to a Ray that has no head
            raise ExecutorError(
                "the Ray has died that computed: see its logs, and start the same command again; what was finished is kept"
            )
        elif now - self._alone_since > WAITING:
            logger.warning(
                "no worker could begin for %.0f s: Ray has no room for one; waiting", now - self._alone_since
            )
            self._alone_since = now


def _awaited(member: Member) -> list[Any]:
    return [each for each in (member.begun, member.news, *member.orders) if each is not None]
