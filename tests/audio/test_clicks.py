"""Clicks keep their time to the end of a recording of twenty minutes, whatever holds them."""

import struct

import numpy as np
import pytest
import soundfile as sf

from audioscan_host.audio import decode

PLACES = (0.5, 100.1, 617.283, 1234.567, 1290.25)
LENGTH = 1300
RATE = 16_000
TOLERANCE = 5.0

# name, encoder, options of the container, milliseconds that the codec is late where the container cannot say so
CONTAINERS = [
    (("a.wav", "pcm_s16le", {}), 0),
    (("a.wav", "pcm_s16le", {"rf64": "always"}), 0),
    (("a.wav", "adpcm_ima_wav", {}), 0),
    (("a.w64", "pcm_s16le", {}), 0),
    (("a.caf", "pcm_s16le", {}), 0),
    (("a.aiff", "pcm_s16be", {}), 0),
    (("a.au", "pcm_s16be", {}), 0),
    (("a.flac", "flac", {}), 0),
    (("a.ogg", "libopus", {}), 0),
    (("a.mp3", "libmp3lame", {}), 0),
    (("a.mp3", "libmp3lame", {"write_xing": "0"}), 69),
    (("a.m4a", "aac", {}), 0),
    (("a.mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}), 64),
    (("a.mka", "flac", {}), 0),
    (("a.webm", "libopus", {}), 0),
    (("a.webm", "libopus", {"live": "1"}), 0),
    (("a.aac", "aac", {}), 64),
    (("a.ts", "aac", {}), 64),
    (("a.mov", "alac", {}), 0),
]


@pytest.fixture(scope="module")
def clicks():
    """(samples, 1): near silence, and at each place a burst of noise of its own."""
    random = np.random.default_rng(0)
    signal = 0.001 * random.standard_normal(LENGTH * RATE)
    for place in PLACES:
        begin = round(place * RATE)
        signal[begin : begin + RATE // 20] += 0.2 * random.standard_normal(RATE // 20)
    return signal.clip(-1, 1)[:, np.newaxis]


def lateness(path, clicks, expected=None):
    """Milliseconds that each click is late; what is told goes to `expected`, or else fails a test."""
    told = [] if expected is None else expected
    heard = np.concatenate(list(decode(path, RATE, tell=told.append)))
    assert told == [] or expected is not None
    late = []
    for place in PLACES:
        begin, reach = round(place * RATE), RATE // 4
        near = heard[begin - reach : begin + reach + RATE // 20]
        match = np.correlate(near, clicks[begin : begin + RATE // 20, 0].astype(np.float32), "valid")
        late.append(1000 * (int(np.argmax(match)) - reach) / RATE)
    return late


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "delay"), CONTAINERS)
def test_clicks_are_where_they_were_or_all_late_by_what_the_codec_needs(encode, clicks, kind, delay):
    name, encoder, options = kind
    path = encode(name, encoder, clicks, RATE, options=options)
    assert lateness(path, clicks) == pytest.approx([delay] * len(PLACES), abs=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "encoder"),
    [("late.webm", "libopus"), ("late.mkv", "aac"), ("late.nut", "pcm_s16le"), ("late.ogg", "libopus")],
)
def test_clicks_of_a_recording_whose_clock_does_not_begin_at_0(encode, clicks, name, encoder):
    """As recorders in browsers write: the first timestamp is 37.5 s, and the audio begins there."""
    path = encode(name, encoder, clicks, RATE, when=lambda sample: sample + round(37.5 * RATE))
    assert max(map(abs, lateness(path, clicks))) <= TOLERANCE + 64 * (encoder == "aac")


def with_a_wrapped_size(path):
    """Bytes of a WAV as it is when its size has overflowed at 4 GiB, or was last written a third into the recording."""
    data = bytearray(path.read_bytes())
    size_at = data.index(b"data") + 4
    size = (len(data) - size_at - 4) // 3 // 2 * 2
    data[size_at : size_at + 4] = struct.pack("<I", size)
    data[4:8] = struct.pack("<I", size_at - 4 + size)
    return data


@pytest.mark.slow
def test_clicks_behind_the_end_that_a_wav_header_tells_of(clicks, tmp_path):
    path = tmp_path / "wrapped.wav"
    sf.write(path, clicks, RATE)
    path.write_bytes(with_a_wrapped_size(path))
    told = []
    assert max(map(abs, lateness(path, clicks, told))) <= TOLERANCE
    assert [note.message for note in told] == [
        f"{path}: its header says 433.3 s of audio, and what follows is audio too: it is read"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "encoder"), [("part.opus", "libopus"), ("part.flac", "flac")])
def test_clicks_of_recordings_written_one_after_the_other(encode, clicks, name, encoder):
    data = b""
    for part in (clicks[: 660 * RATE], clicks[660 * RATE :]):
        data += encode(name, encoder, part, RATE).read_bytes()
    path = encode(name, encoder, clicks[:RATE], RATE)
    path.write_bytes(data)
    assert max(map(abs, lateness(path, clicks))) <= TOLERANCE
