"""`clips`: what was found becomes files that hold exactly it, once, and that `train` can learn from."""

import os
import time

import numpy as np
import pytest
import soundfile as sf

from audioscan_host import ClipSettings, Windowing, clips, train
from audioscan_host.annotations import Role, read_annotations
from audioscan_host.audio import decode
from audioscan_host.cutting import cutting
from audioscan_host.errors import AnnotationError, SettingError
from audioscan_host.notes import About

RATE = 22_050


@pytest.fixture
def folder(tmp_path):
    """Two recordings of half a minute, the first of them with three channels."""
    for number, channels in ((0, 3), (1, 1)):
        noise = 0.1 * np.random.default_rng(number).standard_normal((30 * RATE, channels))
        sf.write(tmp_path / f"{number}.wav", noise, RATE, subtype="PCM_24")
    return tmp_path


@pytest.fixture
def found(folder):
    """What a scan writes."""
    path = folder / "found.csv"
    path.write_text(
        "file,start,end,label,score\n"
        "1.wav,3.000,4.250,cry,0.5\n0.wav,20.1,22,cry,0.9\n0.wav,1.234,2.345,cry,0.75\n0.wav,29,31,dog,0.6\n"
    )
    return path


def samples(path):
    return sf.read(path, dtype="float64", always_2d=True)


def whole(path, rate=None):
    return np.concatenate(list(decode(path, rate)))


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_clip_is_what_is_decoded_there_to_16_bits(found, folder, form):
    """Every channel, against another reader; their mean, against what models are given."""
    result = clips([found], folder / "out", settings=ClipSettings(form))
    assert [clip.file.name for clip in result.clips] == [
        f"1_0003.000-0004.250_cry_0.50.{form}",
        f"0_0001.234-0002.345_cry_0.75.{form}",
        f"0_0020.100-0022.000_cry_0.90.{form}",
        f"0_0029.000-0031.000_dog_0.60.{form}",
    ]
    for clip in result.clips:
        cut, rate = samples(clip.file)
        first, last = round(clip.place.start * RATE), min(round(clip.place.end * RATE), 30 * RATE)
        assert rate == RATE
        expected, _ = samples(clip.recording)
        assert len(cut) == last - first
        np.testing.assert_allclose(cut, expected[first:last], atol=0.5 / 2**15 + 1e-9)
        np.testing.assert_allclose(
            cut.mean(axis=1), whole(clip.recording)[first:last], atol=0.5 / 2**15 + 1e-7
        )
        assert (clip.start, clip.end) == (first / RATE, last / RATE)


def test_another_rate_and_one_channel_are_what_models_are_given(found, folder):
    result = clips([found], folder / "out", settings=ClipSettings(rate=16_000, mono=True))
    for clip in result.clips:
        cut, rate = samples(clip.file)
        assert (rate, cut.shape[1]) == (16_000, 1)
        expected = whole(clip.recording, 16_000)[round(clip.place.start * 16_000) :][: len(cut)]
        np.testing.assert_allclose(cut[:, 0], expected, atol=0.5 / 2**15 + 1e-7)


def test_a_fixed_length_is_that_of_every_clip(found, folder):
    result = clips([found], folder / "out", settings=ClipSettings(length=3.0))
    assert {len(samples(clip.file)[0]) for clip in result.clips} == {3 * RATE}
    starts = [2.125, 0.2895, 19.55, 27]
    np.testing.assert_allclose([clip.start for clip in result.clips], starts, atol=0.5 / RATE)
    np.testing.assert_allclose([clip.end for clip in result.clips], np.add(starts, 3), atol=0.5 / RATE)
    short = clips([found], folder / "short", settings=ClipSettings(length=60.0))
    assert {note.about for note in short.notes} == {About.LEFT_OUT}
    assert "is shorter than 60 s, and so are its 3 clips" in short.notes[1].message


def test_a_recording_is_decoded_once_and_no_further_than_needed(found, folder, monkeypatch):
    opened, seconds = [], []
    decode_channels = cutting.decode_channels

    def counted(path, *arguments, **settings):
        opened.append(path.name)
        for chunk in decode_channels(path, *arguments, **settings):
            seconds.append(len(chunk) / RATE)
            yield chunk

    monkeypatch.setattr(cutting, "decode_channels", counted)
    clips([found], folder / "out")
    assert opened == ["1.wav", "0.wav"]
    assert sum(seconds) < 30 + 6  # of 1.wav four seconds are needed


