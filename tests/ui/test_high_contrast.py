"""Where the system chooses the colours, what is selected, judged and focused is still told apart."""

import pytest

pytestmark = pytest.mark.slow

GROUND = "((each) => getComputedStyle(each).backgroundColor)(document.querySelector({!r}))"
FOCUS = """(() => {
  const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
  return document.activeElement !== document.body && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
})()"""


@pytest.fixture
def seen(review, visit):
    seen = visit(review())
    seen.page.emulate_media(forced_colors="active")
    seen.page.keyboard.press("Shift+3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    return seen


def test_the_selected_row_and_its_verdict_are_marked(seen):
    seen.page.keyboard.press("j")
    seen.page.keyboard.press("a")
    seen.page.keyboard.press("k")
    seen.until(
        "document.querySelector('.region-row[aria-selected=true] .row-verdict').innerText.trim().length === 1"
    )
    selected, other = (
        seen.page.evaluate(GROUND.format(f".region-row[aria-selected={state}]"))
        for state in ("true", "false")
    )
    assert selected != other
    accepted, rejected = (
        seen.page.evaluate(GROUND.format(f".verdict-bar button.{name}")) for name in ("positive", "negative")
    )
    assert accepted != rejected


def test_labels_keep_their_colours(seen):
    swatches = seen.page.evaluate(
        "[...document.querySelectorAll('.slider-row .swatch')].map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert len(set(swatches)) == len(swatches) > 1


def test_the_focus_is_seen(seen):
    for _ in range(12):
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate(FOCUS)
