"""Renew the pictures of the review page in docs/pictures: every view, light and dark, on the demo's recordings.

python tools/review_pictures.py            into docs/pictures
python tools/review_pictures.py FOLDER     into another folder

A real server is started, and the page is used as people use it. That takes a minute or two.
Needs Chromium (tools/browser.py finds it), playwright (of the dev group) and pillow (comes with matplotlib).
"""

import contextlib
import getpass
import io
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import browser
from driven_page import VIEWS, Page
from reviewed_demo import JUDGED, ROOT, look_closely, serving, use, write_recordings

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}
LARGEST = 120_000  # bytes of a picture
COLOURS = (256, 192, 128, 96, 64, 48)  # so many, or fewer where it is too large otherwise


def picture(page: Page, view: str, scheme: str) -> bytes:
    """A view as PNG, once nothing moves any more."""
    page.page.emulate_media(color_scheme=scheme)
    before = b""
    now: bytes = page.page.screenshot()
    while before != now:
        time.sleep(1)
        before, now = now, page.page.screenshot()
    told = page.page.evaluate("document.body.innerText")
    for ours in (str(page.folder.parent), str(Path.home()), getpass.getuser(), platform.node()):
        if ours and ours in told:
            raise RuntimeError(f"{view} shows {ours}, which is of this machine")
    return now


def smaller(png: bytes) -> bytes:
    """The same with a palette of its own, of as many colours as fit into `LARGEST` bytes."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in COLOURS:
        written = io.BytesIO()
        few = image.quantize(colours, kmeans=2, dither=Image.Dither.NONE)
        few.save(written, "png", optimize=True)
        if written.tell() <= LARGEST:
            return written.getvalue()
    raise RuntimeError(f"a picture of {written.tell():,} bytes is larger than {LARGEST:,}")


def pictures(chromium: Any, folder: Path) -> dict[str, bytes]:
    """File name -> PNG of every view, of a session in a folder."""
    truth = write_recordings(folder)
    with serving(folder) as address:
        page = Page(address, chromium.new_page(viewport=SIZE), folder / "knocks.review")
        use(page, truth[JUDGED])
        look_closely(page)
        made = {}
        for view in VIEWS:
            page.show(view)
            for scheme in ("light", "dark"):
                made[f"review-{view}-{scheme}.png"] = smaller(picture(page, view, scheme))
        return made


def main() -> None:
    """Make all pictures, then replace those that are there."""
    from playwright.sync_api import sync_playwright

    target = Path(sys.argv[1]) if sys.argv[1:] else PICTURES
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--mute-audio"]
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=flags)
        with contextlib.closing(chromium):
            made = pictures(chromium, Path(folder))
    for name, png in made.items():
        print(f"{name}  {len(png):,} bytes")
        (target / name).write_bytes(png)


if __name__ == "__main__":
    main()
