"""The tasks of a run on the driver's side: in which order, how far, how often they were lost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from audioscan_host.audio import AudioInfo
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import RecordingFailure, Task
from audioscan_ray.desk import Done, Events, Span

MOST_CRASHES = 3
"""Processes that may die over a task before it is left out: at most two retries."""

MOST_LOSSES = 20
"""Times that a task may be lost with its node, which is no fault of its own."""

LEAST_SHARE = 300.0
"""Seconds of a recording that are worth another worker, which decodes all that is before them."""


@dataclass(eq=False)
class Turn:
    """A task and what came of it.

    Attributes:
        task: the task.
        place: in the order of the run.
        awaited: it is being computed, or waits for that.
        done: what came of it.
        crashes: processes that died while they computed it.
        losses: times that it was lost otherwise.
        not_before: when it may be tried again, `time.monotonic()`.
        given_up_to: seconds of it up to where no helper has blocks yet.
    """

    task: Task
    place: int
    awaited: bool = True
    done: Done | None = None
    crashes: int = 0
    losses: int = 0
    not_before: float = 0.0
    given_up_to: float = 0.0
    _duration: float | None = None
    _own: float = 0.0
    _helped: float = 0.0
    _told: float = field(default=0.0)

    @property
    def is_suspect(self) -> bool:
        """Whether a process died over it: it is computed alone then, so that no other is blamed."""
        return self.crashes > 0

    @property
    def left(self) -> float:
        """Seconds that nobody but its own worker has been given, as far as known."""
        return 0.0 if self._duration is None else self.given_up_to - self._own

    def begin(self) -> None:
        """It is computed from its beginning, or anew after it was lost."""
        self._own = self._helped = 0.0
        self.given_up_to = self._duration or 0.0

    def happened(self, events: Events, reports: Reports, *, helper: bool) -> None:
        """Pass on what happened to it; what was told before it was lost is not told again."""
        if events.opened is not None and not helper:
            self._open(events.opened, reports)
        for note in events.notes:
            reports.tell(note)
        if helper:
            self._helped += events.seconds
        else:
            self._own += events.seconds
        so_far = self._own + self._helped
        self._advance(so_far if self._duration is None else min(so_far, self._duration), reports)

    def settle(self, done: Done, reports: Reports) -> None:
        """It has ended."""
        self.happened(done.events, reports, helper=False)
        self._advance(self._own, reports)  # what a container said of its length may have been too short
        self.done, self.awaited = done, False

    def _open(self, info: AudioInfo, reports: Reports) -> None:
        if self._duration is None:
            reports.opened(self.task, info)
            self._duration = self.given_up_to = info.duration or 0.0

    def _advance(self, so_far: float, reports: Reports) -> None:
        if so_far > self._told:
            amount, self._told = so_far - self._told, so_far
            reports.advance(amount)

    def lost(self, node: str, *, with_node: bool) -> bool:
        """Its worker died; whether it is to be computed again. Where it is not, that is what came of it."""
        self.crashes += not with_node
        self.losses += with_node
        if self.crashes < MOST_CRASHES and self.losses < MOST_LOSSES:
            return True
        path = self.task.recording.path
        what = f"{self.crashes} processes" if self.crashes >= MOST_CRASHES else f"{self.losses} nodes"
        reason = f"{path}: {what} died while they computed it, the last on node {node}; it is left out"
        self.done, self.awaited = Done(RecordingFailure(path, reason, by_plugin=True)), False
        return False

    def put_off(self, seconds: float) -> None:
        """Another process has its claim: try it later."""
        self.not_before = time.monotonic() + seconds


def shares(turns: Sequence[Turn], helpers: int) -> list[tuple[Turn, Span]]:
    """What idle workers can take over of tasks that are computed: parts from behind, which their own workers reach last.

    Args:
        turns: those that are computed.
        helpers: workers that are idle.
    """
    counts = dict.fromkeys(turns, 0)
    for _ in range(helpers):
        best = max(counts, key=lambda turn: turn.left / (counts[turn] + 2), default=None)
        if best is None or best.left / (counts[best] + 2) < LEAST_SHARE:
            break
        counts[best] += 1
    given = []
    for turn, count in counts.items():
        width = turn.left / (count + 1)
        for _ in range(count):
            begin = turn.given_up_to - width
            given.append((turn, (begin, turn.given_up_to)))
            turn.given_up_to = begin
    return given
