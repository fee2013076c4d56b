"""A dataset that grows: parts are written as recordings finish, and a run that was killed goes on.

A part is a Parquet file, `month=2024-05/NAME.parquet`. Its record, `_scanned/NAME.jsonl`, names the recordings in it and is written
before it: a part counts from the moment it is there, and its recordings with it. Small ones are merged in the end.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from audioscan_host.errors import OutputError, SettingError
from audioscan_host.output.dataset.going_on import learned
from audioscan_host.output.dataset.journal import FOLDER, RECORD, Description, Held, Record
from audioscan_host.output.dataset.known import Known
from audioscan_host.output.dataset.merging import Part, groups, merge
from audioscan_host.output.dataset.places import Place, place_at
from audioscan_host.output.dataset.rows import Kind, Rows, Scanned
from audioscan_host.output.dataset.tables import parquet, without


@dataclass(frozen=True)
class Limits:
    """When what waits is written: as soon as one of these is reached.

    Attributes:
        rows: a million take some 50 MB of memory, and a few megabytes in the file.
        recordings: of which one may have no rows.
        seconds: since the first of what waits. What a kill loses is in the cache of embeddings.
    """

    rows: int = 1_000_000
    recordings: int = 10_000
    seconds: float = 300.0


LIMITS = Limits()


@contextmanager
def opened(
    folder: Path,
    kind: Kind,
    description: Description,
    labels: Sequence[str],
    *,
    of_channels: bool = False,
) -> Iterator[Dataset]:
    """A dataset to add to; what waits is written in the end, also where that is an error or Ctrl-C; else small parts are merged.

    Raises:
        SettingError: the folder holds something else, or the rows of other settings.
        OutputError: another run writes there, or it cannot be read or written.
    """
    with _told(folder):
        place = place_at(folder)
        if folder.is_file():
            raise SettingError(f"{folder}: is a file, and a Parquet dataset is a folder: name another place")
    with ExitStack() as alone:
        with _told(folder):
            require_alone = alone.enter_context(place.alone())
            dataset = Dataset(
                folder, place, kind, description, labels, of_channels=of_channels, require_alone=require_alone
            )
            dataset.go_on()
        try:
            yield dataset
        finally:
            dataset.flush()
        dataset.merge()


class Dataset:
    """Adds the rows of recordings to a folder; see `opened`."""

    def __init__(
        self,
        folder: Path,
        place: Place,
        kind: Kind,
        description: Description,
        labels: Sequence[str],
        *,
        of_channels: bool,
        require_alone: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._place = place
        self._kind = kind
        self._description = description
        self._labels = labels
        self._require_alone = require_alone
        self._of_channels = of_channels
        self._known = Known()
        self._parts: list[Part] = []  # by their numbers
        self._waiting: list[Rows] = []
        self._rows = 0
        self._since = 0.0

    def holds(self, file: str, digest: str, channel: int | None) -> bool:
        """Whether a recording is there with this content, and was when the run began."""
        return self._known.holds(file, digest, channel)

    def add(self, scanned: Scanned) -> None:
        """Take the rows of a recording, unless they are there.

        Raises:
            OutputError: what waits cannot be written.
        """
        if self.holds(str(scanned.path), scanned.digest, scanned.channel):
            return
        if not self._waiting:
            self._since = time.monotonic()
        rows = self._kind.rows(scanned, self._labels)
        self._waiting.append(rows)
        self._rows += len(rows.starts)
        if (
            self._rows >= LIMITS.rows
            or len(self._waiting) >= LIMITS.recordings
            or time.monotonic() - self._since >= LIMITS.seconds
        ):
            self.flush()

    def flush(self) -> None:
        """Write what waits: a part for each month.

        Raises:
            OutputError: it cannot be written.
        """
        waiting, self._waiting, self._rows = self._waiting, [], 0
        if not waiting:
            return
        with _told(self._folder):
            self._require_alone()
            self._drop_outdated(waiting)
            by_month: dict[str, list[Rows]] = {}
            for each in waiting:
                by_month.setdefault(each.month, []).append(each)
            for month, rows in sorted(by_month.items()):
                self._write(month, rows)

    def merge(self) -> None:
        """Make large parts of small ones, where a month has many. Nothing is added to it afterwards.

        Raises:
            OutputError: it cannot be read or written.
        """
        with _told(self._folder):
            found = groups(self._parts, LIMITS.rows, LIMITS.recordings)
            for group in found if found and self._place.lets_remove() else []:
                merge(self._place, group, _new_stem(), self._require_alone)

    def go_on(self) -> None:
        """Begin the dataset, or learn what it holds; what is damaged is removed, to be scanned again.

        Raises:
            SettingError: the folder holds something else, or the rows of other settings.
            OutputError: there is a part of which nothing is known.
        """
        there = learned(self._folder, self._place, self._description, self._require_alone)
        for name, record in there:
            self._remember(name, record)

    def _remember(self, name: str, record: Record) -> None:
        number = len(self._parts)
        self._parts.append(Part.of(name, record))
        for each in record.held:
            self._known.add(each.file, each.digest, each.channel, number)

    def _write(self, month: str, rows: Sequence[Rows]) -> None:
        stem = _new_stem()
        content = parquet(
            rows,
            labels=self._labels,
            value=self._kind.value,
            of_channels=self._of_channels,
            metadata=self._description.to_metadata(),
        )
        record = Record(f"month={month}/{stem}.parquet", len(content), [Held.of(each) for each in rows])
        name = f"{FOLDER}/{stem}{RECORD}"
        self._place.write(name, record.to_lines())
        self._place.write(record.part, content)
        self._remember(name, record)

    def _drop_outdated(self, rows: Sequence[Rows]) -> None:
        """Take out the rows of recordings as they were before they changed."""
        outdated: dict[int, set[str]] = {}
        for each in rows:
            for number in self._known.outdated(each.file, each.digest):
                outdated.setdefault(number, set()).add(each.file)
        for number, files in outdated.items():
            name = self._parts[number].record
            ((_, lines),) = self._place.read([name])
            record = Record.of_lines(lines)
            if record is None:
                raise OutputError(f"{self._folder}: {name} is damaged: run again")
            ((_, content),) = self._place.read([record.part])
            try:
                left = without(content, files)
            except OutputError as error:
                raise OutputError(
                    f"{self._folder}/{record.part}: {error}: remove it, and run again"
                ) from error
            held = [each for each in record.held if each.file not in files]
            # Killed in between, the part has another size than its record says, and is scanned again.
            self._place.write(record.part, left)
            record = replace(record, size=len(left), held=held)
            self._place.write(name, record.to_lines())
            self._parts[number] = Part.of(name, record)
            for file in files:
                self._known.forget(file, number)


def _new_stem() -> str:
    """A name for a part: nobody has the same, and they are in the order of time."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:12]}"


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the folder's file system or store says, as one line."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).removeprefix(
            f"{folder}: "
        )  # stores name what was asked of them
        raise OutputError(f"{folder}: cannot be written or read: {reason}") from error
