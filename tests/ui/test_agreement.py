"""Precision of what was judged, and the interval it lies in."""

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from scipy.stats import binomtest

from audioscan_ui.results.agreement import agreement, wilson
from audioscan_ui.session.verdicts import Found, Origin, Verdict, VerdictRole

STATIC = Path(__file__).resolve().parents[2] / "plugins" / "ui" / "audioscan_ui" / "static"
SHA = "b" * 64
IDS = itertools.count()
STARTS = itertools.count(0, 10)


def verdict(
    score, role=VerdictRole.POSITIVE, *, label="cry", was="cry", origin=Origin.FOUND, start=None, end=2
):
    start = next(STARTS) if start is None else start
    seen = Found(start, start + 2, was) if was else None
    return Verdict(f"{next(IDS):032x}", 1, start, start + end, label, role, score, SHA, origin, seen)


@pytest.mark.parametrize(
    ("right", "judged"), [(0, 1), (1, 1), (0, 20), (20, 20), (7, 11), (1, 1000), (999, 1000), (500, 1000)]
)
def test_the_interval_is_that_of_scipy(right, judged):
    expected = binomtest(right, judged).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(right, judged) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_every_share_up_to_forty_has_the_interval_of_scipy():
    for judged in range(1, 41):
        for right in range(judged + 1):
            expected = binomtest(right, judged).proportion_ci(method="wilson")
            assert wilson(right, judged) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_scores_come_first_and_then_each_tenth_that_has_any():
    table = agreement(
        [
            verdict(0.95),
            verdict(1.0),
            verdict(0.55, VerdictRole.ABSENT),
            verdict(0.5),
            verdict(0.52, VerdictRole.SOFT),
            verdict(0.0, VerdictRole.ABSENT),
        ]
    )
    assert [(each.score, each.accepted, each.rejected, each.unsure) for each in table] == [
        ((0.0, 1.0), 3, 2, 1),
        ((0.0, 0.1), 0, 1, 0),
        ((0.5, 0.6), 1, 1, 1),
        ((0.9, 1.0), 2, 0, 0),
    ]
    assert table[0].precision == 0.6
    expected = binomtest(3, 5).proportion_ci(method="wilson")
    assert table[0].interval == pytest.approx((expected.low, expected.high))


def test_a_relabelled_region_was_found_wrongly():
    (whole, _) = agreement([verdict(0.8, label="bark", was="cry")])
    assert (whole.label, whole.accepted, whole.rejected) == ("cry", 0, 1)


def test_a_trimmed_region_was_found_rightly_and_counts_once_however_many_spans_are_left_of_it():
    (whole, _) = agreement([verdict(0.8, start=3, end=1), verdict(0.8, start=3, end=2)])
    assert (whole.accepted, whole.rejected) == (1, 0)


def test_what_no_threshold_found_does_not_count():
    assert (
        agreement([verdict(None), verdict(0.9, origin=Origin.DRAWN), verdict(0.9, origin=Origin.SUGGESTED)])
        == []
    )


def test_where_nobody_could_tell_there_is_no_precision():
    (whole, _) = agreement([verdict(0.8, VerdictRole.SOFT)])
    assert (whole.precision, whole.interval, whole.unsure) == (None, None, 1)


def test_the_page_counts_and_reckons_as_the_table_does(tmp_path):
    """The counters above the list are formed in the page, by a module of its own."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    (tmp_path / "precision.mjs").write_bytes((STATIC / "review" / "precision.js").read_bytes())
    pairs = [(0, 1), (1, 1), (0, 20), (20, 20), (7, 11), (999, 1000)]
    program = (
        "import { wilson, countVerdicts } from './precision.mjs';"
        f"const shares = {json.dumps(pairs)}.map(([right, judged]) => wilson(right, judged));"
        "const row = (verdict, relabelled = null, origin = 'found') => ({ verdict, relabelled, origin });"
        "const rows = [row('positive'), row('positive', 'bark'), row('absent'), row('soft'), row(null),"
        " row('positive', null, 'drawn')];"
        "console.log(JSON.stringify([shares, countVerdicts(rows).precision]));"
    )
    (tmp_path / "program.mjs").write_text(program, encoding="utf-8")
    done = subprocess.run([node, "program.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    shares, precision = json.loads(done.stdout)
    assert [(share["low"], share["high"]) for share in shares] == [
        pytest.approx(wilson(*pair), abs=1e-12) for pair in pairs
    ]
    table = agreement(
        [
            verdict(0.8),
            verdict(0.8, label="bark"),
            verdict(0.8, VerdictRole.ABSENT),
            verdict(0.8, VerdictRole.SOFT),
            verdict(0.8, origin=Origin.DRAWN),
        ]
    )
    assert (table[0].accepted, table[0].rejected) == (1, 2)
    assert precision["value"] == table[0].precision
    assert (precision["low"], precision["high"]) == pytest.approx(table[0].interval)
