"""The arguments and options that several commands share."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audioscan_host.remote_path import is_url, path_of, written_path

if TYPE_CHECKING:
    from audioscan_host.windows import Windowing

Command = TypeVar("Command", bound=Callable[..., Any])


class _Place(click.Path):
    """A path of this machine, or a URL."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return path_of(value) if is_url(value) else super().convert(value, param, ctx)


class _Written(click.Path):
    """A path of this machine alone."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(written_path(value) if is_url(value) else value, param, ctx)


FILE = _Place(path_type=Path)
"""What is read: a path, or a URL."""

WRITTEN = _Written(path_type=Path)
"""What is written: a path."""

FOLDER = _Written(path_type=Path, file_okay=False)
"""A folder that is written to."""

WRITTEN_OR_SHOWN = _Written(path_type=Path, allow_dash=True)
"""A file that is written, or - for stdout."""

PLACE = FILE
"""What is written where a URL will do as well."""


def one_of(words: Iterable[str]) -> "click.Choice[str]":
    """One of some words, or of an enumeration of words: click itself would go by the names of its members."""
    return click.Choice([str(word) for word in words])


recordings = click.argument("recordings", nargs=-1, required=True, type=FILE, metavar="RECORDING...")


FOLDER_OR_URL = _Place(path_type=Path, file_okay=False)
"""Where a cache lies."""


cache_dir = click.option(
    "--cache-dir",
    type=FOLDER_OR_URL,
    metavar="FOLDER|URL",
    envvar="AUDIOSCAN_CACHE",
    show_envvar=True,
    help="Where embeddings are kept: a folder, or a URL such as s3://bucket/cache. [default: cache/ in the current "
    "folder where there is one, else the user's cache folder]",
)


LABELS_AS = ("auto", "ends", "durations")
"""The words of `annotations.labels_as.LabelsAs`, which is not imported here: the readers of label files take longer than
all else that `--help` needs."""

labels_as = click.option(
    "--labels-as",
    type=one_of(LABELS_AS),
    default=LABELS_AS[0],
    show_default=True,
    help="What the second number of a label without a header is: an end, or a duration, as Sonic Visualiser writes it; auto takes "
    "it for an end, and says where it is likely a duration.",
)


def _labels(*, required: bool, purpose: str = "") -> Callable[[Command], Command]:
    return click.option(
        "--labels",
        multiple=True,
        required=required,
        type=FILE,
        metavar="FILE",
        help=f"{purpose}CSV or TSV (file,start,end,label[,role]), Audacity, Raven, DCASE, BirdNET, Praat, an 8-cut database and "
        "others; or a folder of them. May repeat: where two files label the same place with the same label, the later one wins.",
    )


labels = _labels(required=True)
labels_beside_others = _labels(required=False)
labels_known = _labels(required=False, purpose="What is labelled already, as for `train`: ")


out = click.option(
    "--out",
    type=WRITTEN,
    metavar="PATH",
    help="A file; a folder where the format is one file a recording and there are several. [default: stdout]",
)

detector = click.option(
    "--detector", required=True, type=FILE, metavar="FILE", help="What `audioscan-host train` made."
)

model = click.option("--model", required=True, metavar="NAME", help="See `audioscan-host models`.")

models = click.option("--model", "models", multiple=True, required=True, metavar="NAME", help="May repeat.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


utc_offset = click.option(
    "--utc-offset",
    metavar="+HH:MM",
    help="Zone of the recordings whose header and name tell a time without one; it shows in `recorded_at`.",
)


def windowing(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--window` and `--hop` of a command that has no labels; the command gets a windowing."""

    @click.option(
        "--window",
        type=float,
        help="Length of a window, seconds; `train` may choose another where it is not told.  [default: 8]",
    )
    @click.option(
        "--hop",
        type=float,
        help="Seconds from one window's start to the next; a multiple of 0.01.  [default: a quarter of --window; 1 "
        "where that is not given]",
    )
    @wraps(command)
    def with_windowing(*, window: float | None, hop: float | None, **rest: Any) -> Any:
        from audioscan_host.windows import Windowing

        default = Windowing()
        chosen = _given(window, hop) or Windowing(default.window, default.hop if hop is None else hop)
        return command(windowing=chosen, **rest)

    return with_windowing


_hop_by_labels = click.option(
    "--hop",
    type=float,
    help="Seconds from one window's start to the next; a multiple of 0.01.  [default: a quarter of the window; 1 where labels are "
    "points, or 8-cut's embeddings are in the cache]",
)

_BY_LABELS = (
    "[default: of 1, 2, 4 and 8 the nearest to half of what the labelled sound usually lasts; 8 where labels are points, or 8-cut's "
    "embeddings are in the cache]"
)


def windowing_by_labels(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--window` and `--hop` of a command that learns; it gets a windowing and a hop, None where labels decide."""

    @click.option("--window", type=float, help=f"Length of a window, seconds.  {_BY_LABELS}")
    @_hop_by_labels
    @wraps(command)
    def with_windowing(*, window: float | None, hop: float | None, **rest: Any) -> Any:
        alone = hop if window is None else None
        return command(windowing=_given(window, hop), hop=alone, **rest)

    return with_windowing


def windowings_by_labels(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same of a command that compares; it gets several windowings, none where labels decide."""

    @click.option(
        "--window",
        "windows",
        type=float,
        multiple=True,
        help=f"Length of a window, seconds. May repeat, to compare.  {_BY_LABELS}",
    )
    @_hop_by_labels
    @wraps(command)
    def with_windowings(*, windows: tuple[float, ...], hop: float | None, **rest: Any) -> Any:
        if not windows:
            return command(windowings=(), hop=hop, **rest)
        from audioscan_host.windows import Windowing

        return command(windowings=Windowing.of_windows(windows, hop), hop=None, **rest)

    return with_windowings


def _given(window: float | None, hop: float | None) -> "Windowing | None":
    if window is None:
        return None
    from audioscan_host.windows import Windowing

    return Windowing.of_window(window) if hop is None else Windowing(window, hop)


def window_labels(command: Command) -> Command:
    """`--tolerance` and `--neg-margin`: what annotations say of windows."""
    tolerance = click.option(
        "--tolerance",
        type=click.FloatRange(min=0),
        default=12.0,
        show_default=True,
        help="Seconds around a point label in which a window's start makes it positive.",
    )
    neg_margin = click.option(
        "--neg-margin",
        type=click.FloatRange(min=0),
        help="Seconds that negatives keep from every positive. [default: 0 where labels are spans, 30 where "
        "points]",
    )
    return tolerance(neg_margin(command))
