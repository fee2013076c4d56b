"""`audioscan-host evaluate`: labelled recordings to which model to use."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.classifier.settings import Calibration, ClassifierKind, ClassifierSettings
from audioscan_host.cli import label_names, options, reporting, session_options, word_options
from audioscan_host.cli.eight_cut_options import eight_cut_labels
from audioscan_host.cli.failures import end_batch
from audioscan_host.eight_cut_settings import EightCutSettings

if TYPE_CHECKING:
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
@label_names.only("Judge")
@label_names.same
@click.option(
    "--out",
    type=options.FOLDER,
    metavar="FOLDER",
    help="A folder for tables (CSV), pictures (PNG) and evaluation.html, which shows them all.",
)
@eight_cut_labels
@options.windowings_by_labels
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
@session_options.session_of_readings
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
    windowings: "Sequence[Windowing]",
    hop: float | None,
    readings: tuple[str, ...],
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
    trained on others. Every model is tried with every --window, --reading, --classifier and --calibration; the
    second table says what a field will show, where the sound may be absent, rare or frequent; the last
    line says which to use, and how sure that is. Of several windows or readings a line says which suit each sound.
    """
    from audioscan_host.cli.evaluation_tables import print_evaluation
    from audioscan_host.journeys.evaluate import evaluate as evaluate_systems

    result = evaluate_systems(
        recordings,
        labels,
        models,
        out=out,
        only=only,
        same=same,
        windowings=windowings,
        readings=readings,
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
        print_evaluation(result)
    end_batch(result.failures, len(result.failures) + len(result.recordings))
