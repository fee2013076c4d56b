"""Thumbnails: a PNG that another decoder reads, with a tone where its frequency is."""

import io

import av
import numpy as np
import pytest

from audioscan_host.cutting.thumbnail import HEIGHT, WIDTH, spectrogram_png

RATE = 16_000


def picture(waveform, rate=RATE):
    """(height, width) brightness, as FFmpeg decodes it."""
    with av.open(io.BytesIO(spectrogram_png(waveform.astype(np.float32), rate)), format="png_pipe") as file:
        (frame,) = file.decode(video=0)
    return frame.to_ndarray(format="rgb24").astype(int).sum(axis=2)


def tone(hertz, seconds=2.0, rate=RATE, level=0.1):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("rate", "hertz"), [(16_000, 440), (16_000, 3000), (48_000, 12_000), (192_000, 40_000)]
)
def test_a_tone_is_a_line_at_its_place_on_the_mel_scale(rate, hertz):
    mel = [np.log10(1 + each / 700) for each in (hertz, rate / 2)]  # as Slaney and O'Shaughnessy have it
    expected = HEIGHT - 1 - HEIGHT * mel[0] / mel[1]
    brightest = picture(tone(hertz, rate=rate), rate).sum(axis=1).argmax()
    assert abs(brightest - expected) <= 2


def test_a_click_is_where_it_is():
    clicked = 1e-4 * np.random.default_rng(0).standard_normal(4 * RATE)
    clicked[3 * RATE] = 1.0
    seen = picture(clicked)
    assert abs(seen.sum(axis=0).argmax() / seen.shape[1] - 0.75) < 0.02


def test_a_click_in_a_long_clip_is_seen_where_its_column_has_room_for_all_spectra():
    seconds = 30
    clicked = 1e-4 * np.random.default_rng(0).standard_normal(seconds * RATE)
    clicked[20 * RATE] = 1.0
    seen = picture(clicked)
    assert abs(seen.sum(axis=0).argmax() / seen.shape[1] - 2 / 3) < 0.02


def test_a_quiet_sound_is_as_bright_as_a_loud_one():
    loud, quiet = picture(tone(1000, level=0.5)), picture(tone(1000, level=0.0005))
    assert abs(loud.max() - quiet.max()) <= 6


def test_silence_is_dark_and_a_few_samples_are_a_picture():
    assert picture(np.zeros(RATE)).max() <= 4
    assert picture(np.zeros(RATE)).shape[0] == HEIGHT
    assert picture(tone(1000, 0.001)).shape[1] >= 1
    assert picture(tone(1000, 60)).shape == (HEIGHT, WIDTH)
