"""The network of EAT, and how it comes out of a published checkpoint.

Chen et al., "EAT: Self-Supervised Pre-Training with Efficient Audio Transformer", IJCAI 2024,
arXiv:2401.03497. The parameters are named as in the authors' `model.safetensors`.
"""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.layers import Attention, Mlp  # type: ignore[attr-defined] # timm has no __all__ there
from torch import Tensor, nn

from audioscan_host import FINAL, CheckpointError

MEL_BINS = 128
PATCH = 16  # frames, and mel bins
PATCHES_A_STEP = MEL_BINS // PATCH

# The defaults of the authors' configuration class, and all that is implemented here.
_IMPLEMENTED = {
    "model_type": "eat", "patch_size": PATCH, "stride": PATCH, "in_chans": 1, "mel_bins": MEL_BINS,
    "qkv_bias": True, "layer_norm_first": False, "norm_affine": True, "fixed_positions": True,
}  # fmt: skip

_NOT_NEEDED = ("model.fc_norm.", "model.head.")  # of the classifier that a fine-tuned checkpoint ends in


@dataclass(frozen=True)
class EATConfig:
    """The settings in which one EAT differs from another, by the names and defaults of the authors."""

    embed_dim: int = 768  # width of the hidden states
    depth: int = 12  # number of blocks
    num_heads: int = 12
    mlp_ratio: float = 4.0  # hidden width of a block's perceptron, times embed_dim
    max_length: int = 768  # time steps that have a position
    norm_eps: float = 1e-6

    @classmethod
    def read(cls, path: Path) -> Self:
        """The settings in a checkpoint's `config.json`; those that only training needs are passed over.

        Raises:
            CheckpointError: the file cannot be read, or describes a network that this is not.
        """
        try:
            settings = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path}: cannot be read: {error}") from error
        if not isinstance(settings, dict):
            raise CheckpointError(f"{path}: expected a JSON object, found {type(settings).__name__}")
        for key, only in _IMPLEMENTED.items():
            found = settings.get(key, only)
            _require(type(found) is type(only) and found == only, path, key, json.dumps(only), found)
        values: dict[str, Any] = {}
        for field in fields(cls):
            found = settings.get(field.name, field.default)
            is_number = type(found) in {int, field.type}
            kind = "whole number" if field.type is int else "number"
            _require(is_number and 0 < found < math.inf, path, field.name, f"a {kind} above 0", found)
            values[field.name] = found
        heads, width = values["num_heads"], values["embed_dim"]
        fits = width % heads == 0 and width % 4 == 0  # 4: sine and cosine of two axes
        _require(fits, path, "embed_dim", f"a multiple of 4 and of num_heads, {heads}", width)
        return cls(**values)


