"""Regions as an event list of the DCASE challenges."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

COLUMNS = ("filename", "onset", "offset", "event_label")


def write_dcase(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write `filename`, `onset`, `offset`, `event_label` between tabs, a row for each region.

    The ground truth of DCASE task 4 looks like this, and sed_eval and psds_eval read it; both
    take it for CSV with tabs, so a quote is quoted. A tab or line break becomes a space.
    Format: https://tut-arg.github.io/sed_eval/generated/sed_eval.io.load_event_list.html
    """
    table = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
    table.writerow(COLUMNS)
    for file, found in regions.items():
        for region in found:
            times = cells.seconds(region.start), cells.seconds(region.end)
            table.writerow([cells.single_line(file), *times, cells.single_line(region.label)])
