"""AST: its numbers against those of transformers, window by window, and what it takes for a checkpoint.

The weights are random, the network is of the published size.
"""

import json
import shutil
import wave
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from click.testing import CliRunner
from huggingface_hub import try_to_load_from_cache
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, ASTModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

import audioscan_ast
import audioscan_ast.encoder
from audioscan_ast.encoder import ASTEncoder
from audioscan_host import (
    FINAL,
    CheckpointError,
    Runtime,
    Windowing,
    Windows,
    load_registry,
)
from audioscan_host.cli.main import main
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry

Array = npt.NDArray[np.float32]

MODELS = {model.name: model for model in audioscan_ast.register_models()}
CHECKPOINT = audioscan_ast.CHECKPOINT
RATE = 16_000
CPU = Runtime(device="cpu")
BANDS, TIME = 12, 101  # patches of 16 every 10 in 128 bins and in 1024 frames
PLUGINS = {"ast": audioscan_ast}


def save_checkpoint(folder: Path, config: ASTConfig, **extractor: Any) -> None:
    """Random weights with a classifier, as published; norms and biases away from 1 and 0, to show where left out."""
    torch.manual_seed(2)
    network = ASTForAudioClassification(config)
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
    for tokens in ("cls_token", "distillation_token", "position_embeddings"):
        nn.init.normal_(network.audio_spectrogram_transformer.embeddings.get_parameter(tokens), std=0.5)
    network.save_pretrained(folder)
    ASTFeatureExtractor(**extractor).save_pretrained(folder)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of huggingface_hub with a snapshot of the checkpoint."""
    home = tmp_path_factory.mktemp("huggingface")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.delenv("HF_HUB_CACHE", raising=False)
        patch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        repository, revision = audioscan_ast.REPOSITORY.replace("/", "--"), audioscan_ast.REVISION
        save_checkpoint(
            home / "hub" / f"models--{repository}" / "snapshots" / revision, ASTConfig(num_labels=527)
        )
        yield home / "hub"
    shutil.rmtree(home)  # 345 MB


@pytest.fixture(scope="module")
def folder(hub: Path) -> Path:
    """Where huggingface_hub itself finds the snapshot."""
    config = try_to_load_from_cache(
        audioscan_ast.REPOSITORY, "config.json", cache_dir=hub, revision=audioscan_ast.REVISION
    )
    assert isinstance(config, str)
    return Path(config).parent


@pytest.fixture
def registry(no_installed_plugins: None) -> Registry:
    return load_registry(PLUGINS)


class Upstream:
    """ASTFeatureExtractor and ASTModel, one window at a time."""

    def __init__(self, folder: Path) -> None:
        self.extractor = ASTFeatureExtractor.from_pretrained(folder)
        self.network = ASTModel.from_pretrained(folder).eval()
        self._outputs: dict[bytes, Any] = {}

    def input_values(self, window: Array) -> Array:
        """(1, 1024, 128)."""
        return self.extractor(window, sampling_rate=RATE, return_tensors="np")["input_values"]

    def tokens(self, window: Array, layer: int) -> npt.NDArray[np.float64]:
        """(2 + 12 * 101, 768): what leaves block `layer`, or the final norm."""
        key = window.tobytes()
        if key not in self._outputs:
            with torch.inference_mode():
                values = torch.from_numpy(self.input_values(window))
                self._outputs[key] = self.network(values, output_hidden_states=True)
        output = self._outputs[key]
        states = output.last_hidden_state if layer == FINAL else output.hidden_states[layer]
        return states[0].double().numpy()

    def pooled(
        self, window: Array, layers: tuple[int, ...], steps: int | None = None
    ) -> npt.NDArray[np.float64]:
        """Means over the patches whose 16 frames, from frame 10 t, are all the window's own: (dim,)."""
        frames = (len(window) - 400) // 160 + 1
        means = []
        for layer in layers:
            tokens = self.tokens(window, layer)
            total, count = np.zeros(tokens.shape[1]), 0
            for band in range(BANDS):
                for t in range(TIME):
                    if (10 * t + 16 <= frames) if steps is None else t < steps:
                        total += tokens[2 + band * TIME + t]
                        count += 1
            means.append(total / count)
        return np.concatenate(means)


@pytest.fixture(scope="module")
def upstream(folder: Path) -> Upstream:
    return Upstream(folder)


