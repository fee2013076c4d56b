"""Regions as a CSV table, which reads back as annotations."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

COLUMNS = ("file", "start", "end", "label", "score", "recorded_at")


def write_csv(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write `file,start,end,label,score,recorded_at`, a row for each region of each file.

    The last is the date and time of the region's start, empty where that is not known. Where each channel was scanned by
    itself a column `channel` follows.
    What holds a comma, a quote or a line break is quoted, as RFC 4180 has it.
    """
    table = csv.writer(stream, lineterminator="\n")
    of_channels = any(region.channel is not None for found in regions.values() for region in found)
    table.writerow((*COLUMNS, *["channel"] * of_channels))
    for file, found in regions.items():
        for region in found:
            times = cells.seconds(region.start), cells.seconds(region.end)
            when = cells.recorded_at(region.recorded_at)
            channel = [region.channel] * of_channels
            table.writerow([file, *times, region.label, cells.score(region.score), when, *channel])
