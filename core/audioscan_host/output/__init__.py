"""The formats that regions are written in, a file per format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TextIO, TypeVar

from audioscan_host.output.audacity import write_audacity
from audioscan_host.output.csv_table import write_csv
from audioscan_host.output.dcase import write_dcase
from audioscan_host.output.json_document import write_json
from audioscan_host.output.raven import write_raven

if TYPE_CHECKING:
    from audioscan_host.regions import Region


Item = TypeVar("Item")
"""What is written of a recording: a region, or an annotation."""


@dataclass(frozen=True)
class Format(Generic[Item]):
    """A format of results.

    Attributes:
        name: what `--format` takes.
        suffix: of its files; Raven's is what Raven itself puts after the recording's name.
        one_file: several recordings fit into one file; where not, each has its own.
        write: writes the items of each recording, by its name, to a text stream. The stream
            must be opened with `encoding="utf-8", newline=""`: the same regions are the same
            bytes on every system.
    """

    name: str
    suffix: str
    one_file: bool
    write: Callable[[TextIO, Mapping[str, Sequence[Item]]], None]


FORMATS: Mapping[str, Format[Region]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("csv", ".csv", one_file=True, write=write_csv),
            Format("json", ".json", one_file=True, write=write_json),
            Format("audacity", ".txt", one_file=False, write=write_audacity),
            Format("raven", ".Table.1.selections.txt", one_file=False, write=write_raven),
            Format("tsv", ".tsv", one_file=True, write=write_dcase),
        )
    }
)
"""Every format by its name."""
