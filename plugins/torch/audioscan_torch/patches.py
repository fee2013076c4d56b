"""Patches of a spectrogram -> time steps."""

from torch import Tensor


def mean_over_frequency(patches: Tensor, bands: int) -> Tensor:
    """Average the patches of each time step.

    Args:
        patches: (batch, time * bands, width), frequency running fastest.
        bands: patches from the lowest frequency to the highest.

    Returns:
        (batch, time, width)
    """
    batch, _, width = patches.shape
    return patches.reshape(batch, -1, bands, width).mean(2)
