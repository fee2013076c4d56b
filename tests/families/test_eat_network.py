"""EAT's network: its numbers against the published arithmetic, and what it takes for a checkpoint."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import audioscan_eat.network
from audioscan_eat.network import EATConfig, EATNetwork, load_network, sine_cosine_positions
from audioscan_host import FINAL

Shapes = dict[str, tuple[int, ...]]

WIDTH, DEPTH, HEADS, STEPS = 32, 3, 4, 12  # of the small network; STEPS is its max_length
SMALL = {"model_type": "eat", "embed_dim": WIDTH, "depth": DEPTH, "num_heads": HEADS, "max_length": STEPS}
ALL_LAYERS = frozenset({*range(DEPTH + 1), FINAL})

PUBLISHED_SIZE_OF_LARGE = 1_237_667_364
"""Bytes of `model.safetensors` of `worstchan/EAT-large_epoch20_finetune_AS2M`."""


def shapes_of_encoder(width: int, depth: int, steps: int) -> Shapes:
    """Every key that the encoder of a published checkpoint has."""
    shapes: Shapes = {
        "model.extra_tokens": (1, 1, width),
        "model.local_encoder.proj.weight": (width, 1, 16, 16),
        "model.local_encoder.proj.bias": (width,),
        "model.fixed_positional_encoder.positions": (1, steps * 8, width),
        "model.pre_norm.weight": (width,),
        "model.pre_norm.bias": (width,),
    }
    for block in range(depth):
        for name, rows, columns in (
            ("attn.qkv", 3 * width, width),
            ("attn.proj", width, width),
            ("mlp.fc1", 4 * width, width),
            ("mlp.fc2", width, 4 * width),
        ):
            shapes[f"model.blocks.{block}.{name}.weight"] = (rows, columns)
            shapes[f"model.blocks.{block}.{name}.bias"] = (rows,)
        for name in ("norm1", "norm2"):
            shapes[f"model.blocks.{block}.{name}.weight"] = (width,)
            shapes[f"model.blocks.{block}.{name}.bias"] = (width,)
    return shapes


def shapes_of_classifier(width: int) -> Shapes:
    """The keys that fine-tuning on AudioSet's 527 classes adds."""
    return {
        "model.fc_norm.weight": (width,),
        "model.fc_norm.bias": (width,),
        "model.head.weight": (527, width),
        "model.head.bias": (527,),
    }


def random_weights(shapes: Shapes) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    weights = {}
    for name, shape in shapes.items():
        spread = 0.2 * torch.randn(shape, generator=generator)
        weights[name] = 1 + spread if "norm" in name and name.endswith("weight") else spread
    return weights


def spectrogram(batch: int, frames: int) -> Tensor:
    return torch.randn(batch, 1, frames, 128, generator=torch.Generator().manual_seed(batch * 1000 + frames))


@pytest.fixture
def weights() -> dict[str, Tensor]:
    return random_weights(shapes_of_encoder(WIDTH, DEPTH, STEPS))


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., EATNetwork]:
    def load(weights: dict[str, Tensor], **settings: object) -> EATNetwork:
        config_file, weights_file = tmp_path / "config.json", tmp_path / "model.safetensors"
        config_file.write_text(json.dumps(SMALL | settings))
        save_file(weights, weights_file, metadata={"format": "pt"})
        return load_network(config_file.parent)

    return load


