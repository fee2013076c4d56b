"""A WAV is read in packets of a second: what is decoded is what FFmpeg's own packets give, to the bit."""

import numpy as np
import pytest
import soundfile as sf

from audioscan_host.audio import decode, opening
from audioscan_host.silence import SilenceMeter

SUBTYPES = [
    "PCM_U8",
    "PCM_16",
    "PCM_24",
    "PCM_32",
    "FLOAT",
    "DOUBLE",
    "ALAW",
    "ULAW",
    "IMA_ADPCM",
    "MS_ADPCM",
]


def written(path, subtype, channels, rate, seconds=7.3, form="WAV"):
    rng = np.random.default_rng(0)
    samples = 0.2 * rng.standard_normal((round(seconds * rate), channels))
    samples[rate : 2 * rate] = 0
    sf.write(path, samples.clip(-1, 1), rate, subtype=subtype, format=form)
    return path


def read(path, channel, rate=None):
    meter, notes = SilenceMeter(), []
    chunks = list(decode(path, rate, channel=channel, meter=meter, tell=notes.append))
    return np.concatenate(chunks), meter.spans(), notes


@pytest.mark.parametrize("channel", ["mix", "2"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_the_same_bits_in_large_packets_and_in_small_ones(tmp_path, monkeypatch, subtype, channel):
    path = written(tmp_path / "a.wav", subtype, 2, 22_050)
    large = read(path, channel)
    monkeypatch.setattr(opening, "_packets_of", lambda _samples: {})
    small = read(path, channel)
    np.testing.assert_array_equal(large[0].view(np.int32), small[0].view(np.int32))
    np.testing.assert_array_equal(large[1], small[1])
    assert large[2] == small[2] == []


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 40_001])
def test_of_a_file_that_was_cut_short_too(tmp_path, monkeypatch, cut):
    path = written(tmp_path / "a.wav", "PCM_24", 2, 16_000)
    path.write_bytes(path.read_bytes()[:-cut])
    large = read(path, "mix", 8_000)
    monkeypatch.setattr(opening, "_packets_of", lambda _samples: {})
    small = read(path, "mix", 8_000)
    np.testing.assert_array_equal(large[0], small[0])
    assert large[2] == small[2]


@pytest.mark.parametrize(("subtype", "channels", "form", "most"), [
    ("PCM_16", 1, "WAV", 7), ("FLOAT", 2, "WAV", 7), ("PCM_16", 2, "RF64", 7), ("PCM_24", 2, "WAVEX", 7),
])  # fmt: skip
def test_a_packet_is_a_second(tmp_path, subtype, channels, form, most):
    path = written(tmp_path / "a.wav", subtype, channels, 32_000, seconds=most, form=form)
    with opening.opened(path) as recording:
        sizes = [packet.size for packet in recording.container.demux(recording.track) if packet.size]
    assert len(sizes) == most


def test_a_packet_is_never_large_however_many_channels_there_are(tmp_path):
    path = written(tmp_path / "a.wav", "DOUBLE", 16, 48_000, seconds=1)
    with opening.opened(path) as recording:
        sizes = [packet.size for packet in recording.container.demux(recording.track)]
    assert max(sizes) <= opening.LARGEST_PACKET
