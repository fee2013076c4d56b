"""WAVELETS keeps the contract, and its numbers are those of the definition of wavelet packets.

The definition: halve a signal's band again and again with Daubechies' pair of filters. The filters are derived
here from their equation and the halving is done by Fourier transform; nothing is taken from PyWavelets.
"""

import math

import numpy as np
import pytest

import audioscan_example
from audioscan_example.encoder import FRAME
from audioscan_host import FINAL, Runtime, Windows
from audioscan_host.testing import conformance

test_conformance = conformance("WAVELETS")

(WAVELETS,) = audioscan_example.register_models()
RATE = WAVELETS.checkpoint.sample_rate


def levels(waveform):
    """The time steps of a waveform that is one window: (time, 32) dB."""
    encoder = audioscan_example.load(WAVELETS.checkpoint, Runtime())
    windows = Windows(np.zeros(1, np.int64), len(waveform), RATE)
    inputs = audioscan_example.preprocess(encoder, waveform.astype(np.float32), windows)
    return audioscan_example.embed(encoder, inputs[0:1], frozenset({FINAL}))[FINAL][0]


def daubechies(moments):
    """The lowpass filter of so many vanishing moments: (2 * moments,), the longest part of it first.

    Its squared response is cos(w/2)**(2 * moments) * P(sin(w/2)**2), P(y) = sum of (moments-1+k over k) y**k; of each
    pair of roots z, 1/z that a root y = (2 - z - 1/z) / 4 of P stands for, it has the one in the unit circle.
    """
    polynomial = [math.comb(moments - 1 + k, k) for k in reversed(range(moments))]
    pairs = [np.roots([1, 4 * y - 2, 1]) for y in np.roots(polynomial)]
    inner = [pair[np.abs(pair).argmin()] for pair in pairs]
    lowpass = np.poly([*inner, *[-1] * moments]).real
    return lowpass * np.sqrt(2) / lowpass.sum()


def halves(signal):
    """The lower and the upper half of a periodic signal's band, every second sample of each."""
    lowpass = daubechies(8)[::-1]
    highpass = (-1) ** np.arange(16) * lowpass[::-1]
    spectrum = np.fft.rfft(signal)
    for taps in (lowpass, highpass):
        filtered = np.fft.irfft(spectrum * np.fft.rfft(taps, len(signal)))
        yield np.roll(filtered, -len(taps) // 2)[::2]  # sample 0 is under the filter's middle


def bands(signal, depth):
    """The signal in 2**depth bands, from low to high."""
    if depth == 0:
        return [signal]
    low, high = halves(signal)
    # Every second sample of an upper half is a mirror image: what was highest is lowest.
    return [*bands(low, depth - 1), *reversed(bands(high, depth - 1))]


@pytest.mark.parametrize("amplitude", [1.0, 0.01])
def test_levels_are_those_of_the_definition(amplitude):
    waveform = np.random.default_rng(1).normal(0, amplitude, 3 * FRAME)
    found = levels(waveform)
    assert found.shape == (13, 32)
    for step, time_step in enumerate(found):
        frame = waveform[160 * step : 160 * step + FRAME]
        tapered = frame * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME))
        expected = [10 * np.log10(np.mean(band**2)) for band in bands(tapered, 5)]
        np.testing.assert_allclose(time_step, expected, atol=1e-3)


def test_the_bands_share_out_the_power_of_white_noise():
    noise = np.random.default_rng(2).normal(0, 0.1, 20 * RATE)
    # The taper takes 3/8 of the power through; an orthogonal transform loses nothing of it.
    expected = 10 * np.log10(0.1**2 * 3 / 8)
    power = 10 ** (levels(noise) / 10)
    np.testing.assert_allclose(10 * np.log10(power.mean(axis=0)), expected, atol=0.3)


@pytest.mark.parametrize("hertz", [125, 1000 + 125, 3750 + 125, 7875])
def test_a_tone_is_loudest_in_the_band_around_it(hertz):
    tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
    assert (levels(tone).argmax(axis=1) == hertz // 250).all()


def test_silence_is_the_floor():
    np.testing.assert_allclose(levels(np.zeros(RATE)), -100, rtol=1e-6)
