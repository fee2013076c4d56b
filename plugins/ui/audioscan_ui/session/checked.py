"""Values of a request, checked: what was expected, what was found."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from audioscan_ui.problems import Problem

LONGEST_TEXT = 1000
"""Characters of a label or an id."""

LATEST = 1e9
"""Seconds; later than any recording ends."""


def text(facts: Mapping[str, Any], name: str) -> str:
    """A text that is not empty, and that can be written to a file.

    Raises:
        Problem: it is none.
    """
    value = facts.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or "\0" in value:
        raise refusal(f"{name} must be a text of at most {LONGEST_TEXT} characters", value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise refusal(f"{name} must be a text", value) from error
    return value


def number(facts: Mapping[str, Any], name: str) -> float:
    """A finite number.

    Raises:
        Problem: it is none.
    """
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LATEST:
        raise refusal(f"{name} must be a number", value)
    return float(value)


def span(facts: Mapping[str, Any]) -> tuple[float, float]:
    """Start and end in seconds.

    Raises:
        Problem: they are no span of a recording.
    """
    start, end = number(facts, "start"), number(facts, "end")
    if not 0 <= start < end or not math.isfinite(end):
        raise Problem(422, f"a span must end after it starts, at 0 s or later; found {start:g} to {end:g} s")
    return start, end


def only(facts: Any, names: Collection[str], what: str) -> Mapping[str, Any]:
    """An object that has these names and no others.

    Raises:
        Problem: it is none, or has others.
    """
    if not isinstance(facts, dict):
        raise refusal(f"{what} must be an object", facts)
    unknown = sorted(set(facts) - set(names))
    if unknown:
        raise Problem(422, f"{what} has no {unknown[0]!r}; it has: {', '.join(names)}")
    return facts


def refusal(expected: str, found: Any) -> Problem:
    """The problem that something else was found."""
    return Problem(422, f"{expected}; found {ascii(found)[:80]}")
