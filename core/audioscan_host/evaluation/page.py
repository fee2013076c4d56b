"""One page that shows an evaluation: a file without scripts, which needs nothing beside it."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType

from audioscan_host.evaluation import curves
from audioscan_host.evaluation.judgement import LabelEvaluation
from audioscan_host.evaluation.pictures import PICTURES, shown
from audioscan_host.evaluation.shifted import FREQUENT_SHARE
from audioscan_host.evaluation.tables import (
    CONDITION_COLUMNS,
    cell,
    condition_cells,
    figure_cells,
    figure_columns,
    per_hour,
)
from audioscan_host.windows import Windowing

_STYLE = """
:root { color-scheme: light dark; --text: #22262e; --back: #fff; --line: #d5d9e0; --soft: #f3f5f8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --back: #16181d; --line: #3a404b; --soft: #20242b; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 74rem; margin: 2rem auto; padding: 0 1rem; }
.conclusion { font-size: 1.15rem; background: var(--soft); border-left: 4px solid #0072b2; padding: .8rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; }
th { vertical-align: bottom; background: var(--soft); }
th.name, td.name { text-align: left; white-space: nowrap; }
figure { margin: 1.5rem 0; }
img { max-width: 100%; background: #fff; border-radius: 6px; padding: 6px; box-sizing: border-box; }
figcaption { font-size: .9rem; }
summary { cursor: pointer; margin: .6rem 0; }
"""

_CAPTIONS = MappingProxyType(
    {
        "table": "Average precision: the area under the curve of precision over recall, 1 at best. The bar is its 95 % "
        "interval by bootstrap: the recordings are drawn anew, with replacement.",
        "precision_recall": "Precision over recall of the labelled windows. The threshold falls from left to right.",
        "reliability": "Above, observed frequency over predicted probability. The observed frequency is the share of the "
        "windows of a bin that hold the sound. On the dashed line the two agree. Below, the number of windows in each bin.",
        "histogram": "How many windows have which predicted probability. The fewer lie in the middle or on the wrong side, "
        "the better the two classes are separated.",
        "thresholds": "Precision, recall and false alarms at each threshold. A false alarm is a false positive: a place that "
        "is found without the sound. At low thresholds neighbouring places run together. A place that reaches the sound is no "
        "false alarm.",
    }
)

_FIELD = (
    "In these recordings the sound is as frequent as in those that were learned from. In a field it may not be. So the "
    "same detector predicts each held-out recording again, with windows taken out of it. Without the sound: only windows "
    "that do not hold it are left. Rare: about one in five of the places with the sound is left, and all windows without "
    f"it. Frequent: the sound fills about {FREQUENT_SHARE * 100:.0f} % of the windows that are left. The background of a "
    "recording is found anew in what is left. Probabilities stay at the rate that was learned. A false alarm is a false "
    "positive: a place that is found without the sound. False seconds are how long the windows of false positives last "
    "together."
)

_MOMENTS = (
    "Windows of several lengths are compared, so all are judged at the same places: moments as long as the shortest hop, each "
    "with the mean probability of the windows over it. Where curves and bins speak of windows, they are of moments. What a field "
    "will show is of each system's own windows."
)


def page(
    labels: Sequence[LabelEvaluation],
    sentence: str,
    skipped: Mapping[str, str],
    windowings: Sequence[Windowing],
    pictures: Mapping[str, Mapping[str, bytes]],
) -> str:
    """The page as HTML.

    Args:
        labels: what was judged.
        sentence: which system to use.
        skipped: label -> why it could not be judged.
        windowings: window and hop, of each that is compared.
        pictures: label -> name -> PNG.
    """
    sections = "\n".join(
        _section(each, windowings, pictures[each.label], several=len(labels) > 1) for each in labels
    )
    left_out = "".join(f"<p>Left out: {escape(reason)}.</p>" for reason in skipped.values())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Evaluation: {escape(", ".join(each.label for each in labels))}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Evaluation</h1>
<p class="conclusion">{escape(sentence)}</p>
<p>Every figure is from a validation fold: recordings that were predicted by a detector trained on others. Windows of
{", ".join(f"{each.window:g} s every {each.hop:g} s" for each in windowings)}.</p>
{left_out}
{sections}
</body>
</html>
"""


def _section(
    label: LabelEvaluation,
    windowings: Sequence[Windowing],
    pictures: Mapping[str, bytes],
    *,
    several: bool,
) -> str:
    first = label.rows[0].figures
    facts = (
        f"{label.conclusion.recordings} recordings, {label.conclusion.with_sound} of them with the sound, in "
        f"{label.folds} validation folds. {first.windows} labelled {label.unit}, {first.positives} "
        f"of them with the sound. Precision, recall, false alarms and regions are at threshold {first.threshold:g}. "
        f"{label.rate_sentence}"
    )
    fewer = len(label.rows) - len(shown(label))
    lowest = f"the curves leave out the {fewer} systems with the lowest average precision"
    notes = [*label.notes, *([lowest] if fewer else [])]
    return "\n".join(
        [
            f"<h2>{escape(label.label)}</h2>",
            *([f"<p>{escape(label.sentence)}</p>"] if several else []),
            f"<p>{escape(facts)}</p>",
            *(f"<p>{escape(each.sentence)}</p>" for each in label.comparisons),
            *([f"<p>{escape(_MOMENTS)}</p>"] if label.moment else []),
            *(f"<p>Note: {escape(note)}.</p>" for note in notes),
            _table(
                ["system", *figure_columns(min(each.window for each in windowings))],
                ([str(row.system), *figure_cells(row)] for row in label.rows),
            ),
            "<h3>What a field will show</h3>",
            f"<p>{escape(_FIELD)}</p>",
            _table(
                ["system", *CONDITION_COLUMNS],
                (
                    [str(system), *condition_cells(each)]
                    for system, of_one in label.conditions.items()
                    for each in of_one
                ),
                names=2,
            ),
            "<h3>Pictures</h3>",
            *(_figure(label.label, name, pictures[name]) for name in PICTURES),
            *_threshold_tables(label),
        ]
    )


def _threshold_tables(label: LabelEvaluation) -> Iterator[str]:
    columns = ["threshold", "windows found", "precision", "recall", "false alarms/h", "false s/h"]
    for system, held_out in label.held_out.items():
        rows = (
            [
                f"{at.threshold:g}",
                str(at.found),
                *map(cell, (at.precision, at.recall)),
                *map(per_hour, (at.false_alarms_per_hour, at.false_seconds_per_hour)),
            ]
            for at in curves.threshold_table(held_out)
        )
        yield (
            f"<details><summary>Threshold table of {escape(str(system))}</summary>{_table(columns, rows)}</details>"
        )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1) -> str:
    """The first `names` columns are words, the others numbers."""
    lines = "\n".join([_line("th", columns, names), *(_line("td", row, names) for row in rows)])
    return f'<div class="scroll"><table>\n{lines}\n</table></div>'


def _line(tag: str, cells: Sequence[str], names: int) -> str:
    words = (f'<{tag} class="name">{escape(each)}</{tag}>' for each in cells[:names])
    numbers = (f"<{tag}>{escape(each)}</{tag}>" for each in cells[names:])
    return f"<tr>{''.join([*words, *numbers])}</tr>"


def _figure(label: str, name: str, png: bytes) -> str:
    about = escape(f"{name.replace('_', ' ')} of {label}")
    data = base64.b64encode(png).decode()
    caption = escape(_CAPTIONS[name])
    return (
        f'<figure><img alt="{about}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
