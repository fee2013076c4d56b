"""Verdicts -> what was found and its corrected copy, of the reviewed regions only, as `train --from-regions` takes them."""

from collections.abc import Iterable
from pathlib import Path

from audioscan_host import Annotation, Role
from audioscan_ui.results.review_labels import Judged
from audioscan_ui.session.verdicts import Verdict, VerdictRole

Rows = dict[Path, list[Annotation]]
"""The rows of each recording."""


def found_corrected(recordings: Iterable[Judged]) -> tuple[Rows, Rows]:
    """What was found and judged, and what is left of it.

    A rejected region is in the first alone, a drawn one in the second alone. Of a recording where everything was drawn the first
    has that too: it must name each recording that the second names.

    Returns:
        The rows of the result, and those of the corrected copy.
    """
    found: Rows = {}
    corrected: Rows = {}
    for each in recordings:
        kept = [
            _row(each.path, verdict.start, verdict.end, verdict.label, Role(verdict.role.value))
            for verdict in each.verdicts
            if verdict.role is not VerdictRole.ABSENT
        ]
        seen = [row for verdict in each.verdicts for row in _found(each.path, verdict)]
        found[each.path] = _in_order(seen or kept)
        corrected[each.path] = _in_order(kept)
    return found, corrected


def _found(path: Path, verdict: Verdict) -> Iterable[Annotation]:
    if verdict.found is not None:
        yield _row(path, verdict.found.start, verdict.found.end, verdict.found.label)
    elif verdict.role is VerdictRole.ABSENT:
        yield _row(path, verdict.start, verdict.end, verdict.label)


def _row(path: Path, start: float, end: float, label: str, role: Role = Role.POSITIVE) -> Annotation:
    return Annotation(str(path), start, end, label, role)


def _in_order(rows: Iterable[Annotation]) -> list[Annotation]:
    return sorted(dict.fromkeys(rows), key=lambda row: (row.start, row.end or row.start, row.label))
