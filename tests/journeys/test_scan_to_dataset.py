"""A scan as a Parquet dataset: the rows of the CSV, kept through kills, changes and damage."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, timezone
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import soundfile

from audioscan_host import OutputError, load_registry, scan_to_dataset
from audioscan_host.classifier import Classifier, Statistics
from audioscan_host.classifier.calibration import Calibrator
from audioscan_host.classifier.linear import Linear
from audioscan_host.detector import Detector, save
from audioscan_host.journeys import scanning
from audioscan_host.output.dataset import dataset
from audioscan_host.remote_path import filesystem_of

THRESHOLDS = ["--threshold", "cry=0.5705", "--threshold", "007=0.2347"]
SCAN = ["scan", "recordings", "--detector", "noise.detector", *THRESHOLDS]
PARQUET = [*SCAN, "--format", "parquet", "--out", "found"]


@pytest.fixture
def save_detector(tmp_path):
    """A detector of MEL that nobody trained, whose probabilities in noise are no two alike."""

    def make(name="noise.detector", bias=0.0):
        model = load_registry().model("MEL")
        random = np.random.default_rng(0)
        classifiers = {
            label: Classifier(
                "logistic",
                Calibrator("none"),
                0.2,
                1.0,
                None,
                (Linear(random.normal(0, 0.3, model.dim), bias),),
                1.0,
            )
            for label in ("cry", "007")
        }
        detector = Detector(
            model=model.name,
            model_revision=model.revision,
            checkpoint_revision=model.checkpoint.revision,
            dim=model.dim,
            window=2.0,
            hop=0.5,
            statistics=Statistics(np.full(model.dim, -2.0), np.ones(model.dim)),
            classifiers=classifiers,
            figures=dict.fromkeys(classifiers),
            training={},
        )
        save(detector, tmp_path / name)

    return make


NAMES = ["20240501_043000.wav", 'a, "b" = é%.wav', "site 2/20240531T233000-0330.wav", "silent.wav"]


@pytest.fixture
def folder(tmp_path, make_wav, save_detector, write_wav):
    """Recordings whose months are known and not, one without any region, and a detector."""
    for seed, name in enumerate(NAMES[:3]):
        make_wav(f"recordings/{name}", seconds=20.0315 + seed / 3, seed=seed)
    write_wav(tmp_path / "recordings/silent.wav", np.zeros(16_000 * 5))
    save_detector()
    return tmp_path


@pytest.fixture
def a_part_for_each(monkeypatch):
    """Every recording is written as soon as it is finished."""
    monkeypatch.setattr(dataset, "LIMITS", dataset.Limits(recordings=1))


def csv_rows(table):
    """The rows of a dataset as the CSV has them."""
    (value,) = {"score", "probability"} & set(table.column_names)
    rows = []
    for row in table.to_pylist():
        local, instant = row["recorded_local"], row["recorded_at"]
        if instant is not None:
            local = local.replace(tzinfo=timezone(local - instant.astimezone(UTC).replace(tzinfo=None)))
        when = "" if local is None else local.isoformat(timespec="milliseconds")
        channel = [str(row["channel"])] if "channel" in row else []
        times = f"{row['start']:.3f}", f"{row['end']:.3f}"
        assert (float(times[0]), float(times[1])) == (row["start"], row["end"])
        rows.append([row["file"], *times, row["label"], f"{row[value]:.6f}", when, *channel])
        assert float(rows[-1][4]) == row[value]
    return sorted(rows)


def read(folder, **options):
    return ds.dataset(folder, format="parquet", partitioning="hive", **options).to_table()


def written_csv(path):
    _, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return sorted(rows)


def parts(folder):
    return sorted(folder.glob("month=*/*.parquet"))


def unmarked(done):
    return [
        line for line in done.stderr.splitlines() if not line.startswith(("warning", "embedding", "silent"))
    ]


# --- what is in it


@pytest.mark.parametrize("channel", [[], ["--channel", "each"]], ids=["mix", "each channel"])
def test_regions_and_scores_are_those_of_the_csv(run, folder, channel):
    noise = np.random.default_rng(7).normal(0, 0.1, (16_000 * 12, 2))
    soundfile.write(folder / "recordings" / "20240502_000000.wav", noise, 16_000)
    run(*SCAN, *channel, "--out", "found.csv", "--scores", "scores.csv")
    run(*PARQUET, *channel, "--scores", "scores")
    regions, scores = written_csv(folder / "found.csv"), written_csv(folder / "scores.csv")
    assert len(regions) > 10
    assert {row[3] for row in regions} == {"cry", "007"}
    assert csv_rows(read(folder / "found")) == regions
    assert csv_rows(read(folder / "scores")) == scores


def test_columns_have_true_types_and_files_say_what_they_are_of(run, folder):
    run(*PARQUET, "--scores", "scores", "--threshold", "cry=0.4")
    found = ds.dataset(folder / "found", partitioning="hive")
    assert [(field.name, field.type) for field in found.schema] == [
        ("file", pa.string()),
        ("start", pa.float64()),
        ("end", pa.float64()),
        ("label", pa.string()),
        ("score", pa.float64()),
        ("recorded_at", pa.timestamp("ms", "UTC")),
        ("recorded_local", pa.timestamp("ms")),
        ("month", pa.string()),
    ]
    assert "probability" in ds.dataset(folder / "scores", partitioning="hive").schema.names
    for part in parts(folder / "found"):
        metadata = pq.read_metadata(part).metadata
        assert metadata[b"audioscan.format"] == b"audioscan-host regions"
        assert metadata[b"audioscan.version"] == b"1"
        settings, origin = (json.loads(metadata[b"audioscan." + key]) for key in (b"settings", b"origin"))
        assert settings["threshold"] == {"cry": 0.4, "007": 0.2347}
        assert origin["model"] == "MEL"
        assert origin["detector"] == "noise.detector"
        assert origin["audioscan-host"]


def test_parts_lie_by_the_month_in_which_a_recording_began(run, folder):
    run(*PARQUET)
    found = {}
    for part in parts(folder / "found"):
        files = pq.read_table(part, partitioning=None)["file"].to_pylist()
        found.setdefault(part.parent.name, set()).update(Path(file).name for file in files)
    assert found == {
        "month=2024-05": {"20240501_043000.wav", "20240531T233000-0330.wav"},
        "month=unknown": {'a, "b" = é%.wav'},
    }


def test_pandas_and_duckdb_read_the_folder(run, folder):
    pandas = pytest.importorskip("pandas")
    duckdb = pytest.importorskip("duckdb")
    run(*PARQUET)
    frame = pandas.read_parquet(folder / "found")
    assert csv_rows(pa.Table.from_pandas(frame.drop(columns="month"), preserve_index=False)) == csv_rows(
        read(folder / "found")
    )
    duckdb.sql("set file_search_path = '" + str(folder) + "'")
    query = (
        "select count(*), min(typeof(label)) from read_parquet('found/*/*.parquet', hive_partitioning = true)"
    )
    assert duckdb.sql(query).fetchall() == [(len(frame), "VARCHAR")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_written_out(run, folder, make_wav):
    name = os.fsdecode(b"recordings/\xe9t\xe9.wav")
    make_wav(name, seconds=8, seed=5)
    for _ in range(2):
        done = run(*PARQUET)
    assert "0 recordings; 5 recordings there already" in done.stderr
    assert r"recordings/\udce9t\udce9.wav" in read(folder / "found")["file"].to_pylist()


# --- going on


@pytest.fixture
def scanned(monkeypatch):
    """The recordings that are scanned, by name, as they are."""
    names = []
    genuine = scanning._scanned

    def noted(recording, *rest):
        names.append(recording.path.name)
        return genuine(recording, *rest)

    monkeypatch.setattr(scanning, "_scanned", noted)
    return names


def test_what_is_there_is_not_scanned_again_with_regions_or_without(run, folder, scanned, make_wav):
    assert unmarked(run(*PARQUET))[-1].endswith("regions in 4 recordings: found")
    before = {part: part.read_bytes() for part in parts(folder / "found")}
    scanned.clear()
    assert unmarked(run(*PARQUET))[-1] == "0 regions in 0 recordings; 4 recordings there already: found"
    assert scanned == []
    make_wav("recordings/new.wav", seconds=10, seed=9)
    assert "in 1 recording; 4 recordings there already" in run(*PARQUET).stderr
    assert scanned == ["new.wav"]
    assert before.items() <= {part: part.read_bytes() for part in parts(folder / "found")}.items()


def test_scores_that_are_asked_for_later_are_added_without_the_regions_twice(run, folder, scanned):
    run(*PARQUET)
    regions = csv_rows(read(folder / "found"))
    run(*PARQUET, "--scores", "scores")
    assert len(scanned) == 8
    assert csv_rows(read(folder / "found")) == regions
    run(*SCAN, "--out", "found.csv", "--scores", "scores.csv")
    assert csv_rows(read(folder / "scores")) == written_csv(folder / "scores.csv")


def test_a_recording_that_changed_takes_the_place_of_what_it_was(run, folder, make_wav, scanned):
    run(*PARQUET, "--scores", "scores")
    scanned.clear()
    make_wav(f"recordings/{NAMES[0]}", seconds=12, seed=77)
    run(*PARQUET, "--scores", "scores")
    assert scanned == [NAMES[0]]
    run(*SCAN, "--out", "found.csv", "--scores", "scores.csv")
    assert csv_rows(read(folder / "found")) == written_csv(folder / "found.csv")
    assert csv_rows(read(folder / "scores")) == written_csv(folder / "scores.csv")
    assert {pq.read_metadata(part).metadata[b"audioscan.version"] for part in parts(folder / "found")} == {
        b"1"
    }
    assert "4 recordings there already" in run(*PARQUET, "--scores", "scores").stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--threshold", "cry=0.7"], "with other settings, threshold "),
        (["--merge-gap", "1"], "merge_gap 0.0 and not 1.0"),
        (["--rate", "0.1"], 'rate {} and not {"cry": 0.1, "007": 0.1}'),
        (["--utc-offset", "+02:00"], 'utc_offset null and not "UTC+02:00"'),
        (["--detector", "other.detector"], "by another detector: name another folder"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_other_settings_or_another_detector_are_refused_in_one_line(
    run, folder, save_detector, options, told
):
    run(*PARQUET)
    save_detector("other.detector", bias=0.1)
    before = csv_rows(read(folder / "found"))
    done = run(*PARQUET, *options, expect=2)
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: found: is of a scan ")
    assert told in line
    assert csv_rows(read(folder / "found")) == before


def test_scores_do_not_depend_on_thresholds(run, folder):
    run(*PARQUET, "--scores", "scores")
    run(*SCAN, "--format", "parquet", "--out", "other", "--threshold", "cry=0.7", "--scores", "scores")
    assert read(folder / "other").num_rows < read(folder / "found").num_rows


def test_a_folder_of_something_else_is_refused(run, folder):
    for out, complaint in [
        ("recordings", "is not empty, and no dataset of a scan"),
        ("noise.detector", "is read by this"),
    ]:
        (line,) = run(*SCAN, "--format", "parquet", "--out", out, expect=2).stderr.splitlines()
        assert complaint in line
    run(*PARQUET, "--scores", "scores")
    done = run(*SCAN, "--format", "parquet", "--out", "scores", expect=2)
    assert "scores: holds audioscan-host scores of version 1, not audioscan-host regions" in done.stderr
    assert "name a folder beside it" in run(*PARQUET, "--scores", "found/scores", expect=2).stderr
    assert "is asked for twice" in run(*PARQUET, "--scores", "./found", expect=2).stderr
    assert "name it by --out" in run(*SCAN, "--format", "parquet", expect=2).stderr
    assert "leave it out" in run(*PARQUET, "--summary", "-", expect=2).stderr


def test_a_dataset_that_another_run_writes_is_refused(run, folder):
    program = (
        "import sys, pathlib, contextlib\n"
        "from audioscan_host.output.dataset.places import LocalFolder\n"
        "with LocalFolder(pathlib.Path('found')).alone():\n"
        "    print('there', flush=True)\n"
        "    sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdin=-1, stdout=-1) as other:
        assert other.stdout.readline() == b"there\n"
        assert "found: another run is writing there" in run(*PARQUET, expect=1).stderr
        other.stdin.close()
    run(*PARQUET)


def test_a_part_or_record_that_is_damaged_is_scanned_again(run, folder, a_part_for_each, scanned):
    run(*PARQUET)
    expected = csv_rows(read(folder / "found"))
    first, second, third, _ = parts(folder / "found")
    first.write_bytes(first.read_bytes()[:-100])
    (folder / "found" / "_scanned" / f"{second.stem}.jsonl").write_text("{")
    third.unlink()
    scanned.clear()
    done = run(*PARQUET)
    assert f"{first.relative_to(folder / 'found').as_posix()} is damaged" in done.stderr
    assert f"{second.relative_to(folder / 'found').as_posix()} is damaged" in done.stderr
    assert len(scanned) == 3
    assert csv_rows(read(folder / "found")) == expected


def test_a_part_that_nobody_knows_is_not_counted_twice_but_refused(run, folder):
    run(*PARQUET)
    part = parts(folder / "found")[0]
    shutil.copy(part, part.with_name("copy.parquet"))
    assert "copy.parquet is not in its _scanned: move it away" in run(*PARQUET, expect=1).stderr


def test_a_recording_that_cannot_be_read_is_tried_again(run, folder):
    (folder / "recordings" / "bad.wav").write_bytes(b"no sound")
    for _ in range(2):
        assert "1 of 5 recordings could not be read" in run(*PARQUET, expect=1).stderr


KILLED = """
import os, signal, sys
from audioscan_host.output.dataset import dataset
dataset.LIMITS = dataset.Limits(recordings=2)
kill_at, count = int(sys.argv.pop(1)), 0
def watched(frame, event, function):
    # At some call among those that write: anywhere between two of them.
    global count
    if event == "c_call" and function.__name__ in ("write", "fsync", "replace", "mkdir", "open", "unlink"):
        caller = frame
        while caller and "output/dataset" not in caller.f_code.co_filename:
            caller = caller.f_back
        count += caller is not None
        if count == kill_at and caller is not None:
            os.kill(os.getpid(), signal.SIGKILL)
