"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "absent", "warning", "broken"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: was looked at.
        state: `broken` where it has to be mended before all works; `absent` where nothing is wrong
            with its not being there.
        found: what was found, in a line.
        remedy: what to do about it; empty where nothing need be done.
    """

    what: str
    state: State
    found: str
    remedy: str = ""
