"""A session of the review page on the demo's recordings: a real server, and what somebody does there."""

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from driven_page import Page, wait_until

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [ROOT / "core", *(ROOT / "plugins" / name for name in ("mel", "ui"))]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]+/")

RECORDINGS = 6
LABELLED = 3  # so many have labels
THRESHOLDS = {
    "footsteps": 0.1,
    "knock": 0.5,
}  # of the labels to learn: some of what is found is wrong, and one knock is missed
JUDGED = 6  # number of the recording that is judged
VERDICTS = 9
UNSURE, TRIMMED = 3, 5  # which verdict is that it cannot be told, and which also moves the end
LOOK = {"Brightness": -10, "Contrast": 25}  # of the spectrogram
SHOWN_AFTER = 60  # seconds: the picture of Review shows the next knock that is to do

ROWS = """[...document.querySelectorAll(".region-row:not([hidden])")].map((row) => [
  row.querySelector(".row-label").innerText, row.querySelector(".row-time").innerText, row.dataset.verdict])"""
ROW = ROWS.replace(":not([hidden])", "[aria-selected=true]") + "[0]"

Event = tuple[float, float, str]
"""Start and end (s) and label of a sound."""


def write_recordings(folder: Path) -> dict[int, list[Event]]:
    """Synthesise recordings, and label the first of them.

    Returns:
        Number of a recording -> start and end (s) and label of each sound in it.
    """
    from audioscan_host.demo.synthesis import synthesise

    rows: list[tuple[object, ...]] = [("file", "start", "end", "label")]
    truth = {}
    for number in range(1, RECORDINGS + 1):
        made = synthesise(number - 1)
        name = f"door-{number}.wav"
        (folder / name).write_bytes(made.wav())
        truth[number] = [(each.start, each.end, each.label) for each in made.events]
        if number <= LABELLED:
            rows += [(name, *event) for event in truth[number]]
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return truth


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a session of the recordings in a folder; the page's address."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
        "AUDIOSCAN_PLUGINS": "mel,ui",
        "OMP_NUM_THREADS": "1",
    }
    program = "from audioscan_host.cli.main import main; main(prog_name='audioscan-host')"
    options = ["--labels", "labels.csv", "--session", "knocks.review", "--cache-dir", "cache", "--no-browser"]
    recordings = [path.name for path in sorted(folder.glob("*.wav"))]
    command = [sys.executable, "-uc", program, "ui", *recordings, *options]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101 - it is a pipe
            found = next(filter(None, map(ADDRESS.search, server.stdout)), None)
            if found is None:
                raise RuntimeError("the server did not start")
            yield found[0]
        finally:
            server.send_signal(signal.SIGINT)


def use(page: Page, truth: list[Event]) -> None:
    """A session up to its second detector: train, scan, judge, train again."""
    page.until("document.querySelector('#panel-data')?.hidden === false")
    wait_until(
        lambda: all(each["duration"] for each in page.ask("api/state")["recordings"]), "lengths of recordings"
    )
    page.show("train")
    page.until("document.querySelectorAll('#panel-train .tick-list input').length > 2")
    for box in page.page.locator("#panel-train [aria-label='Labels to learn'] label").all():
        box.set_checked(any(label in box.inner_text() for label in THRESHOLDS))
    page.blur()
    page.until_offered("train", "Train")
    page.press("t")
    page.until_done("train", 1)
    page.until_offered("train", "Scan all recordings")
    page.press("s")
    page.until_done("scan", 1)
    page.show("review")
    page.page.get_by_label("Recording", exact=True).select_option(label=f"door-{JUDGED}.wav")
    page.page.get_by_label("Play each").uncheck()
    page.blur()
    for label, threshold in THRESHOLDS.items():
        page.page.get_by_label(f"Threshold of {label}", exact=True).fill(str(threshold))
    page.blur()
    page.press("o", "o")  # Least sure
    for number in range(1, VERDICTS + 1):
        judge(page, truth, number)
    page.page.locator("#panel-review .label-name", has_text="knock").click()
    page.blur()
    draw(page, *missed(page, truth, "knock"))
    page.show("retrain")
    page.until_offered("retrain", "Train again and scan")
    page.press("t")
    page.until_done("train", 2)
    page.until_done("scan", 2)
    page.until("document.querySelector('#panel-retrain').innerText.includes('Regions of the same')")


def judge(page: Page, truth: list[Event], number: int) -> None:
    """Give the selected row its verdict, as somebody does who hears what is there."""
    label, shown, verdict = page.until(f"({ROW})?.[2] === 'todo' && {ROW}")
    heard = {name for start, end, name in truth if start - 1.5 < seconds(shown) < end}
    if number == UNSURE:
        page.press("s")
    elif number == TRIMMED:
        page.press("Shift+}", "n")
    elif label in heard:
        page.press("a")
    elif any(each["role"] == "absent" for each in page.ask("api/state")["verdicts"]):
        page.press("l")
        page.type(min(heard))
    else:
        page.press("x")
    page.until(
        f"JSON.stringify({ROW}) !== {json.dumps(json.dumps([label, shown, verdict], separators=(',', ':')))}"
    )


def missed(page: Page, truth: list[Event], label: str) -> tuple[float, float]:
    """Start and end of the first sound with this label that is in no row."""
    rows = page.page.evaluate(ROWS)
    found = [seconds(shown) for name, shown, _ in rows if name == label]
    spans = [(start, end) for start, end, name in truth if name == label]
    return next(span for span in spans if not any(span[0] - 1.5 < each < span[1] for each in found))


def draw(page: Page, start: float, end: float) -> None:
    """Draw a sound that was missed, with the label in front."""
    page.press("g")
    page.type(f"{start:.2f}")
    page.press("d", "[", "g")
    page.type(f"{end:.2f}")
    page.press("]", "Enter")


def seconds(shown: str) -> float:
    """Of a time as lists show it: 1:02.5."""
    minutes, rest = shown.split(":")
    return int(minutes) * 60 + float(rest)


def look_closely(page: Page) -> None:
    """Leave Review as its picture shows it: in order of time, at a knock that is to do, with others around it."""
    page.show("review")
    page.page.locator("#panel-review summary", has_text="Picture").click()
    for name, value in LOOK.items():
        page.page.get_by_label(name, exact=True).fill(str(value))
    page.page.locator("#panel-review summary", has_text="Picture").click()
    page.blur()
    page.press("o", "o", "o")  # Mixed, Suggested, Time
    page.until(f"{ROWS}.every((row, i, rows) => !i || rows[i - 1][1].padStart(6) <= row[1].padStart(6))")
    rows = page.page.evaluate(ROWS)
    is_next = [row[::2] == ["knock", "todo"] and seconds(row[1]) > SHOWN_AFTER for row in rows]
    page.page.locator(".region-row:not([hidden])").nth(is_next.index(True)).click()
    page.press("-", "-")
    page.until("document.body.innerText.includes('Saved')")
    page.page.reload()  # how long work took is told anew
    page.until("document.querySelector('#panel-review')?.hidden === false")
