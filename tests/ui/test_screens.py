"""Every view on small and large screens, light and dark, and at twice the size: nothing cut off, nothing covered."""

import shutil

import pytest

pytestmark = pytest.mark.slow

TABS = ("data", "train", "review", "retrain", "results")
SCREENS = {  # name -> width, height, and device pixels a CSS pixel
    "1280x800": (1280, 800, 1),
    "1024x600": (1024, 600, 1),
    "zoom-200": (640, 400, 2),
}
SIDEWAYS = "document.scrollingElement.scrollWidth - innerWidth"
COVERED = """(() => {
  const found = [];
  for (const each of document.querySelectorAll("button, input, select, summary, a[href]")) {
    if (!each.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) || each.closest("[inert]")) continue;
    each.scrollIntoView({block: "center", inline: "center"});
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(x, y);
    const isSeen = top && (each.contains(top) || top.contains(each) && top.matches("label") || each.labels && [...each.labels].some((one) => one.contains(top)));
    const isInside = box.left >= -1 && box.right <= innerWidth + 1 && box.top >= -1 && box.bottom <= innerHeight + 1;
    if (!isSeen || !isInside) {
      found.push(`${each.outerHTML.slice(0, 100)} at ${Math.round(x)},${Math.round(y)}: ${top ? top.outerHTML.slice(0, 80) : "outside"}`);
    }
  }
  return found;
})()"""
CUT = """[...document.querySelectorAll("button, h2, h3, p, th, legend, label, summary")]
  .filter((each) => each.checkVisibility() && each.innerText.trim() && !each.matches(".row-label"))
  .filter((each) => each.scrollWidth > each.clientWidth + 2 && getComputedStyle(each).overflowX !== "visible")
  .filter((each) => !(getComputedStyle(each).textOverflow === "ellipsis" && each.title))
  .map((each) => `${each.tagName} ${each.innerText.slice(0, 60)}: ${each.scrollWidth} > ${each.clientWidth}`)"""
FAINT = """(() => {
  const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const groundOf = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const ground = channels(getComputedStyle(at).backgroundColor);
      if (ground.length === 3 || ground[3] === 1) return ground;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const each of document.querySelectorAll("button, p, h2, h3, td, th, label, span, output, option, div")) {
    const words = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!words || !each.checkVisibility() || each.closest("[disabled], .hidden-text, [aria-hidden=true]")) continue;
    const style = getComputedStyle(each);
    if (!/^rgba?\\(/.test(style.color)) continue;
    const [a, b] = [light(channels(style.color)), light(groundOf(each))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) found.add(`${each.className || each.tagName} ${each.innerText.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return [...found];
})()"""


@pytest.fixture(scope="module")
def server(scanned, scene, start_server, tmp_path_factory):
    """One session for all pictures: nothing is changed."""
    folder = tmp_path_factory.mktemp("screens") / "it.review"
    shutil.copytree(scanned, folder)
    running = start_server([], cwd=folder.parent, session=folder, cache=scene.cache)
    yield running
    running.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off_covered_or_faint(server, visit, screen, scheme, tmp_path):
    width, height, scale = SCREENS[screen]
    seen = visit(server, width=width, height=height, scale=scale, scheme=scheme)
    for tab in TABS:
        seen.page.evaluate(f"document.querySelector('#tab-{tab}').click()")
        seen.until(f"document.querySelector('#panel-{tab}').innerText.trim().length > 20")
        if tab == "review":
            seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
        seen.page.wait_for_timeout(400)
        seen.page.screenshot(path=tmp_path / f"{tab}-{screen}-{scheme}.png")
        assert seen.page.evaluate(SIDEWAYS) <= 0, tab
        assert seen.page.evaluate(CUT) == [], tab
        assert seen.page.evaluate(FAINT) == [], tab
        assert seen.page.evaluate(COVERED) == [], tab


def test_what_is_watched_for_would_be_seen(server, visit):
    seen = visit(server)
    seen.page.evaluate(SPOIL)
    assert any("spoilt" in each for each in seen.page.evaluate(FAINT))
    assert any("spoilt" in each for each in seen.page.evaluate(COVERED))
    assert any("spoilt" in each for each in seen.page.evaluate(CUT))
    assert seen.page.evaluate(SIDEWAYS) > 0


SPOIL = """(() => {
  const make = (styles) => {
    const made = document.body.appendChild(document.createElement("button"));
    made.textContent = "spoilt and rather long";
    for (const [name, value] of Object.entries({position: "fixed", zIndex: "99", top: "9px", left: "9px", ...styles})) made.style[name] = value;
  };
  make({color: "rgb(150, 150, 150)", backgroundColor: "rgb(160, 160, 160)"});
  make({zIndex: "100"});
  make({top: "90px", width: "40px", whiteSpace: "nowrap", overflow: "hidden"});
  document.documentElement.style.overflowX = document.body.style.overflowX = "auto";
  make({position: "absolute", left: "3000px"});
})()"""


def test_axes_are_named_with_their_units(server, visit):
    """A reader of the screen is told what a picture shows; the words on the canvas are looked at in the pictures."""
    seen = visit(server)
    seen.page.locator("#tab-review").click()
    seen.until("!!document.querySelector('.region-row[aria-selected=true]')")
    names = seen.page.evaluate(
        "[...document.querySelectorAll('#panel-review canvas')].map((each) => each.ariaLabel ?? '')"
    )
    assert len(names) >= 3
    assert all(names)
