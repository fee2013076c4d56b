"""`--same`, by which labels are joined under one name."""

import csv

import click


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
