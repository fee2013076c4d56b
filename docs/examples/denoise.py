"""A plugin without models: takes steady noise away before any model gets the recording.

Spectral gating: in short overlapping frames, each frequency that does not rise above its own noise floor is turned
down. The noise floor is what a frequency does not fall below for most of a block (two minutes of the recording), so
hum, hiss and wind go and whatever comes and goes stays. The sound of an alarm that never stops would go, too.
"""

from audioscan_host import hookimpl

CONTRACT_VERSION = 1

WRAPPER_REVISION = 1
"""Raised whenever the numbers below or the arithmetic change: embeddings in the cache are told apart by it."""

FRAME_SECONDS = 0.032
FLOOR_QUANTILE = 0.5  # of the magnitudes of a frequency over time: the median of noise is noise
ABOVE_FLOOR = 2.5  # times the noise floor, under which there is nothing but noise
TURNED_DOWN_TO = 0.1  # -20 dB


@hookimpl(wrapper=True)
def filter_waveform(windows):
    # What `yield` gives is the waveform that the other plugins have left, or the host's.
    return spectral_gate((yield), windows.sample_rate)


def spectral_gate(waveform, sample_rate):
    """(samples,) float32 at `sample_rate` -> a new array of the same shape, with less noise in it."""
    # Imported here: `audioscan-host models` loads every plugin and needs no numpy.
    import numpy as np

    hop = round(FRAME_SECONDS * sample_rate / 4)
    frame = 4 * hop
    # Four frames cover each sample, those at both ends too.
    padding = (frame, frame + -len(waveform) % hop)
    padded = np.pad(waveform, padding)
    # The square of this taper, a Hann window, adds up to 2 over frames that overlap by three quarters.
    taper = np.sin(np.pi * np.arange(frame) / frame).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    spectra = np.fft.rfft(frames * taper)
    magnitude = np.abs(spectra)
    within = magnitude[4:-4] if len(magnitude) > 8 else magnitude  # not the padding
    floor = np.quantile(within, FLOOR_QUANTILE, axis=0)
    gain = np.where(magnitude > ABOVE_FLOOR * floor, 1.0, TURNED_DOWN_TO)
    # A gain that jumps from frame to frame is heard as a twitter of its own.
    gain = (np.roll(gain, 1, axis=0) + gain + np.roll(gain, -1, axis=0)) / 3
    gated = np.fft.irfft(spectra * gain, frame) * (taper / 2)
    result = np.zeros(len(padded), np.float32)
    for first in range(4):  # frames that are four apart do not overlap
        part = gated[first::4]
        result[first * hop : first * hop + part.size] += part.reshape(-1)
    return result[frame : frame + len(waveform)]
