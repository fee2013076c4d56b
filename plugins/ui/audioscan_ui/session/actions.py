"""What a page may do to a session, read and checked; the journal has the same in its lines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from audioscan_ui.session.checked import number, only, refusal, span, text
from audioscan_ui.session.verdicts import Found, Origin, Step, Verdict, VerdictRole

_VERDICT = ("id", "recording", "start", "end", "label", "role", "score", "detector", "origin", "found")
_FIELDS: Mapping[str, Collection[str]] = {
    "judge": ("id", "kind", "add", "remove"),
    "undo": ("id", "kind"),
    "redo": ("id", "kind"),
    "settings": ("id", "kind", "patch"),
}
_HASH = 64  # hexadecimal digits of a SHA-256


class ActionKind(StrEnum):
    """What can be done."""

    JUDGE = "judge"
    UNDO = "undo"
    REDO = "redo"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Action:
    """Something that a person did on the page.

    Attributes:
        id: made by the page; one that comes again is the same action, sent twice.
        kind: what it is.
        add: verdicts that are given.
        remove: ids of verdicts that are taken away.
        patch: settings that change.
    """

    id: str
    kind: ActionKind
    add: tuple[Verdict, ...] = ()
    remove: tuple[str, ...] = ()
    patch: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What an action did.

    Attributes:
        seq: number of the action in the session, from 1.
        id: of the action.
        step: what it did to the verdicts.
        undo: how many steps can be undone after it.
        redo: how many steps can be redone after it.
        settings: those that it changed; None where it is of another kind.
    """

    seq: int
    id: str
    step: Step
    undo: int
    redo: int
    settings: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The change as a page reads it."""
        return {
            "seq": self.seq,
            "id": self.id,
            "add": [verdict.to_json() for verdict in self.step.added],
            "remove": self.step.gone,
            "undo": self.undo,
            "redo": self.redo,
            "settings": None if self.settings is None else dict(self.settings),
        }


def read_action(facts: Any, recordings: int) -> Action:
    """Read an action.

    Args:
        facts: as the page sent it.
        recordings: how many the session has.

    Raises:
        Problem: it is malformed.
    """
    kind = facts.get("kind") if isinstance(facts, dict) else None
    if kind not in list(ActionKind):
        raise refusal(f"an action's kind must be one of {', '.join(ActionKind)}", kind)
    facts = only(facts, _FIELDS[kind], f"the action {kind!r}")
    patch = facts.get("patch", {})
    if kind == ActionKind.SETTINGS and not (isinstance(patch, dict) and patch):
        raise refusal("settings need a patch, an object of names and values", patch)
    return Action(
        text(facts, "id"),
        ActionKind(kind),
        tuple(read_verdict(each, recordings) for each in _list(facts, "add")),
        tuple(text({"id": each}, "id") for each in _list(facts, "remove")),
        patch,
    )


def read_verdict(facts: Any, recordings: int) -> Verdict:
    """Read a verdict.

    Raises:
        Problem: it is malformed, or of no recording of the session.
    """
    facts = only(facts, _VERDICT, "a verdict")
    recording = facts.get("recording")
    if isinstance(recording, bool) or not isinstance(recording, int) or not 1 <= recording <= recordings:
        raise refusal(f"a verdict's recording must be a number from 1 to {recordings}", recording)
    start, end = span(facts)
    return Verdict(
        text(facts, "id"),
        recording,
        start,
        end,
        text(facts, "label"),
        VerdictRole(_word(facts, "role", VerdictRole)),
        None if facts.get("score") is None else number(facts, "score"),
        _detector(facts.get("detector")),
        Origin(_word(facts, "origin", Origin) if "origin" in facts else Origin.FOUND),
        _found(facts.get("found")),
    )


def _found(facts: Any) -> Found | None:
    if facts is None:
        return None
    facts = only(facts, ("start", "end", "label"), "what was found")
    return Found(*span(facts), text(facts, "label"))


def _detector(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != _HASH or set(value) - set("0123456789abcdef"):
        raise refusal("a verdict's detector must be its SHA-256", value)
    return value


def _word(facts: Mapping[str, Any], name: str, words: type[StrEnum]) -> str:
    value = facts.get(name)
    if value not in list(words):
        raise refusal(f"{name} must be one of {', '.join(words)}", value)
    return str(value)


def _list(facts: Mapping[str, Any], name: str) -> list[Any]:
    value = facts.get(name, [])
    if not isinstance(value, list):
        raise refusal(f"{name} must be a list", value)
    return value
