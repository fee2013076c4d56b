"""What the mouse does on the drawings, and what drawing costs."""

import pytest

pytestmark = pytest.mark.slow

STEPS = 36_000
REGIONS = 4_800
LENGTH = 180.0
"""Seconds of the recordings of the scene."""


@pytest.fixture
def seen(review, visit):
    server = review()
    seen = visit(server)
    seen.server = server
    seen.page.locator("#tab-review").click()
    seen.until("document.querySelectorAll('[role=option]').length > 3")
    return seen


def box(seen, name):
    """A drawing's box, and the x of a time while the whole recording is shown."""
    box = seen.page.locator(f".timeline-{name}").bounding_box()
    left, right = seen.module("review/axis.js", "[m.LEFT, m.RIGHT]")
    return box, lambda time: box["x"] + left + time / LENGTH * (box["width"] - left - right)


def drag(seen, start, end):
    seen.page.mouse.move(*start)
    seen.page.mouse.down()
    seen.page.mouse.move(*end, steps=6)
    seen.page.mouse.up()


def test_a_span_that_is_drawn_with_shift_becomes_a_verdict(seen, wait_until):
    shape, x = box(seen, "spectrogram")
    y = shape["y"] + shape["height"] / 2
    seen.page.keyboard.down("Shift")
    drag(seen, (x(100), y), (x(110), y))
    seen.page.keyboard.up("Shift")
    (verdict,) = wait_until(lambda: seen.server.json("api/state")["verdicts"])
    assert (verdict["role"], verdict["origin"]) == ("positive", "drawn")
    assert [verdict["start"], verdict["end"]] == pytest.approx([100, 110], abs=0.5)


def test_an_edge_that_is_dragged_trims_the_span(seen, wait_until):
    shape, x = box(seen, "spectrogram")
    y = shape["y"] + shape["height"] / 2
    seen.page.keyboard.down("Shift")
    drag(seen, (x(100), y), (x(115), y))
    seen.page.keyboard.up("Shift")
    wait_until(lambda: seen.server.json("api/state")["verdicts"])
    seen.page.keyboard.press("0")
    seen.page.wait_for_timeout(300)
    drag(seen, (x(115) + 3, y), (x(125) + 3, y))
    (verdict,) = wait_until(
        lambda: [
            each
            for each in seen.server.json("api/state")["verdicts"]
            if each["end"] > 120 or each["start"] > 101
        ]
    )
    assert [verdict["start"], verdict["end"]] == pytest.approx([100, 125], abs=0.5)


def test_a_region_that_was_trimmed_is_held_by_the_edges_that_it_got(seen, wait_until):
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    found = seen.module("store.js", "m.store.verdicts.size")
    assert found == 0
    for key in ("j", "Shift+}", "Shift+}", "Shift+}"):
        seen.page.keyboard.press(key)
        seen.page.wait_for_timeout(150)
    seen.page.keyboard.press("Space")
    (before,) = wait_until(lambda: seen.server.json("api/state")["verdicts"])
    assert before["end"] == pytest.approx(before["found"]["end"] + 0.3)
    shown = wait_until(lambda: seen.module("store.js", "m.store.setting('review.position', null)"))
    shape, _ = box(seen, "spectrogram")
    left, right = seen.module("review/axis.js", "[m.LEFT, m.RIGHT]")
    pixel = (shape["width"] - left - right) / (shown["to"] - shown["from"])

    def x(time):
        return shape["x"] + left + (time - shown["from"]) * pixel

    y = shape["y"] + shape["height"] / 2
    drag(seen, (x(before["end"]) + 8, y), (x(before["end"] + 0.5) + 8, y))
    after = wait_until(
        lambda: [each for each in seen.server.json("api/state")["verdicts"] if each["id"] != before["id"]]
    )
    assert [each["end"] for each in after] == pytest.approx([before["end"] + 0.5], abs=2 / pixel)
    assert [each["start"] for each in after] == [before["start"]]


@pytest.fixture
def unscanned(serve, scene, visit):
    server = serve(scene.recordings[3])
    seen = visit(server)
    seen.server = server
    seen.page.locator("#tab-review").click()
    seen.until("document.querySelector('.timeline-spectrogram canvas')?.clientHeight > 0")
    return seen


