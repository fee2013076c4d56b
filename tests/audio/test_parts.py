"""A part of a recording is what the whole of it has there, to the bit, whatever the container."""

import numpy as np
import pytest
import soundfile as sf

from audioscan_host.audio import decode
from audioscan_host.audio.mixing import Batch
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.silence import SilenceMeter

FORMATS = [
    ("a.wav", "pcm_s16le"), ("a.w64", "pcm_s16le"), ("a.caf", "pcm_s16le"), ("a.aiff", "pcm_s16be"),
    ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.ogg", "vorbis"), ("a.opus", "libopus"), ("a.m4a", "aac"),
    ("a.mkv", "aac"), ("a.webm", "libopus"), ("a.ts", "mp2"), ("a.aac", "aac"), ("a.wma", "wmav2"), ("a.3gp", "aac"),
]  # fmt: skip

PARTS = [(0.0, 0.5), (0.5, None), (1.00003, 2.71828), (3.2, 3.2), (6.9, 7.0), (6.5, 100.0), (50.0, None)]


def samples(path, rate, **part):
    return np.concatenate([np.zeros(0, np.float32), *decode(path, rate, **part)])


@pytest.fixture
def noisy(encode):
    """Seven seconds of noise, in the container and codec of `FORMATS`."""

    def make(name, encoder):
        return encode(name, encoder, 0.1 * np.random.default_rng(0).standard_normal((7 * 48_000, 1)), 48_000)

    return make


@pytest.mark.parametrize(("name", "encoder"), FORMATS)
@pytest.mark.parametrize("rate", [48_000, 16_000])
def test_a_part_is_to_the_bit_what_the_whole_has_there(noisy, name, encoder, rate):
    path = noisy(name, encoder)
    whole = samples(path, rate)
    assert len(whole) > 6.9 * rate
    for start, end in PARTS:
        expected = whole[round(start * rate) : None if end is None else round(end * rate)]
        assert samples(path, rate, start=start, end=end).tobytes() == expected.tobytes()


def test_a_part_at_the_recordings_own_rate(noisy):
    path = noisy("a.flac", "flac")
    assert np.array_equal(samples(path, None, start=2, end=3), samples(path, 48_000)[96_000:144_000])


def test_nothing_behind_the_part_is_decoded(noisy):
    meter = SilenceMeter()
    path = noisy("a.flac", "flac")
    fed = []
    meter.feed = lambda rate, piece: fed.append(len(piece) / rate)
    for _ in decode(path, 16_000, start=1.0, end=2.0, meter=meter):
        pass
    assert 2.0 <= sum(fed) < 5.0


@pytest.mark.parametrize("part", [(-1.0, None), (2.0, 1.0), (float("nan"), None), (0.0, float("inf"))])
def test_what_is_no_part_is_refused_before_anything_is_read(tmp_path, part):
    with pytest.raises(SettingError, match="a part of a recording"):
        next(decode(tmp_path / "none.wav", 16_000, start=part[0], end=part[1]))


@pytest.mark.parametrize("name", ["a.wav", "a.w64", "a.caf", "a.aiff", "a.au"])
def test_of_plain_samples_nothing_before_the_part_is_decoded(encode, name, monkeypatch):
    encoder = "pcm_s16be" if name.endswith(("aiff", "au")) else "pcm_s16le"
    path = encode(name, encoder, 0.1 * np.random.default_rng(0).standard_normal((60 * 8000, 2)), 8000)
    whole = samples(path, 8000)
    mixed = []
    monkeypatch.setattr(Batch, "append", noting(Batch.append, mixed))
    for start in (0.3, 31.4159, 59.9):
        mixed.clear()
        part = samples(path, None, start=start, end=start + 1)
        assert part.tobytes() == whole[round(start * 8000) : round((start + 1) * 8000)].tobytes()
        assert sum(mixed) < 8 * 8000
    assert not len(samples(path, None, start=61))


def noting(append, mixed):
    """As `Batch.append`; notes how many samples come."""

    def noted(self, frame, count, drop, end):
        mixed.append(count)
        append(self, frame, count, drop, end)

    return noted


def test_what_is_wrong_in_a_part_is_named_by_its_time_in_the_recording(tmp_path):
    signal = np.zeros(20 * 8000, np.float32)
    signal[10 * 8000 + 800] = np.nan
    sf.write(tmp_path / "a.wav", signal, 8000, subtype="FLOAT")
    with pytest.raises(RecordingError, match=r"the first at 10\.1 s"):
        samples(tmp_path / "a.wav", None, start=9.5, end=11)
    assert len(samples(tmp_path / "a.wav", None, start=15, end=16)) == 8000
