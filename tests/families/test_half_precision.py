"""Half precision: what is rounded once has the numbers of what autocast rounds at every call; attention is fused."""

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.parametrizations import weight_norm
from torchaudio.models import wav2vec2_model
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

from audioscan_ast.encoder import ASTEncoder
from audioscan_beats.encoder import BEATsEncoder
from audioscan_beats.network import BEATsConfig, BEATsNetwork
from audioscan_eat.encoder import EATEncoder
from audioscan_eat.network import EATConfig, EATNetwork
from audioscan_host import FINAL, Runtime, Windows
from audioscan_hubert.convolutions import ChannelsLast
from audioscan_hubert.encoder import HubertEncoder
from audioscan_torch.copies import to_device
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.half_precision import cast_input_once, keep_weights

RATE = 16_000
NO_CONTEXT = nullcontext()
LAYERS = frozenset({1, FINAL})
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
NARROW = [(32, 10, 5), *[(32, 3, 2)] * 4, *[(32, 2, 2)] * 2]


def hubert(name: str) -> torchaudio.models.Wav2Vec2Model:
    """A small network of a bundle's kind, all of whose numbers are random."""
    sizes = {"embed_dim": 48, "num_layers": 2, "num_heads": 4, "pos_conv_groups": 4, "ff_interm_features": 48}
    settings = {
        **getattr(torchaudio.pipelines, name)._params,
        "extractor_conv_layer_config": NARROW,
        **{f"encoder_{key}": value for key, value in sizes.items()},
    }
    network = wav2vec2_model(**settings).eval().requires_grad_(False)
    for each in network.feature_extractor.parameters():
        each.add_(0.1 * torch.randn_like(each))
    return network


def small_ast(runtime: Runtime) -> TorchEncoder:
    config = ASTConfig(
        hidden_size=48, num_attention_heads=4, intermediate_size=48, num_hidden_layers=2, max_length=256
    )
    return ASTEncoder(ASTModel(config), ASTFeatureExtractor(max_length=256), runtime)


def small_beats(runtime: Runtime) -> TorchEncoder:
    settings = {
        "input_patch_size": 16, "embed_dim": 24, "encoder_layers": 2, "encoder_embed_dim": 48, "encoder_ffn_embed_dim": 48,
        "encoder_attention_heads": 4, "conv_pos_groups": 4, "relative_position_embedding": True, "gru_rel_pos": True,
        "deep_norm": True,
    }  # fmt: skip
    network = BEATsNetwork(BEATsConfig(**settings))
    cast_input_once(block.self_attn for block in network.encoder.layers)
    return BEATsEncoder(network, runtime)


def small_eat(runtime: Runtime) -> TorchEncoder:
    return EATEncoder(EATNetwork(EATConfig(embed_dim=48, depth=2, num_heads=4)), runtime)


SMALL: Mapping[str, Callable[[Runtime], TorchEncoder]] = {
    "AST": small_ast,
    "BEATS": small_beats,
    "EAT": small_eat,
    "HUBERT_BASE": lambda runtime: HubertEncoder(hubert("HUBERT_BASE"), runtime),
    "HUBERT_LARGE": lambda runtime: HubertEncoder(hubert("HUBERT_LARGE"), runtime),
}


def made(name: str, precision: str) -> TorchEncoder:
    """An encoder whose weights are the same in every precision."""
    torch.manual_seed(8)
    return SMALL[name](Runtime(device="cpu", precision=precision))


@pytest.fixture
def read(sound: Any) -> Callable[[TorchEncoder], dict[int, Tensor]]:
    """The hidden states of two windows of two seconds; the network may be called in a context."""

    def states(encoder: TorchEncoder, within: AbstractContextManager[Any] = NO_CONTEXT) -> dict[int, Tensor]:
        windows = Windows(np.array([0, RATE]), 2 * RATE, RATE)
        inputs = encoder.preprocess(sound(3), windows)
        batch = inputs[:2]  # filter banks are in float32 whatever the network computes in
        with within:
            return dict(encoder.embed(batch, LAYERS))

    return states


