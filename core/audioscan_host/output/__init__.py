"""The formats that regions are written in, a file per format.

A writer is imported when it is used: the command line reads the names alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TextIO, TypeVar

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
        writer: the module and the function that write it.
    """

    name: str
    suffix: str
    one_file: bool
    writer: tuple[str, str]

    @property
    def write(self) -> Callable[[TextIO, Mapping[str, Sequence[Item]]], None]:
        """Writes the items of each recording, by its name, to a text stream.

        The stream must be opened with `encoding="utf-8", newline=""`: the same items are the same bytes on every
        system.
        """
        module, function = self.writer
        write: Callable[[TextIO, Mapping[str, Sequence[Item]]], None] = getattr(
            import_module(f"{__name__}.{module}"), function
        )
        return write


def by_name(formats: Sequence[Format[Item]]) -> Mapping[str, Format[Item]]:
    """A table of formats."""
    return MappingProxyType({each.name: each for each in formats})


FORMATS: Mapping[str, Format[Region]] = by_name(
    [
        Format("csv", ".csv", one_file=True, writer=("csv_table", "write_csv")),
        Format("json", ".json", one_file=True, writer=("json_document", "write_json")),
        Format("audacity", ".txt", one_file=False, writer=("audacity", "write_audacity")),
        Format("raven", ".Table.1.selections.txt", one_file=False, writer=("raven", "write_raven")),
        Format("tsv", ".tsv", one_file=True, writer=("dcase", "write_dcase")),
    ]
)
"""Every format by its name."""

PARQUET = "parquet"
"""The word for a dataset, a folder that grows while a scan runs; see `dataset`. It is no `Format`: nothing is written at the end."""
