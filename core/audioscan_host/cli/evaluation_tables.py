"""What `audioscan-host evaluate` prints: tables and sentences for people."""

from audioscan_host.cli import reporting
from audioscan_host.evaluation.tables import CONDITION_COLUMNS, condition_cells, figure_cells, figure_columns
from audioscan_host.journeys.evaluation_result import EvaluationResult


def print_evaluation(result: EvaluationResult) -> None:
    """What each system does, what a field will show of the best, which window and reading suit, and which system to use."""
    rows = [
        [row.label, *(_cell(part) for part in row.system.facts().values()), *figure_cells(row)]
        for label in result.labels
        for row in label.rows
    ]
    columns = figure_columns(min(each.window for each in result.windowings))
    parts = list(result.conclusion.best.facts())  # window and reading only where there are several
    reporting.print_table(["label", *parts, *columns], rows, right=["window", "hop", *columns])
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
        for comparison in label.comparisons:
            reporting.say(f"  {comparison.sentence}")
        if len(result.labels) > 1:
            reporting.say(f"  {label.sentence}")
    if result.files:
        reporting.say(f"\nTables, pictures and a page with all of them: {result.files[0]}")
    reporting.say(f"\n{result.sentence}")


def _cell(part: str | float) -> str:
    return part if isinstance(part, str) else f"{part:g}"