def test_before_anything_is_scanned_a_plain_drag_draws_and_asks_what_it_is(unscanned, wait_until):
    shape, x = box(unscanned, "spectrogram")
    y = shape["y"] + shape["height"] / 2
    wait_until(lambda: unscanned.server.json("api/state")["recordings"][0]["duration"])
    unscanned.page.wait_for_timeout(500)
    drag(unscanned, (x(100), y), (x(110), y))
    unscanned.page.keyboard.type("wren")
    unscanned.page.keyboard.press("Enter")
    (verdict,) = wait_until(lambda: unscanned.server.json("api/state")["verdicts"])
    assert (verdict["label"], verdict["role"]) == ("wren", "positive")
    assert [verdict["start"], verdict["end"]] == pytest.approx([100, 110], abs=0.5)


def test_a_drag_that_escape_ends_changes_nothing(seen):
    shape, x = box(seen, "spectrogram")
    y = shape["y"] + shape["height"] / 2
    seen.page.keyboard.down("Shift")
    seen.page.mouse.move(x(100), y)
    seen.page.mouse.down()
    seen.page.mouse.move(x(110), y, steps=4)
    seen.page.keyboard.press("Escape")
    seen.page.mouse.up()
    seen.page.keyboard.up("Shift")
    seen.page.wait_for_timeout(200)
    assert seen.server.json("api/state")["verdicts"] == []


def test_the_threshold_line_is_dragged(seen):
    shape, x = box(seen, "curve")
    margin = 8

    def y(value):
        return shape["y"] + margin + (1 - value) * (shape["height"] - 2 * margin)

    drag(seen, (x(60), y(0.5)), (x(60), y(0.8)))
    seen.until(
        "[...document.querySelectorAll('input[type=range][aria-label^=Threshold]')]"
        ".some((each) => Math.abs(each.value - 0.8) < 0.03)"
    )


def test_the_overview_chooses_what_is_shown(seen):
    shape, x = box(seen, "overview")
    y = shape["y"] + 20
    before = seen.page.locator(".timeline-spectrogram").screenshot()
    drag(seen, (x(30), y), (x(60), y))
    seen.page.wait_for_timeout(800)
    assert seen.page.locator(".timeline-spectrogram").screenshot() != before


COST = """async ({steps, regions, labels}) => {
  const at = (path) => import(new URL(`static/review/${path}`, location.href).href);
  const [{createPlace}, {timeline}] = [await at("range.js"), await at("timeline.js")];
  const box = document.createElement("div");
  for (const [name, value] of [["position", "fixed"], ["inset", "0"], ["z-index", "9"]]) box.style.setProperty(name, value);
  document.body.append(box);
  const each = steps / regions;
  const model = {current: 0, verdicts: [], selected: null, listeners: new Set(),
    subscribe(listener) { this.listeners.add(listener); return () => {}; }};
  const made = (shift) => ({
    start: Float64Array.from({length: regions}, (_, index) => index * each + shift),
    end: Float64Array.from({length: regions}, (_, index) => index * each + shift + 2),
    score: new Float64Array(regions).fill(0.9), count: regions});
  model.labels = Array.from({length: labels}, (_, label) => ({name: `label ${label}`, settings: {threshold: 0.5},
    steps: Float64Array.from({length: steps}, (_, step) => Math.sin(step * (label + 1)) ** 2),
    edges: Float64Array.from({length: steps + 1}, (_, step) => step * 1e6), silent: new Uint8Array(steps), regions: made(0)}));
  model.verdicts = Array.from({length: 1000}, (_, index) => ({id: `${index}`, recording: 1, start: index * each,
    end: index * each + 2, label: "label 0", role: ["positive", "absent", "soft"][index % 3]}));
  const place = createPlace();
  timeline(box, model, place);
  place.open(1, steps);
  const plain = window.requestAnimationFrame;
  const frame = () => new Promise((done) => plain.call(window, () => plain.call(window, done)));
  await frame();
  let spent = 0;
  window.requestAnimationFrame = (paint) => plain.call(window, (time) => {
    const begun = performance.now();
    paint(time);
    spent += performance.now() - begun;
  });
  const costs = [];
  for (let turn = 0; turn < 40; turn++) {
    spent = 0;
    model.labels = model.labels.map((label) => ({...label, regions: made(turn / 100)}));
    model.listeners.forEach((listener) => listener());
    await frame();
    costs.push(spent);
  }
  window.requestAnimationFrame = plain;
  box.remove();
  return costs.sort((one, other) => one - other);
}"""


def test_drawing_ten_hours_takes_less_than_ten_milliseconds(seen, measured):
    seen.expected.append("status of 4")  # the recording of the drawing has not ten hours
    costs = seen.page.evaluate(COST, {"steps": STEPS, "regions": REGIONS, "labels": 2})
    measured(milliseconds_median_longest=[round(costs[20], 1), round(costs[-1], 1)])
    assert costs[20] < 10
