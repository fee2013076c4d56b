"""Real cries and speech, laid into recordings: one cry finds the others, before anything is labelled."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MODEL, LABEL = "MEL", "baby_cry"


@pytest.fixture(scope="module")
def cries(scenes):
    """Recording -> the spans of its cries."""
    spans = {path: [] for path in sorted(scenes.glob("*.wav"))}
    with (scenes / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] == LABEL:
                spans[scenes / row["file"]].append((float(row["start"]), float(row["end"])))
    return spans


@pytest.fixture
def search(scenes, tmp_path_factory):
    """Search all scenes, in a process of its own."""
    cache = scenes / "cache"

    def search(*options):
        command = [sys.executable, "-c", "from audioscan_host.cli.main import main; main()", "search", scenes]
        command += ["--model", MODEL, "--cache-dir", cache, "--n", "10", *options]
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=250, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return search


def holds_a_cry(start, end, spans):
    """By the rule of the labels: half of the shorter of the two."""
    return any(min(end, b) - max(start, a) >= 0.5 * min(end - start, b - a) for a, b in spans)


def precision(table, cries):
    rows = [row for row in csv.DictReader(table.splitlines()) if row["role"] == "positive"]
    assert len(rows) == 10
    return np.mean(
        [holds_a_cry(float(row["start"]), float(row["end"]), cries[Path(row["file"])]) for row in rows]
    )


def share(cries):
    """Of all windows of 8 s, those with a cry."""
    windows = [(spans, start) for spans in cries.values() for start in range(240 - 8 + 1)]
    return np.mean([holds_a_cry(start, start + 8, spans) for spans, start in windows])


def test_one_cry_finds_cries_in_all_recordings(search, cries):
    assert share(cries) < 0.4
    found = []
    for path, spans in list(cries.items())[::2]:
        start, end = spans[0]
        table = search("--like", f"{path}@{start}-{end}")
        found.append(precision(table, cries))
        rows = [row for row in csv.DictReader(table.splitlines()) if row["role"] == "positive"]
        assert not any(
            row["file"] == str(path) and float(row["start"]) < end and float(row["end"]) > start
            for row in rows
        )
    assert np.mean(found) >= 0.85


def test_what_recordings_have_in_common_with_themselves_misleads_where_it_is_not_taken_off(search, cries):
    (path, spans), *_ = cries.items()
    examples = [f"{path}@{start}-{end}" for start, end in spans[:4]]
    relative = [precision(search("--like", each), cries) for each in examples]
    plain = [precision(search("--like", each, "--normalisation", "global"), cries) for each in examples]
    assert np.mean(relative) > np.mean(plain)


def test_the_same_search_again_gives_the_same_bytes_without_decoding(search, cries, tmp_path, monkeypatch):
    (path, spans), *_ = cries.items()
    like = f"{path}@{spans[0][0]}-{spans[0][1]}"
    before = search("--like", like)
    (tmp_path / "sitecustomize.py").write_text(
        "import av\ndef gone(*a, **k): raise RuntimeError('decoding')\nav.open = gone\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(AssertionError, match="decoding"):
        search("--like", like, "--hop", "0.5")  # less than the grains that the cache has
    assert search("--like", like) == before
