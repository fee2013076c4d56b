"""Recordings that hold the same sound byte for byte are told, unless a source joins them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import Windowing, evaluate, train
from audioscan_host.cache.file import Embeddings
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.journeys.copies import tell_copies

RNG = np.random.default_rng(3)


def embedded(*vectors):
    return [
        EmbeddedRecording(
            Path(f"{number}.wav"),
            float(len(rows)),
            {"MADE": Embeddings(np.arange(float(len(rows))), np.asarray(rows, np.float32))},
            {},
            frozenset(),
        )
        for number, rows in enumerate(vectors)
    ]


def told(recordings, positive, groups, caplog):
    caplog.clear()
    tell_copies(recordings, "MADE", [np.asarray(each, bool) for each in positive], np.array(groups))
    return caplog.messages


def noise(windows=6):
    return RNG.standard_normal((windows, 4)).astype(np.float32)


def test_windows_alike_to_the_last_bit_are_told_where_both_hold_the_sound(caplog):
    one, other, third = noise(), noise(), noise()
    other[2:4] = one[1:3]
    recordings = embedded(one, other, third)
    (line,) = told(recordings, [[0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0], [1] * 6], [0, 1, 2], caplog)
    assert line.startswith("2 of 3 recordings hold the same sound, such as 0.wav and 1.wav (2 windows alike")
    assert "name one `source` for them" in line
    # In one of them it is background.
    assert not told(recordings, [[0, 1, 1, 0, 0, 0], [0] * 6, [1] * 6], [0, 1, 2], caplog)
    # The last bit differs.
    other[2:4] = np.nextafter(other[2:4], np.float32(9))
    assert not told(embedded(one, other), [[1] * 6, [1] * 6], [0, 1], caplog)


def test_of_one_source_nothing_is_told(caplog):
    rows = noise()
    assert told(embedded(rows, rows), [[1] * 6, [1] * 6], [0, 1], caplog)
    assert not told(embedded(rows, rows), [[1] * 6, [1] * 6], [0, 0], caplog)


def test_digital_silence_is_no_copy(caplog):
    one, other = noise(), noise()
    one[:3] = other[2:5] = 0.5
    assert not told(embedded(one, other), [[1] * 6, [1] * 6], [0, 1], caplog)


@pytest.fixture
def scenes(tmp_path, write_wav):
    """Four recordings of a minute of noise; 1.wav and 2.wav hold the same six seconds, and `labels.csv` says where."""
    clip = np.random.default_rng(9).standard_normal(6 * 16_000) * 0.3
    rows = ["file,start,end,label,source"]
    for number in range(4):
        samples = np.random.default_rng(number).standard_normal(60 * 16_000) * 0.05
        at = 10 + 7 * number
        sound = (
            clip if number in {1, 2} else np.random.default_rng(20 + number).standard_normal(len(clip)) * 0.3
        )
        samples[at * 16_000 : (at + 6) * 16_000] = sound
        write_wav(tmp_path / f"{number}.wav", samples)
        rows.append(f"{number}.wav,{at},{at + 6},hiss,")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path


@pytest.mark.parametrize("journey", ["train", "evaluate"])
def test_a_clip_in_two_recordings_and_a_copied_recording_are_told(scenes, tiny_registry, caplog, journey):
    def lines():
        caplog.clear()
        how = {"windowing": Windowing(2.0, 1.0), "registry": tiny_registry}
        if journey == "train":
            train([scenes], [scenes / "labels.csv"], "TINY", **how)
        else:
            evaluate([scenes], [scenes / "labels.csv"], ["TINY"], resamples=20, **how)
        return [message for message in caplog.messages if "hold the same sound" in message]

    (line,) = lines()
    assert line.startswith(
        f"2 of 4 recordings hold the same sound, such as {scenes / '1.wav'} and {scenes / '2.wav'} (5 windows"
    )
    labels = scenes / "labels.csv"
    labels.write_text(
        labels.read_text()
        .replace("1.wav,17,23,hiss,", "1.wav,17,23,hiss,a")
        .replace("2.wav,24,30,hiss,", "2.wav,24,30,hiss,a")
    )
    assert not lines()
    shutil.copyfile(scenes / "3.wav", scenes / "4.wav")
    with labels.open("a") as file:
        file.write("\n4.wav,1,3,other,")
    (line,) = lines()
    assert f"{scenes / '3.wav'} and {scenes / '4.wav'} (the same file)" in line
