"""How a batch ends in which some recordings could not be read, or failed by a plugin."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import reporting

if TYPE_CHECKING:
    from audioscan_host.embedding.tasks import RecordingFailure


def end_batch(failures: "Sequence[RecordingFailure]", total: int, unwritten: "Sequence[str]" = ()) -> None:
    """Name the recordings that failed, and what could not be written, and leave with exit code 1; return where all went well."""
    if failures:
        what = "read or embedded" if any(failure.by_plugin for failure in failures) else "read"
        reporting.note(f"{len(failures)} of {reporting.counted(total, 'recording')} could not be {what}:")
        for failure in failures:
            reporting.note(f"  {failure.reason}")
    if unwritten:
        reporting.note(f"{reporting.counted(len(unwritten), 'file')} could not be written:")
        for sentence in unwritten:
            reporting.note(f"  {sentence}")
    if not (failures or unwritten):
        return
    click.get_current_context().exit(1)
