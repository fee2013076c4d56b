"""The families that are measured: random weights where the real loaders look, and the loop a user would write.

With AUDIOSCAN_BENCHMARK_NARROW=1 their feed-forward layers are 48 wide, but for HUBERT_BASE, whose bundle says how wide: for a
look whether a benchmark works.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torchaudio
from torch import Tensor, nn
from torchaudio.compliance import kaldi

from audioscan_host import FINAL, load_registry

Waveforms = Sequence[npt.NDArray[np.float32]]

INNER = 48 if os.environ.get("AUDIOSCAN_BENCHMARK_NARROW") == "1" else 3072
"""Width of the feed-forward layers."""


@dataclass(frozen=True)
class BenchmarkedFamily:
    """One model of a family.

    Attributes:
        model: its name.
        tokens: that go through the blocks for a window of 8 s.
        lay_weights: writes random weights; gives what `load_registry(checkpoints=...)` needs.
        blocks: the transformer's blocks of an encoder's network.
        plain: for a device and the checkpoint's place, the function from waveforms to (batch, width) that a user would write.
    """

    model: str
    tokens: int
    lay_weights: Callable[[Path], dict[str, str]]
    blocks: Callable[[Any], Sequence[nn.Module]]
    plain: Callable[[torch.device, Path], Callable[[Waveforms], Tensor]]


def _path(model: str) -> Path:
    path = load_registry().model(model).checkpoint.path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _hubert_weights(_folder: Path) -> dict[str, str]:
    torch.save(
        torchaudio.models.wav2vec2_model(**torchaudio.pipelines.HUBERT_BASE._params).state_dict(),
        _path("HUBERT_BASE"),
    )
    return {}


def _hubert_plain(device: torch.device, _checkpoint: Path) -> Callable[[Waveforms], Tensor]:
    network = torchaudio.pipelines.HUBERT_BASE.get_model(dl_kwargs={"weights_only": True}).eval().to(device)

    def plain(waveforms: Waveforms) -> Tensor:
        hidden, _ = network(torch.from_numpy(np.stack(waveforms)).to(device))
        return hidden.mean(1)

    return plain


def _ast_weights(_folder: Path) -> dict[str, str]:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    ASTModel(ASTConfig(intermediate_size=INNER)).save_pretrained(_path("AST"))
    ASTFeatureExtractor().save_pretrained(_path("AST"))
    return {}


def _ast_plain(device: torch.device, checkpoint: Path) -> Callable[[Waveforms], Tensor]:
    from transformers import ASTFeatureExtractor, ASTModel

    network = ASTModel.from_pretrained(checkpoint).eval().to(device)
    extractor = ASTFeatureExtractor.from_pretrained(checkpoint)

    def plain(waveforms: Waveforms) -> Tensor:
        inputs = extractor(list(waveforms), sampling_rate=16000, return_tensors="pt").to(device)
        return network(**inputs).last_hidden_state[:, 2:].mean(1)

    return plain


def _eat_weights(_folder: Path) -> dict[str, str]:
    from safetensors.torch import save_file

    from audioscan_eat.network import EATConfig, EATNetwork

    folder = _path("EAT")
    folder.mkdir()
    settings: dict[str, Any] = {"mlp_ratio": INNER / 768}
    weights = EATNetwork(EATConfig(**settings)).state_dict()
    save_file({f"model.{name}": tensor for name, tensor in weights.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "eat", **settings}))
    return {}


def _eat_plain(device: torch.device, checkpoint: Path) -> Callable[[Waveforms], Tensor]:
    from audioscan_eat.network import load_network

    network = load_network(checkpoint).to(device)

    def plain(waveforms: Waveforms) -> Tensor:
        banks = [
            kaldi.fbank(
                torch.from_numpy(waveform)[None],
                htk_compat=True,
                sample_frequency=16000,
                use_energy=False,
                window_type="hanning",
                num_mel_bins=128,
                dither=0.0,
                frame_shift=10,
            )
            for waveform in waveforms
        ]
        padded = [nn.functional.pad(bank, (0, 0, 0, 1024 - len(bank))) for bank in banks]
        spectrogram = ((torch.stack(padded) + 4.268) / (4.569 * 2)).unsqueeze(1).to(device)
        return network(spectrogram, frozenset({FINAL}))[FINAL][:, 1:].mean(1)

    return plain


def _beats_weights(folder: Path) -> dict[str, str]:
    from audioscan_beats.network import BEATsConfig, BEATsNetwork

    settings = {"input_patch_size": 16, "deep_norm": True, "relative_position_embedding": True}
    settings |= {"gru_rel_pos": True, "num_buckets": 320, "max_distance": 800, "encoder_ffn_embed_dim": INNER}
    weights = BEATsNetwork(BEATsConfig(**settings)).state_dict()
    kernel = weights.pop("encoder.pos_conv.0.weight")
    weights["encoder.pos_conv.0.weight_v"] = kernel
    weights["encoder.pos_conv.0.weight_g"] = torch.linalg.vector_norm(kernel, dim=(0, 1), keepdim=True)
    file = folder / "beats.pt"
    torch.save({"cfg": settings, "model": weights}, file)
    return {"BEATS": f"{file}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"}


def _beats_plain(device: torch.device, checkpoint: Path) -> Callable[[Waveforms], Tensor]:
    from audioscan_beats.network import load_network

    network = load_network(checkpoint).to(device)

    def plain(waveforms: Waveforms) -> Tensor:
        banks = [
            kaldi.fbank(
                torch.from_numpy(waveform)[None] * 2**15,
                num_mel_bins=128,
                sample_frequency=16000,
                frame_length=25,
                frame_shift=10,
            )
            for waveform in waveforms
        ]
        spectrogram = ((torch.stack(banks) - 15.41663) / (2 * 6.55582)).to(device)
        return network(spectrogram, frozenset({FINAL}))[FINAL].mean(1)

    return plain


FAMILIES = (
    BenchmarkedFamily(
        "HUBERT_BASE", 399, _hubert_weights, lambda network: network.encoder.transformer.layers, _hubert_plain
    ),
    BenchmarkedFamily("AST", 1214, _ast_weights, lambda network: network.layers, _ast_plain),
    BenchmarkedFamily("EAT", 513, _eat_weights, lambda network: network.blocks, _eat_plain),
    BenchmarkedFamily("BEATS", 392, _beats_weights, lambda network: network.encoder.layers, _beats_plain),
)


def family_of(model: str) -> BenchmarkedFamily:
    """The family that the model stands for."""
    return next(family for family in FAMILIES if family.model == model)
