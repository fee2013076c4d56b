"""Decoding without mixing: every channel is what the file has in it, where `decode` has their mean."""

import av
import numpy as np
import pytest
import soundfile as sf

from audioscan_host.audio import decode, decode_channels

RATE = 22_050


def whole(chunks):
    return np.concatenate(list(chunks))


@pytest.fixture
def surround(tmp_path):
    """Three seconds of three channels, unlike each other."""
    signal = np.random.default_rng(3).standard_normal((3 * RATE, 3)) * [0.1, 0.2, 0.05]
    sf.write(tmp_path / "three.wav", signal, RATE, subtype="PCM_24")
    return tmp_path / "three.wav"


def test_the_channels_are_those_of_another_reader(surround):
    expected, _ = sf.read(surround, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(whole(decode_channels(surround, None)), expected)


def test_one_channel_is_a_column(make_wav):
    path = make_wav("mono.wav", seconds=2)
    np.testing.assert_array_equal(whole(decode_channels(path, None))[:, 0], whole(decode(path, None)))


@pytest.mark.parametrize("rate", [None, 16_000])
def test_their_mean_is_what_is_decoded_mixed(surround, rate):
    """At another rate too: resampling is linear, and each channel is resampled alike."""
    channels, mixed = whole(decode_channels(surround, rate)), whole(decode(surround, rate))
    assert channels.shape == (len(mixed), 3)
    np.testing.assert_allclose(channels.mean(axis=1), mixed, atol=2e-7)


def test_eight_bits_are_around_zero(tmp_path):
    sf.write(tmp_path / "old.wav", np.tile([[0.0, 0.5]], (1000, 1)), RATE, subtype="PCM_U8")
    assert np.unique(whole(decode_channels(tmp_path / "old.wav", None)), axis=0).tolist() == [[0.0, 0.5]]


def test_a_track_that_changes_its_channels_keeps_those_it_began_with(tmp_path):
    """As broadcasts do between a film and its advertisements."""
    content = b""
    for channels in (2, 1):
        with av.open(str(tmp_path / "part.aac"), "w", format="adts") as file:
            track = file.add_stream("aac", rate=48_000, layout="stereo" if channels == 2 else "mono")
            tone = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000).astype(np.float32)
            silent_right = np.stack([tone, 0 * tone])[:channels]
            frame = av.AudioFrame.from_ndarray(silent_right, "fltp", "stereo" if channels == 2 else "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            for each in (frame, None):
                file.mux(track.encode(each))
        content += (tmp_path / "part.aac").read_bytes()
    (tmp_path / "both.aac").write_bytes(content)
    found = whole(decode_channels(tmp_path / "both.aac", None))
    assert found.shape[1] == 2
    loud = np.sqrt(np.mean(found.reshape(-1, 2)[:40_000] ** 2, axis=0))
    assert loud[0] > 0.5
    assert loud[1] < 0.1
    after = found[-40_000:-4_000]
    np.testing.assert_array_equal(after[:, 0], after[:, 1])
    assert np.sqrt(np.mean(after**2)) > 0.5
