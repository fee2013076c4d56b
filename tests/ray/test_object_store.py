"""Recordings, cache, detector and results in an S3 that all nodes reach: the same as of files of this machine."""

import os
import signal
import time

import fsspec
import pytest

from audioscan_host.cache import Cache
from audioscan_host.cache import file as cache_file

pytestmark = pytest.mark.slow

LABELS = "file,start,end,label\n" + "".join(
    f"{i}.wav,{at},{at + 3},hiss\n" for i in range(3) for at in (5, 20, 30)
)
SOON = (
    "from audioscan_host.cache.object_store import ObjectStore as Store; Store.__init__.__kwdefaults__['expiry'] = 3.0; "
    "from audioscan_host.cli.main import main; main()"
)
"""The command line, whose claims are void three seconds after their worker died, in place of a minute."""


@pytest.fixture
def season(noise, bucket, tmp_path):
    """The URL of four recordings, which lie in the test's own folder too, and of their labels."""
    (tmp_path / "labels.csv").write_text(LABELS)
    filesystem, root = fsspec.url_to_fs(bucket)
    for path in [*(noise(f"{i}.wav", 40, seed=i) for i in range(4)), tmp_path / "labels.csv"]:
        filesystem.put_file(str(path), f"{root}/season/{path.name}")
    return f"{bucket}/season"


def kept(place, dim):
    """The embeddings of a cache, in an order of their own."""
    store = Cache(place).store
    found = [cache_file.read(store, stored.name, dim=dim) for stored in store.files("w2v")]
    return sorted(each.times.tobytes() + each.vectors.tobytes() for each in found)


def test_what_is_learned_and_found_in_an_s3_is_what_is_learned_and_found_here(host, season, bucket, tmp_path):
    learned = ["--model", "MEL", "--window", 2, "--hop", 1]
    paths = [f"{i}.wav" for i in range(4)]
    host("train", *paths[:3], "--labels", "labels.csv", *learned, "--out", "h.detector", "--cache-dir", "h")
    scan = ["scan", "--detector", "h.detector", "--threshold", 0.3]
    here = host(*scan, *paths, "--cache-dir", "h").stdout

    there = ["--cache-dir", f"{bucket}/cache", "--on", "auto", "--workers", 2]
    of_s3 = [f"{season}/{path}" for path in paths]
    train = ["train", *of_s3[:3], "--labels", f"{season}/labels.csv", *learned, "--out", "t.detector"]
    done = host(*train, *there)
    assert "Traceback" not in done.stderr
    assert (tmp_path / "t.detector").read_bytes() == (tmp_path / "h.detector").read_bytes()

    filesystem, root = fsspec.url_to_fs(bucket)
    filesystem.put_file(str(tmp_path / "t.detector"), f"{root}/t.detector")
    by_url = ["scan", "--detector", f"{bucket}/t.detector", "--threshold", 0.3, *of_s3, *there]
    done = host(*by_url)
    assert done.stdout.replace(f"{season}/", "") == here
    assert here.count("\n") > 4
    assert "Traceback" not in done.stderr
    assert kept(f"{bucket}/cache", 256) == kept(tmp_path / "h", 256) != []

    parquet = host(*by_url, "--format", "parquet", "--out", f"{bucket}/found")
    assert "regions in 4 recordings" in parquet.stderr
    rows = (
        pytest.importorskip("pyarrow.dataset")
        .dataset(f"{root}/found", filesystem=filesystem, partitioning="hive")
        .to_table()
    )
    columns = zip(
        *(rows[name].to_pylist() for name in ("file", "start", "end", "label", "score")), strict=True
    )
    told = [f"{f},{start:.3f},{end:.3f},{label},{score:.6f}," for f, start, end, label, score in columns]
    assert told == done.stdout.splitlines()[1:]


def test_a_recording_whose_worker_was_killed_is_computed_when_its_claim_has_run_out(
    cluster, host, noise, bucket, wait, tmp_path
):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(12)]
    embed = ["embed", *(path.name for path in paths), "--model", "DROWSY", "--cache-dir"]
    host(*embed, "here")
    cluster.forget()
    where = f"{bucket}/cache"
    run = host.start(*embed, where, "--on", "auto", "--workers", 2, program=("-c", SOON))
    while len(cluster.encoded()) < 4:
        assert run.poll() is None, wait(run)
        time.sleep(0.05)
    last = max(cluster.log.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    os.kill(int(last.name.split(".")[1]), signal.SIGKILL)
    _, err = wait(run)
    assert run.returncode == 0, err
    assert kept(where, 2) == kept(tmp_path / "here", 2)
    assert len(kept(where, 2)) == 12
    assert len(cluster.encoded()) <= 12 + 2
    left = [stored.name for stored in Cache(where).store.files("unfinished")]
    assert left == []
