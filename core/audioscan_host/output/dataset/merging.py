"""Small parts of a dataset become large ones; what was killed at that is gone on with.

Readers open whatever Parquet files there are, so no rows may lie in two of them. The merged part is written where nobody looks,
then a plan which names the parts that it is of. From then on it is finished, by this run or the next: those are removed, it takes
their place, and so does its record. In between readers see less, and never anything twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from audioscan_host.errors import OutputError
from audioscan_host.output.dataset.journal import FOLDER, RECORD, Held, Record
from audioscan_host.output.dataset.places import Place
from audioscan_host.output.dataset.tables import joined

MERGING = "_merging"
"""The folder of what is being merged."""

FEWEST = 8
"""Small parts of a month that are merged: so a row is written anew for every eighth run at most, and not for each."""

_ROWS = ".rows"  # no ending that readers look for in all folders

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A part of a dataset.

    Attributes:
        record: name of its record.
        name: its own.
        rows: how many it has.
        recordings: likewise.
    """

    record: str
    name: str
    rows: int
    recordings: int

    @classmethod
    def of(cls, name: str, record: Record) -> Part:
        """The part that a record is of."""
        return cls(name, record.part, sum(each.rows for each in record.held), len(record.held))


@dataclass(frozen=True)
class _Plan:
    """A merge: the part that there will be, and the names of parts and records that go."""

    record: Record
    parts: Sequence[str]
    records: Sequence[str]

    @property
    def stem(self) -> str:
        return PurePosixPath(self.record.part).stem

    @property
    def name(self) -> str:
        return f"{MERGING}/{self.stem}{RECORD}"

    @property
    def staged(self) -> str:
        return f"{MERGING}/{self.stem}{_ROWS}"

    def to_lines(self) -> bytes:
        first = json.dumps({"parts": list(self.parts), "records": list(self.records)})
        return f"{first}\n".encode() + self.record.to_lines()

    @classmethod
    def of_lines(cls, content: bytes) -> _Plan | None:
        """The plan; None where it is damaged."""
        first, _, lines = content.partition(b"\n")
        record = Record.of_lines(lines)
        try:
            names = json.loads(first)
            return None if record is None else cls(record, list(names["parts"]), list(names["records"]))
        except (ValueError, TypeError, LookupError):
            return None


def groups(parts: Iterable[Part], most_rows: int, most_recordings: int) -> list[list[Part]]:
    """Parts that are to become one each: of the same month, at most half full, and not more than one part may hold.

    Args:
        parts: of the dataset.
        most_rows: of a part.
        most_recordings: likewise.
    """
    by_month: dict[str, list[Part]] = {}
    for part in parts:
        if 2 * part.rows < most_rows and 2 * part.recordings < most_recordings:
            by_month.setdefault(part.name.rpartition("/")[0], []).append(part)
    found: list[list[Part]] = []
    for small in by_month.values():
        if len(small) < FEWEST:
            continue
        group: list[Part] = []
        for part in sorted(small, key=lambda each: each.name):
            together = [*group, part]
            if (
                sum(p.rows for p in together) > most_rows
                or sum(p.recordings for p in together) > most_recordings
            ):
                found.append(group)
                together = [part]
            group = together
        found.append(group)
    return [group for group in found if len(group) > 1]


def merge(place: Place, group: Sequence[Part], stem: str, require_alone: Callable[[], None]) -> Record | None:
    """Make one part of several.

    Args:
        place: where they lie.
        group: the parts, of one month.
        stem: of the name of the part that is made.
        require_alone: called before anything changes for others.

    Returns:
        The record of the part; None where one of them is damaged, and all are left as they are.
    """
    records = dict(place.read([part.record for part in group]))
    contents = dict(place.read([part.name for part in group]))
    held: list[Held] = []
    for part in group:
        record = Record.of_lines(records[part.record])
        if record is None or (record.part, record.size) != (part.name, len(contents[part.name])):
            logger.warning("%s: is not as its record says: its month is not merged", part.name)
            return None
        held += record.held
    try:
        content = joined([contents[part.name] for part in group])
    except OutputError as error:
        logger.warning("a part in %s %s: its month is not merged", group[0].name.rpartition("/")[0], error)
        return None
    month = group[0].name.rpartition("/")[0]
    merged = Record(f"{month}/{stem}.parquet", len(content), held)
    plan = _Plan(merged, [part.name for part in group], [part.record for part in group])
    place.write(plan.staged, content)
    require_alone()
    place.write(plan.name, plan.to_lines())
    _carry_out(place, plan, is_staged=True)
    return merged


def finish(place: Place, sizes: Mapping[str, int], require_alone: Callable[[], None]) -> bool:
    """Go on with what a killed run was merging, and remove what it had not begun with; whether there was anything.

    Args:
        place: where the dataset lies.
        sizes: of its files.
        require_alone: called before anything changes.
    """
    left = [name for name in sizes if name.startswith(f"{MERGING}/")]
    if not left:
        return False
    require_alone()
    for _, content in place.read([name for name in left if name.endswith(RECORD)]):
        plan = _Plan.of_lines(content)
        if plan is None:
            continue
        is_staged, is_there = (
            sizes.get(name) == plan.record.size for name in (plan.staged, plan.record.part)
        )
        if is_staged or is_there:
            _carry_out(place, plan, is_staged=is_staged)
    # What is left of a plan without rows: parts that are there count as before, others are scanned again.
    place.remove(_those_of(place, left))
    return True


def _those_of(place: Place, names: Collection[str]) -> list[str]:
    there = place.sizes()
    return [name for name in names if name in there]


def _carry_out(place: Place, plan: _Plan, *, is_staged: bool) -> None:
    """Each step may have been done before."""
    place.remove(plan.parts)
    if is_staged:
        place.move(plan.staged, plan.record.part)
    place.write(f"{FOLDER}/{plan.stem}{RECORD}", plan.record.to_lines())
    place.remove(plan.records)
    place.remove([plan.name])