def test_the_table_is_a_label_file_of_the_clips(found, folder):
    result = clips([found], folder / "out", settings=ClipSettings(pad=0.5))
    assert result.table == folder / "out" / "clips.csv"
    rows = read_annotations(result.table)
    assert [row.file for row in rows[:4]] == [clip.file.name for clip in result.clips]
    assert [(row.start, row.end, row.score) for row in rows[:2]] == [(0.5, 1.75, 0.5), (0.5, 1.611, 0.75)]
    # A scan says nothing of what lies around its regions.
    assert [row.role for row in rows] == [Role.POSITIVE] * 4 + [Role.UNLABELLED] * 4


@pytest.mark.slow
def test_training_on_clips_learns_from_the_same_windows(make_wav, tmp_path):
    """Of labels that say all there is in a recording, clips around them say all there is in a clip."""
    make_wav("long.wav", seconds=120, seed=1)
    make_wav("other.wav", seconds=120, seed=2)
    rows = [f"{file}.wav,{start},{start + 8},hiss" for file in ("long", "other") for start in (20, 60, 90)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows, ""]))
    result = clips([tmp_path / "labels.csv"], tmp_path / "out", settings=ClipSettings(pad=12))
    assert not result.notes
    learned = train(
        [tmp_path / "out"],
        [result.table],
        "MEL",
        out=tmp_path / "hiss.detector",
        windowing=Windowing(8.0, 4.0),
    )
    assert not [note for note in learned.notes if note.about is About.LABELS]
    counts = learned.detector.training["labels"]["hiss"]
    # A clip is 32 s: of its windows from 0 to 24 s those at 8, 12 and 16 s hold half of the sound or all, those at 0, 4, 20 and 24 s nothing.
    assert (counts["positive"], counts["negative"]) == (6 * 3, 6 * 4)


def test_roles_are_kept_and_named(folder):
    (folder / "labels.csv").write_text(
        "file,start,end,label,role\n1.wav,1,2,cry,absent\n1.wav,3,4,cry,soft\n1.wav,0,30,,unlabelled\n"
    )
    result = clips([folder / "labels.csv"], folder / "out")
    assert [clip.file.name for clip in result.clips] == [
        "1_0001.000-0002.000_cry_absent.wav",
        "1_0003.000-0004.000_cry_soft.wav",
    ]
    assert [row.role for row in read_annotations(result.table)][:2] == [Role.ABSENT, Role.SOFT]


