"""What a check says of a model."""

from dataclasses import dataclass
from typing import Literal

State = Literal["passed", "failed", "not checked"]


class ConformanceError(AssertionError):
    """The model breaks a promise; the message says in one line what was expected and what was found."""


class NotCheckedError(Exception):
    """Whether the model keeps a promise cannot be told; the message says in one line why."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check of one model.

    Attributes:
        model: its name.
        check: the name of the check.
        promise: what is promised, in a sentence.
        state: `not checked` where the weights are not on this machine, or another check that failed comes first.
        found: what was measured where it passed, what is wrong where it failed, why it was not checked.
        waits_for: the check to be mended first, where that is why.
        traceback: of an exception of the plugin that made it fail, from the hook on; empty without one.
    """

    model: str
    check: str
    promise: str
    state: State
    found: str
    waits_for: str = ""
    traceback: str = ""


def quoted(printed: str) -> str:
    """The beginning of what was printed, in one line."""
    return repr(printed if len(printed) <= 60 else printed[:57] + "...")
