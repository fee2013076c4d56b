"""Arrays of the host -> the device, without waiting for what the device is computing."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def to_device(values: npt.NDArray[Any], device: torch.device) -> Tensor:
    """A copy of an array on the device, of the same shape and type.

    To a CUDA GPU it goes through memory that the system never moves, so that the GPU fetches it by itself in its turn.
    Other memory would let the host wait until the GPU has done all that it was given before.
    """
    if device.type != "cuda":
        return torch.tensor(values, device=device)
    # torch keeps such memory for the next copy, and lends it again only when the GPU has read it.
    pinned = torch.empty(
        values.shape, dtype=torch.from_numpy(np.empty(0, values.dtype)).dtype, pin_memory=True
    )
    np.copyto(pinned.numpy(), values)
    return pinned.to(device, non_blocking=True)
