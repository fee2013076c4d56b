"""A plan says what a run would take, and leaves the cache as it is."""

import wave
from dataclasses import replace

import fsspec
import numpy as np
import pytest

from audioscan_host import SettingError, UnknownModelError, embed, plan
from audioscan_host.ahead import AT_ONCE
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.cli import plan_tables
from audioscan_host.embedding.executor import Capacity, LocalExecutor
from audioscan_host.notes import About, Note, Notes
from audioscan_host.progress import Silent
from audioscan_host.sizing import survey
from audioscan_host.sizing import trial as trial_of
from audioscan_host.sizing.total import Total


@pytest.fixture
def options(tiny_registry, tmp_path):
    return {"registry": tiny_registry, "cache_dir": tmp_path / "c"}


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds, i) for i, seconds in enumerate((20, 40, 60))]


def bytes_of(folder):
    return sum(file.stat().st_size for file in folder.rglob("w2v/*.npz"))


def test_what_is_planned_is_what_is_embedded_then(recordings, options, tmp_path):
    planned = plan(recordings, ["TINY", "TINY_ML"], seconds=0.1, **options)
    assert not any(path.is_file() for path in (tmp_path / "c").rglob("*"))
    assert planned.audio.value == pytest.approx(120)
    assert planned.size == sum(path.stat().st_size for path in recordings)
    (of_both,) = planned.checkpoints
    assert of_both.models == ("TINY", "TINY_ML")
    assert of_both.bytes_to_read.value == planned.size
    assert of_both.cost.pieces >= 1
    assert planned.seconds.value >= of_both.forecast.seconds.value > 0
    embed(recordings, ["TINY", "TINY_ML"], **options)
    assert bytes_of(tmp_path / "c") == of_both.bytes_to_keep.value


def test_what_the_cache_has_is_not_planned_again(recordings, options, tmp_path):
    embed(recordings[:1], ["TINY"], **options)
    before = bytes_of(tmp_path / "c")
    (planned,) = plan(recordings, ["TINY"], seconds=0.1, **options).checkpoints
    assert planned.in_cache.value == pytest.approx(20)
    assert planned.work.seconds.value == pytest.approx(100)
    assert planned.bytes_to_read.value == sum(path.stat().st_size for path in recordings[1:])
    embed(recordings, ["TINY"], **options)
    assert bytes_of(tmp_path / "c") - before == planned.bytes_to_keep.value


def test_where_the_cache_has_all_no_encoder_is_loaded(recordings, options, tiny_plugin):
    embed(recordings, ["TINY"], **options)
    tiny_plugin.calls.clear()
    done = plan(recordings, ["TINY"], **options)
    assert "load" not in tiny_plugin.calls
    (planned,) = done.checkpoints
    assert (planned.work.seconds.value, planned.cost, planned.forecast) == (0, None, None)
    assert done.seconds.value == done.looking


def test_a_large_set_is_planned_by_a_sample_and_its_spread(make_wav, options):
    paths = [make_wav(f"many/{i}.wav", 10 + 5 * (i % 3), i) for i in range(24)]
    done = plan([paths[0].parent], ["TINY"], seconds=0.05, sample=8, **options)
    assert (done.recordings, done.looked_at) == (24, 8)
    assert done.audio.value == pytest.approx(360, rel=1e-3)
    (planned,) = done.checkpoints
    assert planned.work.inputs.spread > 0
    assert planned.bytes_to_keep.spread > 0


def test_recordings_that_cannot_be_read_are_named_and_the_others_are_planned(recordings, options, tmp_path):
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"no sound at all")
    gone = tmp_path / "gone.wav"
    done = plan([*recordings, damaged, gone], ["TINY"], seconds=0.1, **options)
    assert {failure.path for failure in done.failures} == {damaged, gone}
    assert done.audio.value == pytest.approx(120)
    nothing = plan([damaged], ["TINY"], **options)
    assert nothing.checkpoints == ()


def test_each_channel_is_work_of_its_own(tmp_path, options):
    path = tmp_path / "stereo.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(0).integers(-999, 999, 16_000 * 60).astype("<i2").tobytes())
    once, each = (plan([path], ["TINY"], seconds=0.1, channel=word, **options) for word in ("mix", "each"))
    assert once.audio == each.audio == Total(30)
    assert once.checkpoints[0].work.seconds.value == 30
    assert each.checkpoints[0].work.seconds.value == 60
    assert each.checkpoints[0].bytes_to_read.value == 2 * path.stat().st_size  # it is decoded once for each


def test_workers_of_elsewhere_divide_the_time(recordings, options, monkeypatch):
    monkeypatch.setattr(LocalExecutor, "capacity", lambda _self, _runtime: Capacity(4, 3, 8, 0.5))
    done = plan(recordings, ["TINY"], seconds=0.1, **options)
    (planned,) = done.checkpoints
    assert planned.cost.processors <= 8  # what others leave of this machine's
    together = max(
        planned.forecast.encoding,
        planned.forecast.decoding / 3,
        planned.forecast.processor / planned.cost.processors,
    )
    assert planned.forecast.seconds.value == pytest.approx(together / 4)
    assert done.core_hours == pytest.approx(done.seconds.value / 3600 * 32)
    assert done.gpu_hours is None  # it ran on the CPU here


