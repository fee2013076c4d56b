"""A whole session without the mouse: from labels to a better detector."""

import pytest

pytestmark = pytest.mark.slow

STORE = "import(new URL('static/store.js', location.href).href)"
FOCUSED = """(() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const styles = [getComputedStyle(focused), getComputedStyle(focused, "::before"), getComputedStyle(focused, "::after")];
  const label = focused.labels?.[0];
  if (label) styles.push(getComputedStyle(label));
  const box = focused.getBoundingClientRect();
  return {
    name: focused.ariaLabel || focused.innerText || focused.labels?.[0]?.innerText || focused.title || focused.placeholder || "",
    tag: focused.tagName,
    isMarked: styles.some(({outlineStyle, outlineWidth, boxShadow}) =>
      (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none"),
    isSeen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
})()"""


@pytest.fixture
def press(visit):
    """`press(seen, "a", "x")`: keys one after the other, counted in `press.count`."""

    def pressed(seen, *keys):
        for key in keys:
            seen.page.keyboard.press(key)
            pressed.count += 1

    pressed.count = 0
    return pressed


def _done(server, kind):
    jobs = [each for each in server.json("api/jobs")["jobs"] if each["kind"] == kind]
    assert all(each["state"] != "failed" for each in jobs), jobs
    return [each for each in jobs if each["state"] == "done"]


def _verdicts(server):
    return server.json("api/state")["verdicts"]


def test_train_scan_review_and_retrain(serve, visit, scene, press, wait_until, measured):
    server = serve(*scene.recordings[2:], "--labels", scene.labels)
    seen = visit(server)
    seen.until("!document.querySelector('#panel-data').hidden")
    wait_until(lambda: server.json("api/state")["label_files"][0]["labels"])
    wait_until(lambda: all(each["duration"] for each in server.json("api/state")["recordings"]))

    press(seen, "Shift+2")
    seen.until("document.querySelector('#panel-train button.primary')?.disabled === false")
    press(seen, "t")
    wait_until(lambda: _done(server, "train"), 60, "a detector is trained")
    press(seen, "Shift+1")
    seen.until("document.querySelector('#panel-data .step.next')?.innerText.includes('Scan')")
    press(seen, "Enter")
    wait_until(lambda: _done(server, "scan"), 60, "all is scanned")

    press(seen, "Shift+3")
    seen.until("document.querySelectorAll('#panel-review [role=option]:not([hidden])').length > 8")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    before = press.count
    for count, key in enumerate(["a", "a", "a", "x", "x", "2"], 1):
        press(seen, key)
        seen.until(f"{STORE}.then(({{store}}) => store.verdicts.size === {count})", 5)
    wait_until(lambda: len(_verdicts(server)) == 6, 5)
    keys_a_verdict = (press.count - before) / 6
    roles = sorted(each["role"] for each in _verdicts(server))
    assert roles.count("absent") >= 2
    assert roles.count("positive") >= 4
    assert (
        sum(
            "found" in each and each["found"] and each["found"]["label"] != each["label"]
            for each in _verdicts(server)
        )
        <= 1
    )
    press(seen, "Shift+}")
    trimmed = wait_until(
        lambda: len(now := _verdicts(server)) == 7 and now[-1], 5, "the trimmed region is a verdict"
    )
    assert trimmed["end"] != trimmed["found"]["end"]

    press(seen, "Shift+4")
    seen.until("document.querySelector('#panel-retrain button.primary')?.disabled === false")
    press(seen, "t")
    seen.until("document.querySelector('.job-strip').innerText.includes('Train')")
    wait_until(lambda: len(_done(server, "train")) == 2, 60, "it is trained again")
    wait_until(lambda: len(_done(server, "scan")) == 2, 60, "the new one scans")
    seen.until("document.querySelector('#panel-retrain').innerText.includes('Before and after')")
    press(seen, "k")
    wait_until(
        lambda: server.json("api/state")["settings"].get("detector") == 2, 5, "the new detector is kept"
    )
    measured(keys_of_the_session=press.count, keys_a_verdict=keys_a_verdict)
    assert keys_a_verdict <= 2


def test_keys_are_letters_where_text_is_typed(review, visit, press):
    server = review()
    seen = visit(server)
    press(seen, "Shift+3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    for field in ("g", "l"):
        press(seen, field)
        seen.until("document.activeElement.matches('input:not([type=range])')")
        press(seen, "a", "x", "s", "n", "d", "Shift+A", "1")
        assert seen.page.evaluate("document.activeElement.value").endswith("axsndA1")
        press(seen, "Escape")
        seen.until("!document.activeElement.matches('input')")
    seen.page.locator(".further input").first.focus()
    press(seen, "a", "Backspace", "x", "1", "Escape")
    assert _verdicts(server) == []


def test_modifiers_and_a_key_that_is_held_down_judge_nothing(review, visit, press):
    server = review()
    seen = visit(server)
    press(seen, "Shift+3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    press(seen, "Control+x", "Alt+a", "Meta+s")
    seen.page.evaluate(
        "for (let i = 0; i < 5; i++) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'a', code: 'KeyA', bubbles: true, repeat: true}))"
    )
    seen.page.wait_for_timeout(300)
    assert _verdicts(server) == []


@pytest.mark.parametrize("tab", ["data", "train", "review", "retrain", "results"])
def test_the_focus_is_always_seen_and_everything_has_a_name(review, visit, tab):
    seen = visit(review())
    seen.page.locator(f"#tab-{tab}").click()
    seen.until(f"document.querySelector('#panel-{tab}').innerText.trim().length > 20")
    seen.page.wait_for_timeout(300)
    reached = []
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        focused = seen.page.evaluate(FOCUSED)
        if focused is None:
            break
        assert focused["isMarked"], focused
        assert focused["isSeen"], focused
        assert focused["name"].strip(), focused
        reached.append(focused["name"])
    assert len(reached) >= 3


UNNAMED = """[...document.querySelectorAll("button, input, select, canvas, audio, [role=slider], [role=listbox]")]
  .filter((each) => each.getClientRects().length && !(each.textContent.trim() || each.ariaLabel || each.labels?.length
    || each.getAttribute("aria-labelledby") || each.getAttribute("aria-hidden") === "true" || each.closest("[aria-hidden=true]")))
  .map((each) => each.outerHTML.slice(0, 120))"""
WITHOUT_TOOLTIP = """[...document.querySelectorAll("button")]
  .filter((each) => each.getClientRects().length && !each.title).map((each) => each.outerHTML.slice(0, 120))"""


def test_every_control_has_a_name_and_every_button_a_tooltip(review, visit):
    seen = visit(review())
    for tab in ("data", "train", "review", "retrain", "results"):
        seen.page.locator(f"#tab-{tab}").click()
        seen.until(f"document.querySelector('#panel-{tab}').innerText.trim().length > 20")
        seen.page.wait_for_timeout(500)
        assert seen.page.evaluate(UNNAMED) == [], tab
        assert seen.page.evaluate(WITHOUT_TOOLTIP) == [], tab


def test_the_sheet_names_every_key(review, visit, press):
    seen = visit(review())
    press(seen, "Shift+3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    press(seen, "?")
    sheet = seen.until("document.querySelector('dialog[open]')?.innerText")
    for key in (
        "Space",
        "Enter",
        "R",
        "J",
        "K",
        "N",
        "A",
        "X",
        "S",
        "L",
        "D",
        "G",
        "T",
        "O",
        "C",
        "B",
        "[",
        "]",
        "?",
    ):
        assert key in sheet.split(), key
    press(seen, "Escape")
    seen.until("!document.querySelector('dialog[open]')")
