"""What is selected is what is seen: no verdict meets a row of a recording that is not open."""

import pytest

pytestmark = pytest.mark.slow

OPEN = "Number(document.querySelector('.recording-pick select').value)"
PLAY = "document.querySelector('.verdict-bar .play').innerText.split(/\\s/)[0]"


@pytest.fixture
def seen(review, visit):
    seen = visit(review())
    seen.page.keyboard.press("Shift+3")
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    return seen


def test_the_selection_comes_along_to_another_recording_where_all_are_listed(seen):
    seen.page.locator(".tool-bar input[type=checkbox]").check()
    seen.until(
        "[...document.querySelectorAll('.region-row')].some((row) => row.innerText.includes('recording-4'))"
    )
    seen.page.keyboard.press("j")
    seen.until(f"{PLAY} === 'Pause'")
    seen.page.keyboard.press("Shift+ArrowDown")
    seen.until(f"{OPEN} === 2 && {PLAY} === 'Play'")
    selected = "document.querySelector('.region-row[aria-selected=true]:not([hidden])')"
    seen.until(f"{selected}?.innerText.includes('recording-4')")
    seen.page.keyboard.press("a")
    seen.until("document.querySelector('.counts .accepted').innerText === '1'")
    verdicts = seen.module("store.js", "[...m.store.verdicts.values()].map(({recording}) => recording)")
    assert verdicts == [2]
