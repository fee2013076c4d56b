"""`audioscan-host search`: recordings and an example to the windows most like it."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.classifier.settings import Normalisation
from audioscan_host.cli import options, reporting, session_options, word_options
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting
from audioscan_host.output import FORMATS
from audioscan_host.remote_path import path_of

if TYPE_CHECKING:
    from audioscan_host.journeys.search import SearchResult
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.windows import Windowing

COLUMNS = ("file", "start", "end", "label", "role", "score", "recorded_at")


@click.command()
@options.recordings
@click.option(
    "--like",
    multiple=True,
    required=True,
    metavar="FILE[@START-END]",
    help="An example of the sound, in seconds, m:ss or h:mm:ss: day.wav@83.5-85, day.wav@1:23.5-1:25; a file "
    "alone where it is about as long as a window. May repeat: a window is scored by the nearest example.",
)
@options.model
@click.option(
    "--n",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many windows to list, of all recordings together.",
)
@click.option(
    "--all-windows", is_flag=True, help="List windows too that overlap a better one by more than half."
)
@click.option(
    "--normalisation",
    type=options.one_of(Normalisation),
    default=Normalisation.BACKGROUND.value,
    show_default=True,
    help="Compare windows relative to the background of their recordings, or only to what all of these have in common.",
)
@options.windowing
@click.option(
    "--label",
    default="like",
    show_default=True,
    metavar="NAME",
    help="What the windows are called, so that the list, once corrected, is labels for `train`.",
)
@word_options.result_format(
    "csv has the best first; the others go by recording and time. audacity and raven are one file a "
    "recording."
)
@options.utc_offset
@options.out
@session_options.session
def search(
    *,
    recordings: tuple[Path, ...],
    like: tuple[str, ...],
    model: str,
    n: int,
    all_windows: bool,
    normalisation: str,
    windowing: "Windowing",
    label: str,
    format_name: str,
    utc_offset: str | None,
    out: Path | None,
    session: "SessionOptions",
) -> None:
    """Find the windows most like an example, without any label.

    RECORDING is a media file or a folder of them. The score is a cosine, from -1 to 1: it ranks,
    and is no probability. A window about as long as the sound finds it best. The place of the
    example itself is not listed.

    The list is a label file: write absent in place of positive where a window is wrong. The rows with the role
    unlabelled say that nobody has listened to the rest of those recordings: leave them.
    """
    from audioscan_host.journeys.search import search as search_recordings

    examples = [path_of(text) for each in like for text in (each, each.rpartition("@")[0]) if text]
    refuse_overwriting(out, recordings=recordings, files=examples)
    result = search_recordings(
        recordings,
        like,
        model,
        n=n,
        all_windows=all_windows,
        normalisation=normalisation,
        windowing=windowing,
        utc_offset=utc_offset,
        **session,
    )
    unwritten = _save(result, label, format_name, out) if result.recordings else ()
    where = f": {out}" if out else ""
    windows = reporting.counted(len(result.matches), "window")
    searched = reporting.counted(len(result.recordings), "recording")
    reporting.note(f"{windows} of {searched}{where}")
    end_batch(result.failures, len(result.failures) + len(result.recordings), unwritten)


def _save(result: "SearchResult", label: str, format_name: str, out: Path | None) -> tuple[str, ...]:
    from audioscan_host.annotations import Role, marked
    from audioscan_host.output.saving import save_regions, save_text
    from audioscan_host.regions import Region

    form = FORMATS[format_name]
    if form.name == "csv":
        save_text(_ranked_csv(result, label), out)
        return ()
    found: dict[str, list[Region]] = {str(path): [] for path in result.recordings}
    if form.name != "json":  # which is no label file
        for path in dict.fromkeys(match.path for match in result.matches):
            whole = Region(0.0, result.durations[path], marked("", Role.UNLABELLED), 0.0)
            found[str(path)].append(whole)
    for match in sorted(result.matches, key=lambda match: match.start):
        found[str(match.path)].append(Region(match.start, match.end, label, match.score, match.recorded_at))
    if not form.one_file and len(found) > 1:
        # A recording without a window has no file: an empty one is no label file.
        found = {name: regions for name, regions in found.items() if regions}
        if out is not None and len(found) == 1:  # in the folder, as it would be beside others
            out /= path_of(next(iter(found))).stem + form.suffix
    return save_regions(found, form, out) if found else ()


def _ranked_csv(result: "SearchResult", label: str) -> str:
    """The best first, whatever its recording, then what nobody has listened to: the rest of their recordings."""
    from audioscan_host.annotations import Role
    from audioscan_host.output import cells

    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for match in result.matches:
        times = cells.seconds(match.start), cells.seconds(match.end)
        score, when = cells.score(match.score), cells.recorded_at(match.recorded_at)
        table.writerow([match.path, *times, label, Role.POSITIVE, score, when])
    for path in dict.fromkeys(match.path for match in result.matches):
        whole = cells.seconds(0), cells.seconds(result.durations[path])
        when = cells.recorded_at(result.recorded_at.get(path))
        table.writerow([path, *whole, "", Role.UNLABELLED, "", when])
    return stream.getvalue()
