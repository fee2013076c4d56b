"""Regions as a selection table of Raven (Cornell Lab of Ornithology)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

LOW_FREQUENCY = 0
HIGH_FREQUENCY = 8000
"""Hz. A region has no frequencies, a selection must: what 16 kHz audio can hold, which is what the
default encoders read."""

COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "Annotation",
    "Score",
)


def write_raven(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write a tab-separated selection table, a row for each region of one recording.

    The first seven columns are those that Raven writes itself; `Begin File` is the recording's
    name without its folders, `Annotation` the label, `Score` a column that Raven keeps as it is.
    Raven knows no quotes: a tab or line break in a text becomes a space.
    The columns and the tabs are those of the tables that Raven Pro 1.4 to 1.6 saves.

    Raises:
        ValueError: more than one recording; times count from the beginning of one.
    """
    stream.write("\t".join(COLUMNS) + "\n")
    file, found = cells.of_one_recording(regions, "a Raven selection table")
    name = cells.single_line(PurePath(file).name)
    for number, region in enumerate(found, start=1):
        row = (
            str(number),
            "Spectrogram 1",
            str(region.channel or 1),
            cells.seconds(region.start),
            cells.seconds(region.end),
            str(LOW_FREQUENCY),
            str(HIGH_FREQUENCY),
            name,
            cells.single_line(region.label),
            cells.score(region.score),
        )
        stream.write("\t".join(row) + "\n")
