"""Frames of samples of any type and of any number of channels -> a waveform: their mean, one of them, or each."""

from collections.abc import Iterable, Iterator
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

Kind = tuple[int, str, int]
"""Sample rate in Hz, FFmpeg's name of the sample format, and number of channels."""

_SAMPLE_TYPES: dict[str, tuple[type[np.generic], float]] = {  # and what full scale is
    "u8": (np.uint8, 2.0**7),
    "s16": (np.int16, 2.0**15),
    "s32": (np.int32, 2.0**31),
    "s64": (np.int64, 2.0**63),
    "flt": (np.float32, 1.0),
    "dbl": (np.float64, 1.0),
}
_EXACT = (np.uint8, np.int16, np.float32)
"""Types whose every value a float32 holds: two channels of them are added in one step."""

_FLOATS = ("flt", "dbl")
"""Types that hold NaN and infinite values."""


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
        self._kind: Kind | None = None
        self._parts: list[tuple[AudioFrame, int, int]] = []  # frame, its samples, and those to drop
        self._samples = 0
        self._end = 0.0

    def takes(self, kind: Kind) -> bool:
        """Whether a frame of that kind may join those that were taken."""
        return self._kind == kind and self._samples < kind[0]

    def append(self, frame: AudioFrame, samples: int, drop: int, end: float) -> None:
        """Take a frame of `samples` without its first `drop`; it ends at second `end`."""
        if drop >= samples:
            return
        if not self._parts:
            self._kind = kind_of(frame)
        self._parts.append((frame, samples, drop))
        self._samples += samples - drop
        self._end = end

    def mixed(self) -> Iterator[tuple[int, Waveform]]:
        """Sample rate and the wanted channel of what was taken, if anything; then start anew.

        Of every channel (samples, channels).
        """
        if self._kind is None or not self._samples:
            return
        rate, sample_format, channels = self._kind
        measured = self._levels is not None and channels > 1
        read = range(channels)
        if self._channel is not None and not measured:
            read = range(min(self._channel, channels - 1), channels)[:1]
        every = _channels(self._parts, self._kind, read)
        self._parts, self._samples = [], 0
        joined = every
        if self._channel is not None and measured:
            joined = [every[min(self._channel, channels - 1)]]
        full_scale = _SAMPLE_TYPES[sample_format.removesuffix("p")][1]
        waveform = self._of(joined, full_scale, unsigned=sample_format.startswith("u8"))
        if sample_format.startswith(_FLOATS):
            self._require_finite(waveform, rate)
        if measured and self._levels is not None:
            self._levels.feed(every, full_scale, waveform)
        yield rate, waveform

    def _of(self, joined: list[npt.NDArray[Any]], full_scale: float, *, unsigned: bool) -> Waveform:
        """The channels, each (samples,), at full scale 1: their mean, or each for itself."""
        with np.errstate(over="ignore", invalid="ignore"):  # reported afterwards
            if self._apart:
                waveform: Waveform = np.stack(joined, axis=1).astype(np.float32)
            elif len(joined) > 1 and joined[0].dtype in _EXACT:
                waveform = np.add(joined[0], joined[1], dtype=np.float32)
                for channel in joined[2:]:
                    waveform += channel
            else:
                waveform = joined[0].astype(np.float32)
                for channel in joined[1:]:
                    waveform += channel
            summed = 1 if self._apart else len(joined)
            if unsigned:
                waveform -= full_scale * summed
            if full_scale * summed != 1:
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


def _channels(
    parts: list[tuple[AudioFrame, int, int]], kind: Kind, wanted: Iterable[int]
) -> list[npt.NDArray[Any]]:
    """Of each wanted channel, from 0, (samples,) of the frames one after the other, without what is dropped of them."""
    _, sample_format, channels = kind
    sample_type, _ = _SAMPLE_TYPES[sample_format.removesuffix("p")]
    planar = sample_format.endswith("p")
    at_once = 1 if planar else channels
    # From 8 channels on, PyAV lists planes that are not there.
    planes = [(frame.planes, samples * at_once, drop * at_once) for frame, samples, drop in parts]
    any_dropped = any(drop for _, _, drop in parts)

    def plane(number: int) -> npt.NDArray[Any]:
        pieces = [_samples(of[number], sample_type, count) for of, count, _ in planes]
        if any_dropped:
            pieces = [piece[drop:] for piece, (_, _, drop) in zip(pieces, planes, strict=True)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    if planar:
        return [plane(channel) for channel in wanted]
    packed = plane(0)
    return [packed[channel::channels] for channel in wanted]


def _samples(plane: AudioPlane, sample_type: type[np.generic], count: int) -> npt.NDArray[Any]:
    # A plane is a buffer and keeps its frame alive, which PyAV's type stubs do not say.
    return np.frombuffer(plane, sample_type, count)  # type: ignore[call-overload, no-any-return]


def kind_of(frame: AudioFrame) -> Kind:
    """What frames must have in common to be mixed at one go."""
    return frame.sample_rate, frame.format.name, frame.layout.nb_channels
