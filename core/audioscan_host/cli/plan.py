"""`audioscan-host plan`: what embedding recordings would take, before it is done."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import options, reporting, session_options
from audioscan_host.cli.failures import end_batch

if TYPE_CHECKING:
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.windows import Windowing


@click.command()
@options.recordings
@options.models
@options.windowing
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long each checkpoint is measured, once its encoder is loaded; at least a batch, however long that takes.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    help="Recordings that are looked at; of a larger set so many are chosen at random, and the rest is estimated.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of that choice.")
@session_options.session
@options.as_json
def plan(
    *,
    recordings: tuple[Path, ...],
    models: tuple[str, ...],
    windowing: "Windowing",
    seconds: float,
    sample: int,
    seed: int,
    session: "SessionOptions",
    as_json: bool,
) -> None:
    """Say what embedding recordings would take, before it is done.

    RECORDING is a media file or a folder of them. Hours of audio, bytes to read and to keep, time, and hours of GPUs or
    processors: counted, computed, or measured on pieces of some recordings, and the table says which. The cache is looked into,
    and nothing stays in it of what is measured.
    """
    from audioscan_host.cli import plan_tables
    from audioscan_host.journeys.plan import plan as plan_recordings

    result = plan_recordings(
        recordings, models, windowing=windowing, seconds=seconds, sample=sample, seed=seed, **session
    )
    if as_json:
        reporting.print_json(plan_tables.document(result))
    else:
        reporting.print_table(plan_tables.COLUMNS, plan_tables.rows(result), right=["figure"])
        reporting.say("")
        reporting.say(plan_tables.sentence(result))
    end_batch(result.failures, result.looked_at + sum(not f.path.exists() for f in result.failures))
