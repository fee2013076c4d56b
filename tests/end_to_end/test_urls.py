"""Recordings, labels and detectors behind URLs give what files of this machine give, byte for byte."""

import csv
import hashlib
import io
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import fsspec
import numpy as np
import pytest

LABELS = "file,start,end,label\na.wav,3,5,tone\nb.wav,8,10,tone\nc.wav,5,7,tone\nd.wav,11,13,tone\n"
SOUNDS = {"a.wav": 3, "b.wav": 8, "c.wav": 5, "d.wav": 11}
WINDOWS = ("--window", "2", "--hop", "1")


@pytest.fixture
def season(tmp_path, write_wav):
    """Four recordings of noise, with a tone of two seconds in each, and where it is."""
    folder = tmp_path / "season"
    for seed, (name, second) in enumerate(SOUNDS.items()):
        rate = 16_000
        sound = np.random.default_rng(seed).standard_normal(30 * rate) * 0.02
        tone = np.sin(2 * np.pi * 1500 * np.arange(2 * rate) / rate) * 0.3
        sound[second * rate : (second + 2) * rate] += tone
        write_wav(folder / "site" / name, sound)
    (folder / "labels.csv").write_text(LABELS)
    return folder


@pytest.fixture(params=["memory", "s3"])
def url(request, season):
    """Where the same lies behind a URL: in the memory of this process, or in an S3 on the loopback."""
    where = "memory://season" if request.param == "memory" else f"{request.getfixturevalue('s3')}/season"
    filesystem, place = fsspec.url_to_fs(where)
    for path in season.rglob("*"):
        if path.is_file():
            filesystem.pipe(f"{place}/{path.relative_to(season).as_posix()}", path.read_bytes())
    yield where
    filesystem.rm(place, recursive=True)


class Signed(BaseHTTPRequestHandler):
    """Ranges of files, for who has the secret."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        split = urlsplit(self.path)
        if self.server.secret not in split.query:
            self.send_error(403)
            return
        content = (self.server.folder / split.path.lstrip("/")).read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        begin, end = (int(asked[1]), min(int(asked[2]) + 1, len(content))) if asked else (0, len(content))
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(end - begin))
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[begin:end])

    def log_message(self, *_):
        pass


@contextmanager
def server(folder, secret):
    """An HTTP server on the loopback; gives its address."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Signed)
    running.folder, running.secret = folder, secret
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


def vectors_in(cache):
    """What the embeddings of a cache are, whatever their recordings are called."""
    found = []
    for path in cache.rglob("*.npz"):
        with np.load(path) as file:
            if "embeddings" in file:
                found.append(
                    hashlib.sha256(file["timestamps"].tobytes() + file["embeddings"].tobytes()).hexdigest()
                )
    return sorted(found)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_season_is_embedded_learned_and_scanned_as_if_it_lay_here(run, season, url, tmp_path):
    found = {}
    for name, where in {"here": season, "there": url}.items():
        cache = ("--cache-dir", tmp_path / f"cache-{name}")
        run("embed", f"{where}/site", "--model", "MEL", *WINDOWS, *cache)
        found[name] = [vectors_in(tmp_path / f"cache-{name}")]
        detector = tmp_path / f"{name}.detector"
        labels = ("--labels", f"{where}/labels.csv")
        run("train", f"{where}/site", *labels, "--model", "MEL", *WINDOWS, *cache, "--out", detector)
        scanned = rows(run("scan", f"{where}/site", "--detector", detector, *cache).stdout)
        assert {row["file"] for row in scanned} <= {f"{where}/site/{each}" for each in SOUNDS}
        found[name].append(
            [{k: v for k, v in row.items() if k not in ("file", "recorded_at")} for row in scanned]
        )
    assert len(found["here"][0]) == 4
    assert len(found["here"][1]) >= 4
    assert found["here"] == found["there"]


