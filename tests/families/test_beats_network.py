"""BEATs: its numbers against the papers' formulas in plain numpy, and what a checkpoint may hold."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from audioscan_beats.network import (
    BEATsConfig,
    BEATsNetwork,
    checkpoint_shapes,
    load_network,
    relative_position_bucket,
)
from audioscan_host import FINAL, CheckpointError

Array = npt.NDArray[np.float64]
Weights = dict[str, torch.Tensor]

PUBLISHED_BYTES = 361_499_833  # of BEATs_iter3_plus_AS2M.pt

PUBLISHED: dict[str, Any] = {
    "encoder_layers": 12, "encoder_embed_dim": 768, "encoder_ffn_embed_dim": 3072,
    "encoder_attention_heads": 12, "activation_fn": "gelu", "dropout": 0.1, "attention_dropout": 0.1,
    "activation_dropout": 0.0, "encoder_layerdrop": 0.05, "dropout_input": 0.1, "layer_norm_first": False,
    "conv_bias": False, "conv_pos": 128, "conv_pos_groups": 16, "relative_position_embedding": True,
    "num_buckets": 320, "max_distance": 800, "gru_rel_pos": True, "deep_norm": True,
    "input_patch_size": 16, "layer_wise_gradient_decay_ratio": 0.6, "embed_dim": 512,
}  # fmt: skip

# Few enough distances and buckets that 40 patches reach the logarithmic ones and the last.
SMALL: dict[str, Any] = PUBLISHED | {
    "encoder_layers": 3, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 48, "encoder_attention_heads": 4,
    "embed_dim": 24, "conv_pos": 8, "conv_pos_groups": 2, "num_buckets": 32, "max_distance": 24,
}  # fmt: skip
PRE_NORM = SMALL | {"layer_norm_first": True, "deep_norm": False}
UNSCALED = SMALL | {"deep_norm": False}

FRAMES, PATCHES = 80, 40
ALL = frozenset({FINAL, 0, 1, 2, 3})
GREP_A = "encoder.layers.1.self_attn.grep_a"


def names_and_shapes(cfg: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The weights that the authors' own classes have under these settings."""
    width, inner, patch = cfg["encoder_embed_dim"], cfg["encoder_ffn_embed_dim"], cfg["embed_dim"]
    heads, kernel = cfg["encoder_attention_heads"], cfg["conv_pos"]
    shapes: dict[str, tuple[int, ...]] = {
        "patch_embedding.weight": (patch, 1, 16, 16),
        "layer_norm.weight": (patch,),
        "layer_norm.bias": (patch,),
        "post_extract_proj.weight": (width, patch),
        "post_extract_proj.bias": (width,),
        "encoder.pos_conv.0.weight_g": (1, 1, kernel),
        "encoder.pos_conv.0.weight_v": (width, width // cfg["conv_pos_groups"], kernel),
        "encoder.pos_conv.0.bias": (width,),
        "encoder.layer_norm.weight": (width,),
        "encoder.layer_norm.bias": (width,),
    }
    for number in range(cfg["encoder_layers"]):
        block = f"encoder.layers.{number}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes[f"{block}.self_attn.{name}.weight"] = (width, width)
            shapes[f"{block}.self_attn.{name}.bias"] = (width,)
        shapes[f"{block}.self_attn.grep_linear.weight"] = (8, width // heads)
        shapes[f"{block}.self_attn.grep_linear.bias"] = (8,)
        shapes[f"{block}.self_attn.grep_a"] = (1, heads, 1, 1)
        shapes[f"{block}.self_attn.relative_attention_bias.weight"] = (cfg["num_buckets"], heads)
        for name, size_in, size_out in (("fc1", width, inner), ("fc2", inner, width)):
            shapes[f"{block}.{name}.weight"] = (size_out, size_in)
            shapes[f"{block}.{name}.bias"] = (size_out,)
        for name in ("self_attn_layer_norm", "final_layer_norm"):
            shapes[f"{block}.{name}.weight"] = (width,)
            shapes[f"{block}.{name}.bias"] = (width,)
    return shapes


def random_weights(cfg: Mapping[str, Any]) -> Weights:
    """Weights of which every one matters: no bias is zero and no gain is one."""
    generator = torch.Generator().manual_seed(5)
    weights = {}
    for key, shape in names_and_shapes(cfg).items():
        noise = torch.randn(shape, generator=generator)
        if "norm.weight" in key or key.endswith(("weight_g", "grep_a")):
            weights[key] = 1 + 0.4 * noise
        elif "relative_attention_bias" in key:
            weights[key] = weights.get(key.replace(f"layers.{key.split('.')[2]}", "layers.0"), noise)
        elif key.endswith("bias"):
            weights[key] = 0.3 * noise
        else:
            weights[key] = noise / math.sqrt(math.prod(shape[1:]))
    return weights


def save(folder: Path, cfg: Mapping[str, Any], weights: Mapping[str, Any], **how: Any) -> Path:
    # A new file each time: a network that was loaded from another stays mapped to that.
    file = folder / f"checkpoint-{len(list(folder.iterdir()))}.pt"
    torch.save({"cfg": dict(cfg), "model": dict(weights)}, file, **how)
    return file


def loaded(folder: Path, cfg: Mapping[str, Any]) -> tuple[BEATsNetwork, dict[str, Array]]:
    """A network through its checkpoint, and the same weights for the formulas."""
    weights = random_weights(cfg)
    network = load_network(save(folder, cfg, weights))
    return network, {key: weight.double().numpy() for key, weight in weights.items()}


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(6))


@pytest.fixture
def network(tmp_path: Path) -> BEATsNetwork:
    return loaded(tmp_path, SMALL)[0]


# The formulas. An array is (patches, width) float64; `w` maps names to weights.


def bucket(distance: int, buckets: int, furthest: int) -> int:
    """WavLM, section 3.1: the number of a distance from query to key."""
    far, side = abs(distance), buckets // 2 if distance > 0 else 0
    if far < buckets / 4:
        return side + far
    if far >= furthest:
        return side + buckets // 2 - 1
    share = (math.log(far) - math.log(buckets / 4)) / (math.log(furthest) - math.log(buckets / 4))
    return side + math.floor(buckets / 4 * (share + 1))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def linear(x: Array, w: Mapping[str, Array], name: str) -> Array:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def norm(x: Array, w: Mapping[str, Array], name: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]


def gated(query: Array, bias: float, w: Mapping[str, Array], attention: str, head: int) -> float:
    """WavLM, section 3.1: r = d + u d + (1 - u) s r' d, gates u and r' from the query.

    The published weights hold the update gate's complement, and each gate as four parts.
    """
    parts = w[f"{attention}.grep_linear.weight"] @ query + w[f"{attention}.grep_linear.bias"]
    update, reset = 1 - sigmoid(parts[:4].sum()), sigmoid(parts[4:].sum())
    scale = w[f"{attention}.grep_a"][0, head, 0, 0]
    return bias + update * bias + (1 - update) * scale * reset * bias


def attend(x: Array, w: Mapping[str, Array], cfg: Mapping[str, Any], attention: str) -> Array:
    """Softmax attention, pair after pair."""
    query, key, value = (linear(x, w, f"{attention}.{name}_proj") for name in "qkv")
    table = w[f"{attention}.relative_attention_bias.weight"]
    out = np.zeros_like(x)
    size = x.shape[1] // cfg["encoder_attention_heads"]
    for head in range(cfg["encoder_attention_heads"]):
        part = slice(head * size, (head + 1) * size)
        for i in range(len(x)):
            scores = np.empty(len(x))
            for j in range(len(x)):
                bias = table[bucket(j - i, cfg["num_buckets"], cfg["max_distance"]), head]
                scores[j] = query[i, part] @ key[j, part] / math.sqrt(size)
                scores[j] += gated(query[i, part], bias, w, attention, head)
            exponentials = np.exp(scores)
            out[i, part] = exponentials / exponentials.sum() @ value[:, part]
    return linear(out, w, f"{attention}.out_proj")


def through_block(x: Array, w: Mapping[str, Array], cfg: Mapping[str, Any], number: int) -> Array:
    """A post-norm block with DeepNet's residuals, x alpha + f(x), or a plain pre-norm block."""
    block = f"encoder.layers.{number}"

    def feed_forward(x: Array) -> Array:
        return linear(gelu(linear(x, w, f"{block}.fc1")), w, f"{block}.fc2")

    if cfg["layer_norm_first"]:
        x = x + attend(norm(x, w, f"{block}.self_attn_layer_norm"), w, cfg, f"{block}.self_attn")
        return x + feed_forward(norm(x, w, f"{block}.final_layer_norm"))
    alpha = math.pow(2 * cfg["encoder_layers"], 1 / 4) if cfg["deep_norm"] else 1
    x = norm(x * alpha + attend(x, w, cfg, f"{block}.self_attn"), w, f"{block}.self_attn_layer_norm")
    return norm(x * alpha + feed_forward(x), w, f"{block}.final_layer_norm")


def positions(x: Array, w: Mapping[str, Array], groups: int) -> Array:
    """GELU of a convolution that is centred as an odd kernel is, or half a step early."""
    gain, direction = w["encoder.pos_conv.0.weight_g"], w["encoder.pos_conv.0.weight_v"]
    kernel, size = direction.shape[2], direction.shape[1]
    out = np.tile(w["encoder.pos_conv.0.bias"], (len(x), 1))
    for step in range(kernel):
        length = math.sqrt((direction[:, :, step] ** 2).sum())
        weight = gain[0, 0, step] * direction[:, :, step] / length
        for time in range(len(x)):
            source = time + step - kernel // 2
            if not 0 <= source < len(x):
                continue
            for group in range(groups):
                part = slice(group * size, (group + 1) * size)
                out[time, part] += weight[part] @ x[source, part]
    return gelu(out)


def hidden_states(spectrogram: Array, w: Mapping[str, Array], cfg: Mapping[str, Any]) -> dict[int, Array]:
    """All of BEATs for one window: (frames, 128) -> every layer."""
    kernels = w["patch_embedding.weight"][:, 0]
    patches = [
        (kernels * spectrogram[time : time + 16, low : low + 16]).sum(axis=(1, 2))
        for time in range(0, len(spectrogram) - 15, 16)
        for low in range(0, 128, 16)
    ]
    x = linear(norm(np.array(patches), w, "layer_norm"), w, "post_extract_proj")
    x = x + positions(x, w, cfg["conv_pos_groups"])
    if not cfg["layer_norm_first"]:
        x = norm(x, w, "encoder.layer_norm")
    states = {0: x}
    for number in range(cfg["encoder_layers"]):
        states[number + 1] = x = through_block(x, w, cfg, number)
    states[FINAL] = norm(x, w, "encoder.layer_norm") if cfg["layer_norm_first"] else x
    return states


def close(found: torch.Tensor, expected: Array) -> None:
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-5)


