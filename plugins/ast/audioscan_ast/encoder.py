"""Runs the Audio Spectrogram Transformer of transformers on filter banks that overlapping windows share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel
from transformers.utils import logging as transformers_logging

from audioscan_host import FINAL, Checkpoint, CheckpointError, Runtime, Windows
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.fbank import FbankWindows
from audioscan_torch.half_precision import cast_input_once

SPECIAL_TOKENS = 2  # class and distillation, in front of the patches

SHAPE = ("hidden_size", "num_hidden_layers", "patch_size", "time_stride", "frequency_stride")
INPUT = ("num_mel_bins", "max_length")
"""What of a checkpoint's configuration the plugin's declarations and the pooling rest on."""


class ASTEncoder(TorchEncoder):
    """The network, and the constants of the feature extractor that came with it."""

    network: ASTModel

    def __init__(self, network: ASTModel, extractor: ASTFeatureExtractor, runtime: Runtime) -> None:
        super().__init__(network, runtime)
        cast_input_once(cast("nn.Module", layer.attention) for layer in network.layers)
        self._extractor = extractor
        self._config: Any = network.config  # transformers allows lists where this network has numbers

    @classmethod
    def load(cls, checkpoint: Checkpoint, runtime: Runtime) -> "ASTEncoder":
        """Read the folder of the checkpoint.

        Raises:
            CheckpointError: it does not hold an AST of this shape.
        """
        folder = checkpoint.path
        try:
            with _quiet():
                extractor = ASTFeatureExtractor.from_pretrained(folder)
                loaded = ASTModel.from_pretrained(
                    folder,
                    dtype=torch.float32,
                    attn_implementation="sdpa",
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # they are refused below, by name
                )
                network, found = cast("tuple[ASTModel, dict[str, Any]]", loaded)
        # transformers lets the errors of its readers through: json's, safetensors', torch's.
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError(f"{folder}: not an AST checkpoint: {reason}") from error
        _check(folder / "config.json", network.config, ASTConfig(), SHAPE + INPUT)
        published = ASTFeatureExtractor()  # type: ignore[no-untyped-call]
        _check(folder / "preprocessor_config.json", extractor, published, (*INPUT, "sampling_rate"))
        unfit = [*sorted(found["missing_keys"]), *sorted(key for key, *_ in found["mismatched_keys"])]
        if unfit:
            keys = ", ".join(unfit[:3])
            raise CheckpointError(
                f"{folder}: not an AST checkpoint: it lacks, or has in another shape, {keys}"
            )
        return cls(network, extractor, runtime)

    def preprocess(self, waveform: npt.NDArray[np.float32], windows: Windows) -> FbankWindows:
        """The filter banks of each window, with the settings of `ASTFeatureExtractor`."""
        bins = self._extractor.num_mel_bins
        return FbankWindows(self.on_device(waveform), windows, window_type="hanning", num_mel_bins=bins)

    def input_values(self, fbank: Tensor) -> Tensor:
        """What the network takes: filter banks padded with zeros, then normalised, as the extractor does.

        Args:
            fbank: (batch, frames, bins) float32.

        Returns:
            (batch, max_length, bins) float32.
        """
        values: Tensor = functional.pad(fbank, (0, 0, 0, self._extractor.max_length - fbank.shape[1]))
        if self._extractor.do_normalize:
            values = (values - self._extractor.mean) / (self._extractor.std * 2)
        return values

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        """Layers of (batch, frames, bins) filter banks; layer k is `hidden_states[k]` of transformers."""
        found = self.network(self.input_values(batch), output_hidden_states=layers != {FINAL})
        steps = (batch.shape[1] - self._config.patch_size) // self._config.time_stride + 1
        return {
            layer: self._time_steps(
                found.last_hidden_state if layer == FINAL else found.hidden_states[layer], steps
            )
            for layer in layers
        }

    def _time_steps(self, tokens: Tensor, steps: int) -> Tensor:
        """Patches that lie wholly in the window, averaged over frequency.

        Args:
            tokens: (batch, special tokens + bands * time, width), frequency-major.
            steps: time steps to keep; what follows is padding.

        Returns:
            (batch, steps, width)
        """
        config = self._config
        bands = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        patches = tokens[:, SPECIAL_TOKENS:].reshape(len(tokens), bands, -1, tokens.shape[2])
        return patches[:, :, :steps].mean(1)


def _check(file: Path, found: object, published: object, names: Sequence[str]) -> None:
    for name in names:
        value, expected = getattr(found, name), getattr(published, name)
        if value != expected:
            raise CheckpointError(
                f"{file}: not an AST checkpoint of this shape: {name} is {value}, not {expected}"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither a bar for a second's work nor a report that the classifier's weights were left out."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
