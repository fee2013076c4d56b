"""One channel of a recording, or its mix, and what is told where channels cancel each other out."""

import numpy as np
import pytest

from audioscan_host.audio import decode
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.notes import About

RATE = 16_000


def read(path, rate=RATE, **choice):
    """Samples, and what was told."""
    told = []
    return np.concatenate(list(decode(path, rate, tell=told.append, **choice))), told


@pytest.fixture
def channels():
    """(samples, 3): noise, each half as loud as the next, the middle one loudest by its offset alone."""
    noise = 0.05 * np.random.default_rng(0).standard_normal((3 * RATE, 3)) * [1, 2, 4]
    return (noise + np.array([0, 0.5, 0])).clip(-1, 1)


@pytest.mark.parametrize(
    ("subtype", "step"),
    [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-24), ("FLOAT", 2**-24)],
)
def test_a_channel_is_what_was_recorded_on_it(write, channels, subtype, step):
    path = write(channels, RATE, subtype)
    for number in (1, 2, 3):
        heard, told = read(path, channel=str(number))
        assert np.max(np.abs(heard - channels[:, number - 1])) <= step
        assert told == []


@pytest.mark.parametrize(
    ("name", "encoder", "sample_format"), [("a.flac", "flac", "s16"), ("a.wv", "wavpack", "s16p")]
)
def test_a_channel_of_packed_and_of_planar_frames(encode, channels, name, encoder, sample_format):
    path = encode(name, encoder, channels[:, :2], RATE, sample_format=sample_format)
    assert np.max(np.abs(read(path, channel="2")[0] - channels[:, 1])) < 2**-14


def test_the_mix_is_what_it_is_without_a_choice(write, channels):
    path = write(channels, RATE, "FLOAT")
    assert np.array_equal(read(path)[0], read(path, channel="mix")[0])


def test_the_loudest_channel_has_most_energy_and_an_offset_is_none(write, channels):
    path = write(channels, RATE, "FLOAT")
    assert np.array_equal(read(path, channel="loudest")[0], read(path, channel="3")[0])


def test_the_loudest_channel_is_that_of_the_whole_recording(write):
    signal = 0.1 * np.random.default_rng(0).standard_normal((10 * RATE, 2))
    signal[: 2 * RATE, 0] *= 5
    signal[2 * RATE :, 0] = 0
    path = write(signal.clip(-1, 1), RATE, "FLOAT")
    first = read(path, channel="1")[0]
    assert np.array_equal(read(path, channel="loudest")[0], first)
    part = read(path, channel="loudest", start=3, end=4)[0]
    assert np.array_equal(part, first[3 * RATE : 4 * RATE])


def test_the_loudest_of_one_channel_is_it(write, channels):
    path = write(channels[:, :1], RATE, "FLOAT")
    assert np.array_equal(read(path, channel="loudest")[0], read(path)[0])


def test_a_channel_that_is_not_there_is_refused_in_one_line(write, channels):
    path = write(channels[:, :1], RATE)
    with pytest.raises(
        RecordingError, match="has 1 channel, and channel 2 was asked for: choose another channel, or mix"
    ):
        read(path, channel="2")
    with pytest.raises(RecordingError, match="has 2 channels, and channel 3"):
        read(write(channels[:, :2], RATE), channel="3")
    with pytest.raises(SettingError, match="channel must be"):
        read(path, channel="left")


def test_a_recording_that_goes_on_with_fewer_channels_goes_on(encode):
    data = b"".join(
        encode(
            "part.mp3",
            "libmp3lame",
            0.1 * np.random.default_rng(0).standard_normal((2 * 44_100, number)),
            44_100,
        ).read_bytes()
        for number in (2, 1)
    )
    path = encode("part.mp3", "libmp3lame", np.zeros((100, 1)), 44_100)
    path.write_bytes(data)
    heard, _ = read(path, channel="2")
    assert len(heard) / RATE == pytest.approx(4, abs=0.2)
    assert np.std(heard[3 * RATE : 7 * RATE // 2]) > 0.03


def test_channels_that_cancel_each_other_out_are_told(write):
    """M3: stereo with R = -L."""
    left = 0.1 * np.random.default_rng(0).standard_normal(3 * RATE)
    path = write(
        np.stack([left, -left + 0.004 * np.random.default_rng(1).standard_normal(3 * RATE)], axis=1), RATE
    )
    (note,) = read(path)[1]
    assert note.about == About.CHANNELS
    assert note.recording == path
    # The mix is 0.002 against 0.1 in each channel: 20 log10(0.1 / 0.002) = 34.0 dB.
    assert note.message == (
        f"{path}: its channels cancel each other out, 34 dB are lost in their mix: read one of them, as with --channel 1"
    )
    assert read(path, channel="1")[1] == []


@pytest.mark.parametrize("count", [1, 2, 8, 32])
def test_noise_that_has_nothing_in_common_does_not_cancel_out(write, count):
    signal = 0.1 * np.random.default_rng(0).standard_normal((RATE, count))
    assert read(write(signal, RATE))[1] == []


def test_one_sound_in_one_channel_of_many_does_not_cancel_out_nor_does_silence(write):
    signal = np.zeros((RATE, 8))
    assert read(write(signal, RATE))[1] == []
    signal[:, 3] = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    assert read(write(signal, RATE))[1] == []
