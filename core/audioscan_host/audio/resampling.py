"""Pieces of audio at one rate or several -> chunks at the wanted one, as a stream."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import soxr


def resampled(
    pieces: Iterable[tuple[int, npt.NDArray[np.float32]]], sample_rate: int, channels: int = 1
) -> Iterator[npt.NDArray[np.float32]]:
    """What has the wanted rate is passed on as it is, all else goes through soxr at its quality HQ.

    Args:
        pieces: rate in Hz and (samples,) or (samples, channels).
        sample_rate: wanted, Hz.
        channels: of each piece.
    """
    resampler: soxr.ResampleStream | None = None
    resampled_from = sample_rate
    nothing = np.zeros(0, np.float32)
    for piece_rate, piece in pieces:
        if piece_rate != resampled_from:
            if resampler is not None:
                yield resampler.resample_chunk(nothing, last=True)
            same = piece_rate == sample_rate
            resampler = None if same else soxr.ResampleStream(piece_rate, sample_rate, channels, quality="HQ")
            resampled_from = piece_rate
        chunk = piece if resampler is None else resampler.resample_chunk(piece)
        if len(chunk):
            yield chunk
        nothing = piece[:0]
    if resampler is not None:
        yield resampler.resample_chunk(nothing, last=True)
