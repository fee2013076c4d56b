"""What each kind of work makes of the session: the same as the host's own functions make of the same files."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import load_detector, scan
from audioscan_ui.jobs.job import State
from audioscan_ui.scans.store import ScanStore

pytestmark = pytest.mark.slow


def test_training_adds_a_detector_that_remembers_what_was_asked_for(bench):
    request = {"kind": "train", "model": "MEL", "labels": ["beep"], "window": 1.0, "hop": 0.25}

    result = bench.done(request)

    (made,) = bench.session.detectors
    assert made.number == result["detector"]
    assert (made.model, list(made.labels), made.window, made.hop) == ("MEL", ["beep"], 1.0, 0.25)
    assert made.made_by == request
    (report,) = result["reports"]
    assert report["label"] == "beep"
    assert report["counts"]["positive"] > 20
    assert report["figures"] is None
    assert report["notes"]  # that there are too few beeps to say how good it is


def test_two_trainings_that_were_asked_for_at_once_make_two_detectors(bench):
    request = {"kind": "train", "model": "MEL", "window": 1.0}
    jobs = [bench.jobs.start(request), bench.jobs.start(request)]

    results = [bench.over(job).result for job in jobs]

    assert [result["detector"] for result in results] == [1, 2]
    assert len({each.path for each in bench.session.detectors}) == 2


def test_what_was_judged_is_enough_to_learn_from(open_bench, beeps):
    bench = open_bench([beeps])
    assert "nothing to learn from" in _refused(bench, {"kind": "train", "model": "MEL"})

    bench.judge(*((n, start, start + 1.5, "beep", "positive") for n in (1, 2) for start in (2.0, 8.0, 14.0)))
    bench.judge(*((n, start, start + 2.0, "beep", "absent") for n in (1, 2) for start in (5.0, 11.0, 17.0)))
    result = bench.done({"kind": "train", "model": "MEL", "window": 1.0, "recordings": [1, 2]})

    assert result["reports"][0]["counts"]["positive"] > 0
    assert result["reports"][0]["counts"]["negative"] > 0


def test_the_counts_are_those_of_the_training(bench):
    settings = {"model": "MEL", "labels": ["beep"], "window": 1.0, "hop": 0.5}
    bench.judge((3, 2.0, 3.5, "beep", "positive"), (3, 5.0, 7.0, "beep", "absent"))

    (counted,) = bench.done({"kind": "counts", **settings, "review": True})["labels"]
    with_review = bench.done({"kind": "train", **settings, "review": True})["reports"][0]["counts"]
    without = bench.done({"kind": "train", **settings, "review": False})["reports"][0]["counts"]

    assert counted["with_review"] == with_review
    assert counted["without_review"] == without
    assert counted["positive"] == with_review["positive"] > without["positive"]


def test_counting_says_which_window_fits_and_why(bench):
    result = bench.done({"kind": "counts", "model": "MEL"})

    assert (result["windowing"]["window"], result["windowing"]["hop"]) == (1.0, 0.25)
    assert result["windowing"]["why"] == "beep usually lasts 1.5 s"


def test_nothing_is_counted_where_nothing_is_labelled(open_bench, beeps):
    result = open_bench([beeps]).done({"kind": "counts", "model": "MEL", "labels": ["beep"]})

    none = {"positive": 0, "negative": 0, "left_out": 0}
    assert result["labels"] == [{"label": "beep", **none, "without_review": none, "with_review": None}]


def test_a_scan_keeps_the_scores_of_the_host_to_the_bit(scanner, beeps, trained, tmp_path):
    result = scanner.done({"kind": "scan", "detector": 1, "recordings": "all"})

    assert (result["recordings"], result["failures"]) == (3, [])
    store, sha256 = ScanStore(scanner.folder), scanner.session.detector(1).sha256
    assert store.detectors() == [sha256]
    assert store.scanned(sha256) == 3
    paths = [each.path for each in scanner.session.recordings]
    expected = scan(paths, load_detector(trained), cache_dir=tmp_path / "embeddings").recordings
    for number, each in enumerate(expected, 1):
        facts = store.recording(sha256, number)
        assert facts is not None
        assert (facts.duration, facts.steps) == (each.duration, len(each.step_scores("beep")))
        np.testing.assert_array_equal(store.scores(sha256, number, 0), each.step_scores("beep"))


def test_a_recording_that_is_gone_is_named_and_the_others_are_scanned(scanner, tmp_path, make_wav):
    scanner.session.add_recordings([make_wav("gone.wav", seconds=3.0)])
    (tmp_path / "gone.wav").unlink()

    result = scanner.done({"kind": "scan", "detector": 1, "recordings": [1, 4]})

    assert result["recordings"] == 1
    assert result["failures"][0]["recording"] == 4
    assert result["failures"][0]["reason"].startswith("gone.wav: ")
    facts = ScanStore(scanner.folder).recording(scanner.session.detector(1).sha256, 4)
    assert facts is not None
    assert facts.problem == result["failures"][0]["reason"]


def test_a_later_scan_of_one_recording_leaves_the_scores_of_the_others(scanner):
    scanner.done({"kind": "scan", "detector": 1, "recordings": [1, 2]})
    scanner.done({"kind": "scan", "detector": 1, "recordings": [3], "rate": 0.3})

    found = ScanStore(scanner.folder).scan(scanner.session.detector(1).sha256)

    assert found is not None
    assert {number: each.rate for number, each in found.recordings.items()} == {1: None, 2: None, 3: 0.3}


def test_suggestions_are_places_of_the_session_that_nobody_has_judged(scanner):
    scanner.judge((1, 0.0, 24.0, "beep", "soft"), (2, 0.0, 24.0, "beep", "soft"))

    result = scanner.done({"kind": "suggest", "detector": 1, "recordings": "all", "n": 4})

    assert len(result["suggestions"]) == 4
    assert {each["recording"] for each in result["suggestions"]} == {3}
    assert all(each["label"] == "beep" and " " in each["why"] for each in result["suggestions"])


def test_a_search_finds_the_other_beeps(scanner):
    like = {"recording": 1, "start": 2.0, "end": 3.5, "label": "beep"}

    result = scanner.done({"kind": "search", "detector": 1, "like": like, "recordings": "all", "n": 8})

    starts = [(each["recording"], each["start"]) for each in result["matches"]]
    assert len(starts) == 8
    assert all(any(abs(start + 0.5 - beep - 0.75) < 1.5 for beep in (2, 8, 14, 20)) for _, start in starts)
    assert result["model"] == "MEL"


def test_a_search_without_a_detector_takes_a_window_that_holds_the_place(bench):
    like = {"recording": 1, "start": 2.0, "end": 3.5}

    result = bench.done({"kind": "search", "model": "MEL", "like": like, "n": 2})

    assert [round(each["end"] - each["start"], 3) for each in result["matches"]] == [2.0, 2.0]


def test_a_search_that_names_nothing_goes_by_what_can_be_used_at_once(bench):
    like = {"recording": 1, "start": 2.0, "end": 3.5}

    result = bench.done({"kind": "search", "model": None, "like": like, "n": 2, "recordings": [1, 2]})

    assert len(result["matches"]) == 2
    assert result["model"]


def test_a_search_that_names_nothing_goes_by_the_detector_that_is_there(scanner):
    like = {"recording": 1, "start": 2.0, "end": 3.5}

    result = scanner.done({"kind": "search", "model": None, "like": like, "n": 2})

    assert [round(each["end"] - each["start"], 3) for each in result["matches"]] == [1.0, 1.0]


def test_a_download_without_a_word_is_watched_in_its_folder(tmp_path):
    from audioscan_ui.jobs.kinds.pulling import growth

    folder, grown = tmp_path / "blobs", []
    with growth(folder, grown.append, every=0.01):
        folder.mkdir()
        (folder / "a.incomplete").write_bytes(bytes(2_000_000))
        time.sleep(0.2)
        with (folder / "a.incomplete").open("ab") as file:
            file.write(bytes(1_000_000))
        time.sleep(0.2)

    assert sum(grown) == 3.0


def test_models_are_compared_with_their_reliability(bench):
    bench.judge(*((3, start, start + 1.5, "beep", "positive") for start in (2.0, 8.0, 14.0, 20.0)))
    bench.judge(*((3, start, start + 2.0, "beep", "absent") for start in (5.0, 11.0, 17.0)))

    result = bench.done({"kind": "evaluate", "models": ["MEL"], "labels": ["beep"], "window": 1.0})

    assert result["best"] == "MEL"
    assert "--" not in result["sentence"]
    ((row,),) = [each["labels"] for each in result["models"]]
    assert row["average_precision"] > 0.9
    assert sum(each["windows"] for each in row["reliability"]) == row["windows"]


def test_clips_of_what_was_accepted_lie_in_a_folder_of_their_own(bench):
    bench.judge((1, 2.0, 3.5, "beep", "positive"), (2, 5.0, 6.0, "beep", "absent"))

    first = bench.done({"kind": "clips", "what": "accepted", "format": "wav", "pad": 0.5, "sheet": True})
    second = bench.done({"kind": "clips", "what": "accepted", "format": "flac", "length": 1.0})

    assert first == {"folder": "clips-0001", "clips": 1, "sheet": True, "failures": [], "notes": []}
    assert second["folder"] == "clips-0002"
    assert len(list((bench.folder / "clips-0001").glob("*.wav"))) == 1
    with (bench.folder / "clips-0001" / "clips.csv").open() as file:
        rows = [(row["label"], row["role"]) for row in csv.DictReader(file)]
    assert rows[0] == ("beep", "positive")


def test_clips_of_a_selection_can_be_cut_again_without_sending_it_again(bench):
    place = {"recording": 1, "start": 2.0, "end": 3.5, "label": "a, b\n", "score": 0.7}
    job = bench.finished({"kind": "clips", "what": "selection", "places": [place], "pad": 0})
    assert job.state is State.DONE, job.problem
    assert "places" not in job.request

    again = bench.done(dict(job.request))

    assert again["clips"] == 1


def test_the_demo_gives_recordings_and_labels_to_an_empty_session(open_bench):
    bench = open_bench()

    result = bench.done({"kind": "demo"})

    assert result == {"recordings": 6}
    assert len(bench.session.recordings) == 6
    assert [Path(each.path).name for each in bench.session.label_files] == ["labels.csv"]


def test_weights_that_no_model_needs_are_there(open_bench):
    assert open_bench().done({"kind": "pull", "models": ["MEL"]}) == {"models": ["MEL"]}


def _refused(bench, request):
    from audioscan_ui.problems import Problem

    with pytest.raises(Problem) as refused:
        bench.jobs.start(request)
    return str(refused.value)
