"""Recordings, labels and detectors behind URLs give what files of this machine give, byte for byte."""

import csv
import hashlib
import io

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
