"""The hooks that are the same for every encoder on torch; a plugin's module imports them as its own.

from audioscan_torch.hooks import batch_size, embed, precision, preprocess
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audioscan_host import Checkpoint, HiddenStates, Inputs, Runtime, hookimpl
from audioscan_torch import device

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from audioscan_host import Windows
    from audioscan_torch.encoder import TorchEncoder

__all__ = ["batch_size", "embed", "precision", "preprocess"]


@hookimpl
def precision(checkpoint: Checkpoint, runtime: Runtime) -> str:  # noqa: ARG001 - the same for all
    return device.precision(runtime)


@hookimpl
def preprocess(encoder: TorchEncoder, waveform: npt.NDArray[np.float32], windows: Windows) -> Inputs:
    return encoder.preprocess(waveform, windows)


@hookimpl
def batch_size(encoder: TorchEncoder, inputs: Inputs, layers: frozenset[int]) -> int:
    return encoder.batch_size(inputs, layers)


@hookimpl
def embed(encoder: TorchEncoder, batch: Any, layers: frozenset[int]) -> HiddenStates:
    return encoder.embed(batch, layers)
