"""How times, scores and texts are written, the same in every format and at every run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audioscan_host.output import Item

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def seconds(time: float) -> str:
    """Three decimals: finer than any window start, which lies on a 10 ms grid."""
    return f"{time:.3f}"


def score(value: float) -> str:
    """Six decimals, of a number between 0 and 1."""
    return f"{value:.6f}"


def recorded_at(when: datetime | None) -> str:
    """ISO 8601 to milliseconds, as `seconds` has them; with the zone where it is known, empty where the time is not."""
    half = timedelta(microseconds=500)
    return "" if when is None else (when + half).isoformat(timespec="milliseconds")


def single_line(text: str) -> str:
    """The text with a space for every tab and line break, which tab-separated files cannot hold."""
    return _BREAKS.sub(" ", text)


def of_one_recording(items: Mapping[str, Sequence[Item]], what: str) -> tuple[str, Sequence[Item]]:
    """The only recording and its regions, or whatever it has; no recording is one without any.

    Raises:
        ValueError: there are several.
    """
    if len(items) > 1:
        raise ValueError(f"{what} holds one recording, not {len(items)}")
    return next(iter(items.items()), ("", ()))
