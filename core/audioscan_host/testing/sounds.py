"""The sounds that models are tried with: (samples,) float32, between -1 and 1."""

import math

import numpy as np
import numpy.typing as npt

Waveform = npt.NDArray[np.float32]

AMPLITUDE = 0.05
"""Standard deviation of the noise: as loud as a quiet recording."""


def noise(samples: int, seed: int = 0) -> Waveform:
    """White noise, the same for the same seed; a shorter one is the beginning of a longer one."""
    return np.random.default_rng(seed).normal(0, AMPLITUDE, samples).astype(np.float32)


def loud_noise(samples: int) -> Waveform:
    """White noise of full scale, 20 times as loud as `noise`."""
    return np.clip(noise(samples, seed=1) * 20, -1, 1).astype(np.float32)


def fading_noise(samples: int) -> Waveform:
    """White noise that falls to a twentieth; `noise` in the middle."""
    return (noise(samples) * np.geomspace(20**0.5, 0.05**0.5, samples)).astype(np.float32)


def restless(samples: int) -> Waveform:
    """White noise whose loudness changes every 4000 samples, by up to a tenth: no two places of it are alike."""
    levels = np.random.default_rng(3).uniform(0.1, 1, samples // 4000 + 1)
    return (noise(samples) * np.repeat(levels, 4000)[:samples]).astype(np.float32)


def quiet_noise(samples: int, level: int) -> Waveform:
    """`noise` of another level, in dBFS: its root mean square against 1."""
    return (noise(samples) * (math.pow(10, level / 20) / AMPLITUDE)).astype(np.float32)


def tone(samples: int) -> Waveform:
    """A sine of full scale, 16 samples a period: 1 kHz at 16 kHz."""
    waveform: Waveform = np.sin(np.arange(samples) * (2 * np.pi / 16)).astype(np.float32)
    return waveform


def silence(samples: int) -> Waveform:
    """Zeros."""
    return np.zeros(samples, np.float32)


def square_wave(samples: int, sample_rate: int) -> Waveform:
    """Full scale, near 100 Hz: 1 and -1 and nothing else."""
    half = max(1, sample_rate // 200)
    return np.where(np.arange(samples) // half % 2, -1, 1).astype(np.float32)


def click(samples: int) -> Waveform:
    """One sample of full scale in the middle of silence."""
    waveform = silence(samples)
    waveform[samples // 2] = 1
    return waveform
