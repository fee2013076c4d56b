"""Runs BEATs on filter banks that overlapping windows share."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
from torch import Tensor

from audioscan_beats.network import FBANK_MEAN, FBANK_STD, MEL_BINS, WAVEFORM_SCALE, Block, load_network
from audioscan_host import Checkpoint, CheckpointError, Runtime, Windows
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.fbank import FbankWindows
from audioscan_torch.half_precision import cast_input_once
from audioscan_torch.patches import mean_over_frequency

PATCH = 16  # frames, and mel bins
WIDTH = 768


class BEATsEncoder(TorchEncoder):
    """The network, and the filter banks that it was trained on."""

    @classmethod
    def load(cls, checkpoint: Checkpoint, runtime: Runtime) -> "BEATsEncoder":
        """Read the checkpoint's file.

        Raises:
            CheckpointError: the file does not hold a BEATs of the declared shape.
        """
        network = load_network(checkpoint.path)
        declared = {
            "encoder_layers": checkpoint.layers, "encoder_embed_dim": WIDTH, "input_patch_size": PATCH,
        }  # fmt: skip
        for key, expected in declared.items():
            found = getattr(network.config, key)
            if found != expected:
                raise CheckpointError(f"{checkpoint.path}: {key} is {found}, not {expected}")
        cast_input_once(cast("Block", block).self_attn for block in network.encoder.layers)
        return cls(network, runtime)

    def preprocess(self, waveform: npt.NDArray[np.float32], windows: Windows) -> FbankWindows:
        """The filter banks of each window."""
        scaled = self.on_device(waveform) * WAVEFORM_SCALE
        return FbankWindows(
            scaled, windows, num_mel_bins=MEL_BINS, frame_length=25, frame_shift=10, window_type="povey"
        )

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """Layers of (batch, frames, 128) filter banks, averaged over frequency.

        The network takes any number of frames, and leaves out those at the end that fill no patch.
        """
        states: Mapping[int, Tensor] = self.network((batch - FBANK_MEAN) / (2 * FBANK_STD), layers)
        return {layer: mean_over_frequency(patches, MEL_BINS // PATCH) for layer, patches in states.items()}
