"""Samples as an audio file of 16 bits."""

import wave
from collections.abc import Mapping
from types import MappingProxyType
from typing import IO

import av
import numpy as np

from audioscan_host.cutting.passing import Samples
from audioscan_host.cutting.settings import ClipFormat
from audioscan_host.errors import SettingError

_LARGEST_WAV = 2**32 - 2**10
"""Bytes of samples: the size in a WAV file's header has 32 bits."""

_FLAC_LAYOUTS: Mapping[int, str] = MappingProxyType(
    dict(enumerate(("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"), start=1))
)
"""FFmpeg's names of FLAC's layouts, by the number of channels."""

_FLAC_RATE = 655_350
_BLOCK = 1 << 16


def write_samples(file: IO[bytes], samples: Samples, rate: int, form: ClipFormat) -> None:
    """Write (samples, channels) at a rate in Hz to an open file, as WAV or FLAC.

    Raises:
        SettingError: the format cannot hold it.
    """
    if form == ClipFormat.WAV:
        _write_wav(file, samples, rate)
    else:
        _write_flac(file, samples, rate)


def _write_wav(file: IO[bytes], samples: Samples, rate: int) -> None:
    if samples.nbytes > _LARGEST_WAV:
        raise SettingError(
            f"a WAV file holds {_LARGEST_WAV // rate // samples.shape[1] // 2} s of this: write FLAC"
        )
    with wave.open(file, "wb") as target:
        target.setnchannels(samples.shape[1])
        target.setsampwidth(2)
        target.setframerate(rate)
        target.setnframes(len(samples))
        target.writeframesraw(samples.astype("<i2", copy=False).tobytes())


def _write_flac(file: IO[bytes], samples: Samples, rate: int) -> None:
    channels = samples.shape[1]
    if channels not in _FLAC_LAYOUTS or rate > _FLAC_RATE:
        raise SettingError(
            f"FLAC holds {len(_FLAC_LAYOUTS)} channels and {_FLAC_RATE} Hz at most, not {channels} channels of {rate} Hz: "
            "write WAV, or set mono or rate"
        )
    layout = _FLAC_LAYOUTS[channels]
    with av.open(file, "w", format="flac") as target:
        track = target.add_stream("flac", rate=rate, layout=layout, format="s16")
        for begin in range(0, len(samples), _BLOCK):
            block = np.ascontiguousarray(samples[begin : begin + _BLOCK]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, "s16", layout)
            frame.sample_rate, frame.pts = rate, begin
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
