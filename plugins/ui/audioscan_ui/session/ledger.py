"""The verdicts and settings of a session, folded from its journal, and kept in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from audioscan_host import OutputError
from audioscan_ui.problems import Problem
from audioscan_ui.session.actions import Action, ActionKind, Change, read_action
from audioscan_ui.session.journal import Journal
from audioscan_ui.session.verdicts import StandingVerdicts, Step, Verdict


@dataclass(frozen=True)
class Standing:
    """What all actions until a moment have led to.

    Attributes:
        seq: how many there were.
        verdicts: that stand, by id.
        settings: that pages keep.
        undo: how many steps can be undone.
        redo: how many steps can be redone.
    """

    seq: int
    verdicts: Mapping[str, Verdict]
    settings: Mapping[str, Any]
    undo: int
    redo: int


class Ledger:
    """What all actions together have led to.

    Args:
        journal: that they are in.
        recordings: how many the session has.

    Attributes:
        verdicts: that stand.
        settings: what pages keep.

    Raises:
        OutputError: the journal says something that cannot be.
    """

    def __init__(self, journal: Journal, recordings: int) -> None:
        self._journal = journal
        self._standing = StandingVerdicts()
        self._settings: dict[str, Any] = {}
        self._places: dict[str, int] = {}
        self.verdicts = self._standing.by_id
        self.settings: Mapping[str, Any] = MappingProxyType(self._settings)
        for at, line in journal.lines():
            try:
                action = read_action(line.get("action"), recordings)
            except Problem as problem:
                raise OutputError(
                    f"the journal of the session cannot be read: {problem.sentence}"
                ) from problem
            self._do(action, self._step_of(action))
            self._places[action.id] = at

    @property
    def seq(self) -> int:
        """How many actions there were."""
        return len(self._places)

    @property
    def undo_depth(self) -> int:
        """How many steps can be undone."""
        return self._standing.undo_depth

    @property
    def redo_depth(self) -> int:
        """How many steps can be redone."""
        return self._standing.redo_depth

    def now(self) -> Standing:
        """What stands now."""
        return Standing(self.seq, dict(self.verdicts), dict(self.settings), self.undo_depth, self.redo_depth)

    def done_before(self, action_id: str) -> Mapping[str, Any] | None:
        """What an action of that id did when it came first; None where none came."""
        at = self._places.get(action_id)
        if at is None:
            return None
        change: Mapping[str, Any] = self._journal.line_at(at)["change"]
        return change

    def keep(self, action: Action, sent: Mapping[str, Any]) -> Change:
        """Keep an action in the journal, and then do it.

        Args:
            action: which was not done before.
            sent: the same as the page sent it.

        Raises:
            OutputError: it could not be kept; then nothing is done.
        """
        step = self._step_of(action)
        undo, redo = self._depths_after(action)
        settings = action.patch if action.kind is ActionKind.SETTINGS else None
        change = Change(self.seq + 1, action.id, step, undo, redo, settings)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        # What it did is kept too: one that is sent again is answered as before.
        line = {"at": now, "action": sent, "change": change.to_json()}
        self._places[action.id] = self._journal.append(line)
        self._do(action, step)
        return change

    def _step_of(self, action: Action) -> Step:
        match action.kind:
            case ActionKind.JUDGE:
                return self._standing.judging(action.add, action.remove)
            case ActionKind.UNDO:
                return self._standing.undoing()
            case ActionKind.REDO:
                return self._standing.redoing()
            case _:
                return Step()

    def _depths_after(self, action: Action) -> tuple[int, int]:
        undo, redo = self.undo_depth, self.redo_depth
        match action.kind:
            case ActionKind.JUDGE:
                return undo + 1, 0
            case ActionKind.UNDO if undo:
                return undo - 1, redo + 1
            case ActionKind.REDO if redo:
                return undo + 1, redo - 1
            case _:
                return undo, redo

    def _do(self, action: Action, step: Step) -> None:
        match action.kind:
            case ActionKind.JUDGE:
                self._standing.judge(step)
            case ActionKind.UNDO:
                self._standing.undo()
            case ActionKind.REDO:
                self._standing.redo()
            case _:
                self._settings.update(action.patch)
