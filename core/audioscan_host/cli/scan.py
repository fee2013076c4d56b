"""`audioscan-host scan`: recordings and a detector to regions."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from audioscan_host.cli import options, reporting
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting
from audioscan_host.model import Runtime
from audioscan_host.registry import Registry

if TYPE_CHECKING:
    from audioscan_host.scanning import ScannedRecording


def _thresholds(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str | None, float]:
    """Label -> its threshold; `None` stands for the labels that are not named."""
    thresholds: dict[str | None, float] = {}
    for value in values:
        label, equals, number = value.rpartition("=")
        try:
            threshold = float(number)
        except ValueError:
            raise click.BadParameter(
                f"expected a probability or LABEL=PROBABILITY, found {value!r}"
            ) from None
        if not 0 <= threshold <= 1:
            raise click.BadParameter(f"a probability is between 0 and 1, not {number}")
        thresholds[label if equals else None] = threshold
    return thresholds


@click.command()
@options.recordings
@options.detector
@click.option("--label", "only", multiple=True, metavar="NAME", help="Look for this label only. May repeat.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="[LABEL=]P",
    callback=_thresholds,
    help="Probability that a region reaches, of all labels or of one. May repeat. [default: 0.5]",
)
@click.option(
    "--low",
    type=click.FloatRange(0, 1),
    help="Probability down to which a region grows from there. [default: the threshold]",
)
@click.option(
    "--merge-gap",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds; shorter gaps are closed.",
)
@click.option(
    "--min-duration",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds; shorter regions are dropped.",
)
@click.option(
    "--regions",
    "method",
    type=click.Choice(["mean", "union"]),
    default="mean",
    show_default=True,
    help="Mean of the windows that cover a place, or all of the windows that reach the threshold, joined.",
)
@options.result_format("audacity and raven are one file a recording.")
@options.out
@click.option(
    "--scores", type=options.FILE, metavar="FILE", help="Also write the probability of every window, as CSV."
)
@options.encoder
@options.cache_dir
def scan(
    *,
    recordings: tuple[Path, ...],
    detector: Path,
    only: tuple[str, ...],
    thresholds: dict[str | None, float],
    low: float | None,
    merge_gap: float,
    min_duration: float,
    method: str,
    format_name: str,
    out: Path | None,
    scores: Path | None,
    runtime: Runtime,
    registry: Registry,
    cache_dir: Path | None,
) -> None:
    """Find the regions of recordings with a detector's sounds.

    RECORDING is a media file or a folder of them. What was embedded before, for training or by an
    earlier scan, comes from the cache.
    """
    from audioscan_host import scan as scan_recordings
    from audioscan_host.output import FORMATS
    from audioscan_host.output.saving import save_regions
    from audioscan_host.regions import RegionSettings

    common = thresholds.pop(None, RegionSettings.threshold)
    refuse_overwriting(out, scores, recordings=recordings, files=[detector])
    result = scan_recordings(
        recordings,
        detector,
        settings=RegionSettings(common, low, merge_gap, min_duration, method),  # type: ignore[arg-type]
        thresholds=cast("dict[str, float]", thresholds),
        only=only,
        cache_dir=cache_dir,
        runtime=runtime,
        registry=registry,
        progress=reporting.progress(),
    )
    found = {str(recording.path): recording.regions for recording in result.recordings}
    if found:
        save_regions(found, FORMATS[format_name], out)
    if scores is not None:
        _save_scores(result.recordings, scores)
    count = sum(map(len, found.values()))
    where = f": {out}" if out else ""
    regions, recorded = reporting.counted(count, "region"), reporting.counted(len(found), "recording")
    reporting.note(f"{regions} in {recorded}{where}")
    end_batch(result.failures, len(result.failures) + len(found))


def _save_scores(recordings: "Sequence[ScannedRecording]", out: Path) -> None:
    from audioscan_host.output.saving import save_text
    from audioscan_host.output.scores import ScoreTable

    stream = io.StringIO(newline="")
    table = ScoreTable(stream)
    for each in recordings:
        table.add(str(each.path), each.times, each.window, each.duration, each.probabilities)
    save_text(stream.getvalue(), out)
