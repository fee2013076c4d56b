"""What a dataset holds when a run begins: what a killed one left is finished or removed, and what is damaged too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from audioscan_host.errors import OutputError, SettingError
from audioscan_host.output.dataset.journal import DESCRIPTION, FOLDER, RECORD, Description, Record
from audioscan_host.output.dataset.merging import finish
from audioscan_host.output.dataset.places import CLAIMS, LOCK, UNFINISHED, Place

logger = logging.getLogger(__name__)


def learned(
    folder: Path, place: Place, description: Description, require_alone: Callable[[], None]
) -> Iterator[tuple[str, Record]]:
    """Begin a dataset, or go through the records of one, with their names.

    Args:
        folder: that users named.
        place: where it lies.
        description: what it is to be of.
        require_alone: called before anything is changed that others may be writing.

    Raises:
        SettingError: the folder holds something else, or the rows of other settings.
        OutputError: there is a part of which nothing is known.
    """
    sizes = _finished(place, require_alone)
    if DESCRIPTION not in sizes:
        if sizes:
            raise SettingError(
                f"{folder}: is not empty, and no dataset of a scan: name another folder, which is made"
            )
        place.write(DESCRIPTION, description.to_json())
        return
    ((_, content),) = place.read([DESCRIPTION])
    description.require_same(content, folder)
    parts = {name for name in sizes if name.endswith(".parquet")}
    records = [name for name in sizes if name.startswith(f"{FOLDER}/") and name.endswith(RECORD)]
    for name, content in place.read(records):
        record = Record.of_lines(content)
        if record is not None and sizes.get(record.part) == record.size:
            parts.discard(record.part)
            yield name, record
        else:
            parts -= _removed(folder, place, name, sizes)
    if parts:
        raise OutputError(
            f"{folder}: {min(parts)} is not in its {FOLDER}: move it away, or name another folder"
        )


def _finished(place: Place, require_alone: Callable[[], None]) -> dict[str, int]:
    """The files that are there and their bytes, once what a killed run had begun is finished or removed."""
    sizes = place.sizes()
    if DESCRIPTION in sizes and finish(place, sizes, require_alone):
        sizes = place.sizes()
    unfinished = [each for each in sizes if each.startswith(f"{UNFINISHED}/")]
    place.remove(unfinished)
    return {name: size for name, size in sizes.items() if not (name in unfinished or _is_apart(name))}


def _removed(folder: Path, place: Place, name: str, sizes: Mapping[str, int]) -> set[str]:
    """The parts of a damaged record, or of one that does not fit its part, which are removed with it."""
    stem = PurePosixPath(name).stem
    damaged = {each for each in sizes if each.endswith(f"/{stem}.parquet")}
    for part in damaged:
        logger.warning("%s: %s is damaged: it is removed, and its recordings are scanned again", folder, part)
    place.remove(damaged)
    place.remove([name])  # last: a part without its record is taken for somebody else's
    return damaged


def _is_apart(name: str) -> bool:
    """Whether it is of those who write there, or what file managers leave in folders."""
    return name == LOCK or name.startswith(f"{CLAIMS}/") or PurePosixPath(name).name.startswith(".")