class TestArithmetic:
    @pytest.mark.parametrize(("buckets", "furthest"), [(320, 800), (320, 1280), (32, 128)])
    def test_every_distance_falls_into_the_bucket_of_the_formula(self, buckets: int, furthest: int) -> None:
        distances = range(-900, 901)
        found = relative_position_bucket(torch.tensor(distances), buckets, furthest)
        assert found.tolist() == [bucket(distance, buckets, furthest) for distance in distances]
        assert set(found.tolist()) <= set(range(buckets))

    def test_the_bias_of_a_pair_is_that_of_the_distance_from_query_to_key(self, tmp_path: Path) -> None:
        network, w = loaded(tmp_path, SMALL)
        table = w["encoder.layers.0.self_attn.relative_attention_bias.weight"]
        found = network.encoder.layers[0].self_attn.position_bias(PATCHES)
        expected = [
            [[table[bucket(j - i, 32, 24), head] for j in range(PATCHES)] for i in range(PATCHES)]
            for head in range(4)
        ]
        close(found, np.array(expected))

    def test_a_query_gates_its_bias_by_the_formula(self, tmp_path: Path) -> None:
        network, w = loaded(tmp_path, SMALL)
        queries = noise(1, 4, 5, 8)
        found = network.encoder.layers[1].self_attn.gate(queries)
        expected = [
            [gated(query, 1.0, w, "encoder.layers.1.self_attn", head) for query in queries[0, head].numpy()]
            for head in range(4)
        ]
        close(found, np.array(expected)[None, :, :, None])

    @pytest.mark.parametrize("kernel", [8, 7])
    def test_positions_are_a_weight_normalised_convolution_as_long_as_the_input(
        self, tmp_path: Path, kernel: int
    ) -> None:
        network, w = loaded(tmp_path, PRE_NORM | {"conv_pos": kernel})
        x = noise(1, 21, 32)
        found = network.encoder(x, frozenset({0}))[0] - x
        close(found[0], positions(x[0].double().numpy(), w, groups=2))

    @pytest.mark.parametrize("cfg", [SMALL, UNSCALED, PRE_NORM], ids=["deep norm", "post-norm", "pre-norm"])
    def test_a_block_is_softmax_attention_and_a_feed_forward_layer(
        self, tmp_path: Path, cfg: dict[str, Any]
    ) -> None:
        network, w = loaded(tmp_path, cfg)
        x = noise(1, PATCHES, 32)
        block = network.encoder.layers[2]
        found = block(x, block.self_attn.position_bias(PATCHES))
        close(found[0], through_block(x[0].double().numpy(), w, cfg, number=2))

    @pytest.mark.parametrize("cfg", [SMALL, UNSCALED, PRE_NORM], ids=["deep norm", "post-norm", "pre-norm"])
    def test_every_layer_is_that_of_the_formulas(self, tmp_path: Path, cfg: dict[str, Any]) -> None:
        network, w = loaded(tmp_path, cfg)
        spectrogram = noise(1, FRAMES, 128)
        found = network(spectrogram, ALL)
        expected = hidden_states(spectrogram[0].double().numpy(), w, cfg)
        assert found.keys() == expected.keys() == ALL
        for layer in ALL:
            close(found[layer][0], expected[layer])

    def test_a_network_as_wide_as_its_patches_needs_no_projection(self, tmp_path: Path) -> None:
        cfg = SMALL | {"embed_dim": 32}
        weights = random_weights(cfg)
        projected = {key: weights.pop(key) for key in list(weights) if key.startswith("post_extract_proj")}
        found = load_network(save(tmp_path, cfg, weights))(noise(1, FRAMES, 128), ALL)
        w = {key: weight.double().numpy() for key, weight in (weights | projected).items()}
        w |= {"post_extract_proj.weight": np.eye(32), "post_extract_proj.bias": np.zeros(32)}
        close(found[FINAL][0], hidden_states(noise(1, FRAMES, 128)[0].double().numpy(), w, cfg)[FINAL])


