"""Regions as an Audacity label track, which reads back as annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region


def write_audacity(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write `start`, `end` and `label` between tabs, a line for each region of one recording.

    The label stands alone, without the score, so that it stays the same when it is read back; a
    tab or line break in it becomes a space.
    Format: https://manual.audacityteam.org/man/importing_and_exporting_labels.html

    Raises:
        ValueError: more than one recording; a label track belongs to one.
    """
    for region in cells.of_one_recording(regions, "an Audacity label file")[1]:
        start, end = cells.seconds(region.start), cells.seconds(region.end)
        stream.write(f"{start}\t{end}\t{cells.single_line(region.label)}\n")
