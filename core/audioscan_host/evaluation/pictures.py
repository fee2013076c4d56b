"""Pictures of how systems do on one label."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from audioscan_host.evaluation import curves
from audioscan_host.evaluation.canvas import (
    BLUE,
    LIGHT,
    ORANGE,
    QUIET,
    STYLES,
    TEXT,
    chance_line,
    count_axis,
    grid,
    picture,
    plain,
)
from audioscan_host.evaluation.judgement import LabelEvaluation
from audioscan_host.evaluation.row import Row


def shown(label: LabelEvaluation) -> list[Row]:
    """The rows that a picture has room for: the best ones, in the order asked for."""
    best = sorted(label.rows, key=lambda row: -row.figures.average_precision)[: len(STYLES)]
    return [row for row in label.rows if row in best]


def draw_table(label: LabelEvaluation) -> bytes:
    """Average precision of every system with its interval."""
    rows = sorted(label.rows, key=lambda row: row.figures.average_precision)
    with picture(10, 1.9 + 0.42 * len(rows), f"{label.label}: average precision") as drawn:
        axes = drawn.figure.subplots()
        for place, row in enumerate(rows):
            value, interval = row.figures.average_precision, row.interval
            axes.plot([interval.low, interval.high], [place, place], color=BLUE, linewidth=2.5)
            axes.plot([value], [place], "o", color=BLUE, markersize=8, clip_on=False)
            axes.text(1.02, place, f"{value:.3f} ({interval.text(3)})", va="center", fontsize=11, color=TEXT)
        chance_line(axes.axvline, _guess(rows[0]))
        axes.set_yticks(range(len(rows)), labels=[plain(str(row.system)) for row in rows])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlim(0, 1)
        axes.set_xlabel("average precision and its 95 % interval over recordings", fontsize=12)
        drawn.figure.legend(loc="outside lower right", frameon=False, fontsize=10)
    return drawn.png


def draw_precision_recall(label: LabelEvaluation) -> bytes:
    """Precision over recall, a line a system."""
    rows = shown(label)
    with picture(8.5, 6.8 + 0.25 * len(rows), f"{label.label}: precision and recall") as drawn:
        axes = drawn.figure.subplots()
        for row, style in zip(rows, STYLES, strict=False):
            curve = curves.PrecisionRecall.of(label.held_out[row.system])
            name = plain(f"{row.system}: average precision {row.figures.average_precision:.3f}")
            # Recall descends: a step keeps the precision of its higher end, as the average precision does.
            axes.plot(curve.recall, curve.precision, drawstyle="steps-post", label=name, **style)
        chance_line(axes.axhline, _guess(rows[0]))
        axes.set_xlabel("recall: share of the windows with the sound that are found", fontsize=12)
        axes.set_ylabel("precision: share of the found windows that hold the sound", fontsize=12)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.02)
        axes.grid(color=QUIET, alpha=0.25)
        drawn.figure.legend(loc="outside lower center", frameon=False, fontsize=11)
    return drawn.png


def draw_reliability(label: LabelEvaluation) -> bytes:
    """Observed frequency over predicted probability, and the number of windows of each bin; a panel a system."""
    rows = shown(label)
    columns, lines = grid(len(rows))
    with picture(5.2 * columns, 5.8 * lines + 0.4, f"{label.label}: reliability") as drawn:
        places = drawn.figure.add_gridspec(2 * lines, columns, height_ratios=[3.2, 1.6] * lines)
        for place, row in enumerate(rows):
            line, column = divmod(place, columns)
            above = drawn.figure.add_subplot(places[2 * line, column])
            below = drawn.figure.add_subplot(places[2 * line + 1, column], sharex=above)
            _draw_bins(above, below, curves.reliability(label.held_out[row.system]))
            error = row.figures.expected_calibration_error
            above.set_title(plain(f"{row.system}\ncalibration error {error:.3f}"), fontsize=11, color=TEXT)
    return drawn.png


def _draw_bins(above: Any, below: Any, bins: Sequence[curves.Bin]) -> None:
    filled = [each for each in bins if each.windows]
    predicted, observed = [each.predicted for each in filled], [each.observed for each in filled]
    above.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle="--")
    above.plot(predicted, observed, "o-", color=BLUE, linewidth=1.5, clip_on=False)
    above.set_xlim(0, 1)
    above.set_ylim(-0.03, 1.03)
    above.grid(color=QUIET, alpha=0.25)
    above.set_ylabel("observed frequency", fontsize=11)
    centres = [(each.low + each.high) / 2 for each in bins]
    below.bar(centres, [each.windows for each in bins], width=0.092, color=LIGHT)
    count_axis(below, 4 * max(each.windows for each in bins))  # room for the numbers over the bars
    for centre, each in zip(centres, bins, strict=True):
        below.text(centre, max(each.windows, 0.1) * 1.2, str(each.windows), ha="center", fontsize=8)
    below.set_ylabel("windows", fontsize=11)
    below.set_xlabel("predicted probability", fontsize=11)


def draw_histogram(label: LabelEvaluation) -> bytes:
    """How many windows have which predicted probability, a panel a system."""
    rows = shown(label)
    columns, lines = grid(len(rows))
    with picture(5.2 * columns, 3.9 * lines + 0.8, f"{label.label}: score histogram") as drawn:
        panels = drawn.figure.subplots(lines, columns, squeeze=False).flatten()
        most = 0
        for axes, row in zip(panels, rows, strict=False):
            bins = curves.histogram(label.held_out[row.system])
            edges = [*(each.low for each in bins), 1]
            positives = [each.positives for each in bins]
            negatives = [each.windows - each.positives for each in bins]
            most = max(most, *positives, *negatives)
            axes.stairs(negatives, edges, fill=True, color=LIGHT, label="windows without the sound")
            axes.stairs(positives, edges, color=ORANGE, linewidth=2, label="windows with the sound")
            axes.set_xlim(0, 1)
            axes.set_title(plain(str(row.system)), fontsize=11, color=TEXT)
            axes.set_xlabel("predicted probability", fontsize=11)
            axes.set_ylabel("windows", fontsize=11)
        for axes in panels[: len(rows)]:
            count_axis(axes, most)
        for axes in panels[len(rows) :]:
            axes.set_visible(False)
        handles, names = panels[0].get_legend_handles_labels()
        drawn.figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=11)
    return drawn.png


def draw_thresholds(label: LabelEvaluation) -> bytes:
    """Precision, recall and false alarms at each threshold, a line a system."""
    rows = shown(label)
    with picture(13, 4.7 + 0.25 * math.ceil(len(rows) / 2), f"{label.label}: thresholds") as drawn:
        panels = drawn.figure.subplots(1, 3)
        for row, style in zip(rows, STYLES, strict=False):
            table = curves.threshold_table(label.held_out[row.system])
            # Where nothing is found there is no precision, and the line ends.
            precision = [math.nan if each.precision is None else each.precision for each in table]
            recall, alarms = zip(*((each.recall, each.false_alarms_per_hour) for each in table), strict=True)
            for axes, values in zip(panels, (precision, recall, alarms), strict=True):
                axes.plot(curves.THRESHOLDS, values, label=plain(str(row.system)), **style)
        names = ("precision", "recall", "false alarms per hour of labelled audio")
        for axes, name in zip(panels, names, strict=True):
            axes.set_xlabel("threshold", fontsize=12)
            axes.set_ylabel(name, fontsize=12)
            axes.set_xlim(0, 1)
            axes.grid(color=QUIET, alpha=0.25)
            axes.set_ylim(0, 1.02 if axes is not panels[2] else None)
        handles, labels = panels[0].get_legend_handles_labels()
        drawn.figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=11)
    return drawn.png


def _guess(row: Row) -> float:
    return row.figures.positives / row.figures.windows


PICTURES: Mapping[str, Callable[[LabelEvaluation], bytes]] = MappingProxyType(
    {
        "table": draw_table,
        "precision_recall": draw_precision_recall,
        "reliability": draw_reliability,
        "histogram": draw_histogram,
        "thresholds": draw_thresholds,
    }
)
"""What draws each picture, as a PNG, by the name that it shares with its table."""
