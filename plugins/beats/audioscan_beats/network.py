"""The BEATs encoder, and how its published checkpoints become one.

Chen et al., "BEATs: Audio Pre-Training with Acoustic Tokenizers" (ICML 2023, arXiv:2212.09058), with
the gated relative position bias of WavLM (arXiv:2110.13900) and the residual scaling of DeepNet
(arXiv:2203.00555). Where the papers leave a choice, the reference decides: microsoft/unilm, folder
beats. Parameters carry the names that they have in its checkpoints.

The input is computed elsewhere: the waveform at 16 kHz times `WAVEFORM_SCALE`, Kaldi's log-mel filter
bank (`MEL_BINS` bins, 25 ms every 10 ms, povey window, no dither), then
`(fbank - FBANK_MEAN) / (2 * FBANK_STD)`. Hidden states are (batch, patches, width).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from audioscan_host import FINAL, CheckpointError

WAVEFORM_SCALE = 2**15  # the range of 16-bit samples
MEL_BINS = 128
FBANK_MEAN, FBANK_STD = 15.41663, 6.55582
_KERNEL, _GAIN, _DIRECTION = (f"encoder.pos_conv.0.{name}" for name in ("weight", "weight_g", "weight_v"))


@dataclass(frozen=True)
class BEATsConfig:
    """What shapes the encoder, with the reference's names and defaults; refuses what is not built here."""

    input_patch_size: int = -1  # a checkpoint has to say it
    embed_dim: int = 512
    conv_bias: bool = False
    encoder_layers: int = 12
    encoder_embed_dim: int = 768
    encoder_ffn_embed_dim: int = 3072
    encoder_attention_heads: int = 12
    activation_fn: str = "gelu"
    layer_norm_first: bool = False
    deep_norm: bool = False
    conv_pos: int = 128
    conv_pos_groups: int = 16
    relative_position_embedding: bool = False
    num_buckets: int = 320
    max_distance: int = 1280
    gru_rel_pos: bool = False

    @classmethod
    def from_checkpoint(cls, cfg: Mapping[str, Any]) -> BEATsConfig:
        """The settings that matter here; those of training and of the classifier are left out."""
        return cls(**{field.name: cfg[field.name] for field in fields(cls) if field.name in cfg})

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            valid = type(value).__name__ == field.type and (field.type != "int" or value >= 1)
            self._require(valid, field.name, "1 or more" if field.type == "int" else f"a {field.type}")
        self._require(self.activation_fn == "gelu", "activation_fn", "'gelu'")
        self._require(self.relative_position_embedding, "relative_position_embedding", "True")
        self._require(self.gru_rel_pos, "gru_rel_pos", "True")
        self._require(not (self.deep_norm and self.layer_norm_first), "deep_norm", "False with pre-norm")
        for key in ("encoder_attention_heads", "conv_pos_groups"):
            self._require(self.encoder_embed_dim % getattr(self, key) == 0, key, "a divisor of the width")
        self._require(4 <= self.num_buckets < 4 * self.max_distance, "num_buckets", "4 to 4 max_distance - 1")

    def _require(self, ok: bool, key: str, expected: str) -> None:
        if not ok:
            raise CheckpointError(f"the setting {key} must be {expected}, not {getattr(self, key)!r}")


def relative_position_bucket(distance: Tensor, num_buckets: int, max_distance: int) -> Tensor:
    """Number the distances from query to key (WavLM, section 3.1, after T5, arXiv:1910.10683).

    Half of the buckets are for keys after the query. Half of each half hold one distance each; the
    others widen logarithmically up to `max_distance`. Any shape, int64.
    """
    each_side, exact = num_buckets // 2, num_buckets // 4
    far = distance.abs()
    growth = torch.log(far.clamp(min=exact) / exact) / math.log(max_distance / exact)
    logarithmic = (exact + (growth * (each_side - exact)).long()).clamp(max=each_side - 1)
    return each_side * (distance > 0) + torch.where(far < exact, far, logarithmic)


