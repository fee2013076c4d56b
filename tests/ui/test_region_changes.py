"""Which regions a new detector gains and loses, as the page counts them, equals what comparing each with each gives."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MODULE = Path(__file__).resolve().parents[2] / "plugins/ui/audioscan_ui/static/region_changes.js"

ANSWER = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const { onlyIn, countFound } = await import(pathToFileURL(process.argv[2]).href);
const regions = (of) => new Map(of.map(([recording, spans]) => [recording, {
  start: spans.map(([start]) => start), end: spans.map(([, end]) => end), score: spans.map(() => 1), count: spans.length,
}]));
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ before, after, verdicts }) => ({
  gained: onlyIn(regions(after), regions(before)).map(({ recording, start, end }) => [recording, start, end]),
  found: countFound(regions(after), verdicts.map(([recording, start, end]) => ({ recording, start, end }))),
}));
process.stdout.write(JSON.stringify(answers));
"""

Spans = list[tuple[int, int]]


def spans(draw: np.random.Generator) -> Spans:
    """Regions of one recording: ascending, apart or touching, as the page forms them."""
    edges = sorted(draw.choice(60, 2 * int(draw.integers(8)), replace=False).tolist())
    return list(zip(edges[::2], edges[1::2], strict=True))


def case(draw: np.random.Generator) -> dict[str, Any]:
    """Regions of two detectors in three recordings, one of which may lack a scan, and spans that were judged."""
    before, after = (
        [[number, spans(draw)] for number in (1, 2, 3)][: int(draw.integers(2, 4))] for _ in range(2)
    )
    starts = draw.choice(55, 5, replace=False).tolist()
    verdicts = [(int(draw.integers(1, 4)), start, start + int(draw.integers(1, 9))) for start in starts]
    return {"before": before, "after": after, "verdicts": verdicts}


def by_hand(before: list[Any], after: list[Any], verdicts: list[tuple[int, int, int]]) -> dict[str, Any]:
    """The same, each region compared with each."""
    old, new = dict(before), dict(after)
    gained = [
        [recording, start, end]
        for recording, regions in new.items()
        for start, end in regions
        if recording in old
        and not any(start < other_end and other < end for other, other_end in old[recording])
    ]
    covered = [
        sum(max(0, min(end, last) - max(start, first)) for first, last in new.get(recording, []))
        / (end - start)
        for recording, start, end in verdicts
    ]
    return {"gained": gained, "found": sum(share >= 0.5 for share in covered)}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js; the browser tests retrain too")
def test_regions_are_gained_where_the_other_detector_has_none_and_verdicts_found_where_half_is_covered(
    tmp_path: Path,
) -> None:
    draw = np.random.default_rng(7)
    cases = [case(draw) for _ in range(300)]
    script = tmp_path / "answer.mjs"
    script.write_text(ANSWER, encoding="utf-8")
    told = subprocess.run(
        ["node", str(script), str(MODULE)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(told.stdout)
    assert answers == [by_hand(**each) for each in cases]
    assert sum(len(each["gained"]) for each in answers) > 300  # the cases are not empty ones
