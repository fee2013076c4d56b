"""Verdicts stay: through a reload, through the death of the server, and whatever the threshold is afterwards."""

import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow

DEATHS = 20
STORE = "import(new URL('static/store.js', location.href).href)"
QUIET = """Promise.all(["store.js", "journal.js"].map((name) => import(new URL(`static/${name}`, location.href).href)))
  .then(([{store}, {journal}]) =>
    store.saving === "saved" && !journal.waiting.length && !Object.keys(journal.patch).length)"""
SHOWN = """import(new URL('static/store.js', location.href).href).then(({store}) => {
  const {from, to, playhead, recording} = store.setting("review.position", {});
  const selected = document.querySelector(".region-row[aria-selected=true]");
  const values = (selector) => [...document.querySelectorAll(selector)].map((each) => each.value);
  return {
    verdicts: [...store.verdicts.values()].map(({id, label, role, start, end}) => [id, label, role, start, end]).sort(),
    depth: store.depth,
    position: [recording, from, to, playhead].map((each) => Math.round(each * 1000) / 1000),
    selected: selected ? selected.innerText : null,
    time: document.querySelector(".go-to-time").value,
    sliders: values("#panel-review .sliders input[type=range]"),
    further: values("#panel-review .further input"),
    choices: values("#panel-review select"),
  };
})"""
ACTIONS = {
    "accept": ["a"],
    "reject": ["x"],
    "unsure": ["s"],
    "relabel by a digit": ["k", "2"],
    "set the end at the playhead": ["j", "ArrowRight", "]"],
    "trim by a tenth": ["Shift+}"],
    "clear": ["k", "k", "Backspace"],
    "undo": ["Control+z"],
    "undo once more": ["Control+z"],
    "redo": ["Control+Shift+Z"],
    "move the slider": ["t", "ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "Escape"],
    "another order": ["o"],
    "nearer": ["+", "+"],
    "go to a row": ["j", "j"],
    "another recording": ["Shift+ArrowDown"],
}


@pytest.fixture
def at_work(visit):
    """`at_work(server)`: Review is open, its rows are there, and rows are not played by themselves."""

    def open_review(server):
        seen = visit(server)
        seen.page.keyboard.press("Shift+3")
        seen.page.evaluate(f"{STORE}.then(({{store}}) => store.keep('review.play', false))")
        _wait_for_rows(seen)
        return seen

    return open_review


def _wait_for_rows(seen):
    seen.until("document.querySelectorAll('#panel-review [role=option]:not([hidden])').length > 3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")


def _settle(seen):
    """What was done is kept: the page waits for pauses of 150 and 300 ms; what is shown then."""
    time.sleep(0.5)
    return seen.until(QUIET) and seen.page.evaluate(SHOWN)


def test_after_every_kind_of_action_a_reload_changes_nothing(review, at_work):
    seen = at_work(review())
    before = _settle(seen)
    for action, keys in ACTIONS.items():
        for key in keys:
            seen.page.keyboard.press(key)
        after = _settle(seen)
        assert after != before, f"{action}: the keys {keys} did nothing"
        seen.page.reload()
        _wait_for_rows(seen)
        before = _shown_when(seen, after)
        assert before == after, action


def _shown_when(seen, expected, seconds=5):
    """What is shown as soon as it is what is expected, or in the end."""
    end = time.monotonic() + seconds
    while (shown := seen.page.evaluate(SHOWN)) != expected and time.monotonic() < end:
        time.sleep(0.1)
    return shown


def test_no_verdict_that_was_acknowledged_is_lost_when_the_server_dies(review, at_work, measured):
    moments = np.random.default_rng(7)
    seen = at_work(server := review())
    seen.expected += ["Failed to load resource", "ERR_", "net::"]
    lost_on_the_way, kept = 0, {}
    for death in range(DEATHS):
        if death:
            seen.page.goto(server.address)
            _wait_for_rows(seen)  # the session remembers the tab
        seen.page.keyboard.press(str(moments.choice(list("axs"))))
        time.sleep(float(moments.uniform(0, 0.05)))
        server.kill()
        acknowledged, given = seen.page.evaluate(ACKNOWLEDGED)
        assert given
        server = review()
        now = {each["id"]: (each["start"], each["end"]) for each in server.json("api/state")["verdicts"]}
        # A region may have been judged once more, since the page had not kept yet where it was.
        assert set(kept.values()) <= set(now.values()), f"death {death}: an earlier verdict is lost"
        assert set(acknowledged) <= set(now), f"death {death}: acknowledged and lost"
        lost_on_the_way += len(set(given) - set(now))
        kept = now
    measured(kept=len(kept), not_acknowledged_and_not_kept=lost_on_the_way)
    assert len(kept) >= DEATHS / 4


ACKNOWLEDGED = """Promise.all(["store.js", "journal.js"].map((name) => import(new URL(`static/${name}`, location.href).href)))
  .then(([{store}, {journal}]) => {
    const waiting = new Set(journal.waiting.flatMap((action) => (action.add ?? []).map(({id}) => id)));
    const all = [...store.verdicts.keys()];
    return [all.filter((id) => !waiting.has(id)), all];
  })"""


def test_a_verdict_keeps_its_span_when_the_threshold_moves_and_is_still_drawn(review, at_work):
    seen = at_work(server := review())
    slider = seen.page.locator(".sliders input[type=range]").first
    slider.fill("0.5")
    _settle(seen)
    seen.page.keyboard.press("a")
    _settle(seen)
    (verdict,) = server.json("api/state")["verdicts"]
    for threshold in ("0.7", "0.3", "1"):
        for each in seen.page.locator(".sliders input[type=range]").all():
            each.fill(threshold)
        _settle(seen)
        assert server.json("api/state")["verdicts"] == [verdict]
    # Nothing is found any more, so what is drawn is the verdict.
    seen.page.keyboard.press("0")
    _settle(seen)
    drawn = seen.page.evaluate(PICTURE)
    seen.page.keyboard.press("Control+z")
    _settle(seen)
    assert server.json("api/state")["verdicts"] == []
    changed = _columns_that_differ(drawn, seen.page.evaluate(PICTURE))
    assert changed, "the verdict was not drawn"
    width, duration = (
        drawn["width"],
        server.json("api/state")["recordings"][verdict["recording"] - 1]["duration"],
    )
    place = (verdict["start"] + verdict["end"]) / 2 / duration * width
    assert min(abs(column - place) for column in changed) < 0.05 * width


PICTURE = """(() => {
  const canvases = [...document.querySelectorAll("#panel-review .stage canvas")];
  return {
    width: canvases[0].width,
    columns: canvases.map((canvas) => {
      const {data, width, height} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const sums = new Array(width).fill(0);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const i = 4 * (y * width + x);
          sums[x] = (sums[x] * 31 + data[i] * 7 + data[i + 1] * 5 + data[i + 2] * 3 + data[i + 3]) % 1000003;
        }
      }
      return sums;
    }),
  };
})()"""


def _columns_that_differ(one, other):
    return [
        column
        for before, after in zip(one["columns"], other["columns"], strict=True)
        for column, (a, b) in enumerate(zip(before, after, strict=True))
        if a != b
    ]
