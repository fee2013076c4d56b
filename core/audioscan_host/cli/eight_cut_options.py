"""The options that say what of 8-cut is taken, and how."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from audioscan_host.eight_cut_settings import EightCutCache, EightCutClasses, EightCutSettings


def eight_cut_labels(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a database of 8-cut is read: the command gets `eight_cut`, its settings."""

    @click.option(
        "--eight-cut-profile",
        "profile",
        metavar="NAME",
        help="Of an 8-cut database: the profile that is read. [default: the only one]",
    )
    @click.option(
        "--eight-cut-classes",
        "classes",
        type=click.Choice([str(word) for word in EightCutClasses]),
        default=EightCutClasses.FOLDER.value,
        show_default=True,
        help="Of an 8-cut database: what names the sound of a clip, the folder that it was exported to, as in 8-cut, or its "
        "label.",
    )
    @click.option(
        "--eight-cut-negatives",
        "negatives",
        multiple=True,
        metavar="FOLDER",
        help="Of an 8-cut database: an export folder whose clips hold none of the sounds. May repeat.",
    )
    @wraps(command)
    def with_settings(*, profile: str | None, classes: str, negatives: tuple[str, ...], **rest: Any) -> Any:
        return command(eight_cut=EightCutSettings(classes, profile, negatives), **rest)

    return with_settings


eight_cut_cache = click.option(
    "--eight-cut-cache",
    type=click.Choice([str(word) for word in EightCutCache]),
    default=EightCutCache.READ.value,
    show_default=True,
    help="Embeddings that 8-cut left in the cache folder: read them, or ignore them and compute all anew.",
)