class EATNetwork(nn.Module):
    """Patches of a spectrogram, with their positions and a class token, through post-norm blocks."""

    def __init__(self, config: EATConfig) -> None:
        super().__init__()
        self.config = config
        width = config.embed_dim
        positions = sine_cosine_positions(config.max_length, PATCHES_A_STEP, width)
        self.local_encoder = nn.ModuleDict({"proj": nn.Conv2d(1, width, PATCH, stride=PATCH)})
        self.fixed_positional_encoder = nn.ParameterDict({"positions": positions})
        self.extra_tokens = nn.Parameter(torch.zeros(1, 1, width))  # the class token alone
        self.pre_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.blocks = nn.ModuleList(PostNormBlock(config) for _ in range(config.depth))

    def forward(self, spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
        """Run the network as far as the deepest of `layers`.

        Args:
            spectrogram: (batch, 1, frames, 128), normalised; frames a multiple of 16.
            layers: 0 goes into the first block, k leaves block k, `FINAL` leaves the last.

        Returns:
            Each of them: (batch, 1 + frames / 16 * 8, width). Token 0 is the class token, token
            1 + 8 t + f the patch at time step t and frequency f.

        Raises:
            ValueError: the spectrogram has another shape or is too long, or there is no such layer.
        """
        depth = len(self.blocks)
        numbers = {layer: depth if layer == FINAL else layer for layer in layers}
        if not all(0 <= number <= depth for number in numbers.values()):
            raise ValueError(f"layers must be 0 to {depth} or FINAL, not {sorted(layers)}")
        hidden = self._embed(spectrogram)
        kept = {0: hidden} if 0 in numbers.values() else {}
        for number, block in enumerate(self.blocks[: max(numbers.values(), default=0)], start=1):
            hidden = block(hidden)
            if number in numbers.values():
                kept[number] = hidden
        return {layer: kept[number] for layer, number in numbers.items()}

    def _embed(self, spectrogram: Tensor) -> Tensor:
        """What goes into the first block: (batch, 1, frames, 128) -> (batch, tokens, width)."""
        positions = self.fixed_positional_encoder["positions"]
        longest = positions.shape[1] // PATCHES_A_STEP * PATCH
        batch, channels, frames, bins = spectrogram.shape
        if (channels, bins) != (1, MEL_BINS) or frames % PATCH or not 0 < frames <= longest:
            shape = f"(batch, 1, a multiple of {PATCH} up to {longest}, {MEL_BINS})"
            raise ValueError(f"spectrogram must be {shape}, not {tuple(spectrogram.shape)}")
        patches = self.local_encoder["proj"](spectrogram).flatten(2).transpose(1, 2)
        patches = patches + positions[:, : patches.shape[1]]
        hidden: Tensor = self.pre_norm(torch.cat([self.extra_tokens.expand(batch, -1, -1), patches], dim=1))
        return hidden


class PostNormBlock(nn.Module):
    """Attention, then a perceptron, each added to what it reads and normalised after the sum."""

    def __init__(self, config: EATConfig) -> None:
        super().__init__()
        width = config.embed_dim
        self.attn = Attention(width, config.num_heads, qkv_bias=True)
        self.norm1 = nn.LayerNorm(width, eps=config.norm_eps)
        self.mlp = Mlp(width, int(width * config.mlp_ratio))
        self.norm2 = nn.LayerNorm(width, eps=config.norm_eps)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, tokens, width) -> the same shape."""
        attended = self.norm1(hidden + self.attn(hidden))
        output: Tensor = self.norm2(attended + self.mlp(attended))
        return output


def sine_cosine_positions(time: int, frequency: int, width: int) -> Tensor:
    """The positions that EAT is trained with: those of MAE (He et al., arXiv:2111.06377).

    The first half of the width tells the frequency, the second the time step; each half is
    [sin(p r_k) | cos(p r_k)] with r_k = 10000^(-k / K), k < K = width / 4.

    Returns:
        (1, time * frequency, width) float32, frequency running fastest.
    """
    rates = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    angles = [torch.arange(count)[:, None] * rates for count in (frequency, time)]
    by_frequency, by_time = (torch.cat([angle.sin(), angle.cos()], dim=1) for angle in angles)
    halves = [by_frequency.repeat(time, 1), by_time.repeat_interleave(frequency, dim=0)]
    return torch.cat(halves, dim=1)[None].float()


def load_network(folder: Path) -> EATNetwork:
    """The network of a folder's `config.json` and `model.safetensors`: float32, CPU, inference alone.

    Raises:
        CheckpointError: a file cannot be read, or the weights are not those of such a network.
    """
    weights_file = folder / "model.safetensors"
    with torch.device("meta"):  # takes no memory, and initialises nothing that the weights replace
        network = EATNetwork(EATConfig.read(folder / "config.json"))
    try:
        weights = load_file(weights_file)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{weights_file}: cannot be read: {error}") from error
    expected = {f"model.{name}": parameter for name, parameter in network.state_dict().items()}
    found = {name: tensor for name, tensor in weights.items() if not name.startswith(_NOT_NEEDED)}
    if differences := _differences(expected, found):
        raise CheckpointError(f"{weights_file}: not an EAT checkpoint: {differences}")
    parameters = {name.removeprefix("model."): tensor.float() for name, tensor in found.items()}
    network.load_state_dict(parameters, assign=True)
    return network.requires_grad_(False).eval()


def _differences(expected: dict[str, Tensor], found: dict[str, Tensor]) -> str:
    """The keys that are not as expected, the first few by name; empty where there are none."""
    both = [name for name in expected if name in found]
    differences = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "of another shape": [name for name in both if found[name].shape != expected[name].shape],
        "not floating-point": [name for name in both if not found[name].is_floating_point()],
    }
    first = {what: ", ".join([*names[:3], "..."][: len(names)]) for what, names in differences.items()}
    return "; ".join(f"{what} {names}" for what, names in first.items() if names)


def _require(ok: bool, path: Path, key: str, expected: str, found: object) -> None:
    if not ok:
        raise CheckpointError(f"{path}: {key} must be {expected}, not {json.dumps(found)}")