class Layers(nn.Module):
    """One of everything: a norm, layers that are rounded, and some that are not to be."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.image = nn.Conv1d(3, 16, 5), nn.Conv2d(1, 1, 3)
        self.norm, self.linear = nn.LayerNorm(16), nn.Linear(16, 16)
        self.computed, self.watched = weight_norm(nn.Linear(16, 16)), nn.Linear(16, 16)
        self.one, self.other = nn.Linear(16, 16), nn.Linear(16, 16)
        self.other.weight = self.one.weight
        self.watched.register_forward_pre_hook(lambda _module, _inputs: None)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.image(self.convolution(x)[:, None])[:, 0].mT.repeat(1, 1, 2)[..., :16])
        for layer in (self.linear, self.computed, self.watched, self.one, self.other):
            x = x + layer(x)
        return x


@pytest.mark.parametrize("dtype", HALF.values(), ids=HALF)
class TestWeights:
    def test_the_numbers_are_those_of_autocast_bit_for_bit(self, dtype: torch.dtype) -> None:
        torch.manual_seed(1)
        network, x = Layers().requires_grad_(False), torch.randn(2, 3, 40)
        kept = copy.deepcopy(network)
        keep_weights(kept, dtype)
        with torch.autocast("cpu", dtype):
            assert torch.equal(kept(x), network(x))

    def test_what_is_kept_in_half_precision_is_what_autocast_rounds_and_nothing_else(
        self, dtype: torch.dtype
    ) -> None:
        network = Layers()
        keep_weights(network, dtype)
        kept = {
            name
            for name, module in network.named_children()
            if any(p.dtype == dtype for p in module.parameters())
        }
        assert kept == {"convolution", "image", "linear"}


def test_an_input_is_rounded_once_for_all_layers_that_read_it() -> None:
    projections = nn.ModuleList(nn.Linear(8, 8) for _ in range(3)).requires_grad_(False)

    class Reads(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.dtype)
            return torch.stack([each(x) for each in projections])

    seen: list[torch.dtype] = []
    plain, once = Reads(), Reads()
    cast_input_once([once])
    x = torch.randn(2, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(plain(x), once(x))
    once(x)
    assert seen == [torch.float32, torch.bfloat16, torch.float32]


@pytest.mark.parametrize("precision", HALF)
@pytest.mark.parametrize("name", ["AST", "BEATS", "EAT"])
def test_an_encoder_in_half_precision_has_the_numbers_of_autocast_bit_for_bit(
    name: str, precision: str, read: Any
) -> None:
    expected = read(made(name, "fp32"), torch.autocast("cpu", HALF[precision]))
    found = read(made(name, precision))
    assert {layer: torch.equal(found[layer], expected[layer]) for layer in LAYERS} == dict.fromkeys(
        LAYERS, True
    )
    full = read(made(name, "fp32"))
    assert not torch.equal(found[FINAL].float(), full[FINAL])


@pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
def test_hubert_in_half_precision_is_as_near_to_float32_as_under_autocast(name: str, read: Any) -> None:
    full = read(made(name, "fp32"))
    autocast = read(made(name, "fp32"), torch.autocast("cpu", torch.bfloat16))
    found = read(made(name, "bf16"))
    for layer in LAYERS:
        away, theirs = (torch.linalg.norm(each[layer].float() - full[layer]) for each in (found, autocast))
        assert 0 < away < 1.25 * theirs


@pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
def test_convolutions_with_channels_side_by_side_are_those_of_torchaudio(name: str, sound: Any) -> None:
    torch.manual_seed(2)
    network = hubert(name)
    waveforms = torch.from_numpy(np.stack([sound(1), sound(1, seed=1)]))
    expected, _ = network.feature_extractor(waveforms, None)
    ours, seen = ChannelsLast(network), []
    for each in ours.convolutions:
        each.register_forward_hook(
            lambda _module, _inputs, out: seen.append(out.is_contiguous(memory_format=torch.channels_last))
        )
    found, _ = ours(waveforms, None)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert expected.abs().max() > 0.1
    assert seen == [True] * 6


@pytest.mark.parametrize("name", SMALL)
def test_attention_is_fused_and_has_the_numbers_of_products_and_a_soft_max(name: str, read: Any) -> None:
    encoder = made(name, "fp32")
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # raises where it cannot be taken
        fused = read(encoder)
    with sdpa_kernel(SDPBackend.MATH):
        plain = read(encoder)
    for layer in LAYERS:
        torch.testing.assert_close(fused[layer], plain[layer], rtol=0, atol=1e-5)


class TestCopies:
    def test_a_copy_to_a_gpu_goes_through_pinned_memory_and_the_host_does_not_wait(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        empty, asked, sent = torch.empty, [], []

        def pinned(*sizes: Any, pin_memory: bool = False, **settings: Any) -> Tensor:
            asked.append(pin_memory)
            return empty(*sizes, **settings)

        def to(self: Tensor, device: torch.device, *, non_blocking: bool = False) -> Tensor:
            sent.append((str(device), non_blocking))
            return self

        monkeypatch.setattr(torch, "empty", pinned)
        monkeypatch.setattr(Tensor, "to", to)
        values = np.arange(6, dtype=np.int64)[::2]
        values.flags.writeable = False
        found = to_device(values, torch.device("cuda:1"))
        assert (asked, sent) == ([True], [("cuda:1", True)])
        assert found.dtype == torch.int64
        np.testing.assert_array_equal(found.numpy(), values)

    @pytest.mark.parametrize("dtype", [np.float32, np.int64])
    def test_a_copy_on_the_cpu_is_one(self, dtype: Any) -> None:
        values = np.arange(6, dtype=dtype)
        found = to_device(values, torch.device("cpu"))
        values[:] = 0
        np.testing.assert_array_equal(found.numpy(), np.arange(6, dtype=dtype))

    @pytest.mark.parametrize("name", ["EAT", "HUBERT_BASE"])
    def test_batches_are_cut_on_the_device_without_another_copy(
        self, name: str, sound: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        encoder = made(name, "fp32")
        inputs = encoder.preprocess(sound(4), Windows(np.arange(3) * RATE, RATE, RATE))

        def refuse(*_: Any, **__: Any) -> Tensor:
            raise AssertionError("an array of the host is copied to the device")

        for copies in ("tensor", "from_numpy", "as_tensor", "asarray"):
            monkeypatch.setattr(torch, copies, refuse)
        assert [len(inputs[at : at + 1]) for at in range(3)] == [1] * 3
