"""A small picture of a sound: its spectrogram as a PNG."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

HEIGHT = 96
"""Pixels: bands, as wide as the mel scale has them."""

WIDTH = 256
"""Pixels, at most."""

WINDOW = 0.032
"""Seconds of a spectrum."""

_SPECTRA = 8
"""Spectra of a pixel at most; of a longer clip some are left out."""

_RANGE = 60.0
"""Decibels from the darkest to the brightest."""

_COLOURS = ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191))
"""Of matplotlib's map "magma", in equal steps from dark to bright."""


def spectrogram_png(waveform: npt.NDArray[np.float32], rate: int) -> bytes:
    """The spectrogram of (samples,) at a rate in Hz; brightest is its loudest place, digital silence is dark."""
    bands = _bands(waveform, rate)
    decibels = 10 * np.log10(np.maximum(bands, 1e-12))
    loudest = decibels.max()
    # The background, as the lower quartile has it, is dark, however quiet the recording.
    darkest = max(loudest - _RANGE, min(float(np.percentile(decibels, 25)), loudest - _RANGE / 3))
    shades = np.clip((decibels - darkest) / (loudest - darkest), 0, 1) if loudest > -110 else 0 * decibels
    return _png(np.rint(shades * 255).astype(np.uint8)[::-1])


def _bands(waveform: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    """(HEIGHT, columns) power, low frequencies first."""
    length = 1 << max(6, round(np.log2(WINDOW * rate)))
    padded = np.pad(waveform, (length // 2, length // 2))
    spectra = 1 + (len(padded) - length) // (length // 2)
    columns = min(WIDTH, spectra)
    starts = np.linspace(0, len(padded) - length, min(spectra, columns * _SPECTRA)).astype(np.int64)
    window = np.hanning(length)
    edges = _edges(rate, length)
    picture = np.empty((HEIGHT, columns))
    for column, some in enumerate(np.array_split(starts, columns)):
        frames = np.stack([padded[start : start + length] for start in some]) * window
        power = np.abs(np.fft.rfft(frames, axis=1)).max(axis=0) ** 2
        picture[:, column] = np.maximum.reduceat(power, edges)
    scaled: npt.NDArray[np.float64] = picture / (window.sum() / 2) ** 2
    return scaled


def _edges(rate: int, length: int) -> npt.NDArray[np.int64]:
    """The first bin of each band; bands are narrower than a bin where frequencies are low, and share it then."""
    top = 2595 * np.log10(1 + rate / 2 / 700)  # mel, by O'Shaughnessy's formula
    hertz = 700 * (10 ** (np.linspace(0, top, HEIGHT, endpoint=False) / 2595) - 1)
    edges: npt.NDArray[np.int64] = (hertz * length / rate).astype(np.int64)
    return edges


def _png(shades: npt.NDArray[np.uint8]) -> bytes:
    """(height, width) of 256 shades, the first row on top, with a palette: https://www.w3.org/TR/png-3/."""
    steps = np.linspace(0, 255, len(_COLOURS))
    palette = np.stack(
        [np.interp(np.arange(256), steps, each) for each in zip(*_COLOURS, strict=True)], axis=1
    )
    height, width = shades.shape
    rows = np.pad(shades, ((0, 0), (1, 0))).tobytes()  # each begins with its filter, none
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", np.rint(palette).astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
