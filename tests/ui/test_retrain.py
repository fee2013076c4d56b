"""What was judged is learned, and nothing else: the counts, the detector after it, and the one before."""

import csv
import hashlib
import json
import re

import numpy as np
import pytest

pytestmark = pytest.mark.slow

LABEL = "knock"
RIGHT, WRONG = "a", "x"
ROW = """(() => {
  const row = document.querySelector(".region-row[aria-selected=true]");
  return row && [row.querySelector(".row-label").innerText, row.querySelector(".row-time").innerText, row.dataset.verdict];
})()"""


@pytest.fixture(scope="module")
def truth(scene):
    """Recording's name -> (start, end) of each knock."""
    spans = {}
    with scene.labels.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["label"] == LABEL:
                spans.setdefault(row["file"], []).append((float(row["start"]), float(row["end"])))
    return spans


@pytest.fixture(scope="module")
def green(scene, tmp_path_factory):
    """A detector that was told nothing of the other sounds, and so takes some of them for knocks; and its label file."""
    from audioscan_host import train

    folder = tmp_path_factory.mktemp("green")
    rows = [("file", "start", "end", "label", "role")]
    with scene.labels.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            start, end = float(row["start"]), float(row["end"])
            if row["label"] == LABEL:
                rows.append((row["file"], start, end, LABEL, "positive"))
            else:
                rows.append((row["file"], start - 1, end + 1, "", "unlabelled"))
    with (folder / "green.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(row for row in rows if row[0] != scene.recordings[3].name)
    train(
        scene.recordings[:2],
        [folder / "green.csv"],
        "MEL",
        out=folder / "green.detector",
        cache_dir=scene.cache,
    )
    return folder


@pytest.fixture
def server(serve, scene, green):
    """The recordings that were learned from, an unseen one, and a scan of that."""
    recordings = [scene.recordings[0], scene.recordings[1], scene.recordings[3]]
    labels = ["--labels", green / "green.csv"]
    running = serve(*recordings, "--detector", green / "green.detector", *labels)
    running.finish_job(kind="scan", detector=1, recordings=[3])
    running.json("api/actions", {"id": "f" * 32, "kind": "settings", "patch": SETTINGS})
    return running


SETTINGS = {"review.play": False, "tab": "review"}


def _judge_by_ear(seen, name, spans, most):
    """Accept or reject so many rows of a recording, as somebody would who hears what is there; the keys."""
    judged = []
    seen.page.get_by_label("Recording", exact=True).select_option(label=name)
    seen.until(f"({ROW})?.[2] === 'todo'")
    for _ in range(most):
        label, shown, verdict = seen.page.evaluate(ROW)
        if verdict != "todo":
            break
        assert label == LABEL
        minutes, seconds = shown.split(":")
        start = int(minutes) * 60 + float(seconds)
        key = RIGHT if any(a - 1.5 < start < b for a, b in spans) else WRONG
        judged.append(key)
        seen.page.keyboard.press(key)
        seen.until(
            f"JSON.stringify({ROW}) !== {json.dumps([label, shown, verdict], separators=(',', ':'))!r}"
        )
    return judged


def test_only_what_was_judged_is_counted(server, serve, visit, scene, truth, tmp_path, wait_until):
    seen = visit(server)
    name = scene.recordings[3].name
    judged = _judge_by_ear(seen, name, truth[name], 4)
    verdicts = wait_until(lambda: len(now := server.json("api/state")["verdicts"]) == 4 and now)
    scan = server.json("api/scans/1")
    assert len(judged) == 4
    assert sum(each["steps"] for each in scan["recordings"]) > 0
    request = {"kind": "counts", "labels": [LABEL], "model": "MEL", "window": 1.0, "hop": 0.25}
    counted = server.finish_job(**request, label_files=[], review=True, recordings="all")["result"]["labels"]

    by_hand = tmp_path / "by-hand.csv"
    with by_hand.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "start", "end", "label", "role"])
        table.writerow([name, 0, 180, "", "unlabelled"])
        for each in verdicts:
            table.writerow([name, each["start"], each["end"], LABEL, each["role"]])
    other = serve(
        *scene.recordings[:2], scene.recordings[3], "--labels", by_hand, session=tmp_path / "other.review"
    )
    expected = other.finish_job(**request, label_files="all", review=False, recordings="all")["result"][
        "labels"
    ]
    keys = ("label", "positive", "negative", "left_out")
    assert [[each[key] for key in keys] for each in counted] == [
        [each[key] for key in keys] for each in expected
    ]
    assert counted[0]["positive"] > 0
    assert counted[0]["left_out"] > 400, "what was not judged was counted"


def test_what_was_rejected_is_not_found_after_retraining_and_the_old_detector_stays(
    server, visit, scene, truth, measured, wait_until
):
    before = {
        path: hashlib.sha256(path.read_bytes()).hexdigest() for path in server.folder.rglob("*.detector")
    }
    assert len(before) == 1
    seen = visit(server)
    name = scene.recordings[3].name
    judged = _judge_by_ear(seen, name, truth[name], 40)
    assert judged.count(RIGHT) >= 4
    assert judged.count(WRONG) >= 3
    seen.page.keyboard.press("Shift+4")
    seen.until("!document.querySelector('#panel-retrain').hidden")
    seen.page.get_by_role("button", name=re.compile("^Train again")).click()
    wait_until(lambda: len(server.json("api/state")["detectors"]) == 2, 60, "the second detector")
    wait_until(lambda: server.json("api/state")["detectors"][1]["scanned"] == 3, 90, "the scan by it")
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in before} == before

    scan = server.json("api/scans/2")
    (facts,) = [each for each in scan["recordings"] if each["number"] == 3]
    verdicts = server.json("api/state")["verdicts"]
    peaks = {role: [] for role in ("positive", "absent")}
    scores = _scores(server, 2, 3, scan["labels"].index(LABEL))
    assert len(scores) == facts["steps"]
    for each in verdicts:
        steps = scores[int(each["start"] / scan["hop"]) : int(each["end"] / scan["hop"])]
        peaks[each["role"]].append(float(max(steps)))
    measured(highest_of_the_rejected=max(peaks["absent"]), lowest_of_the_accepted=min(peaks["positive"]))
    assert max(peaks["absent"]) < 0.5
    assert sum(peak >= 0.5 for peak in peaks["positive"]) >= 0.75 * len(peaks["positive"])

    seen.until("document.querySelector('#panel-retrain').innerText.includes('Before and after')")
    seen.page.get_by_role("button", name=re.compile("^Drop")).click()
    wait_until(lambda: server.json("api/state")["detectors"][1]["dropped"], 5)
    assert len(list(server.folder.rglob("*.detector"))) == 2


def _scores(server, detector, recording, label):
    status, _, body = server.ask("GET", f"api/scans/{detector}/{recording}/{label}")
    assert status == 200
    return np.frombuffer(body, "<f8")
