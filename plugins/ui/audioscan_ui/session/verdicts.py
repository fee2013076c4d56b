"""Verdicts: what a person said of a span of a recording, and which of them stand after undo and redo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class VerdictRole(StrEnum):
    """What a verdict says of its span: the sound is here, it is not, or nobody can tell."""

    POSITIVE = "positive"
    ABSENT = "absent"
    SOFT = "soft"


class Origin(StrEnum):
    """Where the span came from that was judged."""

    FOUND = "found"
    DRAWN = "drawn"
    SUGGESTED = "suggested"
    SEARCHED = "searched"
    LABELLED = "labelled"


@dataclass(frozen=True)
class Found:
    """A region as it was when it was judged.

    Attributes:
        start: seconds.
        end: seconds.
        label: that the detector gave it.
    """

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Verdict:
    """What a person said of a span.

    Attributes:
        id: made by the page, unique in the session.
        recording: its number in the session.
        start: seconds from the recording's beginning.
        end: seconds, after `start`.
        label: the sound that it speaks of.
        role: what it says.
        score: that was seen; None where there was none.
        detector: SHA-256 of the detector that was seen; None where there was none.
        origin: where the span came from.
        found: the region as it was then; None where nothing was found there.
    """

    id: str
    recording: int
    start: float
    end: float
    label: str
    role: VerdictRole
    score: float | None = None
    detector: str | None = None
    origin: Origin = Origin.FOUND
    found: Found | None = None

    def to_json(self) -> dict[str, Any]:
        """The verdict as the page and the journal have it."""
        found = self.found and {"start": self.found.start, "end": self.found.end, "label": self.found.label}
        return {
            "id": self.id,
            "recording": self.recording,
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "role": self.role.value,
            "score": self.score,
            "detector": self.detector,
            "origin": self.origin.value,
            "found": found,
        }


@dataclass(frozen=True)
class Step:
    """What one action did to the verdicts, and so what undoing it has to take back.

    Attributes:
        added: verdicts that stand since.
        removed: verdicts that do not stand since.
    """

    added: tuple[Verdict, ...] = ()
    removed: tuple[Verdict, ...] = ()

    @property
    def reverse(self) -> "Step":
        """The step that takes it back."""
        return Step(self.removed, self.added)

    @property
    def gone(self) -> list[str]:
        """The ids that no longer stand after it."""
        stand = {verdict.id for verdict in self.added}
        return [verdict.id for verdict in self.removed if verdict.id not in stand]


@dataclass
class StandingVerdicts:
    """The verdicts that stand, and the steps that can be undone and redone, the latest last."""

    _by_id: dict[str, Verdict] = field(default_factory=dict)
    _undo: list[Step] = field(default_factory=list)
    _redo: list[Step] = field(default_factory=list)

    @property
    def by_id(self) -> Mapping[str, Verdict]:
        """A view of those that stand, in the order in which they were given."""
        return MappingProxyType(self._by_id)

    @property
    def undo_depth(self) -> int:
        """How many steps can be undone."""
        return len(self._undo)

    @property
    def redo_depth(self) -> int:
        """How many steps can be redone."""
        return len(self._redo)

    def judging(self, add: Iterable[Verdict], remove: Iterable[str]) -> Step:
        """What judging would do; nothing is done yet. A verdict whose id stands is replaced."""
        added = tuple({verdict.id: verdict for verdict in add}.values())
        ids = dict.fromkeys([*remove, *(verdict.id for verdict in added)])
        return Step(added, tuple(self._by_id[each] for each in ids if each in self._by_id))

    def undoing(self) -> Step:
        """What undoing would do; nothing where there is nothing to undo."""
        return self._undo[-1].reverse if self._undo else Step()

    def redoing(self) -> Step:
        """What redoing would do; nothing where there is nothing to redo."""
        return self._redo[-1] if self._redo else Step()

    def judge(self, step: Step) -> None:
        """Do what `judging` gave; what was undone can no longer be redone."""
        self._apply(step)
        self._undo.append(step)
        self._redo.clear()

    def undo(self) -> None:
        """Take the latest step back."""
        if self._undo:
            self._apply(self._undo[-1].reverse)
            self._redo.append(self._undo.pop())

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._redo:
            self._apply(self._redo[-1])
            self._undo.append(self._redo.pop())

    def _apply(self, step: Step) -> None:
        for verdict in step.removed:
            self._by_id.pop(verdict.id, None)
        for verdict in step.added:
            self._by_id[verdict.id] = verdict
