"""The page forms regions itself, so that a slider asks nobody: they equal those of the host to the microsecond."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions
from audioscan_host.steps import exact_step_edges, silent_steps, step_scores
from audioscan_host.windows import Windowing, window_steps

STATIC = Path(__file__).resolve().parents[2] / "plugins/ui/audioscan_ui/static"
RATE = 1000
CASES = 400

ANSWER = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const { formRegions, silentSteps, stepEdges } = await import(pathToFileURL(process.argv[2]).href);
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ hop, duration, steps, silent, settings }) => {
  const edges = stepEdges(hop, duration);
  const mask = silentSteps(edges.length - 1, silent);
  const found = formRegions(Float64Array.from(steps), edges, mask, settings, duration);
  return { edges: [...edges], regions: [...found.start].map((start, i) => [start, found.end[i], found.score[i]]), count: found.count };
});
process.stdout.write(JSON.stringify(answers));
"""


def random_case(random: np.random.Generator) -> tuple[dict[str, Any], list[list[float]], list[int]]:
    """What the page is asked, the regions that the host finds, and the edges of its steps."""
    hop = float(random.choice([0.25, 0.5, 1.0, 0.37]))
    window = round(hop * float(random.integers(1, 6)), 2)
    # Whole hops, a short last step, a rest below 10 ms, less than a window, and nothing at all.
    whole = int(random.integers(0, 60)) * hop
    duration = float(whole + random.choice([0.0, 0.004, 0.11, hop * 0.4]))
    times = np.array(window_steps(round(duration * RATE), RATE, Windowing(window, hop))) / 100
    scores = random.beta(0.6, 0.6, len(times)).round(int(random.integers(1, 9)))
    silence = random_silence(random, duration)
    heard = min(window, duration)
    steps = step_scores(times, scores, window=heard, hop=hop, duration=duration, silence=silence)
    pool = [*steps.tolist(), float(random.random())]  # most thresholds equal a score
    low, threshold = sorted(float(random.choice(pool)) for _ in range(2))
    settings = RegionSettings(
        threshold=threshold,
        low=low if random.random() < 0.5 else None,
        merge_gap=float(random.choice([0.0, hop, 2 * hop, 0.0000005, 1.3])),
        min_duration=float(random.choice([0.0, hop, 0.3, 2.2])),
    )
    found = find_regions(
        times,
        scores,
        "call",
        window=heard,
        hop=hop,
        duration=duration,
        settings=settings,
        silence=silence,
    )
    mask = silent_steps(hop, duration, silence)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]))).reshape(-1, 2)
    asked = {
        "hop": hop,
        "duration": duration,
        "steps": steps.tolist(),
        "silent": edges.tolist(),
        "settings": {
            "threshold": settings.threshold,
            "low": settings.low,
            "mergeGap": settings.merge_gap,
            "minDuration": settings.min_duration,
        },
    }
    regions = [[region.start, region.end, region.score] for region in found]
    return asked, regions, exact_step_edges(hop, duration).tolist()


def random_silence(random: np.random.Generator, duration: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(spans, 2) seconds: none, or a few that do not touch."""
    if duration < 1 or random.random() < 0.5:
        return np.zeros((0, 2))
    cuts = np.sort(random.uniform(0, duration, 2 * int(random.integers(1, 4)))).round(2)
    return np.unique(cuts)[: len(np.unique(cuts)) // 2 * 2].reshape(-1, 2)


def asked_of_node(cases: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What the page's own module answers to each case."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the tests in the browser ask the same of the page")
    # node takes a .js file for a module only where a package.json says so.
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(STATIC / "review/regions.js", folder / "regions.js")
    (folder / "answer.js").write_text(ANSWER)
    done = subprocess.run(
        [node, str(folder / "answer.js"), str(folder / "regions.js")],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def test_the_page_finds_the_regions_that_the_host_finds(tmp_path: Path) -> None:
    random = np.random.default_rng(13)
    cases = [random_case(random) for _ in range(CASES)]
    answers = asked_of_node([asked for asked, _, _ in cases], tmp_path)
    for (asked, regions, edges), answer in zip(cases, answers, strict=True):
        assert answer["edges"] == edges, asked
        assert answer["regions"] == regions, asked
    assert sum(len(regions) for _, regions, _ in cases) > CASES  # most settings find something
    assert sum(bool(asked["silent"]) for asked, _, _ in cases) > CASES // 5
    assert sum(not regions for _, regions, _ in cases) > 5
