"""Runs EAT on filter banks that overlapping windows share."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from audioscan_eat.network import MEL_BINS, PATCH, PATCHES_A_STEP, EATNetwork, load_network
from audioscan_host import Checkpoint, CheckpointError, Runtime, Windows
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.fbank import FbankWindows
from audioscan_torch.patches import mean_over_frequency

# As the model cards of the checkpoints give them.
MEAN, STD = -4.268, 4.569
LEAST_FRAMES = 1024  # shorter windows are padded to what the network was trained on
WIDTHS = {12: 768, 24: 1024}  # of base and large, by their number of blocks


class EATEncoder(TorchEncoder):
    """A network that gives the hidden states of the layers asked for, class token first."""

    @classmethod
    def load(cls, checkpoint: Checkpoint, runtime: Runtime) -> "EATEncoder":
        """Read the checkpoint's folder, by the authors' own code where the checkpoint says so.

        Raises:
            CheckpointError: the folder does not hold an EAT of the declared shape.
        """
        if checkpoint.remote_code:
            return cls(load_remote(checkpoint.path), runtime)
        network = load_network(checkpoint.path)
        _check_shape(network, checkpoint)
        return cls(network, runtime)

    def preprocess(self, waveform: npt.NDArray[np.float32], windows: Windows) -> FbankWindows:
        """The filter banks of each window."""
        return FbankWindows(
            self.on_device(waveform),
            windows,
            htk_compat=True,
            use_energy=False,
            window_type="hanning",
            num_mel_bins=MEL_BINS,
            dither=0.0,
            frame_shift=10,
        )

    def spectrogram(self, fbank: Tensor) -> Tensor:
        """What the network takes: filter banks padded with zeros, then normalised.

        Args:
            fbank: (batch, frames, 128) float32.

        Returns:
            (batch, 1, frames, 128) float32, frames 1024 or the next multiple of 16.
        """
        frames = max(LEAST_FRAMES, -(-fbank.shape[1] // PATCH) * PATCH)
        padded = functional.pad(fbank, (0, 0, 0, frames - fbank.shape[1]))
        return ((padded - MEAN) / (STD * 2)).unsqueeze(1)

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """Layers of (batch, frames, 128) filter banks: patches wholly in the window, averaged over frequency."""
        states: Mapping[int, Tensor] = self.network(self.spectrogram(batch), layers)
        real = batch.shape[1] // PATCH * PATCHES_A_STEP
        return {
            layer: mean_over_frequency(tokens[:, 1 : 1 + real], PATCHES_A_STEP)
            for layer, tokens in states.items()
        }


def _check_shape(network: EATNetwork, checkpoint: Checkpoint) -> None:
    declared = {
        "depth": checkpoint.layers,
        "embed_dim": WIDTHS[checkpoint.layers],
        "max_length": round(checkpoint.longest_window / checkpoint.step),
    }
    for key, expected in declared.items():
        found = getattr(network.config, key)
        if found != expected:
            raise CheckpointError(f"{checkpoint.path / 'config.json'}: {key} is {found}, not {expected}")


class RemoteNetwork(nn.Module):
    """The authors' own code, which gives the final output alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
        """(batch, 1, frames, 128) -> (batch, 1 + frames / 16 * 8, width)."""
        extract = cast("Callable[[Tensor], Tensor]", self.network.extract_features)
        return dict.fromkeys(layers, extract(spectrogram))


def load_remote(folder: Path) -> RemoteNetwork:
    """The network of the code that lies in the checkpoint's folder: it is run as it is.

    Raises:
        CheckpointError: the folder has no such code, the code fails, or the weights do not fill its network.
    """
    try:
        from transformers import PreTrainedModel
        from transformers.dynamic_module_utils import get_class_from_dynamic_module
    except ImportError as error:
        raise CheckpointError(
            "the authors' code needs transformers: pip install 'audioscan-eat[remote-code]'"
        ) from error
    try:
        reference = json.loads((folder / "config.json").read_text(encoding="utf-8"))["auto_map"]["AutoModel"]
        # A reference may name another repository, which is not pinned: only the folder's own code is run.
        theirs: type[PreTrainedModel] = get_class_from_dynamic_module(reference.split("--")[-1], folder)
        # transformers 5 reads an attribute that `post_init` sets, which the authors' class never calls.
        theirs.all_tied_weights_keys = {}
        loaded = theirs.from_pretrained(
            folder,
            trust_remote_code=True,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
        )
        network, found = cast("tuple[nn.Module, dict[str, Any]]", loaded)
    # Code that is not ours raises what it likes.
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise CheckpointError(f"{folder}: the authors' code cannot be run: {reason}") from error
    # transformers fills these with random numbers.
    unfit = [*sorted(found["missing_keys"]), *sorted(key for key, *_ in found["mismatched_keys"])]
    if unfit:
        raise CheckpointError(f"{folder}: lacks, or has in another shape, {', '.join(unfit[:3])}")
    return RemoteNetwork(network)
