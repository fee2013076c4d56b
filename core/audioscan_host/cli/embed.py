"""`audioscan-host embed`: recordings into the cache."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.channels import EACH
from audioscan_host.cli import options, reporting, session_options
from audioscan_host.cli.failures import end_batch

if TYPE_CHECKING:
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.windows import Windowing


@click.command()
@options.recordings
@options.models
@options.windowing
@session_options.session
@options.as_json
def embed(
    *,
    recordings: tuple[Path, ...],
    models: tuple[str, ...],
    windowing: "Windowing",
    session: "SessionOptions",
    as_json: bool,
) -> None:
    """Embed recordings ahead of training or scanning.

    RECORDING is a media file or a folder of them. Models of one checkpoint share their forward
    passes. What is in the cache already is not computed again, and a run that was interrupted
    goes on from where it stopped.
    """
    from audioscan_host.journeys.embed import embed as embed_recordings

    result = embed_recordings(
        recordings,
        models,
        windowing=windowing,
        **session,
    )
    of_channels = session.get("channel") == EACH
    columns = ["recording", *["channel"] * of_channels, "model", "reading", "windows", "dim", "file"]
    rows = [
        [
            str(s.recording),
            *[s.channel] * of_channels,
            s.model,
            s.reading.value,
            s.windows,
            s.dim,
            str(s.path),
        ]
        for s in result.stored
    ]
    if as_json:
        reporting.print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        reporting.print_table(columns, rows, right=["windows", "dim"])
    cached = sum(not s.computed for s in result.stored)
    if cached:
        reporting.note(f"{cached} of {len(rows)} were in the cache already")
    end_batch(result.failures, len(result.failures) + len({s.recording for s in result.stored}))