def test_recordings_that_lie_elsewhere_are_named(found, folder, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("0.wav", "1.wav"):
        (folder / name).rename(moved / name)
    lacking = clips([found], folder / "nothing")
    assert [failure.path.name for failure in lacking.failures] == ["1.wav", "0.wav"]
    assert not lacking.clips
    assert len(clips([found], folder / "out", recordings=[moved]).clips) == 4


def test_a_place_behind_the_end_is_told_and_the_others_are_cut(folder):
    for settings in (ClipSettings(), ClipSettings("copy"), ClipSettings(pad=5)):
        (folder / "labels.csv").write_text("file,start,end,label\n1.wav,1,2,cry\n1.wav,31,32,cry\n")
        result = clips(
            [folder / "labels.csv"], folder / f"out_{settings.format}_{settings.pad}", settings=settings
        )
        assert len(result.clips) == 1
        assert not result.failures
        (note,) = result.notes
        assert note.about is About.LABELS
        assert "is over before 1 of its places begin, the first at 31 s" in note.message


class TestGoingOn:
    def test_a_clip_that_is_there_whole_is_not_cut_again(self, found, folder):
        first = clips([found], folder / "out", settings=ClipSettings(length=3.0))
        before = {clip.file: clip.file.stat().st_mtime_ns for clip in first.clips}
        (folder / "out" / "0_0029.000-0031.000_dog_0.60.wav").unlink()
        again = clips([found], folder / "out", settings=ClipSettings(length=3.0))
        assert again.clips == first.clips
        changed = [
            clip.file.name for clip in again.clips if clip.file.stat().st_mtime_ns != before[clip.file]
        ]
        assert changed == ["0_0029.000-0031.000_dog_0.60.wav"]

    def test_another_cut_or_another_recording_is(self, found, folder):
        settings = ClipSettings(pad=0.5), ClipSettings(pad=0.6), ClipSettings(pad=0.6, mono=True)
        times = []
        for each in settings:
            result = clips([found], folder / "out", settings=each)
            times.append([clip.file.stat().st_mtime_ns for clip in result.clips])
        os.utime(folder / "1.wav", (1, 1))
        result = clips([found], folder / "out", settings=settings[-1])
        times.append([clip.file.stat().st_mtime_ns for clip in result.clips])
        assert all(one != other for one, other in zip(times[0] + times[1], times[1] + times[2], strict=True))
        assert [one != other for one, other in zip(times[2], times[3], strict=True)] == [
            True,
            False,
            False,
            False,
        ]

    def test_cancelling_keeps_what_is_finished_and_the_same_call_goes_on(self, found, folder):
        class Cancels:
            """Progress that has had enough after two clips."""

            def track(self, what, total, unit):
                assert (what, total, unit) == ("clips", 4, "clips")
                return self

            def __enter__(self):
                self.done = 0
                return self.advance

            def __exit__(self, *error):
                return None

            def advance(self, amount):
                self.done += amount
                if self.done == 2:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            clips([found], folder / "out", progress=Cancels())
        files = sorted(path.name for path in (folder / "out").glob("*.*") if not path.name.startswith("."))
        assert files == ["0_0001.234-0002.345_cry_0.75.wav", "1_0003.000-0004.250_cry_0.50.wav"]
        assert not list((folder / "out").glob(".*.tmp"))
        kept = (folder / "out" / files[0]).stat().st_mtime_ns
        time.sleep(0.01)
        assert len(clips([found], folder / "out").clips) == 4
        assert (folder / "out" / files[0]).stat().st_mtime_ns == kept


class TestDamage:
    def test_a_damaged_recording_costs_its_own_clips(self, found, folder):
        (folder / "0.wav").write_bytes(b"not audio")
        result = clips([found], folder / "out")
        assert [clip.recording.name for clip in result.clips] == ["1.wav"]
        assert [failure.path.name for failure in result.failures] == ["0.wav"]
        assert len(read_annotations(result.table)) == 2  # its row, and what is unlabelled in it

    def test_what_was_cut_before_the_damage_is_kept(self, folder):
        broken = np.zeros(30 * RATE, np.float32)
        broken[20 * RATE] = np.nan
        sf.write(folder / "2.wav", broken, RATE, subtype="FLOAT")
        (folder / "labels.csv").write_text("file,start,end,label\n2.wav,1,2,a\n2.wav,25,26,a\n1.wav,1,2,a\n")
        result = clips([folder / "labels.csv"], folder / "out")
        assert [clip.place.start for clip in result.clips] == [1, 1]
        (failure,) = result.failures
        assert "NaN or infinite samples, the first at 20.0 s" in failure.reason

    def test_a_format_that_cannot_hold_a_recording_does_not_end_the_batch(self, folder):
        sf.write(folder / "many.wav", np.zeros((RATE, 12)), RATE)
        (folder / "labels.csv").write_text("file,start,end,label\nmany.wav,0,1,a\n1.wav,1,2,a\n")
        result = clips([folder / "labels.csv"], folder / "out", settings=ClipSettings("flac"))
        assert len(result.clips) == 1
        assert "FLAC holds 8 channels" in result.failures[0].reason


def test_no_clip_is_written_over_a_recording(folder):
    name = "1_0001.000-0002.000_cry.wav"
    (folder / "1.wav").rename(folder / name)
    (folder / "labels.csv").write_text(f"file,start,end,label\n{name},1,2,cry\n")
    first = clips([folder / "labels.csv"], folder)
    assert first.clips[0].file.name == "1_0001_000-0002_000_cry_0001.000-0002.000_cry.wav"
    sf.write(folder / "x.wav", np.zeros(3 * RATE), RATE)
    (folder / "labels.csv").write_text(
        f"file,start,end,label\nx.wav,1,2,cry\n{'x_0001.000-0002.000_cry.wav'},1,2,cry\n"
    )
    sf.write(folder / "x_0001.000-0002.000_cry.wav", np.zeros(3 * RATE), RATE)
    with pytest.raises(SettingError, match="is one of the recordings"):
        clips([folder / "labels.csv"], folder)


def test_recordings_of_one_name_do_not_share_a_clip(folder, make_wav):
    for place in ("a", "b"):
        make_wav(f"{place}/day.wav", seconds=5)
    (folder / "labels.csv").write_text(
        "file,start,end,label\na/day.wav,1,2,cry\nb/day.wav,1,2,cry\nb/day.wav,1,2,Cry\n"
    )
    result = clips([folder / "labels.csv"], folder / "out")
    assert [clip.file.name for clip in result.clips] == [
        "day_0001.000-0002.000_cry.wav", "day_0001.000-0002.000_cry_2.wav", "day_0001.000-0002.000_Cry_3.wav",
    ]  # fmt: skip


def test_nothing_found_is_an_empty_table_and_no_error(folder):
    (folder / "labels.csv").write_text("file,start,end,label,role\n1.wav,0,30,,unlabelled\n")
    result = clips([folder / "labels.csv"], folder / "out", sheet=True)
    assert not result.clips
    assert result.table.read_text().count("\n") == 1
    assert "0 clips" in result.sheet.read_text()


def test_a_label_file_that_cannot_be_read_is_refused(folder):
    (folder / "labels.csv").write_text("what is this\n")
    with pytest.raises(AnnotationError):
        clips([folder / "labels.csv"], folder / "out")
