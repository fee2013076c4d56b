"""The figures as tables: for people, and behind each picture as CSV with all their digits."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from audioscan_host.evaluation import curves
from audioscan_host.evaluation.conditions import Condition
from audioscan_host.evaluation.held_out import HeldOut, System
from audioscan_host.evaluation.judgement import LabelEvaluation
from audioscan_host.evaluation.row import SHORT_COLLAR, Row

Table = Iterable[Mapping[str, Any]]


def figure_columns(window: float) -> list[str]:
    """What people read of each row; `window` in seconds."""
    names = ["average precision", "95 % interval", "ROC AUC", "Brier score", "calibration error", "precision"]
    names += ["recall", "false alarms/h", "false s/h", "segment F1"]
    return [*names, f"event F1 {SHORT_COLLAR:g} s", f"event F1 {window / 2:g} s"]


def figure_cells(row: Row) -> list[str]:
    """The figures of those columns; `-` where one is not known."""
    f = row.figures
    measured = [f.roc_auc, f.brier, f.expected_calibration_error, f.precision, f.recall]
    false = [f.false_alarms_per_hour, f.false_seconds_per_hour]
    matched = [row.segments.f1 if row.segments else None, row.onsets.f1, row.onsets_half_window.f1]
    cells = [*map(cell, measured), *map(per_hour, false), *map(cell, matched)]
    return [cell(f.average_precision), row.interval.text(3), *cells]


CONDITION_COLUMNS = (
    "condition",
    "hours",
    "places",
    "average precision",
    "Brier score",
    "recall",
    "false alarms/h",
    "false s/h",
)
"""What people read of what a field will show."""


def condition_cells(condition: Condition) -> list[str]:
    """The figures of those columns; `-` where one is not known."""
    c = condition
    false = c.false_alarms_per_hour, c.false_seconds_per_hour
    cells = [*map(cell, (c.average_precision, c.brier, c.recall)), *map(per_hour, false)]
    return [c.name, f"{c.hours:.2f}", str(c.places), *cells]


def cell(value: float | None) -> str:
    """A figure as people read it."""
    return "-" if value is None else f"{value:.3f}"


def per_hour(value: float | None) -> str:
    """A count as people read it."""
    return "-" if value is None else f"{value:.1f}"


def summary(labels: Sequence[LabelEvaluation]) -> Table:
    """A row for each label and system."""
    return [row.facts() for each in labels for row in each.rows]


def precision_recall(held_out: HeldOut) -> Table:
    """A row for each threshold that makes a difference; the last, at which nothing is found, has none."""
    curve = curves.PrecisionRecall.of(held_out)
    columns = [*curve.thresholds.tolist(), None], curve.precision.tolist(), curve.recall.tolist()
    for threshold, precision, recall in zip(*columns, strict=True):
        yield {"threshold": threshold, "precision": precision, "recall": recall}


def reliability(held_out: HeldOut) -> Table:
    """A row for each bin of probability."""
    return map(asdict, curves.reliability(held_out))


def histogram(held_out: HeldOut) -> Table:
    """A row for each bin of probability."""
    for each in curves.histogram(held_out):
        negatives = each.windows - each.positives
        yield {"low": each.low, "high": each.high, "positives": each.positives, "negatives": negatives}


def thresholds(held_out: HeldOut) -> Table:
    """A row for each threshold."""
    return map(asdict, curves.threshold_table(held_out))


OF_EACH_SYSTEM: Mapping[str, Callable[[HeldOut], Table]] = MappingProxyType(
    {
        "precision_recall": precision_recall,
        "reliability": reliability,
        "histogram": histogram,
        "thresholds": thresholds,
    }
)
"""What is tabulated of each label and system, by the name of its file."""


def csv_files(labels: Sequence[LabelEvaluation]) -> dict[str, str]:
    """Name of each file -> its text."""
    texts = {
        "table.csv": _text(summary(labels)),
        "conditions.csv": _text(facts for each in labels for facts in each.condition_facts()),
    }
    for name, tabulate in OF_EACH_SYSTEM.items():
        rows = (
            {**_of(each.label, system), **row}
            for each in labels
            for system, held_out in each.held_out.items()
            for row in tabulate(held_out)
        )
        texts[f"{name}.csv"] = _text(rows)
    return texts


def _of(label: str, system: System) -> dict[str, Any]:
    return {"label": label, **system.facts()}


def _text(rows: Table) -> str:
    stream = io.StringIO(newline="")
    # A float is written with the digits that read back as the same float; None as an empty cell.
    table = csv.writer(stream, lineterminator="\n")
    for number, row in enumerate(rows):
        if not number:
            table.writerow(row)
        table.writerow(row.values())
    return stream.getvalue()
