"""`audioscan-host labels`: label files to what is in them, or to another format."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import label_names, options, reporting
from audioscan_host.cli.eight_cut_options import eight_cut_labels
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.errors import SettingError
from audioscan_host.output import FORMATS

if TYPE_CHECKING:
    from audioscan_host.annotations.survey import LabelSurvey
    from audioscan_host.journeys.labels import LabelsResult, RecordingSurvey


@click.command()
@options.recordings
@options.labels
@options.labels_as
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Tell of labels above what this model reads, where label files have frequencies. May repeat.",
)
@label_names.same
@eight_cut_labels
@click.option(
    "--to",
    type=options.one_of(name for name in FORMATS if name != "json"),
    help="Write the labels in this format instead; tsv is a DCASE event list. What a format cannot hold is told.",
)
@options.out
@click.option("--strict", is_flag=True, help="Exit code 1 where something is odd.")
@options.as_json
def labels(
    *,
    recordings: tuple[Path, ...],
    labels: tuple[Path, ...],
    models: tuple[str, ...],
    same: dict[str, list[str]],
    labels_as: str,
    eight_cut: EightCutSettings,
    to: str | None,
    out: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Say what is labelled, and what is odd about it, before training.

    RECORDING is a media file or a folder of them. A row for each label: how many recordings, spans and points, how long
    they are, and which share of a recording they cover. What is odd is a warning: names that may be one, a point among
    spans, places past the end, sounds above what a model reads, files without recordings and recordings without labels.

    The exit code is 0 whatever is odd, 1 with --strict, and 1 where a file cannot be read.
    """
    from audioscan_host.journeys.labels import labels as survey_labels

    if as_json and to is not None:
        raise SettingError("--json is for what is there, --to for the labels themselves: give one of them")
    if out is not None and to is None:
        raise SettingError("--out is where --to writes: say --to FORMAT too")
    refuse_overwriting(out, recordings=recordings, files=labels)
    result = survey_labels(
        recordings,
        labels,
        models=models,
        same=same,
        labels_as=labels_as,
        eight_cut=eight_cut,
        to=to,
        out=out,
        progress=reporting.progress(),
    )
    if to is not None:
        where = f": {out}" if out else ""
        of = reporting.counted(sum(bool(each.annotations) for each in result.recordings), "recording")
        reporting.note(f"{reporting.counted(result.written, 'annotation')} of {of}{where}")
    elif as_json:
        reporting.print_json(result.to_json())
    else:
        _print(result)
    _end(result, strict=strict)


def _end(result: "LabelsResult", *, strict: bool) -> None:
    for reason in result.unread:
        reporting.note(f"could not be read: {reason}")
    end_batch(result.failures, len(result.failures) + len(result.recordings))
    if result.unread or (strict and result.notes):
        click.get_current_context().exit(1)


def _print(result: "LabelsResult") -> None:
    roles = [role for role in ("soft", "absent", "negative", "unlabelled") if _any(result, role)]
    columns = ["label", "recordings", "spans", "points", "seconds", "usual length", "least", "median", "most"]
    columns += [*roles, "overlaps"]
    reporting.print_table(columns, [_row(each, roles) for each in result.labels], right=columns[1:])
    annotated = sum(bool(each.annotations) for each in result.recordings)
    seconds = sum(each.duration or 0.0 for each in result.recordings)
    click.echo(
        f"{annotated} of {reporting.counted(len(result.recordings), 'recording')} annotated; {seconds:.0f} s of audio"
        + (f" of {_rates(result.recordings)}" if result.recordings else "")
    )
    click.echo(
        "Least, median and most are the share of a recording that the spans cover; overlaps are spans that share some time "
        "with another label."
    )


def _any(result: "LabelsResult", role: str) -> bool:
    return any(number for label in result.labels for each, number in label.roles.items() if each == role)


def _row(label: "LabelSurvey", roles: Sequence[str]) -> list[object]:
    share = label.share
    shares = (
        ["-"] * 3 if share is None else [f"{each:.1%}" for each in (share.least, share.median, share.most)]
    )
    return [
        label.label or "(any)",
        label.recordings,
        label.spans,
        label.points,
        f"{label.seconds:.1f}",
        "-" if label.usual_length is None else f"{label.usual_length:.2f} s",
        *shares,
        *(number for role, number in label.roles.items() if role in roles),
        label.overlaps,
    ]


def _rates(recordings: "Sequence[RecordingSurvey]") -> str:
    """The sample rates, the most frequent first: 48 kHz (12), 44.1 kHz (3)."""
    counts = Counter(each.sample_rate for each in recordings)
    several = len(counts) > 1
    return ", ".join(
        f"{rate / 1000:g} kHz{f' ({number})' * several}" for rate, number in counts.most_common()
    )
