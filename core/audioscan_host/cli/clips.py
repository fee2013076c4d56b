"""`audioscan-host clips`: what was found, cut out as audio files."""

from pathlib import Path

import click

from audioscan_host.cli import label_names, options, reporting
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting


@click.command()
@click.argument("found", nargs=-1, required=True, type=options.FILE, metavar="FOUND...")
@click.option(
    "--out",
    required=True,
    type=options.FOLDER,
    metavar="FOLDER",
    help="Where the clips go, and clips.csv, a label file of them.",
)
@click.option(
    "--recordings",
    multiple=True,
    type=options.FILE,
    metavar="PATH",
    help="A recording, or a folder of them. May repeat. [default: where FOUND says, from its folder or the current one]",
)
@click.option(
    "--format",
    "format_name",
    type=options.one_of(("wav", "flac")),
    help="What clips are written as, with 16 bits. [default: wav]",
)
@click.option(
    "--copy",
    is_flag=True,
    help="Clips are parts of the recordings as they are, video included, where their format can be cut: a clip begins and ends "
    "at the border of a packet, and with video begins at a key frame, which may be seconds earlier.",
)
@click.option(
    "--pad",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds more before and after each place.",
)
@click.option(
    "--length",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds of every clip, around the middle of its place; at the ends of a recording shifted inside. [default: as long as "
    "the place]",
)
@click.option(
    "--merge-gap",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds; places of one label with a shorter gap between them become one clip; 0 joins none.",
)
@label_names.only("Cut")
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help="Only the N places with the highest scores."
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N places, spread over all scores as they are: the share of right ones among them is about that of all.",
)
@click.option("--seed", type=int, default=42, show_default=True, help="Of the sample.")
@click.option(
    "--rate",
    type=click.IntRange(1000, 768_000),
    metavar="HZ",
    help="Sample rate of the clips. [default: the recording's own]",
)
@click.option("--mono", is_flag=True, help="Mix the channels to one. [default: keep them]")
@click.option(
    "--sheet",
    is_flag=True,
    help="Also write clips.html: a spectrogram of each clip to look at, and to listen to.",
)
@options.utc_offset
def clips(
    *,
    found: tuple[Path, ...],
    out: Path,
    recordings: tuple[Path, ...],
    format_name: str | None,
    copy: bool,
    pad: float,
    length: float | None,
    merge_gap: float,
    only: tuple[str, ...],
    top: int | None,
    sample: int | None,
    seed: int,
    rate: int | None,
    mono: bool,
    sheet: bool,
    utc_offset: str | None,
) -> None:
    """Cut what was found out of its recordings, as audio files.

    FOUND is what `scan`, `search` or `suggest` wrote, or any other label file, or a folder of them. Each place
    but the unlabelled becomes a file named after its recording, times, label and score.

    A clip that is in the folder already is not cut again. clips.csv is a label file of the clips.
    """
    from audioscan_host.cutting import sheet as sheet_page
    from audioscan_host.cutting import table
    from audioscan_host.cutting.settings import ClipFormat, ClipSettings
    from audioscan_host.journeys.clips import clips as cut_clips

    if copy and format_name is not None:
        raise click.UsageError("--copy keeps the format of the recording: leave --format out")
    refuse_overwriting(out / table.FILE, out / sheet_page.FILE, recordings=recordings, files=found)
    form = ClipFormat.COPY if copy else ClipFormat(format_name or "wav")
    result = cut_clips(
        found,
        out,
        settings=ClipSettings(form, pad, length, rate, mono),
        recordings=recordings,
        only=only,
        merge_gap=merge_gap,
        top=top,
        sample=sample,
        seed=seed,
        sheet=sheet,
        utc_offset=utc_offset,
        progress=reporting.progress(),
    )
    cut = reporting.counted(len(result.clips), "clip")
    of = reporting.counted(len({clip.recording for clip in result.clips}), "recording")
    reporting.note(f"{cut} of {of}: {out}" + (f"; look at {result.sheet}" if result.sheet else ""))
    end_batch(result.failures, result.recordings)
