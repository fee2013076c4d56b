"""The sounds of the demo, each a few lines of arithmetic: the one to find, and those to tell it from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16000
"""Hz."""

Waveform = npt.NDArray[np.float64]  # (samples,) at SAMPLE_RATE

TARGET = "knock"
"""The label of the sound that the demo's detector learns."""


def knock(random: np.random.Generator, pitch: float) -> Waveform:
    """Two to five raps on wood: each a click that rings in a few modes, with a little of the room.

    Args:
        random: where its variety comes from.
        pitch: Hz of the lowest mode, which is the door's own.
    """
    raps = int(random.integers(2, 6))
    onsets = np.arange(raps) * random.uniform(0.16, 0.30)
    onsets[1:] += random.uniform(-0.02, 0.02, raps - 1)
    sound = np.zeros(round((onsets[-1] + 0.25) * SAMPLE_RATE))
    for onset in onsets:
        rap = random.uniform(0.6, 1.0) * _rap(random, pitch * random.uniform(0.95, 1.05))
        _add(sound, rap, onset)
    return sound


def footsteps(random: np.random.Generator) -> Waveform:
    """Impacts too, but duller, softer at the onset and slower."""
    steps, pace = int(random.integers(2, 5)), random.uniform(0.45, 0.6)
    sound = np.zeros(round(((steps - 1) * pace + 0.25) * SAMPLE_RATE))
    time = _times(0.25)
    for onset in np.arange(steps) * pace:
        thud = np.sin(2 * np.pi * random.uniform(70, 130) * time) * np.exp(-time / 0.05)
        scuff = _dulled(random.standard_normal(len(time)), 6) * np.exp(-time / 0.06)
        _add(sound, (thud + 0.4 * scuff) * (1 - np.exp(-time / 0.008)), onset)
    return sound


def beep(random: np.random.Generator) -> Waveform:
    """One to four equal tones of an appliance."""
    time = _times(random.uniform(0.12, 0.4))
    tone = _faded(np.sin(2 * np.pi * random.uniform(800, 2600) * time), 0.01)
    pause = np.zeros(round(0.12 * SAMPLE_RATE))
    return np.concatenate([tone, *[pause, tone] * int(random.integers(0, 4))])


def chirp(random: np.random.Generator) -> Waveform:
    """A bird's phrase: short sweeps, up and down."""
    pieces = []
    for _ in range(int(random.integers(4, 9))):
        length = round(random.uniform(0.06, 0.15) * SAMPLE_RATE)
        begin, end = random.uniform(2200, 5500, 2)
        frequency = np.linspace(begin, end, length)
        pieces.append(_faded(np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE), 0.015))
        pieces.append(np.zeros(round(random.uniform(0.03, 0.1) * SAMPLE_RATE)))
    return np.concatenate(pieces[:-1])


def voice(random: np.random.Generator) -> Waveform:
    """A buzz like speech: harmonics of a gliding pitch under three formants, in syllables."""
    time = _times(random.uniform(1.2, 2.8))
    pitch = random.uniform(95, 220) * (1 + 0.12 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = random.uniform([350, 1000, 2200], [800, 2000, 2900])
    sound = np.zeros(len(time))
    for harmonic in range(1, 25):
        away = (harmonic * pitch - formants[:, None]) / 120
        sound += (0.05 + np.sum(1 / (1 + away**2), axis=0)) / harmonic**0.5 * np.sin(harmonic * phase)
    syllables = np.clip(1.4 * np.sin(np.pi * random.uniform(3, 5) * time) ** 2 - 0.2, 0, 1)
    return _faded(sound * syllables, 0.03)


OTHERS: Mapping[str, Callable[[np.random.Generator], Waveform]] = MappingProxyType(
    {"footsteps": footsteps, "beep": beep, "chirp": chirp, "voice": voice}
)
"""What makes the sounds that are not the target, by label."""


def _rap(random: np.random.Generator, pitch: float) -> Waveform:
    time = _times(0.25)
    rap = 0.5 * random.standard_normal(len(time)) * np.exp(-time / 0.003)
    # The modes of a plate are no harmonics, and the higher ones die away sooner.
    for ratio, strength, decay in ((1, 1, 0.035), (1.72, 0.7, 0.026), (2.61, 0.5, 0.018), (4.13, 0.35, 0.01)):
        rap += strength * np.sin(2 * np.pi * ratio * pitch * time) * np.exp(-time / decay)
    return rap + 0.05 * _dulled(random.standard_normal(len(time)), 3) * np.exp(-time / 0.08)


def _times(seconds: float) -> Waveform:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _add(sound: Waveform, piece: Waveform, onset: float) -> None:
    first = round(onset * SAMPLE_RATE)
    sound[first : first + len(piece)] += piece[: len(sound) - first]


def _faded(sound: Waveform, seconds: float) -> Waveform:
    """Without the clicks of an abrupt beginning and end."""
    ramp = np.linspace(0, 1, round(seconds * SAMPLE_RATE))
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return sound


def _dulled(noise: Waveform, samples: int) -> Waveform:
    """Noise of the same power without its treble."""
    return np.convolve(noise, np.ones(samples) / samples**0.5, mode="same")