class Attention(nn.Module):
    """Self-attention with a position bias that is gated by the query (WavLM, section 3.1)."""

    def __init__(self, config: BEATsConfig, relative_attention_bias: nn.Embedding) -> None:
        super().__init__()
        width, self.heads = config.encoder_embed_dim, config.encoder_attention_heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.grep_linear = nn.Linear(width // self.heads, 8)
        self.grep_a = nn.Parameter(torch.ones(1, self.heads, 1, 1))
        # One for all blocks. A checkpoint has a copy in each, the last of which the reference keeps.
        self.relative_attention_bias = relative_attention_bias
        self.max_distance = config.max_distance

    def forward(self, x: Tensor, position_bias: Tensor) -> Tensor:
        query, key, value = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        mask = self.gate(query) * position_bias.to(query.dtype)
        # The reference shifts the scores of each query against overflow, which a softmax cancels.
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return cast("Tensor", self.out_proj(attended.transpose(1, 2).flatten(2)))

    def position_bias(self, patches: int) -> Tensor:
        """The bias of every query for every key before it is gated: (heads, patches, patches)."""
        table = self.relative_attention_bias
        distance = torch.arange(1 - patches, patches, device=table.weight.device)
        by_distance = table(relative_position_bucket(distance, table.num_embeddings, self.max_distance))
        rows: Tensor = by_distance.T.unfold(1, patches, 1).flip(1)  # the row of query 0 is the last
        return rows.contiguous()  # in the order in which every block multiplies it: four times as fast

    def gate(self, query: Tensor) -> Tensor:
        """WavLM's 1 + u + (1 - u) s r of each query; the sigmoid returns 1 - u and r. (..., n) -> (..., 1)."""
        sums = self.grep_linear(query).unflatten(-1, (2, 4)).sum(-1, dtype=torch.float32)
        kept, reset = torch.sigmoid(sums).chunk(2, dim=-1)
        return (2 + kept * (self.grep_a * reset - 1)).to(query.dtype)


class Block(nn.Module):
    """Attention and a feed-forward layer, with DeepNet's residual scaling where the norms come after."""

    def __init__(self, config: BEATsConfig, relative_attention_bias: nn.Embedding) -> None:
        super().__init__()
        width, inner = config.encoder_embed_dim, config.encoder_ffn_embed_dim
        self.self_attn = Attention(config, relative_attention_bias)
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm_first = config.layer_norm_first
        self.alpha = (2 * config.encoder_layers) ** 0.25 if config.deep_norm else 1.0  # DeepNet's

    def forward(self, x: Tensor, position_bias: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.self_attn(self.self_attn_layer_norm(x), position_bias)
            return x + self._feed_forward(self.final_layer_norm(x))
        x = self.self_attn_layer_norm(torch.add(self.self_attn(x, position_bias), x, alpha=self.alpha))
        return cast("Tensor", self.final_layer_norm(torch.add(self._feed_forward(x), x, alpha=self.alpha)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.fc2(functional.gelu(self.fc1(x))))


class Encoder(nn.Module):
    """A convolution that tells each patch where it is, then the blocks."""

    def __init__(self, config: BEATsConfig) -> None:
        super().__init__()
        width, kernel, groups = config.encoder_embed_dim, config.conv_pos, config.conv_pos_groups
        self.pos_conv = nn.Sequential(nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=groups))
        self.layer_norm = nn.LayerNorm(width)
        shared = nn.Embedding(config.num_buckets, config.encoder_attention_heads)
        self.layers = nn.ModuleList(Block(config, shared) for _ in range(config.encoder_layers))
        self.norm_first = config.layer_norm_first

    def forward(self, x: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
        steps = self.pos_conv(x.mT)[..., : x.shape[1]]  # an even kernel makes one too many
        x = x + functional.gelu(steps).mT
        x = x if self.norm_first else self.layer_norm(x)
        states = {0: x} if 0 in layers else {}
        deepest = len(self.layers) if FINAL in layers else max(layers, default=0)
        position_bias = cast("Block", self.layers[0]).self_attn.position_bias(x.shape[1])
        for number, block in enumerate(self.layers[:deepest], start=1):
            x = block(x, position_bias)
            if number in layers:
                states[number] = x
        if FINAL in layers:
            states[FINAL] = self.layer_norm(x) if self.norm_first else x
        return states


class BEATsNetwork(nn.Module):
    """BEATs from the normalised spectrogram to its hidden states."""

    def __init__(self, config: BEATsConfig) -> None:
        super().__init__()
        self.config = config
        size, inner, width = config.input_patch_size, config.embed_dim, config.encoder_embed_dim
        self.patch_embedding = nn.Conv2d(1, inner, size, stride=size, bias=config.conv_bias)
        self.layer_norm = nn.LayerNorm(inner)
        self.post_extract_proj = nn.Identity() if inner == width else nn.Linear(inner, width)
        self.encoder = Encoder(config)

    def forward(self, spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
        """The hidden states asked for: layer -> (batch, frames // 16 * 8, width), 8 patches a time step.

        Args:
            spectrogram: (batch, frames, MEL_BINS), normalised as above; what fills no patch is dropped.
            layers: 0 enters the first block, k leaves block k, FINAL is the output; deeper blocks rest.
        """
        x = self.patch_embedding(spectrogram.unsqueeze(1)).flatten(2).mT  # time step after time step
        x = self.post_extract_proj(self.layer_norm(x))
        return cast("dict[int, Tensor]", self.encoder(x, layers))


def load_network(file: Path) -> BEATsNetwork:
    """A published checkpoint's network, ready to infer, on the CPU.

    Raises:
        CheckpointError: the file cannot be read, holds something else, or has other weights.
    """
    try:
        cfg, weights = _read(file)
        with torch.device("meta"):  # no memory and no random numbers for what the file will fill
            network = BEATsNetwork(BEATsConfig.from_checkpoint(cfg))
        _check(weights, checkpoint_shapes(network))
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from error
    gain, direction = weights.pop(_GAIN), weights.pop(_DIRECTION)
    # Weight normalisation of each of the kernel's steps, over its inputs and outputs.
    weights[_KERNEL] = gain * direction / torch.linalg.vector_norm(direction, dim=(0, 1), keepdim=True)
    network.load_state_dict(weights, assign=True)
    return network.float().eval().requires_grad_(False)


def checkpoint_shapes(network: BEATsNetwork) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights in a checkpoint of that network, a classifier's aside."""
    shapes = {key: tuple(weight.shape) for key, weight in network.state_dict().items()}
    kernel = shapes.pop(_KERNEL)
    return shapes | {_GAIN: (1, 1, kernel[-1]), _DIRECTION: kernel}


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # damaged bytes make the unpickler raise almost anything
        raise CheckpointError("is damaged or holds more than weights (not run): fetch it again") from error
    match content:
        case {"cfg": dict() as cfg, "model": dict() as weights}:
            return cfg, {key: weights[key] for key in weights if not str(key).startswith("predictor.")}
    raise CheckpointError("is not a checkpoint of BEATs, which is a dict of two dicts, 'cfg' and 'model'")


def _check(weights: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    found = {key: tuple(getattr(weight, "shape", ("no tensor",))) for key, weight in weights.items()}
    wrong = [key for key in {**shapes, **found} if shapes.get(key) != found.get(key)]
    if wrong:
        first = [f"{key}: expected {shapes.get(key)}, found {found.get(key)}" for key in wrong[:3]]
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise CheckpointError(f"its weights do not fit: {'; '.join(first)}{more}")