class TestForward:
    def test_eight_seconds_are_49_time_steps_of_8_patches(self) -> None:
        with torch.device("meta"):
            network = BEATsNetwork(BEATsConfig.from_checkpoint(PUBLISHED))
            found = network(torch.empty(2, 798, 128), frozenset({0, 6, FINAL}))
        assert {layer: state.shape for layer, state in found.items()} == dict.fromkeys(
            [0, 6, FINAL], (2, 49 * 8, 768)
        )

    @pytest.mark.parametrize(
        ("layers", "blocks"), [({0}, 0), ({2}, 2), ({1, 2}, 2), ({FINAL}, 3), ({0, 3, FINAL}, 3)]
    )
    def test_only_what_is_asked_for_is_returned_and_no_deeper_block_runs(
        self, network: BEATsNetwork, layers: set[int], blocks: int
    ) -> None:
        ran = []
        for number, block in enumerate(network.encoder.layers, start=1):
            block.register_forward_hook(lambda *_, number=number: ran.append(number))
        assert network(noise(1, FRAMES, 128), frozenset(layers)).keys() == layers
        assert ran == list(range(1, blocks + 1))

    def test_the_position_bias_is_looked_up_once_for_all_blocks(self, network: BEATsNetwork) -> None:
        lookups = []
        bias = network.encoder.layers[0].self_attn.relative_attention_bias
        bias.register_forward_hook(lambda module, arguments, result: lookups.append(result.shape))
        network(noise(3, FRAMES, 128), ALL)
        assert lookups == [(2 * PATCHES - 1, 4)]

    def test_the_output_of_a_post_norm_network_is_that_of_its_last_block(self, network: BEATsNetwork) -> None:
        states = network(noise(1, FRAMES, 128), ALL)
        assert torch.equal(states[FINAL], states[3])

    def test_the_same_input_gives_the_same_numbers(self, network: BEATsNetwork) -> None:
        first, second = (network(noise(2, FRAMES, 128), ALL) for _ in range(2))
        assert all(torch.equal(first[layer], second[layer]) for layer in ALL)

    def test_a_window_does_not_depend_on_its_neighbours_in_the_batch(self, network: BEATsNetwork) -> None:
        batch = noise(3, FRAMES, 128) * torch.tensor([1.0, 30.0, 0.01])[:, None, None]
        together = network(batch, ALL)
        for index in range(3):
            alone = network(batch[index : index + 1], ALL)
            for layer in ALL:
                torch.testing.assert_close(together[layer][index], alone[layer][0], rtol=0, atol=1e-5)

    def test_frames_that_fill_no_patch_change_nothing(self, network: BEATsNetwork) -> None:
        spectrogram = noise(1, FRAMES + 16, 128)
        whole = network(spectrogram[:, :FRAMES], ALL)
        longer = network(spectrogram[:, : FRAMES + 15], ALL)
        for layer in ALL:
            torch.testing.assert_close(longer[layer], whole[layer], rtol=0, atol=1e-6)
        assert network(spectrogram, ALL)[FINAL].shape == (1, PATCHES + 8, 32)

    @pytest.mark.parametrize(("precision", "tolerance"), [(torch.bfloat16, 0.03), (torch.float16, 0.005)])
    def test_lower_precision_stays_near(
        self, network: BEATsNetwork, precision: torch.dtype, tolerance: float
    ) -> None:
        spectrogram = noise(2, FRAMES, 128)
        exact = network(spectrogram, ALL)
        with torch.autocast("cpu", dtype=precision):
            found = network(spectrogram, ALL)
        for layer in ALL:
            error = torch.linalg.vector_norm(found[layer].float() - exact[layer])
            assert 0 < error < tolerance * torch.linalg.vector_norm(exact[layer])


