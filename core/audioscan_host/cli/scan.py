"""`audioscan-host scan`: recordings and a detector to regions."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from audioscan_host.channels import EACH
from audioscan_host.cli import label_names, options, reporting, session_options, word_options
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting, refuse_urls
from audioscan_host.output import FORMATS, PARQUET
from audioscan_host.region_settings import RegionMethod, RegionSettings

if TYPE_CHECKING:
    from audioscan_host.journeys.scanned_recording import ScannedRecording
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.regions import Region


def _of_labels(
    _context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str | None, float]:
    """Label -> its number from 0 to 1; `None` stands for the labels that are not named."""
    what = "a probability" if parameter.name == "thresholds" else "a share"
    numbers: dict[str | None, float] = {}
    for value in values:
        label, equals, text = value.rpartition("=")
        try:
            number = float(text)
        except ValueError:
            kind = what.removeprefix("a ")
            raise click.BadParameter(f"expected {what} or LABEL={kind.upper()}, found {value!r}") from None
        if not 0 <= number <= 1:
            raise click.BadParameter(f"{what} is between 0 and 1, not {text}")
        numbers[label if equals else None] = number
    return numbers


@click.command()
@options.recordings
@options.detector
@label_names.only("Look for")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="[LABEL=]P",
    callback=_of_labels,
    help="Probability that a region reaches, of all labels or of one. May repeat. [default: 0.5]",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="[LABEL=]SHARE",
    callback=_of_labels,
    help="Share of the windows that hold the sound, where you know it. May repeat. [default: as in the recordings learned "
    "from, at whose rate probabilities are]",
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
    type=options.one_of(RegionMethod),
    default=RegionMethod.MEAN.value,
    show_default=True,
    help="Mean of the windows that cover a place, or all of the windows that reach the threshold, joined.",
)
@word_options.result_format(
    "audacity and raven are one file a recording. parquet is a folder that grows while recordings finish; run again after a kill, it "
    "goes on.",
    PARQUET,
)
@click.option(
    "--out",
    type=options.PLACE,
    metavar="PATH",
    help="A file; a folder where the format is one file a recording and there are several; a folder or its URL for parquet. "
    "[default: stdout]",
)
@click.option(
    "--scores",
    type=options.PLACE,
    metavar="PATH",
    help="Also write the probability of every window, as CSV, or as a folder where the format is parquet.",
)
@click.option(
    "--summary",
    type=options.WRITTEN_OR_SHOWN,
    metavar="FILE|-",
    help="Also count regions and seconds by label, recording, day and hour, with the seconds scanned: CSV, or JSON where FILE "
    "ends with .json. With - the counts go to stdout, and regions only where --out says.",
)
@options.utc_offset
@session_options.session
def scan(
    *,
    recordings: tuple[Path, ...],
    detector: Path,
    only: tuple[str, ...],
    thresholds: dict[str | None, float],
    rates: dict[str | None, float],
    low: float | None,
    merge_gap: float,
    min_duration: float,
    method: str,
    format_name: str,
    out: Path | None,
    scores: Path | None,
    summary: Path | None,
    utc_offset: str | None,
    session: "SessionOptions",
) -> None:
    """Find the regions of recordings with a detector's sounds.

    RECORDING is a media file or a folder of them. What was embedded before, for training or by an
    earlier scan, comes from the cache.
    """
    common = thresholds.pop(None, RegionSettings.threshold)
    shown = summary == Path("-")
    if format_name != PARQUET:
        refuse_urls(out, scores, summary)
    refuse_overwriting(out, scores, None if shown else summary, recordings=recordings, files=[detector])
    asked: dict[str, Any] = {
        "settings": RegionSettings(common, low, merge_gap, min_duration, method),
        "thresholds": cast("dict[str, float]", thresholds),
        "rate": _rate(rates),
        "only": only,
        "utc_offset": utc_offset,
        **session,
    }
    if format_name == PARQUET:
        from audioscan_host.cli.scan_to_dataset import scan_to_dataset

        scan_to_dataset(recordings, detector, out, scores=scores, summary=summary, asked=asked)
        return
    from audioscan_host.journeys.scan import scan as scan_recordings
    from audioscan_host.output.saving import save_regions

    result = scan_recordings(recordings, detector, **asked)
    found: dict[str, list[Region]] = {}
    for each in result.recordings:
        found.setdefault(str(each.path), []).extend(each.regions)
    for of_recording in found.values():  # those of several channels
        of_recording.sort(key=lambda region: (region.start, region.end, region.label))
    wanted = found if not (shown and out is None) else {}
    unwritten = save_regions(wanted, FORMATS[format_name], out) if wanted else ()
    if scores is not None:
        _save_scores(result.recordings, scores, of_channels=session.get("channel") == EACH)
    if summary is not None:
        _save_summary(result.recordings, None if shown else summary)
    count = sum(map(len, found.values()))
    where = f": {out}" if out else ""
    regions, recorded = reporting.counted(count, "region"), reporting.counted(len(found), "recording")
    reporting.note(f"{regions} in {recorded}{where}")
    end_batch(result.failures, len(result.failures) + len(found), unwritten)


def _rate(rates: dict[str | None, float]) -> "float | dict[str, float] | None":
    """One of all labels, or by label."""
    named = {label: rate for label, rate in rates.items() if label is not None}
    if named and None in rates:
        raise click.UsageError("--rate is of all labels, or of each by its name")
    return named or rates.get(None)


def _save_scores(recordings: "Sequence[ScannedRecording]", out: Path, *, of_channels: bool) -> None:
    from audioscan_host.output.saving import save_text
    from audioscan_host.output.scores import ScoreTable

    stream = io.StringIO(newline="")
    table = ScoreTable(stream, of_channels=of_channels)
    for each in recordings:
        table.add(
            str(each.path),
            each.times,
            each.window,
            each.duration,
            each.probabilities,
            recorded_at=each.recorded_at,
            channel=each.channel,
        )
    save_text(stream.getvalue(), out)


def _save_summary(recordings: "Sequence[ScannedRecording]", out: Path | None) -> None:
    from audioscan_host.output.saving import save_text
    from audioscan_host.output.summary import summary_csv, summary_json

    as_json = out is not None and out.suffix.lower() == ".json"
    save_text((summary_json if as_json else summary_csv)(recordings), out)
