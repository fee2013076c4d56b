"""Recordings made in code: sounds at known places in coloured noise."""

import io
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from audioscan_host.demo.sounds import OTHERS, SAMPLE_RATE, TARGET, Waveform, knock

DURATION = 180.0
"""Seconds of each recording."""

TARGETS = 8
"""Knocks in each recording."""

OTHERS_OF_A_KIND = 4
"""Sounds of each other label in each recording."""

_SEED = 20
_LEAST_GAP = 1.0  # seconds between two sounds, and at both ends
_LOUDNESS = (8.0, 20.0)  # dB of a sound's loudest 50 ms over the background


@dataclass(frozen=True)
class Event:
    """Where a sound was put: seconds from the recording's beginning, and its label."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class SynthesisedRecording:
    """A recording of which everything is known.

    Attributes:
        samples: (samples,) int16 at `audioscan_host.demo.sounds.SAMPLE_RATE`.
        events: all sounds in it, in order; none overlaps another.
    """

    samples: npt.NDArray[np.int16]
    events: tuple[Event, ...]

    def wav(self) -> bytes:
        """The contents of a mono 16-bit WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(SAMPLE_RATE)
            writer.writeframes(self.samples.astype("<i2").tobytes())
        return file.getvalue()


def synthesise(index: int) -> SynthesisedRecording:
    """Make a recording; the same index makes the same one, another has another door and background.

    Args:
        index: which recording, from 0.
    """
    random = np.random.default_rng([_SEED, index])
    door = random.uniform(200, 380)
    sounds: list[tuple[str, Callable[[np.random.Generator], Waveform]]]
    sounds = [(TARGET, partial(knock, pitch=door))] * TARGETS
    sounds += [(label, make) for label, make in OTHERS.items() for _ in range(OTHERS_OF_A_KIND)]
    made = [(sounds[i][0], sounds[i][1](random)) for i in random.permutation(len(sounds))]

    mix = _background(random, round(DURATION * SAMPLE_RATE))
    events = []
    for first, (label, sound) in zip(_places(random, [len(s) for _, s in made], len(mix)), made, strict=True):
        end = first + len(sound)
        over_background = 10 ** (random.uniform(*_LOUDNESS) / 20)
        mix[first:end] += sound * (over_background / _loudness(sound))
        events.append(Event(round(first / SAMPLE_RATE, 3), round(end / SAMPLE_RATE, 3), label))
    # Recordists set the level so that nothing clips.
    mix *= random.uniform(0.5, 0.9) * np.iinfo(np.int16).max / np.abs(mix).max()
    return SynthesisedRecording(np.rint(mix).astype(np.int16), tuple(events))


def _background(random: np.random.Generator, samples: int) -> Waveform:
    """Noise with a tilt of its own, from white to steeper than pink, that swells slowly; RMS 1."""
    frequency = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    tilt = random.uniform(0.0, 1.4)  # power falls by 3 dB an octave at 1, which is pink noise
    spectrum = random.standard_normal(2 * len(frequency)).view(np.complex128)
    spectrum *= np.maximum(frequency, 80) ** (-tilt / 2)
    noise = np.fft.irfft(spectrum, samples)
    swell = np.interp(np.arange(samples), np.linspace(0, samples, 16), 10 ** (random.uniform(-3, 3, 16) / 20))
    noise *= swell
    noise /= np.sqrt(np.mean(noise**2))
    return noise


def _loudness(sound: Waveform) -> float:
    """RMS of the loudest 50 ms."""
    frame = SAMPLE_RATE // 20
    energy = np.cumsum(sound**2)
    return float(np.sqrt((energy[frame:] - energy[:-frame]).max() / frame))


def _places(random: np.random.Generator, lengths: Sequence[int], samples: int) -> list[int]:
    """First samples of sounds of these lengths, in order, at random but apart."""
    gap = round(_LEAST_GAP * SAMPLE_RATE)
    spare = samples - sum(lengths) - gap * (len(lengths) + 1)
    extra = np.sort(random.integers(0, spare, len(lengths)))
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return [int(e + b + gap * (i + 1)) for i, (e, b) in enumerate(zip(extra, before, strict=True))]
