"""Runs the encoders of torchaudio's HuBERT and wav2vec 2.0 bundles."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
import torchaudio
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize
from torchaudio.models import Wav2Vec2Model

from audioscan_host import FINAL, Checkpoint, CheckpointError, Runtime, Windows
from audioscan_hubert.convolutions import ChannelsLast
from audioscan_torch.copies import to_device
from audioscan_torch.device import precision
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.half_precision import cast_input_once


class HubertEncoder(TorchEncoder):
    """A bundle's network; the waveform of a window is normalised by itself where the bundle asks for it."""

    network: Wav2Vec2Model

    def __init__(self, network: nn.Module, runtime: Runtime) -> None:
        """Take a network as `bundle.get_model()` returns it.

        The bundles that were trained on normalised waveforms come in a wrapper that normalises a batch as
        one (fairseq issue 5609), so that a window would depend on its neighbours. It is taken off.
        """
        self._normalise = not isinstance(network, Wav2Vec2Model)
        inner = cast("Wav2Vec2Model", network.get_submodule("model") if self._normalise else network)
        transformer = inner.encoder.transformer
        position = transformer.pos_conv_embed.conv
        if parametrize.is_parametrized(position):
            # Weight normalisation gives the same kernel at every call: once is enough.
            parametrize.remove_parametrizations(position, "weight")
        if precision(runtime) != "fp32":
            inner.feature_extractor = ChannelsLast(inner)
            cast_input_once(layer.attention for layer in transformer.layers)
        super().__init__(inner, runtime)

    @classmethod
    def load(cls, checkpoint: Checkpoint, runtime: Runtime) -> "HubertEncoder":
        """Read the checkpoint's file through the bundle of its name.

        Raises:
            CheckpointError: the file is not one of this bundle's weights.
        """
        file = checkpoint.path
        bundle = getattr(torchaudio.pipelines, checkpoint.name)
        where = {"model_dir": str(file.parent), "file_name": file.name, "weights_only": True}
        try:
            network = bundle.get_model(dl_kwargs=where)
        except RuntimeError as error:  # tensors of another network, or a damaged archive
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError(f"{file}: not the weights of {checkpoint.name}: {reason}") from error
        # torch's reader stumbles over other files in many ways, and advises to run the code in them.
        except Exception as error:
            reason = "it is not a file of named tensors, or is damaged"
            raise CheckpointError(f"{file}: not the weights of {checkpoint.name}: {reason}") from error
        return cls(network, runtime)

    def preprocess(self, waveform: npt.NDArray[np.float32], windows: Windows) -> "WaveformWindows":
        """The waveform of each window."""
        return WaveformWindows(self.on_device(waveform), windows, normalise=self._normalise)

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """Layers of (batch, samples) waveforms; `FINAL` is what the network's `forward` returns."""
        blocks, _ = self.network.extract_features(batch)
        states = {layer: blocks[layer - 1] for layer in layers if layer != FINAL}
        if FINAL in layers:
            transformer = self.network.encoder.transformer
            # The networks with normalised waveforms normalise before each block, and once more at the end.
            states[FINAL] = blocks[-1] if transformer.layer_norm_first else transformer.layer_norm(blocks[-1])
        return states


class WaveformWindows:
    """The windows of a block as slices of its waveform."""

    def __init__(self, waveform: Tensor, windows: Windows, *, normalise: bool) -> None:
        self._by_start = waveform.unfold(0, windows.length, 1)
        # All of them at once: a copy for each batch would make it wait for the one before.
        self._starts = to_device(windows.starts, waveform.device)
        self._normalise = normalise

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, part: slice) -> Tensor:
        """(batch, samples) float32; each normalised to mean 0 and variance 1 where asked for."""
        waveforms = self._by_start[self._starts[part]]
        return functional.layer_norm(waveforms, waveforms.shape[-1:]) if self._normalise else waveforms