class Elsewhere:
    """An executor on other machines, which cannot measure."""

    def __init__(self):
        self.done = []

    def capacity(self, _runtime):
        return Capacity(4, 3, 8, 0.0)

    def close(self):
        self.done.append("closed")


class Measuring(Elsewhere):
    """One whose workers can."""

    def measured(self, trial, worker):
        assert worker.cache.store.root.parent.name == "unfinished"
        self.done.append([task.recording.path.name for task in trial.tasks])
        notes = (Note(About.DAMAGE, "there"),)
        found = trial_of.measured(trial, worker, Silent(), notes_of := Notes())
        assert notes_of.told() == ()
        return replace(found, notes=notes, where="n7")


@pytest.mark.parametrize("kind", [Elsewhere, Measuring])
def test_workers_of_elsewhere_measure_where_they_can_and_else_the_plan_says_that_they_did_not(
    kind, recordings, options, monkeypatch
):
    executor = kind()
    monkeypatch.setattr("audioscan_host.journeys.session._executor", lambda *_: executor)
    done = plan(recordings, ["TINY"], seconds=0.1, **options)
    (planned,) = done.checkpoints
    assert done.place.workers == 4
    assert not planned.is_here
    assert not list((options["cache_dir"] / "unfinished").glob("plan-*"))
    (document,) = plan_tables.document(done)["checkpoints"]
    (table,) = [row for row in plan_tables.rows(done) if row[1] == "measured by"]
    said = plan_tables.sentence(done)
    if kind is Measuring:
        assert sorted(executor.done[0]) == ["0.wav", "1.wav", "2.wav"]
        assert executor.done[-1] == "closed"
        assert [note.message for note in done.notes] == ["there"]
        assert (document["measured_on"], document["measured_where_it_would_run"]) == ("n7", True)
        assert table[2:] == ["a worker", "on n7"]
        assert " by 4 workers like the one on n7 " in said
        assert "ssh" not in said
    else:
        assert executor.done == ["closed"] * len(executor.done) != []
        assert (document["measured_on"], document["measured_where_it_would_run"]) == ("this machine", False)
        assert table[2:] == ["this machine", "which would not compute"]
        assert "These rates are of this machine, and not of those that would compute" in said
        assert "ssh NODE audioscan-host plan" in said


def test_recordings_and_cache_behind_urls_are_planned_and_nothing_stays_there(options, make_wav, monkeypatch):
    at_once = set()
    genuine = survey._each

    def noted(question, paths, count):
        at_once.add(count)
        return genuine(question, paths, count)

    monkeypatch.setattr(survey, "_each", noted)
    memory = fsspec.filesystem("memory")
    memory.pipe("/plan/season/a.wav", make_wav("a.wav", 40).read_bytes())
    memory.pipe("/plan/season/b.wav", make_wav("b.wav", 20, 1).read_bytes())
    try:
        urls = {**options, "cache_dir": "memory://plan/cache"}
        done = plan(["memory://plan/season"], ["TINY"], seconds=0.1, **urls)
        assert (done.failures, done.recordings, done.audio.value) == ((), 2, pytest.approx(60))
        (planned,) = done.checkpoints
        assert planned.bytes_to_read.value == done.size == memory.du("/plan/season")
        assert done.seconds.value > 0
        assert at_once == {AT_ONCE}
        assert memory.find("/plan/cache") == []
        embed(["memory://plan/season"], ["TINY"], **urls)
        kept = sum(memory.size(name) for name in memory.find("/plan/cache/w2v"))
        assert kept == planned.bytes_to_keep.value
    finally:
        memory.rm("/plan", recursive=True)


def test_what_is_measured_is_kept_where_the_cache_lies_until_it_is_removed(recordings, options, monkeypatch):
    kept = []
    writing = LocalFolder.writing

    def noted(self, name):
        kept.append((self.root, name))
        return writing(self, name)

    monkeypatch.setattr(LocalFolder, "writing", noted)
    plan(recordings, ["TINY"], seconds=0.1, **options)
    assert {root.parent for root, _ in kept} == {options["cache_dir"] / "unfinished"}
    folders = {name.split("/")[0] for _, name in kept}
    assert (
        {"w2v", "silence"} <= folders <= {"w2v", "silence", "unfinished"}
    )  # blocks, where there was time for several
    assert not any(root.exists() for root, _ in kept)


def test_a_cache_that_cannot_be_written_to_is_told_and_the_plan_is_made(recordings, options):
    options["cache_dir"].mkdir()
    (options["cache_dir"] / "unfinished").write_text("in the way")
    done = plan(recordings, ["TINY"], seconds=0.1, **options)
    assert [note.about for note in done.notes] == ["cache"]
    assert "`embed` would fail" in done.notes[0].message
    assert done.seconds.value > 0


def test_loading_is_part_of_the_time(recordings, options):
    done = plan(recordings, ["TINY"], seconds=0.1, **options)
    (planned,) = done.checkpoints
    expected = done.looking + planned.cost.loading + planned.forecast.seconds.value
    assert done.seconds.value == pytest.approx(expected)


def test_what_cannot_be_planned_is_refused(recordings, options):
    with pytest.raises(SettingError, match="time to measure"):
        plan(recordings, ["TINY"], seconds=0, **options)
    with pytest.raises(SettingError, match="recordings to look at"):
        plan(recordings, ["TINY"], sample=0, **options)
    with pytest.raises(UnknownModelError):
        plan(recordings, ["TINNY"], **options)
