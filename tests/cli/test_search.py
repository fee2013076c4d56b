"""`search` on the command line: formats, labels for training, what is said, exit codes."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from audioscan_host import Runtime, hookimpl
from audioscan_host.annotations import Role, read_annotations
from audioscan_host.annotations.matching import annotations_of
from audioscan_host.plugins import discovery

SMALL = ["--model", "MEL", "--window", "4"]


@pytest.fixture
def recordings(make_wav):
    """Three recordings, `0.wav` to `2.wav`."""
    return [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(3)]


@pytest.fixture
def find(run, recordings):
    """Search the three recordings for a place in the first."""

    def find(*options, expect=0):
        names = [path.name for path in recordings]
        return run("search", *names, "--like", "0.wav@20-24", *SMALL, *options, expect=expect)

    return find


def rows(text):
    """The windows of a table."""
    return [row for row in csv.DictReader(io.StringIO(text)) if row["role"] == "positive"]


def windows(annotations):
    return [each for each in annotations if each.role is Role.POSITIVE]


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom audioscan_host.cli.main import main\n"
        "main(['search', '--help'], standalone_mode=False)\n"
        "print(sorted({'numpy', 'sklearn', 'av', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--like" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_has_the_best_first_and_stdout_nothing_else(find):
    done = find()
    assert done.stdout.splitlines()[0] == "file,start,end,label,role,score,recorded_at"
    table = rows(done.stdout)
    assert len(table) == 20
    scores = [float(row["score"]) for row in table]
    assert scores == sorted(scores, reverse=True)
    assert len({row["file"] for row in table[:10]}) > 1, "the recordings are mixed, as the scores are"
    assert {row["label"] for row in table} == {"like"}
    assert all(float(row["end"]) - float(row["start"]) == 4 for row in table)
    assert "0.wav: 20 to 24 s is an example, and not listed itself" in done.stderr
    assert done.stderr.endswith("20 windows of 3 recordings\n")


def test_quiet_leaves_the_table_and_the_count(run, recordings):
    done = run("-q", "search", "1.wav", "--like", "0.wav@20-24", *SMALL)
    assert done.stderr == "20 windows of 1 recording\n"


def test_the_number_of_windows_and_their_neighbours_are_options(find):
    few, every = rows(find("--n", 3).stdout), rows(find("--n", 1000, "--all-windows").stdout)
    assert len(few) == 3
    assert len(every) == 57 - 7 + 57 + 57
    assert few == rows(find("--n", 1000).stdout)[:3]


def test_times_may_be_minutes_and_a_file_may_be_the_whole_example(run, recordings, make_wav):
    spans = ["0.wav@20.5-24", "0.wav@0:20.5-0:24", "0.wav@0:00:20.5-0:00:24"]
    tables = [run("search", "1.wav", "2.wav", "--like", span, *SMALL).stdout for span in spans]
    assert tables[0] == tables[1] == tables[2]
    make_wav("clip.wav", seconds=4, seed=7)
    assert len(rows(run("search", "1.wav", "--like", "clip.wav", *SMALL).stdout)) > 10


def test_several_examples_are_given_by_repeating_the_option(find):
    table = rows(find("--like", "1.wav@30-34", "--n", 500, "--all-windows").stdout)
    assert len(table) == 50 + 50 + 57


@pytest.mark.parametrize(
    ("like", "complaint"),
    [
        ("0.wav@5", "0.wav@5: expected FILE@START-END in seconds, m:ss or h:mm:ss, such as day.wav@83.5-85"),
        ("0.wav@5-x", "0.wav@5-x: expected FILE@START-END"),
        ("0.wav@9-5", "0.wav@9-5: the end of an example must be after its start"),
        ("0.wav@50-80", "0.wav@50-80: the example ends after the recording, which lasts 60 s"),
        ("0.wav", "0.wav lasts 60 s, a window 4 s: say where in it the sound is, 0.wav@START-END"),
    ],
)
def test_an_example_that_cannot_be_is_one_line_of_wrong_usage(run, recordings, like, complaint):
    done = run("-q", "search", "0.wav", "--like", like, *SMALL, expect=2)
    assert done.stderr.startswith(f"Error: {complaint}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "options", [["--n", "0"], ["--hop", "0.333"], ["--format", "xml"], ["--window", "0"]]
)
def test_settings_out_of_range_are_wrong_usage(find, options):
    assert "Traceback" not in find(*options, expect=2).stderr


def test_an_example_that_cannot_be_read_is_one_line(run, recordings):
    done = run("-q", "search", "0.wav", "--like", "gone.wav@1-2", *SMALL, expect=1)
    assert done.stderr == "Error: gone.wav: cannot be read: No such file or directory\n"


def test_recordings_that_cannot_be_read_are_named_at_the_end_and_the_others_searched(find, tmp_path):
    (tmp_path / "1.wav").write_text("hello")
    (tmp_path / "2.wav").unlink()
    done = find("--out", "like.csv", expect=1)
    *_, told, count, first, second = done.stderr.splitlines()
    assert told.endswith(" windows of 1 recording: like.csv")
    assert count == "2 of 3 recordings could not be read:"
    assert "1.wav" in first
    assert "2.wav" in second
    assert {row["file"] for row in rows((tmp_path / "like.csv").read_text())} == {"0.wav"}


def test_the_rows_at_the_end_say_that_nobody_heard_the_rest(find):
    done = find("--n", 3)
    table = list(csv.DictReader(io.StringIO(done.stdout)))
    files = list(dict.fromkeys(row["file"] for row in table[:3]))
    assert [row["role"] for row in table[:3]] == ["positive"] * 3
    assert [list(row.values()) for row in table[3:]] == [
        [file, "0.000", "60.000", "", "unlabelled", "", ""] for file in files
    ]


class TestFormats:
    @pytest.mark.parametrize("form", ["csv", "audacity", "raven", "tsv"])
    def test_every_label_file_says_what_nobody_heard(self, find, tmp_path, form):
        out = tmp_path / {"csv": "found.csv", "tsv": "found.tsv"}.get(form, "found")
        find("--n", 12, "--format", form, "--out", out)
        recordings = [tmp_path / f"{i}.wav" for i in range(3)]
        for annotations in annotations_of(recordings, [out]).values():
            rest = [(a.start, a.end) for a in annotations if a.role is Role.UNLABELLED]
            assert rest == ([(0, 60)] if windows(annotations) else [])

    @pytest.fixture
    def expected(self, find):
        """(file, start, end) of the windows, by file and time."""
        table = rows(find("--n", 12).stdout)
        return sorted((row["file"], float(row["start"]), float(row["end"])) for row in table)

    def test_csv_and_audacity_are_read_back_as_labels(self, find, expected, tmp_path):
        find("--n", 12, "--label", "hiss, loud", "--out", "found.csv")
        read = windows(read_annotations(tmp_path / "found.csv"))
        assert sorted((each.file, each.start, each.end) for each in read) == expected
        find("--n", 12, "--label", "hiss, loud", "--format", "audacity", "--out", "tracks")
        read += windows(each for path in (tmp_path / "tracks").iterdir() for each in read_annotations(path))
        assert sorted((f"{each.file}.wav", each.start, each.end) for each in read[12:]) == expected
        assert {each.label for each in read} == {"hiss, loud"}

    def test_a_corrected_list_trains_a_detector(self, run, find, tmp_path):
        header, *found = find("--n", 12, "--label", "hiss").stdout.splitlines()
        wrong = [line.replace("positive", "absent") for line in found[6:]]
        (tmp_path / "labels.csv").write_text("\n".join([header, *found[:6], *wrong]))
        done = run(
            "train", *(f"{i}.wav" for i in range(3)), "--labels", "labels.csv", *SMALL, "--label", "hiss",
            "--classifier", "logistic", "--out", "hiss.detector",
        )  # fmt: skip
        assert (tmp_path / "hiss.detector").is_file()
        # What nobody heard is neither: only the windows themselves are.
        name, positive, negative, *_ = done.stdout.splitlines()[2].split()
        assert (name, positive) == ("hiss", "6")
        assert 4 <= int(negative) <= 6  # one that overlaps a positive is left out

    def test_json_has_every_recording_with_its_windows_in_order(self, find, expected):
        document = json.loads(find("--n", 12, "--format", "json").stdout)
        assert [each["file"] for each in document["recordings"]] == ["0.wav", "1.wav", "2.wav"]
        found = [
            (each["file"], region["start"], region["end"])
            for each in document["recordings"]
            for region in each["regions"]
        ]
        assert found == expected

    def test_tsv_has_them_by_recording_and_time(self, find, expected):
        lines = find("--n", 12, "--format", "tsv").stdout.splitlines()[1:]
        cells = [line.split("\t") for line in lines if not line.endswith("(unlabelled)")]
        assert [(file, float(start), float(end)) for file, start, end, _ in cells] == expected

    def test_raven_fills_a_folder(self, find, expected, tmp_path):
        find("--n", 12, "--format", "raven", "--out", "tables")
        tables = sorted((tmp_path / "tables").iterdir())
        assert [path.name for path in tables] == [
            f"{file.removesuffix('.wav')}.Table.1.selections.txt"
            for file in sorted({f for f, *_ in expected})
        ]
        assert sum(len(windows(read_annotations(path))) for path in tables) == 12

    def test_a_recording_without_windows_has_no_label_file(self, find, tmp_path):
        find("--n", 1, "--format", "audacity", "--out", "tracks")
        (only,) = (tmp_path / "tracks").iterdir()
        assert len(windows(read_annotations(only))) == 1

    def test_one_recording_is_written_to_stdout(self, run, recordings):
        like = ["--like", "0.wav@20-24", "--n", "5"]
        done = run("search", "1.wav", *like, *SMALL, "--format", "audacity")
        assert [line.split("\t")[2] for line in done.stdout.splitlines()] == ["(unlabelled)"] + 5 * ["like"]

    def test_several_recordings_do_not_fit_into_one_audacity_file(self, find):
        done = find("--format", "audacity", expect=1)
        assert "--out must be a folder for 3 recordings, not stdout" in done.stderr


def test_device_precision_and_batch_size_reach_the_plugin(run, recordings, make_plugin, monkeypatch):
    runtimes = []

    class Noting(make_plugin):
        @hookimpl
        def load(self, checkpoint, runtime):
            runtimes.append(runtime)
            return super().load(checkpoint, runtime)

    plugin = Noting()
    plugin.models = [replace(model) for model in plugin.models]
    facts = {"name": "tiny", "value": "tiny", "dist": None, "load": staticmethod(lambda: plugin)}
    monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed([type("Point", (), facts)], []))
    options = ["--device", "cuda:1", "--precision", "bf16", "--batch-size", "5"]
    run("search", "0.wav", "--like", "0.wav@20-24", "--model", "TINY", *options)
    assert runtimes == [Runtime("cuda:1", "bf16", 5)]
