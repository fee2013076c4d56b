"""The options by which commands take labels and embeddings of 8-cut."""

import json
import sqlite3
from contextlib import closing

import pytest

from audioscan_host.plugins.registry import load_registry


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"videos/{i}.wav", seconds=130, seed=i) for i in range(4)]


@pytest.fixture
def database(recordings, tmp_path):
    """Two profiles; `words` has two folders, and everything the label `voice`."""
    path = tmp_path / "8cut.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE processed (filename, profile, source_path, start_time, output_path, label, scan_export)"
        )
        connection.execute("CREATE TABLE hard_negatives (filename, profile, source_path, start_time)")
        for recording in recordings:
            rows = [("default", "mp4_Cry", 20.0), ("words", "mp4_Speech", 5.0), ("words", "mp4_Song", 60.0)]
            connection.executemany(
                "INSERT INTO processed VALUES (?, ?, '', ?, ?, 'voice', 0)",
                [(recording.name, name, start, f"/o/{f}/v/c.mp4") for name, f, start in rows],
            )
        connection.commit()
    return path


def labels_of(done):
    return set(json.loads(done.stdout)["labels"])


PROFILES = "holds 2 profiles of 8-cut: default, words; say which one is meant: --eight-cut-profile NAME"


@pytest.mark.slow
def test_training_reads_the_profile_the_classes_and_the_negatives_that_are_asked_for(run, database, tmp_path):
    given = ["train", "videos", "--labels", database, "--model", "MEL", "--out", "a.detector", "--json"]
    refused = run(*given, expect=1)
    assert PROFILES in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    words = [*given, "--eight-cut-profile", "words"]
    assert labels_of(run(*words)) == {"mp4_Speech", "mp4_Song"}
    assert labels_of(run(*words, "--eight-cut-classes", "label")) == {"voice"}
    assert labels_of(run(*words, "--eight-cut-negatives", "mp4_Song")) == {"mp4_Speech"}

    # What is labelled in one profile is not suggested again: there nothing is, for the rest is labelled too.
    asked = ["suggest", "videos", "--detector", "a.detector", "--labels", database]
    assert PROFILES in run(*asked, expect=1).stderr
    assert "labelled already" in run(*asked, "--eight-cut-profile", "default", expect=2).stderr


@pytest.mark.slow
def test_evaluation_reads_them_alike(run, database):
    given = ["evaluate", "videos", "--labels", database, "--model", "MEL", "--json"]
    assert PROFILES in run(*given, expect=1).stderr
    asked = run(*given, "--eight-cut-profile", "words", "--eight-cut-classes", "label")
    assert labels_of(asked) == {"voice"}


def test_the_cache_of_eight_cut_is_ignored_where_a_command_says_so(
    run, recordings, make_plugin, no_installed_plugins, monkeypatch
):
    registry = load_registry({"h": make_plugin("HUBERT_LARGE", revision="torchaudio-1")})
    monkeypatch.setattr("audioscan_host.cli.session_options.load_registry", lambda **_: registry)
    given = {}
    monkeypatch.setattr(
        "audioscan_host.cache.cache.eight_cut.is_read", lambda model: given.setdefault(model.name)
    )
    run("embed", "videos", "--model", "HUBERT_LARGE", "--eight-cut-cache", "ignore")
    assert given == {}, "nobody asks whether 8-cut has it"
    run("embed", "videos", "--model", "HUBERT_LARGE")
    assert set(given) == {"HUBERT_LARGE"}
