"""Verdicts -> annotations: what was judged, and that the rest of the recording is not known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host import Annotation, Role
from audioscan_host.annotations.annotation import END_OF_ALL
from audioscan_ui.results.known_labels import Row, beside_known
from audioscan_ui.results.spans import cut_off
from audioscan_ui.session.verdicts import Origin, Verdict, VerdictRole


@dataclass(frozen=True)
class Judged:
    """A recording of which something was judged.

    Attributes:
        path: that its rows are written under.
        verdicts: of it, in the order in which they were given.
        duration: seconds; None where it is not known.
    """

    path: Path
    verdicts: Sequence[Verdict]
    duration: float | None = None


def judged(verdicts: Iterable[Verdict], places: Mapping[int, tuple[Path, float | None]]) -> list[Judged]:
    """The recordings that have a verdict, in order of their numbers.

    Args:
        verdicts: that stand.
        places: number of a recording -> its path and its duration in seconds, where that is known.
    """
    by_recording: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_recording[verdict.recording].append(verdict)
    return [Judged(places[n][0], by_recording[n], places[n][1]) for n in sorted(by_recording) if n in places]


def review_labels(
    recordings: Iterable[Judged],
    windows: Mapping[str, float],
    known: Mapping[Path, Sequence[Annotation]] | None = None,
) -> dict[Path, list[Annotation]]:
    """What the verdicts say, as label files say it.

    An accepted, relabelled or drawn span is positive, one that nobody can tell is soft, and a rejected one is absent: of other
    labels that says nothing. Of a region that was trimmed, what was cut off is absent too. A rejected region that is shorter than a
    window stands for all windows that hold it, since these found it. The rest of each recording is unlabelled: nobody looked.
    So does `audioscan_host.annotations.read_review` with a corrected scan.

    Args:
        recordings: what was judged.
        windows: SHA-256 of a detector -> the length of its windows, seconds.
        known: of each recording what label files say that come before these rows; see `beside_known`.

    Returns:
        The annotations of each recording; a recording without verdicts has none.
    """
    found = {}
    for each in recordings:
        rows = [row for verdict in each.verdicts for row in _rows(verdict, each.verdicts, windows)]
        rows = beside_known(rows, (known or {}).get(each.path, ()))
        written = [_annotation(each.path, row) for row in sorted(set(rows), key=_place)]
        rest = Annotation(str(each.path), 0.0, each.duration or END_OF_ALL, "", Role.UNLABELLED)
        found[each.path] = [*written, rest]
    return found


def _rows(verdict: Verdict, verdicts: Sequence[Verdict], windows: Mapping[str, float]) -> Iterator[Row]:
    role = Role(verdict.role.value)
    if role is Role.ABSENT:
        yield _rejected(verdict, windows.get(verdict.detector or "", 0.0))
        return
    found, span = verdict.found, (verdict.start, verdict.end)
    as_found = found is not None and (*span, verdict.label) == (found.start, found.end, found.label)
    yield Row(*span, verdict.label, role, as_found=as_found and role is Role.POSITIVE)
    if found is not None and cut_off(found.start, found.end, [span]):
        kept = [span, *((each.start, each.end) for each in verdicts if _keeps(each, found.label))]
        for start, end in cut_off(found.start, found.end, kept):
            yield Row(start, end, found.label, Role.ABSENT)


def _rejected(verdict: Verdict, window: float) -> Row:
    start, end = verdict.start, verdict.end
    if verdict.origin is not Origin.FOUND or end - start >= window:
        return Row(start, end, verdict.label, Role.ABSENT)
    return Row(max(end - window, 0.0), start + window, verdict.label, Role.ABSENT, core=(start, end))


def _keeps(verdict: Verdict, label: str) -> bool:
    """Whether it says that the sound is there, or may be."""
    return verdict.label == label and verdict.role is not VerdictRole.ABSENT


def _annotation(path: Path, row: Row) -> Annotation:
    return Annotation(str(path), row.start, row.end, row.label, row.role)


def _place(row: Row) -> tuple[float, float, str, str]:
    return row.start, row.end if row.end is not None else row.start, row.label, row.role.value
