"""Regions as a JSON document, recordings without any included."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from audioscan_host.output import cells

if TYPE_CHECKING:
    from audioscan_host.regions import Region

FORMAT = "audioscan-host regions"
VERSION = 1

_ESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters that JSON leaves as they are, those that turn the direction of writing, and halves of characters."""


def write_json(stream: TextIO, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write one object; a later version adds members, and counts up when it changes one.

    {"format": "audioscan-host regions", "version": 1, "recordings": [
        {"file": "day.wav", "regions": [
            {"start": 3.0, "end": 5.0, "label": "call", "score": 0.93,
             "recorded_at": "2024-05-01T04:30:03.000+02:00"}]}]}

    `recorded_at` is null where it is not known. A region has its `channel` where each was scanned by itself.
    """
    recordings = [{"file": file, "regions": [_region(r) for r in found]} for file, found in regions.items()]
    document = {"format": FORMAT, "version": VERSION, "recordings": recordings}
    stream.write(json_text(document) + "\n")


def json_text(value: Any) -> str:
    r"""JSON for people and programs: letters of all languages as they are, what would change a terminal as `\u009b`.

    So are the bytes of a file's name that are no UTF-8, which Python reads back as it names such files.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _region(region: Region) -> dict[str, float | str | None]:
    channel = {} if region.channel is None else {"channel": region.channel}
    return {
        "start": float(cells.seconds(region.start)),
        "end": float(cells.seconds(region.end)),
        "label": region.label,
        "score": float(cells.score(region.score)),
        "recorded_at": cells.recorded_at(region.recorded_at) or None,
        **channel,
    }
