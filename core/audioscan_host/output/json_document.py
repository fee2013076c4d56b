"""Regions as a JSON document, recordings without any included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

FORMAT = "audioscan-host regions"
VERSION = 1


def write_json(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write one object; a later version adds members, and counts up when it changes one.

    {"format": "audioscan-host regions", "version": 1, "recordings": [
        {"file": "day.wav", "regions": [
            {"start": 3.0, "end": 5.0, "label": "call", "score": 0.93,
             "recorded_at": "2024-05-01T04:30:03.000+02:00"}]}]}

    `recorded_at` is null where it is not known.
    """
    recordings = [{"file": file, "regions": [_region(r) for r in found]} for file, found in regions.items()]
    document = {"format": FORMAT, "version": VERSION, "recordings": recordings}
    json.dump(document, stream, indent=2, ensure_ascii=False, allow_nan=False)
    stream.write("\n")


def _region(region: Region) -> dict[str, float | str | None]:
    return {
        "start": float(cells.seconds(region.start)),
        "end": float(cells.seconds(region.end)),
        "label": region.label,
        "score": float(cells.score(region.score)),
        "recorded_at": cells.recorded_at(region.recorded_at) or None,
    }