@pytest.fixture(scope="module")
def host(hub: Path, embedded: Any) -> Callable[..., Mapping[str, Array]]:
    """`host(waveform, Windowing(8, 1))["AST_ML"]` is (windows, dim); two windows go through the network at once."""
    registry = load_registry(PLUGINS)
    encoders = Encoders(registry, Runtime(device="cpu", batch_size=2))
    return partial(_by_host, embedded, registry, encoders)


def _by_host(
    embedded: Any, registry: Registry, encoders: Encoders, waveform: Array, windowing: Windowing
) -> Mapping[str, Array]:
    return embedded(registry, MODELS, waveform, windowing, encoders=encoders)


@pytest.fixture(scope="module")
def ten_seconds(host: Any, sound: Any) -> Mapping[str, Array]:
    """The host's embeddings of three windows of 8 s, by both models in one pass."""
    return host(sound(10), Windowing(8, 1))


def windows_of(waveform: Array, length: int, hop: int) -> list[Array]:
    return [waveform[start : start + length] for start in range(0, len(waveform) - length + 1, hop)]


class TestNumbers:
    @pytest.mark.parametrize("name", MODELS)
    def test_windows_of_8_s_give_the_numbers_of_transformers_window_by_window(
        self, name: str, ten_seconds: Any, upstream: Upstream, sound: Any
    ) -> None:
        windows = windows_of(sound(10), 8 * RATE, RATE)
        expected = np.stack([upstream.pooled(window, MODELS[name].layers) for window in windows])
        assert ten_seconds[name].shape == (3, MODELS[name].dim)
        np.testing.assert_allclose(ten_seconds[name], expected, rtol=0, atol=1e-4)

    def test_79_of_the_101_steps_of_8_s_are_pooled_and_one_more_or_less_would_show(
        self, ten_seconds: Any, upstream: Upstream, sound: Any
    ) -> None:
        window = sound(10)[: 8 * RATE]
        (layers,) = {model.layers for model in MODELS.values() if model.name == "AST"}
        np.testing.assert_allclose(
            ten_seconds["AST"][0], upstream.pooled(window, layers, steps=79), rtol=0, atol=1e-4
        )
        for steps in (78, 80, TIME):
            difference = ten_seconds["AST"][0] - upstream.pooled(window, layers, steps)
            assert np.abs(difference).max() > 1e-3

    def test_the_last_block_and_the_final_output_differ_by_the_final_norm(
        self, ten_seconds: Any, upstream: Upstream, sound: Any
    ) -> None:
        assert MODELS["AST"].layers == (FINAL,)
        assert MODELS["AST_ML"].layers[-1] == 12
        last_block, final = ten_seconds["AST_ML"][:, -768:], ten_seconds["AST"]
        assert np.abs(last_block - final).max() > 0.1
        tokens = torch.from_numpy(upstream.tokens(sound(10)[: 8 * RATE], 12))
        norm = upstream.network.layernorm
        normed = nn.functional.layer_norm(
            tokens, (768,), norm.weight.double(), norm.bias.double(), upstream.network.config.layer_norm_eps
        )
        patches = normed[2:].unflatten(0, (BANDS, TIME))[:, :79]
        np.testing.assert_allclose(final[0], patches.mean((0, 1)).detach(), rtol=0, atol=1e-4)

    @pytest.mark.parametrize(("seconds", "steps"), [(0.18, 1), (1, 9), (10.24, 101)])
    def test_shorter_and_longer_windows_give_the_numbers_of_transformers(
        self, seconds: float, steps: int, upstream: Upstream, sound: Any, host: Any
    ) -> None:
        window = sound(seconds)
        found = host(window, Windowing(seconds, seconds))["AST"]
        np.testing.assert_allclose(found[0], upstream.pooled(window, (FINAL,)), rtol=0, atol=1e-4)
        np.testing.assert_allclose(found[0], upstream.pooled(window, (FINAL,), steps), rtol=0, atol=1e-4)

    def test_a_recording_shorter_than_a_patch_is_padded_with_zeros_to_one(
        self, upstream: Upstream, sound: Any, host: Any
    ) -> None:
        click = sound(1)[3000:4000]
        found = host(click, Windowing(8, 1))["AST"]
        expected = upstream.pooled(np.pad(click, (0, 1800)), (FINAL,), steps=1)
        np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-4)