class TestCheckpoint:
    def test_the_weights_are_those_of_the_published_file_in_name_shape_and_size(self) -> None:
        with torch.device("meta"):
            shapes = checkpoint_shapes(BEATsNetwork(BEATsConfig.from_checkpoint(PUBLISHED)))
        assert shapes == names_and_shapes(PUBLISHED)
        assert len(shapes) == 250
        weights = 4 * sum(math.prod(shape) for shape in shapes.values())
        # What is left is the archive: 335 bytes a weight for its name, its record and alignment.
        assert PUBLISHED_BYTES - weights == 83_705

    def test_a_loaded_network_is_ready_to_infer(self, network: BEATsNetwork) -> None:
        assert not any(module.training for module in network.modules())
        assert not any(weight.requires_grad for weight in network.parameters())
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}
        assert {weight.device.type for weight in network.parameters()} == {"cpu"}

    def test_loading_draws_no_random_numbers(self, tmp_path: Path) -> None:
        file = save(tmp_path, SMALL, random_weights(SMALL))
        before = torch.random.get_rng_state()
        load_network(file)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_the_file_format_of_older_torch_gives_the_same_network(
        self, tmp_path: Path, network: BEATsNetwork
    ) -> None:
        weights = random_weights(SMALL)
        older = load_network(save(tmp_path, SMALL, weights, _use_new_zipfile_serialization=False))
        assert same_weights(older, network)

    def test_half_precision_weights_become_float32(self, tmp_path: Path, network: BEATsNetwork) -> None:
        weights = {key: weight.half() for key, weight in random_weights(SMALL).items()}
        half = load_network(save(tmp_path, SMALL, weights))
        assert {weight.dtype for weight in half.parameters()} == {torch.float32}
        assert not same_weights(half, network)
        torch.testing.assert_close(half.state_dict(), network.state_dict(), rtol=2e-3, atol=1e-3)

    def test_the_classifier_of_a_fine_tuned_checkpoint_is_ignored(
        self, tmp_path: Path, network: BEATsNetwork
    ) -> None:
        cfg = SMALL | {"finetuned_model": True, "predictor_dropout": 0.0, "predictor_class": 527}
        classifier = {"predictor.weight": noise(527, 32), "predictor.bias": noise(527)}
        fine_tuned = load_network(save(tmp_path, cfg, random_weights(SMALL) | classifier))
        assert same_weights(fine_tuned, network)

    def test_of_copies_of_the_position_bias_the_last_counts(self, tmp_path: Path) -> None:
        weights = random_weights(SMALL)
        copies = [key for key in weights if "relative_attention_bias" in key]
        assert len(copies) == 3
        for number, key in enumerate(copies):
            weights[key] = torch.full((32, 4), float(number))
        network = load_network(save(tmp_path, SMALL, weights))
        for block in network.encoder.layers:
            assert (block.self_attn.relative_attention_bias.weight == 2).all()


