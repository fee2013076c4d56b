"""`audioscan-host suggest`: recordings and a detector to the windows to label next."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import label_names, options, reporting, session_options
from audioscan_host.cli.eight_cut_options import eight_cut_labels
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.output import FORMATS

if TYPE_CHECKING:
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.journeys.suggest import SuggestResult


@click.command()
@options.recordings
@options.detector
@click.option("--n", type=click.IntRange(min=1), default=10, show_default=True, help="How many windows.")
@options.labels_known
@options.labels_as
@label_names.only("Ask for")
@label_names.same
@eight_cut_labels
@click.option("--seed", type=int, default=42, show_default=True, help="Of the random windows.")
@click.option(
    "--format",
    "format_name",
    type=options.one_of(name for name in FORMATS if name != "json"),
    default="csv",
    show_default=True,
    help="audacity and raven are one file a recording, and have the role in the label: cry (soft).",
)
@options.utc_offset
@options.out
@session_options.session
def suggest(
    *,
    recordings: tuple[Path, ...],
    detector: Path,
    n: int,
    labels: tuple[Path, ...],
    labels_as: str,
    only: tuple[str, ...],
    same: dict[str, list[str]],
    seed: int,
    format_name: str,
    utc_offset: str | None,
    out: Path | None,
    eight_cut: EightCutSettings,
    session: "SessionOptions",
) -> None:
    """Choose the windows whose labels would teach a detector most.

    RECORDING is a media file or a folder of them, best those that will be scanned. Some windows are
    those that the detector is least sure of, some score high but are unlike all that it has learned,
    and a few are random.

    Listen to each, write positive, absent (it is not this sound) or negative (it is none of the sounds) in place
    of soft, and give the file to `train` beside your other labels. A row that stays soft changes nothing. The rows with the role unlabelled say that
    nobody has listened to the rest of those recordings: leave them.
    """
    from audioscan_host.journeys.suggest import suggest as suggest_windows

    refuse_overwriting(out, recordings=recordings, files=[*labels, detector])
    result = suggest_windows(
        recordings,
        detector,
        n=n,
        labels=labels,
        labels_as=labels_as,
        only=only,
        same=same,
        seed=seed,
        utc_offset=utc_offset,
        eight_cut=eight_cut,
        **session,
    )
    unwritten = _save(result, format_name, out) if result.suggestions else ()
    where = f": {out}" if out else ""
    windows = reporting.counted(len(result.suggestions), "window")
    of = reporting.counted(len({each.path for each in result.suggestions}), "recording")
    reporting.note(f"{windows} to label in {of}{where}")
    end_batch(result.failures, len(result.failures) + len(result.durations), unwritten)


def _save(result: "SuggestResult", format_name: str, out: Path | None) -> tuple[str, ...]:
    from audioscan_host.annotations import Role, marked
    from audioscan_host.output.saving import save_regions, save_text
    from audioscan_host.regions import Region
    from audioscan_host.suggestion.table import suggestions_csv

    form = FORMATS[format_name]
    if form.name == "csv":
        save_text(suggestions_csv(result.suggestions, result.durations, result.recorded_at), out)
        return ()
    found: dict[str, list[Region]] = {}
    for each in result.suggestions:
        whole = Region(0.0, result.durations[each.path], marked("", Role.UNLABELLED), 0.0)
        regions = found.setdefault(str(each.path), [whole])
        regions.append(Region(each.start, each.end, marked(each.label, Role.SOFT), each.probability))
    return save_regions(found, form, out)
