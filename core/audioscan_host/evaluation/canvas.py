"""The look that all pictures share: colours, fonts, titles, and how a picture becomes a file."""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

BLUE, ORANGE, TEXT, QUIET, LIGHT = "#0072B2", "#D55E00", "#22262e", "#8a92a3", "#aab0bb"

STYLES: tuple[dict[str, Any], ...] = tuple(
    {"color": colour, "linestyle": dashes, "linewidth": 2}
    for colour, dashes in (
        # Okabe and Ito, "Color Universal Design" (2008), without the yellow that is faint on white.
        (BLUE, "-"),
        (ORANGE, (0, (5, 2))),
        ("#009E73", (0, (1, 1.2))),
        ("#CC79A7", (0, (5, 1.5, 1, 1.5))),
        ("#56B4E9", (0, (9, 2))),
        ("#E69F00", (0, (3, 1, 1, 1, 1, 1))),
    )
)
"""Of the lines in one picture: as many as everybody tells apart."""

_DPI = 120
_LONGEST_TITLE = 60


def is_available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


class Picture:
    """An empty figure; `png` is its file once the block that drew on it has ended."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure
        self.png = b""


@contextmanager
def picture(width: float, height: float, title: str) -> Iterator[Picture]:
    """A figure to draw on, in inches."""
    # Figures of matplotlib's own objects leave nothing behind in a program that plots too.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(
        figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08, hspace=0.03)
    )
    FigureCanvasAgg(figure)
    drawn = Picture(figure)
    yield drawn
    for axes in figure.axes:
        axes.tick_params(labelsize=10, colors=TEXT)
        axes.spines[["top", "right"]].set_visible(False)
    shortened = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
    figure.suptitle(plain(shortened), x=0.01, ha="left", fontsize=14, fontweight="bold", color=TEXT)
    file = io.BytesIO()
    with warnings.catch_warnings():
        # A label may be written in letters that the font lacks: boxes in the title, no more.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # Without the library's version in it, the same picture is the same bytes.
        figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    drawn.png = file.getvalue()


def plain(text: str) -> str:
    """The text as it is, where matplotlib would read a formula between two dollars."""
    return text.replace("$", r"\$")


def grid(panels: int) -> tuple[int, int]:
    """Columns and lines of that many panels."""
    columns = 2 if panels == 4 else min(panels, 3)
    return columns, math.ceil(panels / columns)


def count_axis(axes: Any, most: int) -> None:
    """A vertical axis of counts, on which one window shows beside thousands."""
    from matplotlib.ticker import NullLocator

    axes.set_yscale("symlog", linthresh=1)
    powers = range(int(math.log10(max(most, 1))) + 1)
    axes.set_yticks([0, *(10**power for power in powers)], labels=["0", *(f"{10**p:,}" for p in powers)])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, max(most, 1) * 1.5)


def chance_line(draw: Any, share: float) -> None:
    """A line at what chance would reach, drawn by `axhline` or `axvline`."""
    draw(share, color=QUIET, linestyle="--", linewidth=1.2, label=f"chance: {share:.3f}")
