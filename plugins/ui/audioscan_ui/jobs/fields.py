"""Reads the fields of a request, and says in one sentence what is wrong with one."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from audioscan_ui.problems import Problem


def text(request: Mapping[str, Any], name: str, choices: Collection[str] = ()) -> str:
    """A text that must be there."""
    value = request.get(name)
    if not isinstance(value, str) or not value or (choices and value not in choices):
        among = f": one of {', '.join(choices)}" if choices else ""
        raise Problem(422, f"The request needs a {name}{among}.")
    return value


def texts(request: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts; an empty one where it is left out."""
    value = request.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Problem(422, f"{name} must be a list of texts.")
    return value


def number(
    request: Mapping[str, Any], name: str, *, least: float, most: float = math.inf, above: bool = False
) -> float | None:
    """A number in its range; None where it is left out.

    Args:
        request: the request.
        name: of the field.
        least: the smallest that is allowed, or with `above` the largest that is too small.
        most: the largest that is allowed.
        above: whether `least` itself is too small.
    """
    value = request.get(name)
    if value is None:
        return None
    wrong = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    if wrong or value < least or value > most or (above and value == least):
        upper = f" and at most {most:g}" if math.isfinite(most) else ""
        raise Problem(422, f"{name} must be a number {'above' if above else 'of at least'} {least:g}{upper}.")
    return float(value)


def whole(request: Mapping[str, Any], name: str, default: int, *, most: int) -> int:
    """A whole number from 1; the default where it is left out."""
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Problem(422, f"{name} must be a whole number from 1 to {most}.")
    return value


def numbers(request: Mapping[str, Any], name: str) -> list[int] | None:
    """Numbers of the session; None where all are meant."""
    value = request.get(name, "all")
    if value == "all" or value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(n, int) and not isinstance(n, bool) for n in value):
        raise Problem(422, f"{name} must be a list of numbers, or all.")
    return list(dict.fromkeys(value))


def flag(request: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Yes or no."""
    value = request.get(name, default)
    if not isinstance(value, bool):
        raise Problem(422, f"{name} must be true or false.")
    return value
