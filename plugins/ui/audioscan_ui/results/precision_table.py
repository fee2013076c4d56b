"""Precision by detector, label and score as a table, for the page and for spreadsheets."""

import csv
import io
from typing import Any

from audioscan_ui.results.agreement import agreement
from audioscan_ui.session.review_session import ReviewSession

COLUMNS = (
    "detector",
    "label",
    "score_from",
    "score_to",
    "accepted",
    "rejected",
    "unsure",
    "precision",
    "low",
    "high",
)


def precision_rows(session: ReviewSession) -> list[dict[str, Any]]:
    """A row for each detector and label with all scores, then one for each tenth of the scores that was judged.

    `detector` is its number in the session, None where the session does not have it. `precision`, `low` and `high` are None
    where nothing was accepted or rejected.
    """
    numbers = {each.sha256: each.number for each in session.detectors}
    rows = []
    for each in agreement(session.verdicts.values()):
        low, high = each.interval or (None, None)
        values = (each.accepted, each.rejected, each.unsure, each.precision, low, high)
        rows.append(
            dict(zip(COLUMNS, (numbers.get(each.detector), each.label, *each.score, *values), strict=True))
        )
    return rows


def precision_csv(session: ReviewSession) -> str:
    """The same as CSV, shares with four decimals."""
    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in precision_rows(session):
        table.writerow([_cell(name, row[name]) for name in COLUMNS])
    return stream.getvalue()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if name in ("precision", "low", "high") else str(value)
