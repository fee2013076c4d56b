"""Options that take one of a few words, of which the words come from the wing that knows them.

Apart from the other options, which `models` and `--help` import too: the wings would make these slower.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from audioscan_host.classifier.settings import Normalisation
from audioscan_host.cli.options import one_of
from audioscan_host.output import FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])

normalisation = click.option(
    "--normalisation",
    type=one_of(Normalisation),
    default=Normalisation.BACKGROUND.value,
    show_default=True,
    help="Windows relative to the background of their recording, or only to what all that is learned from has in common.",
)


def result_format(explanation: str, *more: str) -> Callable[[Command], Command]:
    """`--format`, with a sentence on what the command does in it, and words beside the formats; the command gets `format_name`."""
    return click.option(
        "--format",
        "format_name",
        type=one_of([*FORMATS, *more]),
        default="csv",
        show_default=True,
        help=explanation,
    )
