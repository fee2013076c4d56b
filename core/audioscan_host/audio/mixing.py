"""Frames of samples of any type and of any number of channels -> a waveform: their mean, one of them, or each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from av import AudioFrame
from av.audio.plane import AudioPlane

from audioscan_host.audio.levels import Levels
from audioscan_host.channels import EACH, MIX
from audioscan_host.errors import RecordingError

Waveform = npt.NDArray[np.float32]

_SAMPLE_TYPES: dict[str, tuple[type[np.generic], float]] = {  # and what full scale is
    "u8": (np.uint8, 2.0**7),
    "s16": (np.int16, 2.0**15),
    "s32": (np.int32, 2.0**31),
    "s64": (np.int64, 2.0**63),
    "flt": (np.float32, 1.0),
    "dbl": (np.float64, 1.0),
}


class Batch:
    """Consecutive frames of one kind, mixed at one go: numpy's cost is by the call.

    `channel` is `mix`, `each`, or a number from 1; the last one stands for it where a recording goes on with fewer.
    `levels` are fed all channels.
    """

    def __init__(self, path: Path, codec: str, channel: str = MIX, levels: Levels | None = None) -> None:
        self._path = path
        self._codec = codec
        self._channel = None if channel in {MIX, EACH} else int(channel) - 1
        self._apart = channel == EACH
        self._levels = levels
        self._kind: tuple[int, str, int] | None = None
        self._parts: list[list[npt.NDArray[Any]]] = []  # a frame's channels, (samples,) each
        self._samples = 0
        self._end = 0.0

    def takes(self, frame: AudioFrame) -> bool:
        return self._kind == _kind(frame) and self._samples < frame.sample_rate

    def append(self, frame: AudioFrame, drop: int, end: float) -> None:
        """Take a frame without its first `drop` samples; it ends at second `end`."""
        if drop >= frame.samples:
            return
        self._kind = _kind(frame)
        channels = frame.layout.nb_channels
        if frame.format.is_planar:
            planes = frame.planes[:channels]  # from 8 on, PyAV lists some that are not there
            part = [_samples(plane, frame, frame.samples)[drop:] for plane in planes]
        else:
            packed = _samples(frame.planes[0], frame, frame.samples * channels)
            part = [packed[channel::channels][drop:] for channel in range(channels)]
        self._parts.append(part)
        self._samples += frame.samples - drop
        self._end = end

    def mixed(self) -> Iterator[tuple[int, Waveform]]:
        """Sample rate and the wanted channel of what was taken, if anything; then start anew.

        Of every channel (samples, channels).
        """
        if self._kind is None or not self._samples:
            return
        rate, sample_format, channels = self._kind
        every = [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]
        self._parts, self._samples = [], 0
        joined = every if self._channel is None else [every[min(self._channel, channels - 1)]]
        full_scale = _SAMPLE_TYPES[sample_format.removesuffix("p")][1]
        waveform = self._of(joined, full_scale, unsigned=sample_format.startswith("u8"))
        self._require_finite(waveform, rate)
        if self._levels is not None and channels > 1:
            self._levels.feed(every, full_scale, waveform)
        yield rate, waveform

    def _of(self, joined: list[npt.NDArray[Any]], full_scale: float, *, unsigned: bool) -> Waveform:
        """The channels, each (samples,), at full scale 1: their mean, or each for itself."""
        with np.errstate(over="ignore", invalid="ignore"):  # reported afterwards
            if self._apart:
                waveform: Waveform = np.stack(joined, axis=1).astype(np.float32)
            else:
                waveform = joined[0].astype(np.float32)
                for channel in joined[1:]:
                    waveform += channel
            summed = 1 if self._apart else len(joined)
            if unsigned:
                waveform -= full_scale * summed
            waveform *= np.float32(1 / (full_scale * summed))
        return waveform

    def _require_finite(self, waveform: Waveform, rate: int) -> None:
        finite = np.isfinite(waveform)
        if finite.all():
            return
        if self._codec.startswith("pcm_"):
            whole = finite if finite.ndim == 1 else finite.all(axis=1)
            first = self._end - (len(waveform) - int(np.argmin(whole))) / rate
            raise RecordingError(
                f"{self._path}: holds NaN or infinite samples, the first at {first:.1f} s; "
                "write it again from its source, best as 16-bit or 24-bit audio"
            )
        waveform[~finite] = 0.0  # no encoder writes them: a packet is damaged, and silence like others


def _samples(plane: AudioPlane, frame: AudioFrame, count: int) -> npt.NDArray[Any]:
    sample_type, _ = _SAMPLE_TYPES[frame.format.name.removesuffix("p")]
    # A plane is a buffer and keeps its frame alive, which PyAV's type stubs do not say.
    return np.frombuffer(plane, sample_type, count)  # type: ignore[call-overload, no-any-return]


def _kind(frame: AudioFrame) -> tuple[int, str, int]:
    return frame.sample_rate, frame.format.name, frame.layout.nb_channels
