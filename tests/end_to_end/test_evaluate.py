"""Real cries and speech, laid into recordings: which way of learning them is best, as a user would ask."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics


@pytest.fixture(scope="module")
def evaluated(shared_data, tmp_path_factory):
    """Evaluate two classifiers on six short scenes; returns the folder and what was printed as JSON."""
    folder = tmp_path_factory.mktemp("evaluate")
    scenes = folder / "scenes"
    make = [shared_data / "make_scenes.py", scenes, "--recordings", 6, "--minutes", 1.5, "--events", 4]
    subprocess.run([sys.executable, *map(str, make)], check=True, timeout=60)
    arguments = [
        "evaluate",
        scenes,
        "--labels",
        scenes / "labels.csv",
        "--model",
        "MEL",
        "--label",
        "baby_cry",
    ]
    arguments += ["--classifier", "logistic", "--classifier", "hist-gbt", "--window", "4"]
    arguments += ["--cache-dir", folder / "cache", "--out", folder / "out", "--json"]
    command = [sys.executable, "-c", "from audioscan_host.cli.main import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def table(folder, name):
    with (folder / "out" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_cries_are_found_in_recordings_that_were_left_out(evaluated):
    _, said = evaluated
    for row in said["rows"]:
        assert row["average_precision"] > 0.85
        assert row["average_precision_low"] <= row["average_precision"] <= row["average_precision_high"]
        assert row["brier"] < 0.1
        assert row["segment_f1"] > 0.6
        assert row["event_f1_half_window"] >= row["event_f1_200_ms"]


def test_the_conclusion_names_a_system_and_how_sure_that_is(evaluated):
    _, said = evaluated
    best = max(said["rows"], key=lambda row: row["average_precision"])
    assert said["conclusion"]["best"]["classifier"] == best["classifier"]
    sentence = said["conclusion"]["sentence"]
    assert sentence.startswith(f"Use MEL with {best['classifier']} and sigmoid: average precision ")
    assert "over 6 recordings" in sentence


def test_the_area_under_the_written_curve_is_the_average_precision(evaluated):
    folder, said = evaluated
    for row in said["rows"]:
        curve = [
            (float(point["recall"]), float(point["precision"]))
            for point in table(folder, "precision_recall.csv")
            if point["classifier"] == row["classifier"]
        ]
        recall, precision = np.transpose(curve)
        assert -np.sum(np.diff(recall) * precision[:-1]) == pytest.approx(row["average_precision"])
        assert metrics.auc(recall, precision) == pytest.approx(row["average_precision"], abs=0.05)


def test_pictures_tables_and_page_are_there(evaluated):
    folder, said = evaluated
    assert sorted(map(str, (folder / "out").iterdir())) == sorted(said["files"])
    assert len(said["files"]) == 12
    assert len(table(folder, "thresholds.csv")) == 2 * 19


def test_page_table_and_json_show_what_a_field_will_show(evaluated):
    folder, said = evaluated
    rows = table(folder, "conditions.csv")
    assert [row["condition"] for row in rows] == 2 * ["as labelled", "without the sound", "rare", "frequent"]
    page = (folder / "out" / "evaluation.html").read_text(encoding="utf-8")
    for row, facts in zip(rows, said["conditions"], strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in facts.items()}
        assert f'<td class="name">{row["condition"]}</td><td>{facts["hours"]:.2f}</td>' in page
        # Real cries are told from speech whatever their share; the bounds are far from what is found.
        if facts["condition"] == "without the sound":
            assert facts["recall"] is facts["average_precision"] is None
            assert facts["false_seconds_per_hour"] < 200
        else:
            assert facts["average_precision"] > 0.6
            assert facts["recall"] > 0.4
    sentence = said["conclusion"]["sentence"]
    assert sentence in page
    best = [
        row for row in said["conditions"] if row["classifier"] == said["conclusion"]["best"]["classifier"]
    ]
    alarms, rare, frequent = best[1]["false_alarms_per_hour"], best[2]["recall"], best[3]["recall"]
    assert sentence.endswith(
        f"At threshold 0.5 it gives {alarms:.1f} false alarms an hour on recordings without the sound and finds "
        f"{rare:.2f} of the sound where it is rare, {frequent:.2f} where it is frequent."
    )
