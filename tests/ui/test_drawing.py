"""What the drawings are computed from: columns of scores, colours of levels, marks of axes, edges under the pointer."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REVIEW = Path(__file__).resolve().parents[2] / "plugins/ui/audioscan_ui/static/review"


def answer(expression: str, folder: Path, **given: Any) -> Any:
    """Value of an expression in node, with all of the modules' functions in `m` and what is given in `g`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    modules = ["pooled", "axis", "colours", "spans", "gestures", "range", "marks", "lanes", "surface"]
    for name in modules:
        shutil.copy(REVIEW / f"{name}.js", folder)
    (folder / "package.json").write_text('{"type": "module"}')  # or node takes them for scripts
    imports = "\n".join(f'Object.assign(m, await import("./{name}.js"));' for name in modules)
    program = f"const m = {{}};\n{imports}\nconst g = {json.dumps(given)};\n"
    (folder / "program.js").write_text(f"{program}console.log(JSON.stringify({expression}));")
    done = subprocess.run([node, "program.js"], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_column_has_the_highest_and_the_lowest_score_of_its_time(tmp_path):
    random = np.random.default_rng(3)
    for hop, steps, start, seconds in [
        (0.25, 700, 0.0, 175.0),
        (0.25, 700, 31.7, 9.1),
        (1.0, 5, -2.0, 9.0),
        (0.5, 1, 0, 0.4),
    ]:
        columns = 97
        scores = random.random(steps)
        edges = [*(np.arange(steps) * hop * 1e6), (steps - 0.4) * hop * 1e6]  # the last step is a shorter one
        per_column = seconds / columns
        expression = (
            "((p) => [[...p.high], [...p.low]])(m.pooledScores("
            "Float64Array.from(g.scores), Float64Array.from(g.edges), g.start, g.each, g.columns))"
        )
        given = {
            "scores": scores.tolist(),
            "edges": edges,
            "start": start,
            "each": per_column,
            "columns": columns,
        }
        high, low = answer(expression, tmp_path, **given)
        for column in range(columns):
            left = (start + column * per_column) * 1e6
            right = left + per_column * 1e6
            inside = [
                score
                for score, begin, end in zip(scores, edges[:-1], edges[1:], strict=True)
                if begin < right and end > left
            ]
            if not inside:
                assert high[column] is None
                continue
            assert high[column] == pytest.approx(max(inside), abs=1e-6)
            assert low[column] == pytest.approx(min(inside), abs=1e-6)


def test_the_colours_are_those_of_matplotlib(tmp_path):
    colormaps = pytest.importorskip("matplotlib").colormaps
    for name, theirs in {"viridis": "viridis", "magma": "magma", "grey": "gray", "ink": "gray_r"}.items():
        look = {"map": name, "low": 0, "high": 255, "brightness": 0, "contrast": 0}
        words = np.array(answer("[...m.levelColours(g.look)]", tmp_path, look=look))
        colours = np.stack([words & 255, words >> 8 & 255, words >> 16 & 255], axis=1)
        assert np.abs(colours - colormaps[theirs](np.arange(256), bytes=True)[:, :3]).max() <= 2


def test_brightness_and_contrast_never_turn_the_order_of_the_levels(tmp_path):
    looks = [
        {"map": "grey", "low": 60, "high": 200, "brightness": bright, "contrast": contrast}
        for bright in (-100, -30, 0, 100)
        for contrast in (-100, 0, 100)
    ]
    for levels in answer("g.looks.map((look) => [...m.levelColours(look)])", tmp_path, looks=looks):
        assert (np.diff(np.array(levels) & 255) >= 0).all()


def test_times_are_read_as_on_a_clock(tmp_path):
    cases = [(0, 1), (59.999, 1), (3599.6, 1), (36000, 3600), (7.25, 0.1), (7.25, 0.05), (59.999, 0.01)]
    assert answer("g.cases.map(([time, step]) => m.clockTime(time, step))", tmp_path, cases=cases) == [
        "0:00:00",
        "0:01:00",
        "1:00:00",
        "10:00:00",
        "0:00:07.3",
        "0:00:07.25",
        "0:01:00.00",
    ]


MODEL = """(() => {
  const regions = {start: Float64Array.of(1, 5, 9), end: Float64Array.of(2, 8, 9.05),
    score: Float64Array.of(.6, .7, .8), count: 3};
  const verdict = {id: "a", recording: 1, start: 5.5, end: 8.5, label: "other", role: "absent"};
  return {labels: [{name: "knock", settings: {threshold: .5}, regions}], current: 0, verdicts: [verdict],
    selected: g.selected, subscribe: () => () => {}};
})()"""


EDGES = [
    (5.04, None, ["knock", "start"]),
    (4.95, None, ["knock", "start"]),
    (8.05, None, ["knock", "end"]),
    (6.5, None, None),
    (8.52, None, ["other", "end"]),
    (8.48, {"label": "other", "start": 5.5, "end": 8.5}, ["other", "end"]),
    (4.89, {"label": "knock", "start": 5, "end": 8}, ["knock", "start"]),
    (7.02, {"label": "knock", "start": 5, "end": 8, "verdicts": [{"start": 5, "end": 7}]}, ["knock", "end"]),
    (9.05, None, None),  # too narrow, so that it can be clicked
]
"""Time, what is selected, and the edge that is caught."""


def test_an_edge_is_caught_from_some_pixels_away(tmp_path):
    asked = [{"time": time, "selected": selected} for time, selected, _ in EDGES]
    expression = f"g.asked.map((g) => ((model) => m.edgeAt(model, m.lanesOf(model), g.time, 0.01))({MODEL}))"
    found = answer(expression, tmp_path, asked=asked)  # a pixel has 10 ms
    caught = [edge and [edge["span"]["label"], edge["side"]] for edge in found]
    assert caught == [edge for _, _, edge in EDGES]


def test_what_is_shown_stays_inside_of_the_recording(tmp_path):
    moves = """((place) => {
      const seen = [];
      const see = () => seen.push([place.from, place.to]);
      place.open(1, 100); see();
      place.zoom(4, 0); see();
      place.pan(-5); see();
      place.pan(1000); see();
      place.zoom(0.001); see();
      place.show(50, 50); see();
      place.reveal(80, 81); see();
      place.reveal(10, 40); see();
      return seen;
    })(m.createPlace())"""
    seen = np.array(answer(moves, tmp_path))
    assert seen[:5].tolist() == [[0, 100], [0, 25], [0, 25], [75, 100], [0, 100]]
    assert seen[5] == pytest.approx([49.9, 50.1])
    assert (seen[6:, 0] <= [80, 10]).all()
    assert (seen[6:, 1] >= [81, 40]).all()
    assert (seen >= 0).all()
    assert (seen <= 100).all()