def published_arithmetic(weights: dict[str, Tensor], spectrogram: Tensor, eps: float = 1e-6) -> list[Tensor]:
    """What enters the first block, and what leaves each: the paper's network in float64, step by step."""
    weights = {name.removeprefix("model."): tensor.double() for name, tensor in weights.items()}

    def affine(name: str, hidden: Tensor) -> Tensor:
        return hidden @ weights[f"{name}.weight"].flatten(1).T + weights[f"{name}.bias"]

    def norm(name: str, hidden: Tensor) -> Tensor:
        centred = hidden - hidden.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / (variance + eps).sqrt() * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attention(name: str, hidden: Tensor) -> Tensor:
        queries, keys, values = affine(f"{name}.qkv", hidden).split(WIDTH, dim=-1)
        size = WIDTH // HEADS
        outputs = []
        for head in range(HEADS):
            own = slice(head * size, (head + 1) * size)
            scores = queries[..., own] @ keys[..., own].transpose(1, 2) / math.sqrt(size)
            shares = scores.exp() / scores.exp().sum(-1, keepdim=True)
            outputs.append(shares @ values[..., own])
        return affine(f"{name}.proj", torch.cat(outputs, dim=-1))

    def perceptron(name: str, hidden: Tensor) -> Tensor:
        inner = affine(f"{name}.fc1", hidden)
        return affine(f"{name}.fc2", inner * (1 + torch.erf(inner / math.sqrt(2))) / 2)

    tokens = []
    for time in range(spectrogram.shape[2] // 16):
        for frequency in range(8):
            patch = spectrogram[:, 0, 16 * time : 16 * time + 16, 16 * frequency : 16 * frequency + 16]
            position = weights["fixed_positional_encoder.positions"][0, 8 * time + frequency]
            tokens.append(affine("local_encoder.proj", patch.double().flatten(1)) + position)
    class_token = weights["extra_tokens"][0].expand(len(spectrogram), WIDTH)
    hidden = norm("pre_norm", torch.stack([class_token, *tokens], dim=1))
    layers = [hidden]
    for block in range(DEPTH):
        attended = norm(f"blocks.{block}.norm1", hidden + attention(f"blocks.{block}.attn", hidden))
        hidden = norm(f"blocks.{block}.norm2", attended + perceptron(f"blocks.{block}.mlp", attended))
        layers.append(hidden)
    return layers


@pytest.mark.parametrize("frames", [16, 32, 64, 16 * STEPS])
def test_every_layer_equals_the_published_arithmetic(load, weights, frames):
    batch = spectrogram(2, frames)
    computed = load(weights)(batch, ALL_LAYERS)
    expected = published_arithmetic(weights, batch)
    assert set(computed) == ALL_LAYERS
    for layer in range(DEPTH + 1):
        assert computed[layer].shape == (2, 1 + frames // 16 * 8, WIDTH)
        torch.testing.assert_close(computed[layer].double(), expected[layer], rtol=0, atol=1e-5)
    torch.testing.assert_close(computed[FINAL].double(), expected[DEPTH], rtol=0, atol=1e-5)


def test_the_norms_add_what_the_configuration_says(load, weights):
    batch = spectrogram(1, 32)
    computed = load(weights, norm_eps=0.5)(batch, frozenset({FINAL}))[FINAL]
    expected = published_arithmetic(weights, batch, eps=0.5)[-1]
    torch.testing.assert_close(computed.double(), expected, rtol=0, atol=1e-5)


def test_attention_takes_the_fused_path(load, weights, monkeypatch):
    fused = nn.functional.scaled_dot_product_attention
    calls = []

    def counted(*args: object, **settings: object) -> Tensor:
        calls.append(args)
        return fused(*args, **settings)

    monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", counted)
    load(weights)(spectrogram(1, 16), frozenset({FINAL}))
    assert len(calls) == DEPTH


def test_only_the_layers_asked_for_are_returned(load, weights):
    network = load(weights)
    assert set(network(spectrogram(1, 16), frozenset({0, 2}))) == {0, 2}
    assert network(spectrogram(1, 16), frozenset()) == {}


@pytest.mark.parametrize("deepest", range(DEPTH))
def test_no_block_runs_beyond_the_deepest_layer_asked_for(load, weights, deepest):
    network = load(weights)
    ran = []
    for number, block in enumerate(network.blocks, start=1):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
    network(spectrogram(1, 16), frozenset({0, deepest}))
    assert ran == list(range(1, deepest + 1))


@pytest.mark.parametrize("layer", [-2, DEPTH + 1])
def test_a_layer_that_is_not_there_is_refused(load, weights, layer):
    with pytest.raises(ValueError, match=rf"layers must be 0 to {DEPTH} or FINAL, not \[{layer}\]"):
        load(weights)(spectrogram(1, 16), frozenset({layer}))


@pytest.mark.parametrize(
    "shape", [(1, 1, 40, 128), (1, 1, 0, 128), (1, 1, 16 * STEPS + 16, 128), (1, 1, 32, 64), (1, 2, 32, 128)]
)
def test_a_spectrogram_that_does_not_go_into_patches_with_positions_is_refused(load, weights, shape):
    with pytest.raises(ValueError, match=f"a multiple of 16 up to {16 * STEPS}, 128"):
        load(weights)(torch.zeros(shape), frozenset({FINAL}))


def test_the_same_spectrogram_gives_the_same_numbers_again(load, weights):
    network, batch = load(weights), spectrogram(2, 64)
    first, second = network(batch, ALL_LAYERS), network(batch, ALL_LAYERS)
    assert all(torch.equal(first[layer], second[layer]) for layer in ALL_LAYERS)


def test_a_window_does_not_depend_on_its_neighbours_in_the_batch(load, weights):
    network, batch = load(weights), spectrogram(3, 64)
    alone = network(batch[1:2], ALL_LAYERS)
    louder = network(batch * torch.tensor([9.0, 1.0, 9.0])[:, None, None, None], ALL_LAYERS)
    for layer in ALL_LAYERS:
        torch.testing.assert_close(louder[layer][1:2], alone[layer], rtol=0, atol=1e-6)


def test_positions_are_sines_and_cosines_of_frequency_then_of_time():
    time, frequency, width = 5, 8, 16
    quarter = width // 4
    expected = []
    for step in range(time):
        for band in range(frequency):
            row = []
            for place in (band, step):
                angles = [place / 10000 ** (k / quarter) for k in range(quarter)]
                row += [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
            expected.append(row)
    computed = sine_cosine_positions(time, frequency, width)
    assert computed.dtype == torch.float32
    torch.testing.assert_close(computed, torch.tensor([expected]), rtol=0, atol=1e-6)


def test_a_network_without_a_checkpoint_has_those_positions():
    network = EATNetwork(EATConfig(embed_dim=WIDTH, depth=1, num_heads=HEADS, max_length=STEPS))
    saved = network.state_dict()["fixed_positional_encoder.positions"]
    assert torch.equal(saved, sine_cosine_positions(STEPS, 8, WIDTH))


@pytest.mark.parametrize(
    ("width", "depth", "heads", "published", "tolerance"),
    [
        pytest.param(768, 12, 12, 88e6, 0.03, id="base"),
        pytest.param(1024, 24, 16, 309e6, 0.005, id="large"),
    ],
)
def test_the_published_networks_have_the_published_keys_and_sizes(width, depth, heads, published, tolerance):
    with torch.device("meta"):
        network = EATNetwork(EATConfig(embed_dim=width, depth=depth, num_heads=heads))
    own = {f"model.{name}": tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert own == shapes_of_encoder(width, depth, steps=768)
    assert len(network.blocks) == depth
    assert sum(map(math.prod, own.values())) == pytest.approx(published, rel=tolerance)


def test_the_large_network_with_its_classifier_fills_the_published_file_to_the_byte():
    shapes = shapes_of_encoder(1024, 24, steps=768) | shapes_of_classifier(1024)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in sorted(shapes.items()):
        begin, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    length = len(json.dumps(header, separators=(",", ":")))
    padded = math.ceil(length / 8) * 8
    assert 8 + padded + end == PUBLISHED_SIZE_OF_LARGE


def test_the_weights_are_those_of_the_file_and_are_not_trained(load, weights):
    network = load(weights)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, weights[f"model.{name}"]), name
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_classifier_of_a_fine_tuned_checkpoint_is_passed_over(load, weights):
    fine_tuned = weights | random_weights(shapes_of_classifier(WIDTH))
    assert {f"model.{name}" for name in load(fine_tuned).state_dict()} == set(weights)


def test_half_precision_weights_are_widened(load, weights):
    halves = {name: tensor.half() for name, tensor in weights.items()}
    network = load(halves)
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, halves[f"model.{name}"].float()), name
    assert network(spectrogram(1, 16), frozenset({FINAL}))[FINAL].dtype == torch.float32


@pytest.mark.parametrize("name", sorted(shapes_of_encoder(WIDTH, 1, STEPS)))
def test_a_missing_key_is_named(load, weights, name, refusal):
    del weights[name]
    assert refusal(load, weights).endswith(f"model.safetensors: not an EAT checkpoint: missing {name}")


@pytest.mark.parametrize(
    "name", ["model.foo", "pre_norm.weight", "model.blocks.3.norm1.weight", "model.header"]
)
def test_an_unexpected_key_is_named(load, weights, name, refusal):
    weights[name] = torch.zeros(WIDTH)
    assert refusal(load, weights).endswith(f"not an EAT checkpoint: unexpected {name}")


def test_keys_without_the_prefix_are_not_taken_for_those_with_it(load, weights, refusal):
    bare = {name.removeprefix("model."): tensor for name, tensor in weights.items()}
    message = refusal(load, bare)
    assert "missing model.extra_tokens, " in message
    assert "; unexpected blocks.0.attn.proj.bias, " in message


def test_of_many_differences_the_first_are_named(load, refusal):
    message = refusal(load, {"model.foo": torch.zeros(1)})
    assert message.count("model.") == 3 + 1 + 1  # missing, unexpected, and in the file's name
    assert ", ...; unexpected model.foo" in message


def test_a_key_of_another_shape_is_named(load, weights, refusal):
    weights["model.pre_norm.bias"] = torch.zeros(WIDTH + 1)
    assert refusal(load, weights).endswith("checkpoint: of another shape model.pre_norm.bias")


def test_a_key_of_whole_numbers_is_named(load, weights, refusal):
    weights["model.pre_norm.bias"] = torch.zeros(WIDTH, dtype=torch.int8)
    assert refusal(load, weights).endswith("checkpoint: not floating-point model.pre_norm.bias")


def test_positions_for_another_length_are_named(load, weights, refusal):
    message = refusal(load, weights, max_length=STEPS + 1)
    assert message.endswith("of another shape model.fixed_positional_encoder.positions")


@pytest.mark.parametrize(
    "kept", [0, 7, 1000, -1], ids=["empty", "no header", "half a header", "a byte short"]
)
def test_a_damaged_weights_file_is_refused(load, weights, tmp_path, kept, refusal):
    load(weights)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    message = refusal(load_network, tmp_path)
    assert message.startswith(f"{file}: cannot be read: ")


def test_a_weights_file_that_is_not_there_is_refused(load, weights, tmp_path, refusal):
    load(weights)
    (tmp_path / "model.safetensors").unlink()
    message = refusal(load_network, tmp_path)
    assert message.startswith(f"{tmp_path / 'model.safetensors'}: cannot be read: ")


def read_config(folder: Path, text: str) -> EATConfig:
    file = folder / "config.json"
    file.write_text(text)
    return EATConfig.read(file)


def test_the_configuration_of_the_base_network_is_read(tmp_path):
    published = {
        "architectures": ["EATModel"],
        "attn_drop_rate": 0.0,
        "depth": 12,
        "embed_dim": 768,
        "fixed_positions": True,
        "img_size": [1024, 128],
        "in_chans": 1,
        "layer_norm_first": False,
        "max_length": 768,
        "mel_bins": 128,
        "mlp_ratio": 4.0,
        "model_type": "eat",
        "model_variant": "finetune",
        "norm_affine": True,
        "norm_eps": 1e-06,
        "num_classes": 527,
        "num_heads": 12,
        "patch_size": 16,
        "qkv_bias": True,
        "stride": 16,
        "torch_dtype": "float32",
    }
    config = read_config(tmp_path, json.dumps(published))
    assert config == EATConfig(768, 12, 12, mlp_ratio=4.0, max_length=768, norm_eps=1e-6)


def test_settings_that_the_configuration_leaves_out_are_the_authors_defaults(tmp_path):
    assert read_config(tmp_path, "{}") == EATConfig(768, 12, 12, mlp_ratio=4.0, max_length=768, norm_eps=1e-6)
    config = read_config(tmp_path, '{"embed_dim": 1024, "depth": 24, "num_heads": 16}')
    assert config == EATConfig(1024, 24, 16, mlp_ratio=4.0, max_length=768, norm_eps=1e-6)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("depth", "12", 'depth must be a whole number above 0, not "12"'),
        ("depth", True, "depth must be a whole number above 0, not true"),
        ("depth", 12.0, "depth must be a whole number above 0, not 12.0"),
        ("depth", None, "depth must be a whole number above 0, not null"),
        ("max_length", 0, "max_length must be a whole number above 0, not 0"),
        ("norm_eps", math.nan, "norm_eps must be a number above 0, not NaN"),
        ("norm_eps", math.inf, "norm_eps must be a number above 0, not Infinity"),
        ("mlp_ratio", [4], "mlp_ratio must be a number above 0, not [4]"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(tmp_path, key, value, expected, refusal):
    message = refusal(read_config, tmp_path, json.dumps(SMALL | {key: value}))
    assert message == f"{tmp_path / 'config.json'}: {expected}"


@pytest.mark.parametrize(("width", "heads"), [(32, 5), (30, 2)], ids=["heads", "sines and cosines"])
def test_a_width_that_does_not_divide_is_refused(tmp_path, width, heads, refusal):
    settings = SMALL | {"embed_dim": width, "num_heads": heads}
    message = refusal(read_config, tmp_path, json.dumps(settings))
    assert message.endswith(f": embed_dim must be a multiple of 4 and of num_heads, {heads}, not {width}")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("model_type", "bert", 'model_type must be "eat", not "bert"'),
        ("layer_norm_first", True, "layer_norm_first must be false, not true"),
        ("layer_norm_first", 0, "layer_norm_first must be false, not 0"),
        ("norm_affine", False, "norm_affine must be true, not false"),
        ("qkv_bias", False, "qkv_bias must be true, not false"),
        ("fixed_positions", False, "fixed_positions must be true, not false"),
        ("stride", 10, "stride must be 16, not 10"),
        ("patch_size", 8, "patch_size must be 16, not 8"),
        ("in_chans", 3, "in_chans must be 1, not 3"),
        ("mel_bins", 64, "mel_bins must be 128, not 64"),
    ],
)
def test_a_network_that_is_not_implemented_is_refused(tmp_path, key, value, expected, refusal):
    message = refusal(read_config, tmp_path, json.dumps(SMALL | {key: value}))
    assert message == f"{tmp_path / 'config.json'}: {expected}"


@pytest.mark.parametrize("text", ["", "{", "\x00", '{"depth": 1e}'])
def test_a_damaged_configuration_is_refused(tmp_path, text, refusal):
    message = refusal(read_config, tmp_path, text)
    assert message.startswith(f"{tmp_path / 'config.json'}: cannot be read: ")


def test_a_configuration_that_is_not_an_object_is_refused(tmp_path, refusal):
    message = refusal(read_config, tmp_path, "[]")
    assert message == f"{tmp_path / 'config.json'}: expected a JSON object, found list"


def test_a_configuration_that_is_not_there_is_refused(tmp_path, refusal):
    message = refusal(EATConfig.read, tmp_path / "absent.json")
    assert message.startswith(f"{tmp_path / 'absent.json'}: cannot be read: ")


def test_loading_initialises_no_weights(load, weights, monkeypatch):
    devices = set()

    class Recorded(EATNetwork):
        def __init__(self, config: EATConfig) -> None:
            super().__init__(config)
            devices.update(tensor.device.type for tensor in self.state_dict().values())

    monkeypatch.setattr(audioscan_eat.network, "EATNetwork", Recorded)
    network = load(weights)
    assert devices == {"meta"}
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"cpu"}