def test_what_else_reads_recordings_reads_urls(run, season, url, tmp_path):
    where = f"{url}/site"
    run("train", where, "--labels", f"{url}/labels.csv", "--model", "MEL", *WINDOWS, "--out", "tone.detector")
    filesystem, place = fsspec.url_to_fs(url)
    filesystem.pipe(f"{place}/tone.detector", (tmp_path / "tone.detector").read_bytes())
    by_url = run(
        "scan", where, season / "site" / "a.wav", "--detector", f"{url}/tone.detector", "--out", "found.csv"
    )
    files = {row["file"] for row in rows((tmp_path / "found.csv").read_text())}
    assert files == {f"{where}/{name}" for name in SOUNDS} | {str(season / "site" / "a.wav")}, by_url.stderr

    like = run("search", where, "--like", f"{where}/a.wav@3-5", "--model", "MEL", *WINDOWS, "--n", "3").stdout
    best = [(row["file"], float(row["start"])) for row in rows(like) if row["role"] != "unlabelled"]
    assert set(best) == {
        (f"{where}/{name}", float(second)) for name, second in SOUNDS.items() if name != "a.wav"
    }

    told = json.loads(run("labels", where, "--labels", f"{url}/labels.csv", "--json").stdout)
    assert "failures" not in told or not told["failures"]
    assert "tone" in json.dumps(told)
    suggested = run("suggest", where, "--detector", "tone.detector", "--n", "2").stdout
    assert where in suggested
    judged = run(
        "evaluate", where, "--labels", f"{url}/labels.csv", "--model", "MEL", *WINDOWS, "--json"
    ).stdout
    assert "MEL" in judged

    filesystem.pipe(f"{place}/found.csv", (tmp_path / "found.csv").read_bytes())
    run("clips", f"{url}/found.csv", "--out", "clips", "--format", "wav")
    run("clips", "found.csv", "--recordings", where, "--out", "copies", "--copy")
    cut = rows((tmp_path / "clips" / "clips.csv").read_text())
    assert len([row for row in cut if row["label"] == "tone"]) == 5
    assert len(list((tmp_path / "copies").glob("*.wav"))) >= 4
    run("scan", where, "--detector", "tone.detector", "--format", "audacity", "--out", "each")
    assert sorted(path.name for path in (tmp_path / "each").rglob("*.txt")) == [
        "a.txt",
        "b.txt",
        "c.txt",
        "d.txt",
    ]


def test_one_that_is_missing_costs_that_one(run, season, url):
    done = run("embed", f"{url}/site", f"{url}/none.wav", "--model", "MEL", *WINDOWS, expect=1)
    assert f"{url}/none.wav: cannot be read: No such file or directory" in done.stderr
    assert "Traceback" not in done.output


def test_results_are_not_written_behind_a_url(run, season, tmp_path):
    before = sorted(tmp_path.iterdir())
    for option in (("--out", "s3://b/x.csv"), ("--scores", "memory://x.csv")):
        done = run("scan", season / "site", "--detector", "x.detector", *option, expect=2)
        assert "only --format parquet goes to a URL" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_credentials_of_a_url_are_written_nowhere(run, season, tmp_path, monkeypatch):
    """A server of HTTP that reads its files only to who signs, asked for the recording by a signed URL."""
    secret = "5ecr3t5ignature"  # noqa: S105 - of this test
    with server(season, secret) as address:
        signed = f"{address}/site/a.wav?X-Amz-Signature={secret}"
        done = run("embed", signed, "--model", "MEL", *WINDOWS, "--cache-dir", tmp_path / "cache")
        refused = run("embed", f"{address}/site/b.wav?token=wr0ng", "--model", "MEL", *WINDOWS, expect=1)
    assert vectors_in(tmp_path / "cache")
    assert "wr0ng" not in refused.output
    assert f"{address}/site/b.wav: cannot be read: 403, message='Forbidden'" in refused.stderr
    for text in (done.output, *(path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*.npz"))):
        assert secret not in text
