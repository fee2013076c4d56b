"""`--label`, by which some labels are chosen, and `--same`, by which they are joined under one name."""

import csv
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def only(do: str) -> Callable[[Command], Command]:
    """`--label`, with what the command does to each that is named; the command gets `only`."""
    return click.option(
        "--label", "only", multiple=True, metavar="NAME", help=f"{do} this label only. May repeat."
    )


def _joined(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, list[str]]:
    same: dict[str, list[str]] = {}
    for value in values:
        name, _, others = value.partition("=")
        found = [each.strip() for each in next(csv.reader([others], skipinitialspace=True), [])]
        if not (name.strip() and any(found)):
            raise click.BadParameter(f"expected NAME=OTHER,OTHER, found {value!r}")
        same.setdefault(name.strip(), []).extend(each for each in found if each)
    return same


same = click.option(
    "--same",
    multiple=True,
    metavar="NAME=OTHER,...",
    callback=_joined,
    help="Labels that are joined under one name: chirp=Chirp,chirps. May repeat.",
)