def same_weights(one: BEATsNetwork, other: BEATsNetwork) -> bool:
    state, expected = one.state_dict(), other.state_dict()
    return state.keys() == expected.keys() and all(torch.equal(state[key], expected[key]) for key in state)


def refusal(file: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        load_network(file)
    message = str(error.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


class WritesWhenUnpickled:
    """A file that holds this and is trusted makes a file named `mark`."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


class TestRefusals:
    @pytest.mark.parametrize("key", names_and_shapes(SMALL))
    def test_a_missing_weight_is_named(self, tmp_path: Path, key: str) -> None:
        weights = random_weights(SMALL)
        shape = tuple(weights.pop(key).shape)
        message = refusal(save(tmp_path, SMALL, weights))
        assert message == f"its weights do not fit: {key}: expected {shape}, found None"

    @pytest.mark.parametrize("key", ["mask_emb", "encoder.layers.3.fc1.bias", "encoder.pos_conv.0.weight"])
    def test_an_unexpected_weight_is_named(self, tmp_path: Path, key: str) -> None:
        message = refusal(save(tmp_path, SMALL, random_weights(SMALL) | {key: noise(3)}))
        assert message == f"its weights do not fit: {key}: expected None, found (3,)"

    @pytest.mark.parametrize(
        ("key", "shape"),
        [(GREP_A, (4,)), ("encoder.pos_conv.0.weight_g", (32, 1, 1)), ("patch_embedding.weight", (24, 256))],
    )
    def test_a_weight_of_another_shape_is_named(
        self, tmp_path: Path, key: str, shape: tuple[int, ...]
    ) -> None:
        message = refusal(save(tmp_path, SMALL, random_weights(SMALL) | {key: noise(*shape)}))
        assert f"{key}: expected {names_and_shapes(SMALL)[key]}, found {shape}" in message

    def test_something_else_in_place_of_a_weight_is_named(self, tmp_path: Path) -> None:
        message = refusal(save(tmp_path, SMALL, random_weights(SMALL) | {GREP_A: 1.0}))
        assert f"{GREP_A}: expected (1, 4, 1, 1), found ('no tensor',)" in message

    def test_of_many_wrong_weights_three_are_named_and_the_rest_counted(self, tmp_path: Path) -> None:
        weights = random_weights(SMALL | {"encoder_layers": 2})
        message = refusal(save(tmp_path, SMALL, weights))
        assert message.count("encoder.layers.2.") == 3
        assert message.endswith(" and 17 more")

    def test_code_in_the_file_is_refused_and_not_run(self, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        file = save(tmp_path, SMALL, random_weights(SMALL) | {GREP_A: WritesWhenUnpickled(mark)})
        assert "holds more than weights (not run)" in refusal(file)
        assert not mark.exists()
        torch.load(file, weights_only=False)
        assert mark.exists()  # so the file would have done it

    @pytest.mark.parametrize("kept", [0, 1, 4, 1000, 0.5, 0.999])
    def test_a_file_that_was_cut_short_is_refused(self, tmp_path: Path, kept: float) -> None:
        file = save(tmp_path, SMALL, random_weights(SMALL))
        content = file.read_bytes()
        file.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
        assert "damaged" in refusal(file)

    @pytest.mark.parametrize("content", [b"<html>not found</html>\n" * 50, bytes(range(256)) * 20])
    def test_a_file_that_is_no_checkpoint_is_refused(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "checkpoint.pt"
        file.write_bytes(content)
        assert "damaged" in refusal(file)

    @pytest.mark.parametrize("content", [[1.0], {}, {"model": {}}, {"cfg": SMALL, "model": torch.ones(2)}])
    def test_a_checkpoint_of_something_else_is_refused(self, tmp_path: Path, content: object) -> None:
        file = tmp_path / "checkpoint.pt"
        torch.save(content, file)
        assert "not a checkpoint of BEATs" in refusal(file)

    def test_a_file_that_is_not_there_or_a_folder_is_refused(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "none.pt") == "cannot be read: No such file or directory"
        assert refusal(tmp_path).startswith("cannot be read: ")


class TestSettings:
    def test_what_a_checkpoint_does_not_say_is_as_in_the_reference(self) -> None:
        said = {"input_patch_size": 16, "relative_position_embedding": True, "gru_rel_pos": True}
        assert BEATsConfig.from_checkpoint(said) == BEATsConfig(
            input_patch_size=16, embed_dim=512, conv_bias=False, encoder_layers=12, encoder_embed_dim=768,
            encoder_ffn_embed_dim=3072, encoder_attention_heads=12, activation_fn="gelu",
            layer_norm_first=False, deep_norm=False, conv_pos=128, conv_pos_groups=16,
            relative_position_embedding=True, num_buckets=320, max_distance=1280, gru_rel_pos=True,
        )  # fmt: skip

    def test_a_patch_embedding_with_a_bias_loads(self, tmp_path: Path) -> None:
        bias = {"patch_embedding.bias": noise(24)}
        file = save(tmp_path, SMALL | {"conv_bias": True}, random_weights(SMALL) | bias)
        assert torch.equal(load_network(file).state_dict()["patch_embedding.bias"], noise(24))

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("activation_fn", "relu"),
            ("relative_position_embedding", False),
            ("gru_rel_pos", False),
            ("encoder_layers", 0),
            ("encoder_layers", "12"),
            ("deep_norm", "yes"),
            ("encoder_attention_heads", 5),
            ("conv_pos_groups", 3),
            ("num_buckets", 3),
            ("max_distance", 8.5),
        ],
    )
    def test_a_setting_that_is_not_built_here_is_named_with_its_value(
        self, tmp_path: Path, key: str, value: object
    ) -> None:
        message = refusal(save(tmp_path, SMALL | {key: value}, random_weights(SMALL)))
        assert message.startswith(f"the setting {key} must be ")
        assert message.endswith(f", not {value!r}")

    def test_deep_norm_and_pre_norm_exclude_each_other(self) -> None:
        with pytest.raises(CheckpointError, match="deep_norm must be False with pre-norm, not True"):
            BEATsConfig.from_checkpoint(SMALL | {"layer_norm_first": True})

    def test_a_checkpoint_has_to_say_the_size_of_its_patches(self) -> None:
        without = {key: value for key, value in SMALL.items() if key != "input_patch_size"}
        with pytest.raises(CheckpointError, match="input_patch_size must be 1 or more, not -1"):
            BEATsConfig.from_checkpoint(without)
