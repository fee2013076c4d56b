"""WAV and FLAC of 16 bits, as another library reads them."""

import io

import numpy as np
import pytest
import soundfile as sf

from audioscan_host.cutting import audio_file
from audioscan_host.cutting.audio_file import write_samples
from audioscan_host.errors import SettingError


def samples(channels, length=100_000):
    return np.random.default_rng(channels).integers(-(2**15), 2**15, (length, channels)).astype(np.int16)


@pytest.mark.parametrize("form", ["wav", "flac"])
@pytest.mark.parametrize(
    ("channels", "rate"), [(1, 16_000), (2, 44_100), (6, 48_000), (8, 192_000), (1, 384_000)]
)
def test_every_sample_comes_back(form, channels, rate):
    written, file = samples(channels), io.BytesIO()
    write_samples(file, written, rate, form)
    read, read_rate = sf.read(io.BytesIO(file.getvalue()), dtype="int16", always_2d=True)
    assert read_rate == rate
    np.testing.assert_array_equal(read, written)
    assert sf.info(io.BytesIO(file.getvalue())).subtype == "PCM_16"


def test_a_clip_of_one_sample_is_a_file():
    for form in ("wav", "flac"):
        file = io.BytesIO()
        write_samples(file, samples(1, 1), 8000, form)
        assert len(sf.read(io.BytesIO(file.getvalue()))[0]) == 1


@pytest.mark.parametrize(("channels", "rate"), [(9, 48_000), (1, 700_000)])
def test_flac_says_what_it_cannot_hold(channels, rate):
    with pytest.raises(SettingError, match="FLAC holds 8 channels and 655350 Hz at most"):
        write_samples(io.BytesIO(), samples(channels, 10), rate, "flac")


def test_a_wav_file_says_that_a_clip_is_too_long(monkeypatch):
    monkeypatch.setattr(audio_file, "_LARGEST_WAV", 16_000)
    with pytest.raises(SettingError, match="holds 1 s of this: write FLAC"):
        write_samples(io.BytesIO(), samples(1, 8001), 8000, "wav")