import threading
from audioscan_host.cli.main import main
sys.setprofile(watched)
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_anywhere_and_gone_on_with_gives_the_same_rows(run, folder, make_wav):
    for seed in range(4):
        make_wav(f"recordings/2024060{seed + 1}_000000.wav", seconds=6, seed=20 + seed)
    run(*SCAN, "--out", "found.csv", "--scores", "scores.csv")
    expected = [written_csv(folder / name) for name in ("found.csv", "scores.csv")]
    killed = 0
    for moment in range(3, 150, 8):
        arguments = [*PARQUET, "--scores", "scores"]
        command = [sys.executable, "-c", KILLED, str(moment), "-q", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
        killed += done.returncode != 0
        for name, of_all in zip(("found", "scores"), expected, strict=True):
            if parts(folder / name):  # what readers see is whole, and nothing is there twice
                rows = csv_rows(read(folder / name))
                assert len({tuple(row) for row in rows}) == len(rows)
                assert {tuple(row) for row in rows} <= {tuple(row) for row in of_all}
        run("-q", *arguments)
        assert [csv_rows(read(folder / name)) for name in ("found", "scores")] == expected
        assert not list((folder / "found").rglob("*.tmp"))
        shutil.rmtree(folder / "found")
        shutil.rmtree(folder / "scores")
    assert killed >= 10


def test_what_is_finished_is_written_when_a_run_is_interrupted(run, folder, monkeypatch, scanned):
    genuine = scanning._placed

    def interrupted(recording, *rest):
        if len(scanned) == 3:
            raise KeyboardInterrupt
        return genuine(recording, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(scanning, "_placed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scan_to_dataset([folder / "recordings"], folder / "noise.detector", folder / "found")
    result = scan_to_dataset([folder / "recordings"], folder / "noise.detector", folder / "found")
    assert (result.already, result.recordings) == (2, 2)


def test_what_waits_is_written_after_some_time(run, folder, monkeypatch):
    monkeypatch.setattr(dataset, "LIMITS", dataset.Limits(seconds=0))
    run(*PARQUET)
    assert len(parts(folder / "found")) == 4


# --- elsewhere


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    if filesystem.exists("/bucket"):
        filesystem.rm("/bucket", recursive=True)


def test_a_url_takes_a_dataset_which_goes_on_there(run, folder, memory, a_part_for_each, make_wav):
    url = ["--out", "memory://bucket/found", "--scores", "memory://bucket/scores"]
    run(*PARQUET, *url)
    run(*SCAN, "--out", "found.csv", "--scores", "scores.csv")
    assert csv_rows(read("/bucket/found", filesystem=memory)) == written_csv(folder / "found.csv")
    assert csv_rows(read("/bucket/scores", filesystem=memory)) == written_csv(folder / "scores.csv")
    assert "4 recordings there already: memory://bucket/found" in run(*PARQUET, *url).stderr
    part = next(name for name in memory.find("bucket/found") if name.endswith(".parquet"))
    memory.pipe_file(part, memory.cat_file(part)[:-9])
    make_wav(f"recordings/{NAMES[1]}", seconds=12, seed=77)
    assert "is damaged" in run(*PARQUET, *url).stderr
    run(*SCAN, "--out", "found.csv")
    assert csv_rows(read("/bucket/found", filesystem=memory)) == written_csv(folder / "found.csv")
    assert "other settings" in run(*PARQUET, *url, "--threshold", "cry=0.7", expect=2).stderr
    assert not (folder / "memory:").exists()


def test_an_s3_takes_a_dataset_which_goes_on_there(run, folder, s3, a_part_for_each, make_wav):
    url = ["--out", f"{s3}/found", "--scores", f"{s3}/scores"]
    filesystem, bucket = fsspec.url_to_fs(s3)
    run(*PARQUET, *url)
    run(*SCAN, "--out", "found.csv", "--scores", "scores.csv")
    assert csv_rows(read(f"{bucket}/found", filesystem=filesystem)) == written_csv(folder / "found.csv")
    assert csv_rows(read(f"{bucket}/scores", filesystem=filesystem)) == written_csv(folder / "scores.csv")
    assert f"4 recordings there already: {s3}/found" in run(*PARQUET, *url).stderr
    part = next(name for name in filesystem.find(f"{bucket}/found") if name.endswith(".parquet"))
    filesystem.pipe_file(part, filesystem.cat_file(part)[:-9])
    make_wav(f"recordings/{NAMES[1]}", seconds=30, seed=9)
    run(*PARQUET, *url)
    run(*SCAN, "--out", "found.csv")
    filesystem.invalidate_cache()
    assert csv_rows(read(f"{bucket}/found", filesystem=filesystem)) == written_csv(folder / "found.csv")


def test_a_bucket_that_is_not_there_is_told_and_not_made(run, folder, s3):
    done = run(*PARQUET, "--out", f"{s3}-none/found", expect=1)
    assert (
        f"Error: {s3}-none/found: cannot be written or read: there is no such bucket; make it" in done.stderr
    )
    assert "embedding" not in done.stderr
    filesystem, bucket = fsspec.url_to_fs(s3)
    assert bucket in filesystem.ls("")
    assert f"{bucket}-none" not in filesystem.ls("")


def test_other_formats_do_not_go_to_urls(run, folder, memory):
    for option in ("--out", "--scores"):
        done = run(*SCAN, option, "memory://bucket/found.csv", expect=2)
        assert "only --format parquet goes to a URL" in done.stderr
    assert not memory.exists("/bucket")
    assert not list(folder.glob("memory*"))


def test_a_store_that_fails_is_told_in_one_line(folder, memory, monkeypatch):
    filesystem, _ = filesystem_of("memory://bucket/found")

    def refused(*_, **__):
        raise PermissionError("403, it says")

    monkeypatch.setattr(type(filesystem), "pipe_file", refused)
    with pytest.raises(
        OutputError,
        match=r"^memory://bucket/found: cannot be written or read: access is denied .403, it says.; see which",
    ):
        scan_to_dataset([folder / "recordings"], folder / "noise.detector", "memory://bucket/found")


# --- without pyarrow


@pytest.mark.parametrize("wanted", [[], ["--format", "parquet"]], ids=["csv", "parquet"])
def test_pyarrow_is_imported_only_where_parquet_is_asked_for(folder, wanted):
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from audioscan_host.cli.main import main\n"
        f"main({['-q', *SCAN, *wanted, '--out', 'found']})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == (2 if wanted else 0), done.stderr
    if wanted:
        (line,) = done.stderr.splitlines()
        assert line.endswith("pip install 'audioscan-host[parquet]'")
        assert not (folder / "found").exists()
