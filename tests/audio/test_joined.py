"""Recordings that were joined, or begin late: nothing is told of damage where there is none."""

import numpy as np
import pytest

from audioscan_host.audio import decode, probe

RATE = 16_000
TAG = bytes.fromhex("544147") + b"title".ljust(125, b"\0")
APE = b"APETAGEX" + bytes.fromhex("d0070000 40000000 00000000 00000080") + bytes(8)


def read(path):
    """Samples, and what was told."""
    told = []
    return np.concatenate(list(decode(path, RATE, tell=told.append))), told


@pytest.fixture
def bursts():
    """(samples, 1): twelve seconds of near silence, with a burst of noise at every fourth second."""
    random = np.random.default_rng(0)
    signal = 0.001 * random.standard_normal((12 * RATE, 1))
    for second in (0, 4, 8):
        signal[second * RATE : second * RATE + RATE // 10] += 0.2 * random.standard_normal((RATE // 10, 1))
    return signal


def picture():
    """A tag with a cover, whose bytes read as many frames."""
    content = (
        b"\0image/png\0\3\0" + np.random.default_rng(1).integers(0, 256, 40_000, dtype=np.uint8).tobytes()
    )
    frame = b"APIC" + len(content).to_bytes(4, "big") + b"\0\0" + content
    size = bytes((len(frame) >> 7 * place) & 127 for place in (3, 2, 1, 0))
    return b"ID3\3\0\0" + size + frame


@pytest.mark.parametrize(
    ("name", "encoder", "tags"),
    [("a.ogg", "vorbis", (b"", b"")), ("a.opus", "libopus", (b"", b"")), ("a.flac", "flac", (b"", b"")),
     ("a.mp3", "libmp3lame", (b"", b"")), ("a.mp3", "libmp3lame", (b"", TAG)), ("a.mp3", "libmp3lame", (b"", APE)),
     ("a.mp3", "libmp3lame", (picture(), b"")), ("a.aac", "aac", (b"", b""))],
)  # fmt: skip
def test_recordings_written_one_after_the_other_are_no_damage(encode, bursts, name, encoder, tags):
    """M5: chained Ogg, and MP3 joined by `cat`, with tags in between."""
    path = encode(name, encoder, bursts, RATE)
    path.write_bytes((tags[0] + path.read_bytes() + tags[1]) * 3)
    heard, told = read(path)
    assert told == []
    # A codec's first samples and padding, 0.1 s at most, are heard at each join.
    assert 36 <= len(heard) / RATE < 36.3
    loud = np.abs(heard[: 36 * RATE].reshape(-1, RATE)).max(axis=1) > 0.1
    assert np.flatnonzero(loud).tolist() == list(range(0, 36, 4))


def test_a_damaged_joined_mp3_is_told(encode, bursts):
    path = encode("a.mp3", "libmp3lame", bursts, RATE)
    data = bytearray(path.read_bytes() * 2)
    data[5000:9000] = bytes(4000)
    path.write_bytes(data)
    assert "damaged packets" in read(path)[1][0].message


@pytest.mark.parametrize(
    ("name", "encoder"),
    [("a.webm", "libopus"), ("a.mka", "flac"), ("a.ogg", "libopus"), ("a.nut", "pcm_s16le"), ("a.mp4", "aac"),
     ("a.flv", "aac"), ("a.ts", "mp2"), ("a.mov", "pcm_s16le")],
)  # fmt: skip
def test_a_clock_that_does_not_begin_at_0_is_no_damage(encode, bursts, name, encoder):
    """M5: the first timestamp is 37.5 s."""
    path = encode(name, encoder, bursts, RATE, when=lambda sample: sample + round(37.5 * RATE))
    heard, told = read(path)
    assert told == []
    assert len(heard) / RATE == pytest.approx(12, abs=0.15)
    assert probe(path).duration == pytest.approx(12, abs=0.15)


def test_a_recording_with_a_late_clock_that_is_cut_short_is_told(encode, bursts):
    path = encode("a.mka", "flac", bursts, RATE, when=lambda sample: sample + round(37.5 * RATE))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard, told = read(path)
    assert len(heard) / RATE < 9
    assert "before the file says" in told[0].message
