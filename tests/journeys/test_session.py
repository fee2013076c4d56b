"""What a run has, and what its results say of it."""

import json
import logging
from contextlib import contextmanager

import pytest

from audioscan_host import Windowing, embed, evaluate, scan, search, suggest, train
from audioscan_host.journeys.session import Session
from audioscan_host.notes import About, Note, Notes, log


@pytest.fixture
def labelled(make_wav, tmp_path):
    """Three recordings of a minute with spans of hiss, and one without any label."""
    rows = []
    for i in range(3):
        make_wav(f"{i}.wav", seconds=60, seed=i)
        rows += [f"{i}.wav,{at},{at + 4},hiss" for at in range(5, 55, 10)]
    make_wav("without.wav", seconds=20, seed=9)
    (tmp_path / "labels.csv").write_text("file,start,end,label\n" + "\n".join(rows) + "\n2.wav,99,100,hiss\n")
    return [*(tmp_path / f"{i}.wav" for i in range(3)), tmp_path / "without.wav"], tmp_path / "labels.csv"


@pytest.fixture
def options(tiny_registry, tmp_path):
    return {"registry": tiny_registry, "cache_dir": str(tmp_path / "c")}


def test_every_journey_takes_a_cache_folder_as_text_or_path(labelled, options, tmp_path):
    recordings, labels = labelled
    windowing = Windowing(2.0, 1.0)
    texts = [str(path) for path in recordings]
    for cache_dir in (tmp_path / "c", str(tmp_path / "c")):
        options["cache_dir"] = cache_dir
        detector = train(texts, [str(labels)], "TINY", windowing=windowing, **options).detector
        assert len(embed(texts, ["TINY"], windowing=windowing, **options).stored) == 4
        assert len(scan(texts, detector, **options).recordings) == 4
        assert suggest(texts, detector, n=2, **options).suggestions
        assert search(texts, [f"{texts[0]}@5-9"], "TINY", windowing=windowing, **options).matches
        assert evaluate(texts, [str(labels)], ["TINY"], windowing=windowing, resamples=5, **options).labels
    assert (tmp_path / "c" / "w2v").is_dir()


def test_a_keyword_that_no_journey_knows_is_refused(labelled, options):
    with pytest.raises(TypeError, match="cache"):
        embed(labelled[0], ["TINY"], cache="somewhere", **options)


def test_what_is_not_given_is_what_is_installed_and_usual(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "mel")
    session = Session.of()
    assert "MEL" in session.registry.models
    assert session.runtime.device == "auto"
    assert session.notes.told() == ()


def test_results_of_training_and_evaluating_carry_what_was_told(labelled, options, caplog):
    recordings, labels = labelled
    for result in (
        train(recordings, [labels], "TINY", windowing=Windowing(2.0, 1.0), **options),
        evaluate(recordings, [labels], ["TINY"], windowing=Windowing(2.0, 1.0), resamples=5, **options),
    ):
        about = {note.about: note for note in result.notes}
        assert "without.wav" in about[About.LEFT_OUT].message
        late = about[About.LABELS]
        assert late.recording == recordings[2]
        assert "1 of its annotations begins later, the first at 99 s" in late.message
        assert [note.message for note in result.notes if note.message not in caplog.text] == []


def test_what_training_says_of_a_label_is_a_note_of_that_label(labelled, options):
    recordings, labels = labelled
    result = train(recordings[:1], [labels], "TINY", windowing=Windowing(2.0, 1.0), **options)
    fit = [note for note in result.notes if note.about is About.FIT]
    assert [note.message for note in fit] == [f"hiss: {text}" for text in result.reports[0].notes] != []
    assert {note.label for note in fit} == {"hiss"}


def test_a_scan_carries_what_was_told_of_its_recordings(labelled, options, make_wav, tmp_path):
    recordings, labels = labelled
    detector = train(recordings, [labels], "TINY", windowing=Windowing(2.0, 1.0), **options).detector
    quiet = make_wav("quiet.wav", seconds=20)
    content = bytearray(quiet.read_bytes())
    content[44 + 32_000 * 5 : 44 + 32_000 * 15] = bytes(32_000 * 10)
    quiet.write_bytes(content)
    (tmp_path / "empty").mkdir()
    result = scan([quiet, tmp_path / "empty"], detector, **options)
    assert [(note.about, note.recording) for note in result.notes if note.about is not About.RATE] == [
        (About.EMPTY_FOLDER, None),
        (About.SILENCE, quiet),
    ]


@pytest.mark.usefixtures("labelled")
def test_the_json_of_training_has_its_notes(run):
    options = [
        "--labels",
        "labels.csv",
        "--model",
        "MEL",
        "--window",
        "2",
        "--out",
        "hiss.detector",
        "--json",
    ]
    notes = json.loads(run("train", "0.wav", "without.wav", *options).stdout)["notes"]
    (left_out,) = [note for note in notes if note["about"] == "left out"]
    assert left_out["message"].startswith(
        "recordings without an annotation are left out: 1, such as without.wav"
    )


def test_a_note_is_plain_values_for_programs(tmp_path):
    note = Note(About.RATE, "more than any", tmp_path / "a.wav", "hiss")
    assert note.to_json() == {
        "about": "rate",
        "message": "more than any",
        "recording": str(tmp_path / "a.wav"),
        "label": "hiss",
    }


def test_notes_are_logged_when_they_are_told_whether_somebody_keeps_them_or_not(caplog):
    notes = Notes()
    with caplog.at_level(logging.WARNING):
        notes(Note(About.CACHE, "100 % of it"))
        log(Note(About.CACHE, "alone"))
    assert caplog.messages == ["100 % of it", "alone"]
    assert [note.message for note in notes.told()] == ["100 % of it"]


class CancelledError(Exception):
    """What the caller raises to end the work."""


class CancelFitting:
    """Progress that raises after the first fit."""

    @contextmanager
    def track(self, what, total, unit):
        def advance(_amount):
            if what == "fitting":
                raise CancelledError

        yield advance


@pytest.mark.parametrize("journey", ["train", "evaluate"])
def test_raising_from_advance_cancels_fitting_and_the_embeddings_are_kept(
    labelled, options, tiny_plugin, tmp_path, journey
):
    recordings, labels = labelled
    windowing = Windowing(2.0, 1.0)
    out = tmp_path / "hiss.detector"
    options["progress"] = CancelFitting()
    cancelled = {
        "train": lambda: train(recordings, [labels], "TINY", windowing=windowing, out=out, **options),
        "evaluate": lambda: evaluate(recordings, [labels], ["TINY"], windowing=windowing, **options),
    }
    with pytest.raises(CancelledError):
        cancelled[journey]()
    del options["progress"]
    assert not out.exists()
    calls = tiny_plugin.calls.count("embed")
    assert calls > 0
    train(recordings, [labels], "TINY", windowing=windowing, **options)
    assert tiny_plugin.calls.count("embed") == calls
