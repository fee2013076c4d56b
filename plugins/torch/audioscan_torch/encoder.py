"""A network on its device: what every encoder on torch does alike."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from audioscan_host import Inputs, Runtime, Windows
from audioscan_torch.allocation import keep_freed_memory
from audioscan_torch.copies import to_device
from audioscan_torch.device import find_device, precision
from audioscan_torch.half_precision import keep_weights

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}

MEMORY_SHARE = 0.8
"""Of a GPU's free memory that a batch may fill; the rest is for what fragmentation takes."""

LARGEST_BATCH = 64
"""Windows; a GPU is busy long before."""

OUT_OF_MEMORY = ("out of memory", "ALLOC_FAILED", "can't allocate memory", "not enough memory")
"""What torch says of a GPU, of a GPU's libraries, of a CPU, and of a CPU under Windows."""


class TorchEncoder(ABC):
    """A network that runs on torch; a family says how to prepare its inputs and read its layers.

    Attributes:
        network: in evaluation mode, on the device.
        device: where it runs.
        cpu_batch_size: windows at once on a CPU: few, so that what passes from layer to layer
            stays in its cache.
    """

    cpu_batch_size = 4

    def __init__(self, network: nn.Module, runtime: Runtime) -> None:
        self.device = find_device(runtime.device)
        if self.device.type == "cpu":
            keep_freed_memory()
        self.network = network.eval().requires_grad_(False)
        self._autocast_to = AUTOCAST.get(precision(runtime))
        if self._autocast_to is not None:
            keep_weights(self.network, self._autocast_to)
        self.network.to(self.device)

    @abstractmethod
    def preprocess(self, waveform: npt.NDArray[np.float32], windows: Windows) -> Inputs:
        """One model input for each of the windows of a block, on the device in float32."""

    @abstractmethod
    def hidden_states(self, batch: Any, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """Each layer as (batch, time, width); called without gradients and in the precision asked for."""

    def embed(self, batch: Any, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """The hidden states of a batch: layer -> (batch, time, width).

        Raises:
            MemoryError: the device has too little memory for the batch.
        """
        try:
            with torch.inference_mode(), self._autocast():
                return self.hidden_states(batch, layers)
        except RuntimeError as error:
            # Only CUDA has an error type of its own for this.
            if any(words in str(error) for words in OUT_OF_MEMORY):
                raise MemoryError(str(error)) from None
            raise

    def batch_size(self, inputs: Inputs, layers: frozenset[int]) -> int:
        """Windows at once: by measure of one window on a CUDA GPU, a few on a CPU."""
        if self.device.type == "cpu":
            return self.cpu_batch_size
        if self.device.type != "cuda":
            return 16
        try:
            self.embed(inputs[:1], layers)  # libraries take their workspaces with the first call
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
            self.embed(inputs[:1], layers)
        except MemoryError:
            return 1
        needed = torch.cuda.max_memory_allocated(self.device) - before
        free, _ = torch.cuda.mem_get_info(self.device)
        unused = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        fitting = int(MEMORY_SHARE * (free + unused) / max(needed, 1))
        return max(1, min(fitting, LARGEST_BATCH))

    def on_device(self, waveform: npt.NDArray[np.float32]) -> Tensor:
        """(samples,) float32 on the device: a copy, since the block is shared."""
        return to_device(np.asarray(waveform, np.float32), self.device)

    def _autocast(self) -> AbstractContextManager[Any]:
        if self._autocast_to is None:
            return nullcontext()
        return torch.autocast(self.device.type, self._autocast_to)
