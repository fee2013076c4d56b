"""`audioscan-host train`: labelled recordings to a detector."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.classifier.settings import Calibration, ClassifierKind, ClassifierSettings
from audioscan_host.cli import label_names, options, reporting, session_options, word_options
from audioscan_host.cli.eight_cut_options import eight_cut_labels
from audioscan_host.cli.failures import end_batch
from audioscan_host.cli.overwriting import refuse_overwriting
from audioscan_host.eight_cut_settings import EightCutSettings

if TYPE_CHECKING:
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.journeys.train import TrainResult
    from audioscan_host.windows import Windowing


def _two_files(
    _context: click.Context, _parameter: click.Parameter, values: tuple[tuple[Path, Path], ...]
) -> tuple[tuple[Path, Path], ...]:
    for _, corrected in values:
        if str(corrected).startswith("--"):  # one file was given, and the next option taken for the other
            raise click.BadParameter(
                f"expected two files, the result as it was and its corrected copy; found {str(corrected)!r}"
            )
    return values


@click.command()
@options.recordings
@options.labels_beside_others
@options.labels_as
@click.option(
    "--from-regions",
    "from_regions",
    multiple=True,
    nargs=2,
    type=options.FILE,
    metavar="FOUND CORRECTED",
    callback=_two_files,
    help="A scan's result and its corrected copy: what was removed is negative for its label, what stayed is positive, "
    "and the rest of the recordings is not known. May repeat.",
)
@options.model
@click.option("--out", required=True, type=options.WRITTEN, metavar="FILE", help="Where the detector goes.")
@label_names.only("Learn")
@label_names.same
@eight_cut_labels
@options.windowing_by_labels
@options.window_labels
@word_options.normalisation
@click.option(
    "--classifier",
    type=options.one_of(ClassifierKind),
    default=ClassifierKind.LOGISTIC.value,
    show_default=True,
    help="Logistic regression, which needs fewer labels, or boosted trees.",
)
@click.option(
    "--calibration",
    type=options.one_of(Calibration),
    default=Calibration.SIGMOID.value,
    show_default=True,
    help="How scores become probabilities.",
)
@session_options.session
@options.as_json
def train(
    *,
    recordings: tuple[Path, ...],
    labels: tuple[Path, ...],
    labels_as: str,
    from_regions: tuple[tuple[Path, Path], ...],
    model: str,
    out: Path,
    only: tuple[str, ...],
    same: dict[str, list[str]],
    windowing: "Windowing | None",
    hop: float | None,
    tolerance: float,
    neg_margin: float | None,
    normalisation: str,
    classifier: str,
    calibration: str,
    eight_cut: EightCutSettings,
    session: "SessionOptions",
    as_json: bool,
) -> None:
    """Train a calibrated detector from labelled recordings.

    RECORDING is a media file or a folder of them. A detector of every label is learned, all in
    one file. The figures printed come from recordings that were held out.
    """
    from audioscan_host.journeys.train import train as train_detector

    refuse_overwriting(out, recordings=recordings, files=[*labels, *chain.from_iterable(from_regions)])
    result = train_detector(
        recordings,
        labels,
        model,
        from_regions=from_regions,
        out=out,
        only=only,
        same=same,
        windowing=windowing,
        hop=hop,
        tolerance=tolerance,
        neg_margin=neg_margin,
        labels_as=labels_as,
        classifier=ClassifierSettings(classifier, calibration, normalisation),
        eight_cut=eight_cut,
        **session,
    )
    if as_json:
        reporting.print_json(_facts(result, out))
    else:
        print_reports(result)
        reporting.say(f"detector of {', '.join(result.detector.classifiers)} by {model}: {out}")
    end_batch(result.failures, len(result.failures) + len(result.recordings))


def print_reports(result: "TrainResult") -> None:
    """A row for each label: windows, and held-out figures."""
    names = ["average precision", "ROC AUC", "Brier score", "calibration error"]
    names += ["precision", "recall", "false alarms/h", "false s/h"]
    rows: list[list[object]] = []
    for report in result.reports:
        f = report.figures
        cells = ["-"] * len(names)
        if f is not None:
            shares = [
                f.average_precision,
                f.roc_auc,
                f.brier,
                f.expected_calibration_error,
                f.precision,
                f.recall,
            ]
            false = [f.false_alarms_per_hour, f.false_seconds_per_hour]
            cells = ["-" if value is None else f"{value:.3f}" for value in shares]
            cells += ["-" if value is None else f"{value:.1f}" for value in false]
        rows.append([report.label, report.positives, report.negatives, report.left_out, *cells])
    columns = ["label", "positive", "negative", "left out", *names]
    reporting.print_table(columns, rows, right=columns[1:])
    thresholds = {report.figures.threshold for report in result.reports if report.figures}
    if thresholds:
        at = f"; precision, recall and false alarms at threshold {thresholds.pop():g}"
        reporting.say(f"The figures are from windows that were held out of training{at}.")
    several = len(result.reports) > 1
    rates = [f"{r.rate * 100:.3g} %{f' ({r.label})' * several}" for r in result.reports]
    reporting.say(
        f"Probabilities are at a rate of {', '.join(rates)} of windows, as labelled; scan --rate puts them to another."
    )


def _facts(result: "TrainResult", out: Path) -> dict[str, object]:
    return {
        "detector": str(out),
        "model": result.detector.model,
        "windowing": result.window_choice.to_json(),
        "labels": {
            report.label: {
                "windows": report.counts,
                "rate": report.rate,
                "held_out": report.figures.to_json() if report.figures else None,
                "notes": list(report.notes),
            }
            for report in result.reports
        },
        "failures": [{"recording": str(f.path), "reason": f.reason} for f in result.failures],
        "notes": [note.to_json() for note in result.notes],
    }