@pytest.fixture
def make_encoder() -> Callable[..., ASTEncoder]:
    """An encoder of width 12, whose feature extractor has these settings."""

    def make(**settings: Any) -> ASTEncoder:
        config = ASTConfig(hidden_size=12, num_attention_heads=2, intermediate_size=12, num_hidden_layers=2)
        return ASTEncoder(ASTModel(config), ASTFeatureExtractor(**settings), CPU)

    return make


class TestInput:
    @pytest.mark.parametrize("settings", [{}, {"mean": -3.0, "std": 2.5}, {"do_normalize": False}])
    @pytest.mark.parametrize("length", [2800, RATE, 8 * RATE, round(10.24 * RATE)])
    def test_the_networks_input_is_to_the_last_bit_that_of_the_checkpoints_extractor(
        self, length: int, settings: dict[str, Any], make_encoder: Any, sound: Any
    ) -> None:
        waveform = sound(12)
        starts = np.array([0, 160, RATE, (12 * RATE - length) // 160 * 160])
        encoder = make_encoder(**settings)
        found = encoder.input_values(encoder.preprocess(waveform, Windows(starts, length, RATE))[:])
        extractor = ASTFeatureExtractor(**settings)
        windows = [waveform[start : start + length] for start in starts]
        expected = extractor(windows, sampling_rate=RATE, return_tensors="np")["input_values"]
        assert found.shape == (4, 1024, 128)
        np.testing.assert_array_equal(found, expected)


class TestPooling:
    @pytest.mark.parametrize(
        ("samples", "steps"), [(2800, 1), (2800 + 1599, 1), (2800 + 1600, 2), (8 * RATE, 79), (163_840, 101)]
    )
    def test_a_time_step_is_the_mean_of_its_bands_and_padding_is_not_among_them(
        self, samples: int, steps: int, make_encoder: Any, sound: Any
    ) -> None:
        encoder = make_encoder()
        band, time = np.mgrid[:BANDS, :TIME]
        patches = np.where(
            time < steps, 1000 * band + time, np.nan
        )  # frequency-major: token = band * 101 + time
        tokens = np.concatenate([[np.nan, np.nan], patches.ravel()])  # class and distillation first
        states = torch.from_numpy(tokens)[None, :, None].expand(1, -1, 12)

        def network(values: torch.Tensor, **_settings: Any) -> BaseModelOutputWithPooling:
            return BaseModelOutputWithPooling(last_hidden_state=states, hidden_states=(states, 2 * states))

        object.__setattr__(encoder, "network", network)
        inputs = encoder.preprocess(sound(11), Windows(np.array([0]), samples, RATE))
        found = encoder.embed(inputs[:], frozenset({1, FINAL}))
        expected = 1000 * np.mean(range(BANDS)) + np.arange(steps)
        assert found[FINAL].shape == (1, steps, 12)
        np.testing.assert_allclose(found[FINAL][0, :, 5], expected)
        np.testing.assert_allclose(found[1][0, :, 5], 2 * expected)


class TestOnePass:
    def test_both_models_load_the_weights_once_and_run_the_network_once_a_batch(
        self, hub: Path, registry: Registry, one_pass: Any
    ) -> None:
        hooks = (audioscan_ast.encoder.ASTModel, "from_pretrained"), (ASTModel, "forward")
        one_pass(registry, MODELS, *hooks)


@pytest.fixture(scope="module")
def small_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of the published shape in everything but the width of its blocks' inner layer."""
    folder = tmp_path_factory.mktemp("small")
    save_checkpoint(folder, ASTConfig(intermediate_size=8))
    yield folder
    shutil.rmtree(folder)  # 115 MB


@pytest.fixture
def small_folder(small_checkpoint: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, to be damaged."""
    yield shutil.copytree(small_checkpoint, tmp_path / "ast")
    shutil.rmtree(tmp_path / "ast")


def change_json(file: str, **facts: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        found = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps(found | facts), encoding="utf-8")

    return change


def drop_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["audio_spectrogram_transformer.layernorm.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def lengthen_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["audio_spectrogram_transformer.layernorm.weight"] = torch.ones(769)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def cut_in_half(folder: Path) -> None:
    file = folder / "model.safetensors"
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)


def write(file: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_text(content, encoding="utf-8") and None


def load_local(folder: Path) -> ASTEncoder:
    registry = load_registry(PLUGINS, checkpoints={"AST": str(folder)})
    return audioscan_ast.load(registry.model("AST").checkpoint, CPU)


class TestCheckpoint:
    def test_a_folder_of_the_published_shape_is_taken(
        self, no_installed_plugins: None, small_folder: Path
    ) -> None:
        assert load_local(small_folder).network.config.intermediate_size == 8

    @pytest.mark.parametrize(
        ("damage", "reason"),
        [
            pytest.param(drop_a_tensor, "lacks.* layernorm.weight", id="a tensor is missing"),
            pytest.param(lengthen_a_tensor, "another shape, layernorm.weight", id="a tensor is too long"),
            pytest.param(cut_in_half, "", id="the weights are cut"),
            pytest.param(write("model.safetensors", "<html>not found</html>"), "", id="a page for weights"),
            pytest.param(write("config.json", "{"), "", id="a config that is no JSON"),
            pytest.param(write("preprocessor_config.json", "{"), "", id="an extractor that is no JSON"),
            pytest.param(
                change_json("config.json", num_hidden_layers=6),
                "num_hidden_layers is 6, not 12",
                id="6 blocks",
            ),
            pytest.param(
                change_json("config.json", num_hidden_layers=13),
                "num_hidden_layers is 13, not 12",
                id="13 blocks",
            ),
            pytest.param(
                change_json("config.json", hidden_size=384), "hidden_size is 384, not 768", id="width 384"
            ),
            pytest.param(
                change_json("config.json", max_length=512), "max_length is 512, not 1024", id="512 frames"
            ),
            pytest.param(
                change_json("preprocessor_config.json", max_length=128),
                "max_length is 128, not 1024",
                id="cut input",
            ),
            pytest.param(
                change_json("preprocessor_config.json", num_mel_bins=64),
                "num_mel_bins is 64, not 128",
                id="64 bins",
            ),
            pytest.param(
                change_json("preprocessor_config.json", sampling_rate=8000),
                "sampling_rate is 8000",
                id="8 kHz",
            ),
        ],
    )
    def test_another_folder_is_refused_in_one_line(
        self, damage: Callable[[Path], None], reason: str, no_installed_plugins: None, small_folder: Path
    ) -> None:
        damage(small_folder)
        with pytest.raises(CheckpointError, match=f"not an AST checkpoint.*: .*({reason})") as error:
            load_local(small_folder)
        assert str(small_folder) in str(error.value)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 400 + 2 * len(str(small_folder))

    def test_loading_prints_nothing(self, folder: Path, printed_by_loading: Any) -> None:
        assert printed_by_loading("ast", "AST") == ("", "")

    def test_a_folder_that_the_user_names_gives_the_same_numbers(
        self, folder: Path, upstream: Upstream, make_wav: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AUDIOSCAN_PLUGINS", "ast")
        monkeypatch.setenv("HF_HOME", "nowhere")
        recording = make_wav(seconds=1)
        options = [
            "--model",
            "AST",
            "--checkpoint",
            f"AST={folder}",
            "--window",
            "1",
            "--reading",
            "windows",
            "--device",
            "cpu",
            "--json",
        ]
        result = CliRunner().invoke(main, ["embed", str(recording), *options])
        assert result.exit_code == 0, result.output
        (stored,) = json.loads(result.stdout)
        with np.load(stored["file"]) as archive:
            found = archive["embeddings"]
        with wave.open(str(recording)) as file:
            samples = np.frombuffer(file.readframes(RATE), "<i2").astype(np.float32) / 32768
        np.testing.assert_allclose(found[0], upstream.pooled(samples, (FINAL,)), rtol=0, atol=1e-4)


class TestDeclarations:
    def test_the_declared_size_is_that_of_the_published_configuration(self) -> None:
        with torch.device("meta"):
            network = ASTModel(ASTConfig())
        assert CHECKPOINT.parameters == sum(each.numel() for each in network.parameters())
        assert CHECKPOINT.layers == network.config.num_hidden_layers == 12
        assert [model.dim for model in MODELS.values()] == [768, 4 * 768]
        assert MODELS["AST_ML"].layers == (3, 6, 9, 12)

    def test_the_shortest_window_is_one_patch_and_the_longest_is_never_cut(self) -> None:
        config = ASTConfig()
        assert CHECKPOINT.shortest_window * RATE == 400 + (config.patch_size - 1) * 160
        assert CHECKPOINT.step * RATE == config.time_stride * 160
        longest = round(CHECKPOINT.longest_window * RATE)
        assert (longest - 400) // 160 + 1 <= config.max_length
