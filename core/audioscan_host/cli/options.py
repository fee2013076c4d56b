"""The arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)

recordings = click.argument("recordings", nargs=-1, required=True, type=FILE, metavar="RECORDING...")

cache_dir = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="AUDIOSCAN_CACHE",
    show_envvar=True,
    help="Where embeddings are kept. [default: cache/ in the current folder where there is one, else the "
    "user's cache folder]",
)

batch_size = click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Windows that go through the encoder at once.",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def windowing(command: Command) -> Command:
    """`--window` and `--hop`."""
    window = click.option(
        "--window", type=float, default=8.0, show_default=True, help="Length of a window, seconds."
    )
    hop = click.option(
        "--hop",
        type=float,
        default=1.0,
        show_default=True,
        help="Seconds from one window's start to the next; a multiple of 0.01.",
    )
    return window(hop(command))
