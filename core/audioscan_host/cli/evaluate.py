"""`audioscan-host evaluate`: labelled recordings to which model to use."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.classifier.settings import Calibration, ClassifierKind, ClassifierSettings
from audioscan_host.cli import label_names, options, reporting, session_options, word_options
from audioscan_host.cli.eight_cut_options import eight_cut_labels
from audioscan_host.cli.failures import end_batch
from audioscan_host.eight_cut_settings import EightCutSettings

if TYPE_CHECKING:
    from audioscan_host.journeys.evaluate import EvaluationResult
    from audioscan_host.journeys.session import SessionOptions
    from audioscan_host.windows import Windowing


@click.command()
@options.recordings
@options.labels
@options.labels_as
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="NAME",
    help="See `audioscan-host models`. May repeat, to compare.",
)
@click.option("--label", "only", multiple=True, metavar="NAME", help="Judge this label only. May repeat.")
@label_names.same
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A folder for tables (CSV), pictures (PNG) and evaluation.html, which shows them all.",
)
@eight_cut_labels
@options.windowing_by_labels
@options.window_labels
@word_options.normalisation
@click.option(
    "--classifier",
    "classifiers",
    type=options.one_of(ClassifierKind),
    multiple=True,
    default=[ClassifierKind.LOGISTIC.value],
    show_default=True,
    help="Logistic regression, or boosted trees. May repeat, to compare.",
)
@click.option(
    "--calibration",
    "calibrations",
    type=options.one_of(Calibration),
    multiple=True,
    default=[Calibration.SIGMOID.value],
    show_default=True,
    help="How scores become probabilities. May repeat, to compare.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Probability from which on a window counts as found, and that a region reaches.",
)
@session_options.session
@options.as_json
def evaluate(
    *,
    recordings: tuple[Path, ...],
    labels: tuple[Path, ...],
    labels_as: str,
    models: tuple[str, ...],
    only: tuple[str, ...],
    same: dict[str, list[str]],
    out: Path | None,
    windowing: "Windowing | None",
    hop: float | None,
    tolerance: float,
    neg_margin: float | None,
    normalisation: str,
    classifiers: tuple[str, ...],
    calibrations: tuple[str, ...],
    threshold: float,
    eight_cut: EightCutSettings,
    session: "SessionOptions",
    as_json: bool,
) -> None:
    """Compare models on your own labels, by recordings left out.

    RECORDING is a media file or a folder of them. Each recording is judged by detectors that were
    trained on others. Every model is tried with every --classifier and every --calibration; the
    second table says what a field will show, where the sound may be absent, rare or frequent; the last
    line says which to use, and how sure that is.
    """
    from audioscan_host.journeys.evaluate import evaluate as evaluate_systems

    result = evaluate_systems(
        recordings,
        labels,
        models,
        out=out,
        only=only,
        same=same,
        windowing=windowing,
        hop=hop,
        tolerance=tolerance,
        neg_margin=neg_margin,
        labels_as=labels_as,
        classifiers=[
            ClassifierSettings(kind, calibration, normalisation)
            for kind in classifiers
            for calibration in calibrations
        ],
        threshold=threshold,
        eight_cut=eight_cut,
        **session,
    )
    if as_json:
        reporting.print_json(result.to_json())
    else:
        _print(result)
    end_batch(result.failures, len(result.failures) + len(result.recordings))


def _print(result: "EvaluationResult") -> None:
    from audioscan_host.evaluation.tables import (
        CONDITION_COLUMNS,
        condition_cells,
        figure_cells,
        figure_columns,
    )

    rows = [
        [row.label, row.system.model, row.system.classifier, row.system.calibration, *figure_cells(row)]
        for label in result.labels
        for row in label.rows
    ]
    columns = figure_columns(result.window_choice.windowing.window)
    reporting.print_table(["label", "model", "classifier", "calibration", *columns], rows, right=columns)
    best = result.conclusion.best
    reporting.say(f"\nWhat a field will show of {best}:\n")
    shown = [
        [label.label, *condition_cells(each)] for label in result.labels for each in label.conditions[best]
    ]
    reporting.print_table(["label", *CONDITION_COLUMNS], shown, right=CONDITION_COLUMNS[1:])
    for label in result.labels:
        told = label.conclusion
        reporting.say(
            f"\n{label.label}: {told.recordings} recordings, {told.with_sound} of them with the sound, in "
            f"{label.folds} parts that were held out in turn. {label.rate_sentence}"
        )
        for note in label.notes:
            reporting.say(f"  {note}")
        if len(result.labels) > 1:
            reporting.say(f"  {label.sentence}")
    if result.files:
        reporting.say(f"\nTables, pictures and a page with all of them: {result.files[0]}")
    reporting.say(f"\n{result.sentence}")
