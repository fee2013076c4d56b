"""When it was recorded: in the results of `scan`, `search` and `suggest`, in a summary, and no obstacle to learning."""

import csv
import io
import json

import pytest

from audioscan_host import Windowing, scan, suggest, train
from audioscan_host.notes import About

WINDOWING = Windowing(4.0, 1.0)
NAME = "20240501_235930.wav"


@pytest.fixture
def detector(make_wav, tmp_path):
    """A detector of noise, and a recording of a minute that begins half a minute before midnight."""
    make_wav("0.wav", seconds=60, seed=0)
    make_wav(f"field/{NAME}", seconds=60, seed=1)
    (tmp_path / "labels.csv").write_text("file,start,end,label\n0.wav,5,13,hiss\n0.wav,40,48,hiss\n")
    train(
        [tmp_path / "0.wav"],
        [tmp_path / "labels.csv"],
        "MEL",
        out=tmp_path / "hiss.detector",
        windowing=WINDOWING,
    )
    return tmp_path / "hiss.detector"


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_scan_gives_the_time_of_each_region_and_window_in_the_zone_that_is_given(run, detector, tmp_path):
    done = run(
        "scan", "field", "--detector", detector, "--threshold", 0, "--utc-offset", "-03:30", "--scores", "s.csv"
    )  # fmt: skip
    (region,) = rows(done.stdout)
    assert (region["start"], region["recorded_at"]) == ("0.000", "2024-05-01T23:59:30.000-03:30")
    windows = rows((tmp_path / "s.csv").read_text())
    assert windows[31]["start"] == "31.000"
    assert windows[31]["recorded_at"] == "2024-05-02T00:00:01.000-03:30"


def test_a_scan_in_python_has_it_too(detector, tmp_path):
    (found,) = scan([tmp_path / "field"], detector, utc_offset="Z").recordings
    assert found.recorded_at.isoformat() == "2024-05-01T23:59:30+00:00"
    (found,) = scan([tmp_path / "field"], detector).recordings
    assert found.recorded_at.isoformat() == "2024-05-01T23:59:30"
    (found,) = scan([tmp_path / "0.wav"], detector).recordings
    assert found.recorded_at is None
    assert all(region.recorded_at is None for region in found.regions)


def test_a_name_that_contradicts_itself_is_a_note_of_the_result(detector, make_wav):
    twice = make_wav("20240501_040000_20240501_050000.wav", seconds=10)
    notes = scan([twice], detector).notes
    assert [note.recording for note in notes if note.about == About.RECORDED_AT] == [twice]


def test_a_search_gives_the_time_of_each_window(run, detector):
    model = ["--model", "MEL", "--window", 4, "--hop", 1]
    done = run("search", "field", "--like", "0.wav@20-24", *model, "--n", 3, "--utc-offset", "+02:00")
    table = rows(done.stdout)
    assert [row["role"] for row in table] == ["positive"] * 3 + ["unlabelled"]
    for row in table:
        second = 30 + float(row["start"])
        day = f"2024-05-01T23:59:{second:06.3f}" if second < 60 else f"2024-05-02T00:00:{second - 60:06.3f}"
        assert row["recorded_at"] == day + "+02:00"


def test_suggestions_have_the_time_of_each_window_and_are_learned_from(run, detector, tmp_path):
    done = run("suggest", "field", "--detector", detector, "--n", 2, "--utc-offset", "+02:00")
    *asked, whole = rows(done.stdout)
    assert (whole["role"], whole["recorded_at"]) == ("unlabelled", "2024-05-01T23:59:30.000+02:00")
    assert all(row["recorded_at"].endswith("+02:00") for row in asked)
    (tmp_path / "next.csv").write_text(done.stdout.replace(",soft,", ",absent,"))
    run("train", "0.wav", "field", "--labels", "labels.csv", "--labels", "next.csv", "--model", "MEL", "--window", 4,
        "--hop", 1, "--out", "next.detector")  # fmt: skip
    first = suggest([tmp_path / "field"], detector, n=2, utc_offset="+02:00").suggestions[0]
    assert first.recorded_at.isoformat(timespec="milliseconds") == asked[0]["recorded_at"]


def test_a_scan_with_times_can_be_corrected_and_learned_from(run, detector, tmp_path):
    header, row = run("scan", "field", "--detector", detector, "--threshold", 0).stdout.splitlines()
    parts = [row.replace(",0.000,60.000,", f",{at}.000,{at + 8}.000,") for at in (10, 40)]
    assert all(part.endswith(",2024-05-01T23:59:30.000") for part in parts)
    (tmp_path / "found.csv").write_text("\n".join([header, *parts]))
    (tmp_path / "corrected.csv").write_text("\n".join([header, parts[0]]))
    done = run("train", "field", "--from-regions", "found.csv", "corrected.csv", "--model", "MEL", "--window", 4, "--hop", 1,
               "--json", "--out", "next.detector")  # fmt: skip
    windows = json.loads(done.stdout)["labels"]["hiss"]["windows"]
    assert (windows["positive"], windows["negative"]) == (5, 5)  # starts 10 to 14, and 40 to 44


@pytest.mark.parametrize("command", ["scan", "search", "suggest"])
def test_an_offset_that_is_none_is_one_line_of_wrong_usage(run, detector, command):
    rest = ["--like", "0.wav@20-24", "--model", "MEL"] if command == "search" else ["--detector", detector]
    done = run(command, "field", *rest, "--utc-offset", "+25:00", expect=2)
    assert done.stderr == (
        "Error: an offset from UTC is written +HH:MM or -HH:MM, such as +02:00, not '+25:00'\n"
    )


class TestSummary:
    def test_goes_to_a_file_beside_the_regions(self, run, detector, tmp_path):
        done = run(
            "scan", "field", "0.wav", "--detector", detector, "--threshold", 0, "--summary", "hours.csv"
        )
        assert len(rows(done.stdout)) == 2
        field = f"field/{NAME}"
        assert [list(row.values()) for row in rows((tmp_path / "hours.csv").read_text())] == [
            ["hiss", field, "2024-05-01", "23", "1", "30.000", "30.000"],
            ["hiss", field, "2024-05-02", "0", "0", "30.000", "30.000"],
            ["hiss", "0.wav", "", "", "1", "60.000", "60.000"],
        ]

    def test_goes_to_stdout_alone(self, run, detector, tmp_path):
        done = run("scan", "field", "--detector", detector, "--threshold", 1, "--summary", "-")
        assert [row["regions"] for row in rows(done.stdout)] == ["0", "0"]
        assert done.stdout.startswith("label,file,day,hour,regions,seconds,scanned_seconds\n")
        run("scan", "field", "--detector", detector, "--summary", "-", "--out", "regions.csv")
        assert (tmp_path / "regions.csv").read_text().startswith("file,start,end,")

    def test_is_json_where_the_file_says_so(self, run, detector, tmp_path):
        run("scan", "field", "--detector", detector, "--threshold", 0, "--summary", "hours.json")
        first, second = json.loads((tmp_path / "hours.json").read_text())["counts"]
        assert (first["day"], first["hour"], first["regions"]) == ("2024-05-01", 23, 1)
        assert (second["day"], second["hour"], second["regions"]) == ("2024-05-02", 0, 0)

    def test_is_not_written_over_a_recording_or_another_result(self, run, detector):
        done = run("scan", "0.wav", "--detector", detector, "--summary", "0.wav", expect=2)
        assert "is one of the recordings" in done.stderr
        done = run(
            "scan", "0.wav", "--detector", detector, "--summary", "a.csv", "--scores", "a.csv", expect=2
        )
        assert "is asked for twice" in done.stderr
