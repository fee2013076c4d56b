"""EAT: its embeddings against the network on one window at a time, and when the authors' own code is run.

The weights are random; the network is of the published width and depth, with narrow perceptrons. Its own arithmetic
is what `test_eat_network.py` is about.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import transformers.dynamic_module_utils
from huggingface_hub import try_to_load_from_cache
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchaudio.compliance import kaldi

import audioscan_eat
import audioscan_eat.encoder
import audioscan_host.models.download
from audioscan_eat.encoder import EATEncoder
from audioscan_eat.network import EATConfig, EATNetwork, load_network
from audioscan_host import FINAL, CheckpointError, Runtime, Windowing, Windows, load_registry
from audioscan_host.cache import Cache, Provenance
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Silent
from audioscan_host.recordings import Recording

Array = npt.NDArray[np.float32]
Exact = npt.NDArray[np.float64]

MODELS = {model.name: model for model in audioscan_eat.register_models()}
BASE = MODELS["EAT"].checkpoint
PLUGINS = {"eat": audioscan_eat}
RATE = 16_000
WIDTH, BANDS = 768, 8
CPU = Runtime(device="cpu")
CODE = ("configuration_eat.py", "modeling_eat.py", "eat_model.py", "model_core.py")


def save_checkpoint(folder: Path, prefix: str = "model.", **settings: Any) -> None:
    """Random weights; norms and biases away from 1 and 0, to show where left out."""
    torch.manual_seed(4)
    network = EATNetwork(EATConfig(**settings))
    for name, parameter in network.named_parameters():
        if parameter.ndim == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
        elif name == "extra_tokens":
            nn.init.normal_(parameter)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"{prefix}{name}": tensor for name, tensor in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"model_type": "eat", **settings}))


def fbank(window: Array) -> Tensor:
    """(frames, 128) by the settings of the model cards."""
    return kaldi.fbank(
        torch.from_numpy(window.copy())[None],
        htk_compat=True,
        sample_frequency=16000,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=128,
        dither=0.0,
        frame_shift=10,
    )


def spectrogram(window: Array, frames: int = 1024) -> Tensor:
    """(1, 1, frames, 128): filter banks, zeros after them, and all of it normalised."""
    padded = torch.zeros(frames, 128)
    found = fbank(window)
    padded[: len(found)] = found
    return ((padded + 4.268) / (4.569 * 2))[None, None]


def pooled(tokens: Exact, steps: int) -> Exact:
    """Mean of the patches of the first `steps` time steps: (1 + time * 8, width), class token first -> (width,)."""
    total = np.zeros(tokens.shape[1])
    for t in range(steps):
        for f in range(BANDS):
            total += tokens[1 + BANDS * t + f]
    return total / (steps * BANDS)


def steps_wholly_in(window: Array) -> int:
    """How many groups of 16 frames lie in it."""
    frames = (len(window) - 400) // 160 + 1
    steps = 0
    while 16 * steps + 16 <= frames:
        steps += 1
    return steps


class OneWindow:
    """The network, one window at a time."""

    def __init__(self, folder: Path) -> None:
        self.network = load_network(folder)
        self._states: dict[tuple[bytes, int], Mapping[int, Tensor]] = {}

    def tokens(self, window: Array, layer: int, frames: int = 1024) -> Exact:
        """(1 + frames / 16 * 8, 768)."""
        key = (window.tobytes(), frames)
        if key not in self._states:
            with torch.inference_mode():
                batch = spectrogram(window, frames)
                self._states[key] = self.network(batch, frozenset({3, 6, 9, 12, FINAL}))
        return self._states[key][layer][0].double().numpy()

    def pooled(
        self, window: Array, layers: tuple[int, ...], steps: int | None = None, frames: int = 1024
    ) -> Exact:
        """Of each layer, one after the other: (len(layers) * 768,)."""
        steps = steps_wholly_in(window) if steps is None else steps
        return np.concatenate([pooled(self.tokens(window, layer, frames), steps) for layer in layers])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of huggingface_hub, with a snapshot of the checkpoint in its cache."""
    home = tmp_path_factory.mktemp("huggingface")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.delenv("HF_HUB_CACHE", raising=False)
        patch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        repository = BASE.weights.repository.replace("/", "--")
        folder = home / "hub" / f"models--{repository}" / "snapshots" / BASE.weights.revision
        save_checkpoint(folder, mlp_ratio=0.0625)
        yield home
    shutil.rmtree(home)  # 135 MB


@pytest.fixture(scope="module")
def folder(home: Path) -> Path:
    """Where huggingface_hub itself finds the snapshot."""
    config = try_to_load_from_cache(
        BASE.weights.repository, "config.json", cache_dir=home / "hub", revision=BASE.weights.revision
    )
    assert isinstance(config, str)
    return Path(config).parent


@pytest.fixture
def registry(no_installed_plugins: None) -> Registry:
    return load_registry(PLUGINS)


@pytest.fixture(scope="module")
def one_window(folder: Path) -> OneWindow:
    return OneWindow(folder)


@pytest.fixture(scope="module")
def host(home: Path, embedded: Any) -> Callable[..., Mapping[str, Array]]:
    """`host(["EAT"], waveform, Windowing(8, 1))["EAT"]` is (windows, dim); two windows at once."""
    registry = load_registry(PLUGINS)
    return partial(embedded, registry, encoders=Encoders(registry, Runtime(device="cpu", batch_size=2)))


@pytest.fixture(scope="module")
def ten_seconds(host: Any, sound: Any) -> Mapping[str, Array]:
    """The host's embeddings of three windows of 8 s, by both models in one pass."""
    return host(["EAT", "EAT_ML"], sound(10), Windowing(8, 1))


class TestNumbers:
    @pytest.mark.parametrize("name", ["EAT", "EAT_ML"])
    def test_windows_of_8_s_give_the_numbers_of_each_window_alone(
        self, name: str, ten_seconds: Any, one_window: OneWindow, sound: Any
    ) -> None:
        windows = [sound(10)[start * RATE : (start + 8) * RATE] for start in range(3)]
        expected = np.stack([one_window.pooled(window, MODELS[name].layers) for window in windows])
        assert ten_seconds[name].shape == (3, MODELS[name].dim)
        np.testing.assert_allclose(ten_seconds[name], expected, rtol=0, atol=1e-4)

    def test_49_of_the_64_steps_of_8_s_are_pooled_and_one_more_or_less_would_show(
        self, ten_seconds: Any, one_window: OneWindow, sound: Any
    ) -> None:
        window, found = sound(10)[: 8 * RATE], ten_seconds["EAT"][0]
        expected = one_window.pooled(window, (FINAL,), steps=49)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
        for steps in (48, 50, 64):
            assert np.abs(found - one_window.pooled(window, (FINAL,), steps)).max() > 1e-3
        with_class_token = one_window.tokens(window, FINAL)[: 1 + 49 * BANDS].mean(0)
        assert np.abs(found - with_class_token).max() > 1e-3

    def test_the_last_layer_of_eat_ml_is_eat(self, ten_seconds: Any) -> None:
        np.testing.assert_array_equal(ten_seconds["EAT_ML"][:, -WIDTH:], ten_seconds["EAT"])
        for quarter in range(3):
            layer = ten_seconds["EAT_ML"][:, quarter * WIDTH : (quarter + 1) * WIDTH]
            assert np.abs(layer - ten_seconds["EAT"]).max() > 0.1

    @pytest.mark.parametrize(
        ("seconds", "steps", "frames"), [(0.18, 1, 1024), (1, 6, 1024), (10.24, 63, 1024), (12, 74, 1200)]
    )
    def test_shorter_and_longer_windows_give_the_numbers_of_the_window_alone(
        self, *, seconds: float, steps: int, frames: int, one_window: OneWindow, sound: Any, host: Any
    ) -> None:
        window = sound(seconds)
        expected = one_window.pooled(window, (FINAL,), steps, frames)
        assert steps_wholly_in(window) == steps
        (found,) = host(["EAT"], window, Windowing(seconds, seconds))["EAT"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)

    def test_a_recording_shorter_than_a_time_step_is_padded_with_zeros_to_one(
        self, one_window: OneWindow, sound: Any, host: Any
    ) -> None:
        click = sound(1)[3000:4000]
        expected = one_window.pooled(np.pad(click, (0, 1800)), (FINAL,), steps=1)
        (found,) = host(["EAT"], click, Windowing(8, 1))["EAT"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)

    def test_bf16_stays_near_and_is_finite(
        self, home: Path, registry: Registry, sound: Any, embedded: Any, host: Any
    ) -> None:
        waveform, models = sound(2), ["EAT", "EAT_ML"]
        half = Runtime(device="cpu", precision="bf16")
        found = embedded(registry, models, waveform, Windowing(1, 1), runtime=half)
        full = host(models, waveform, Windowing(1, 1))
        for name in models:
            assert np.isfinite(found[name]).all()
            assert 0 < np.linalg.norm(found[name] - full[name]) < 0.05 * np.linalg.norm(full[name])


@pytest.fixture
def encoder() -> EATEncoder:
    """Of width 12 and two blocks."""
    torch.manual_seed(0)
    return EATEncoder(EATNetwork(EATConfig(embed_dim=12, depth=2, num_heads=2)), CPU)


class TestInput:
    @pytest.mark.parametrize(
        ("seconds", "frames"),
        [(0.175, 1024), (1, 1024), (8, 1024), (10.24, 1024), (10.4, 1040), (12, 1200), (122.88, 12288)],
    )
    def test_the_networks_input_is_that_of_the_model_card_up_to_a_multiple_of_16_frames(
        self, seconds: float, frames: int, encoder: EATEncoder, sound: Any
    ) -> None:
        length = round(seconds * RATE)
        waveform = sound(seconds + 1)
        starts = np.array([0, 160, RATE])
        inputs = encoder.preprocess(waveform, Windows(starts, length, RATE))
        found = encoder.spectrogram(inputs[:])
        windows = [waveform[start : start + length] for start in starts]
        assert found.shape == (3, 1, frames, 128)
        expected = torch.cat([spectrogram(window, frames) for window in windows])
        np.testing.assert_array_equal(found, expected)

    def test_a_constant_offset_which_the_authors_subtract_changes_nothing(
        self, encoder: EATEncoder, sound: Any
    ) -> None:
        waveform = sound(2)
        whole = Windows(np.array([0]), len(waveform), RATE)
        with_offset = encoder.preprocess(waveform + np.float32(0.1), whole)[:]
        without = fbank(waveform - waveform.mean())
        torch.testing.assert_close(with_offset[0], without, rtol=0, atol=1e-3)


class TestPooling:
    @pytest.mark.parametrize(
        ("samples", "steps"),
        [(2800, 1), (2800 + 2559, 1), (2800 + 2560, 2), (8 * RATE, 49), (12 * RATE, 74), (1_966_080, 767)],
    )
    def test_a_time_step_is_the_mean_of_its_bands_without_class_token_and_padding(
        self, samples: int, steps: int, encoder: EATEncoder, sound: Any
    ) -> None:
        def network(spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
            time, band = np.mgrid[: spectrogram.shape[2] // 16, :BANDS]
            patches = np.where(time < steps, 1000.0 * time + band, np.nan)  # time-major: token = 1 + 8 t + f
            tokens = torch.from_numpy(np.concatenate([[np.nan], patches.ravel()]))
            states = tokens[None, :, None].expand(1, -1, 12)
            return {layer: states * (1 if layer == FINAL else 2) for layer in layers}

        object.__setattr__(encoder, "network", network)
        inputs = encoder.preprocess(sound(samples / RATE), Windows(np.array([0]), samples, RATE))
        found = encoder.embed(inputs[:], frozenset({1, FINAL}))
        expected = 1000 * np.arange(steps) + np.mean(range(BANDS))
        assert found[FINAL].shape == (1, steps, 12)
        np.testing.assert_allclose(found[FINAL][0, :, 5], expected)
        np.testing.assert_allclose(found[1][0, :, 5], 2 * expected)


class TestWindows:
    def test_the_longest_window_has_a_position_for_each_time_step(
        self, encoder: EATEncoder, sound: Any
    ) -> None:
        longest = sound(122.88)
        inputs = encoder.preprocess(longest, Windows(np.array([0]), len(longest), RATE))
        assert encoder.embed(inputs[:], frozenset({FINAL}))[FINAL].shape == (1, 767, 12)


class TestOnePass:
    def test_both_models_load_once_run_once_a_batch_and_give_the_numbers_of_each_alone(
        self, home: Path, registry: Registry, sound: Any, host: Any, one_pass: Any
    ) -> None:
        hooks = (audioscan_eat.encoder, "load_network"), (EATNetwork, "forward")
        joint = one_pass(registry, ["EAT", "EAT_ML"], *hooks)
        for name in ("EAT", "EAT_ML"):
            alone = host([name], sound(3), Windowing(1, 1))[name]
            np.testing.assert_allclose(joint[name], alone, rtol=0, atol=1e-6)


def drop_a_tensor(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.pre_norm.weight"]
    save_file(weights, folder / "model.safetensors")


@pytest.fixture
def refusal_of(refusal: Any) -> Callable[..., str]:
    """`refusal_of(PLUGINS, folder)` is why the plugin does not load a folder that the user names."""

    def of(plugins: Mapping[str, Any], folder: Path, name: str = "EAT") -> str:
        registry = load_registry(plugins, checkpoints={name: str(folder)})
        message: str = refusal(Encoders(registry, CPU).loaded, registry.model(name))
        assert str(folder) in message
        return message

    return of


class TestCheckpoint:
    @pytest.mark.parametrize("file", ["", "model.safetensors", "config.json"])
    def test_a_folder_that_the_user_names_or_a_file_in_it_gives_the_same_numbers(
        self,
        *,
        file: str,
        folder: Path,
        sound: Any,
        embedded: Any,
        host: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        expected = host(["EAT"], sound(1), Windowing(1, 1))["EAT"]
        monkeypatch.setenv("HF_HOME", "nowhere")
        registry = load_registry(PLUGINS, checkpoints={"EAT": str(folder / file)})
        checkpoint = registry.model("EAT").checkpoint
        assert checkpoint.path == folder
        assert checkpoint.revision.startswith("sha256:")
        found = embedded(registry, ["EAT"], sound(1), Windowing(1, 1))["EAT"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)

    @pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
    def test_a_folder_that_lacks_a_file_is_refused_by_name(
        self, missing: str, no_installed_plugins: None, tmp_path: Path, refusal: Any
    ) -> None:
        save_checkpoint(tmp_path, embed_dim=12, depth=1, num_heads=2)
        (tmp_path / missing).unlink()
        registry = load_registry(PLUGINS, checkpoints={"EAT": str(tmp_path)})
        message = refusal(registry.model, "EAT")
        assert message == f"EAT: {tmp_path}: has no {missing}"

    def test_a_folder_that_lacks_a_tensor_is_refused(
        self, no_installed_plugins: None, tmp_path: Path, refusal_of: Any
    ) -> None:
        save_checkpoint(tmp_path, embed_dim=12, depth=1, num_heads=2)
        drop_a_tensor(tmp_path)
        assert "missing model.pre_norm.weight" in refusal_of(PLUGINS, tmp_path)

    def test_weights_of_another_kind_are_refused(
        self, no_installed_plugins: None, tmp_path: Path, refusal_of: Any
    ) -> None:
        save_checkpoint(tmp_path, prefix="ast.", embed_dim=12, depth=1, num_heads=2)
        assert "not an EAT checkpoint" in refusal_of(PLUGINS, tmp_path)

    @pytest.mark.parametrize(
        ("name", "settings", "reason"),
        [
            ("EAT", {"depth": 6, "embed_dim": 12, "num_heads": 2}, "depth is 6, not 12"),
            ("EAT", {"depth": 24, "embed_dim": 12, "num_heads": 2}, "depth is 24, not 12"),
            ("EAT", {"embed_dim": 12, "num_heads": 2}, "embed_dim is 12, not 768"),
            ("EAT", {"max_length": 64, "mlp_ratio": 0.01}, "max_length is 64, not 768"),
            ("EAT_LARGE", {"embed_dim": 12, "num_heads": 2}, "depth is 12, not 24"),
            ("EAT_LARGE", {"depth": 24, "embed_dim": 12, "num_heads": 2}, "embed_dim is 12, not 1024"),
        ],
    )
    def test_an_eat_of_another_shape_is_refused(
        self,
        name: str,
        settings: dict[str, Any],
        reason: str,
        no_installed_plugins: None,
        tmp_path: Path,
        refusal_of: Any,
    ) -> None:
        save_checkpoint(tmp_path, **settings)
        assert refusal_of(PLUGINS, tmp_path, name) == f"{tmp_path / 'config.json'}: {reason}"
        shutil.rmtree(tmp_path)  # up to 115 MB

    def test_loading_prints_nothing(self, folder: Path, printed_by_loading: Any) -> None:
        assert printed_by_loading("eat", "EAT") == ("", "")


class TestDeclarations:
    @pytest.mark.parametrize(
        ("name", "depth", "width", "heads"), [("EAT", 12, 768, 12), ("EAT_LARGE", 24, 1024, 16)]
    )
    def test_the_declared_sizes_are_those_of_the_network(
        self, name: str, depth: int, width: int, heads: int
    ) -> None:
        with torch.device("meta"):
            network = EATNetwork(EATConfig(depth=depth, embed_dim=width, num_heads=heads))
        model, four = MODELS[name], MODELS[f"{name}_ML"]
        assert model.checkpoint == four.checkpoint
        assert model.checkpoint.parameters == sum(each.numel() for each in network.parameters())
        assert model.checkpoint.layers == depth
        assert (model.layers, model.dim) == ((FINAL,), width)
        assert four.layers == tuple(depth * quarter // 4 for quarter in (1, 2, 3, 4))
        assert four.dim == 4 * width
        steps = network.fixed_positional_encoder["positions"].shape[1] // BANDS
        assert round(model.checkpoint.longest_window / model.checkpoint.step) == steps


# The authors' code: files of the same names, classes and imports among themselves, around a network of one layer.

THEIRS = {
    "configuration_eat.py": """
from transformers import PretrainedConfig

class EATConfig(PretrainedConfig):
    model_type = "eat"

    def __init__(self, embed_dim=768, factor=1.0, **settings):
        super().__init__(**settings)
        self.embed_dim = embed_dim
        self.factor = factor
""",
    "model_core.py": """
def scaled(x, factor):
    return factor * x
""",
    "eat_model.py": """
import torch
from torch import nn
from .model_core import scaled

class EAT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.factor = config.factor
        self.proj = nn.Conv2d(1, config.embed_dim, 16, stride=16)
        self.dropout = nn.Dropout(0.5)

    def extract_features(self, x):
        patches = scaled(self.dropout(self.proj(x)), self.factor).flatten(2).transpose(1, 2)
        class_token = torch.full_like(patches[:, :1], 1e6)
        return torch.cat([class_token, patches], dim=1)
""",
    "modeling_eat.py": """
from transformers import PreTrainedModel
from .configuration_eat import EATConfig
from .eat_model import EAT

class EATModel(PreTrainedModel):
    config_class = EATConfig

    def __init__(self, config):
        super().__init__(config)
        self.model = EAT(config)

    def extract_features(self, x):
        return self.model.extract_features(x)
""",
}
FACTOR = 3.0
REFERENCES = {"AutoConfig": "configuration_eat.EATConfig", "AutoModel": "modeling_eat.EATModel"}


def save_repository(folder: Path, **settings: Any) -> dict[str, Tensor]:
    """Code, configuration and random weights; returns the weights."""
    generator = torch.Generator().manual_seed(6)
    weights = {
        "model.proj.weight": torch.randn(WIDTH, 1, 16, 16, generator=generator) / 16,
        "model.proj.bias": torch.randn(WIDTH, generator=generator),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in THEIRS.items():
        (folder / name).write_text(source)
    config = {"model_type": "eat", "auto_map": REFERENCES, "factor": FACTOR, **settings}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return weights


def by_hand(window: Array, weights: Mapping[str, Tensor]) -> Exact:
    """The one layer of that code on 8 s or less, averaged over the patches in the window: (768,)."""
    values = spectrogram(window)[0, 0].double()
    kernel, bias = weights["model.proj.weight"].double().flatten(1), weights["model.proj.bias"].double()
    steps = steps_wholly_in(window)
    total = torch.zeros(WIDTH, dtype=torch.float64)
    for t in range(steps):
        for f in range(BANDS):
            patch = values[16 * t : 16 * t + 16, 16 * f : 16 * f + 16].flatten()
            total += FACTOR * (kernel @ patch + bias)
    return (total / (steps * BANDS)).numpy()


def import_plugin(variable: str | None) -> ModuleType:
    """The plugin as a process imports it that has the variable."""
    spec = importlib.util.spec_from_file_location("audioscan_eat_again", audioscan_eat.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AUDIOSCAN_EAT_REMOTE_CODE", raising=False)
        if variable is not None:
            patch.setenv("AUDIOSCAN_EAT_REMOTE_CODE", variable)
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def modules_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where transformers copies the code that it runs: what `HF_MODULES_CACHE` says when it is imported."""
    cache = tmp_path / "modules"
    cache.mkdir()
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(cache))
    monkeypatch.syspath_prepend(cache)
    yield cache
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
        del sys.modules[name]


@pytest.fixture
def remote(modules_cache: Path, no_installed_plugins: None) -> Mapping[str, ModuleType]:
    """The plugin where `AUDIOSCAN_EAT_REMOTE_CODE` is 1."""
    return {"eat": import_plugin("1")}


def leave_a_mark(mark: Path) -> str:
    return f"open({str(mark)!r}, 'w').close()\n"


def break_import(folder: Path) -> None:
    (folder / "model_core.py").write_text("raise RuntimeError('two\\nlines')\n")


def break_construction(folder: Path) -> None:
    code = THEIRS["eat_model.py"].replace("self.factor = config.factor", "raise KeyError('two\\nlines')")
    (folder / "eat_model.py").write_text(code)


def break_syntax(folder: Path) -> None:
    (folder / "modeling_eat.py").write_text("class EATModel(\n")


def need_a_library(folder: Path) -> None:
    code = "import no_such_library\n" + THEIRS["eat_model.py"]
    (folder / "eat_model.py").write_text(code)


def change_config(**facts: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        found = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(found | facts))

    return change


def drop_their_bias(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.proj.bias"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def lengthen_their_bias(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors") | {"model.proj.bias": torch.ones(769)}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


class TestRemoteCode:
    @pytest.mark.parametrize("variable", [None, "", "0", "false"])
    def test_it_is_off_unless_the_variable_is_1(self, variable: str | None) -> None:
        for model in import_plugin(variable).register_models():
            assert not model.checkpoint.remote_code
            assert model.checkpoint.weights.names == ("config.json", "model.safetensors")
            assert model == MODELS[model.name]

    def test_the_last_layers_alone_are_registered_under_another_revision(
        self, remote: Any, make_wav: Any, tmp_path: Path
    ) -> None:
        models = load_registry(remote).models
        assert list(models) == ["EAT", "EAT_LARGE"]
        recording, cache = Recording.at(make_wav(seconds=1)), Cache(tmp_path / "cache")
        for name, model in models.items():
            assert model.checkpoint.remote_code
            assert model.layers == (FINAL,)
            assert model.checkpoint.weights.names == ("config.json", "model.safetensors", *CODE)
            assert model.checkpoint.revision != MODELS[name].checkpoint.revision
            with_theirs, with_ours = (
                cache.entry(Provenance(recording, each), Windowing(8, 1)).name
                for each in (model, MODELS[name])
            )
            assert with_theirs != with_ours

    @pytest.mark.parametrize(
        ("variable", "found"),
        [("1", "on: EAT, EAT_LARGE run code that comes with their weights"), ("0", "off")],
    )
    def test_doctor_tells_whether_it_is_on(self, variable: str, found: str) -> None:
        environment = os.environ | {"AUDIOSCAN_PLUGINS": "eat", "AUDIOSCAN_EAT_REMOTE_CODE": variable}
        command = [sys.executable, "-c", "from audioscan_host.cli.main import main; main()", "doctor"]
        doctor = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        (row,) = [line for line in doctor.stdout.splitlines() if line.startswith("remote code")]
        assert row.split(maxsplit=3) == ["remote", "code", "ok", found]

    @pytest.mark.parametrize("automodel", ["modeling_eat.EATModel", "somebody/else--modeling_eat.EATModel"])
    def test_the_code_of_a_folder_that_the_user_names_gives_the_numbers(
        self, *, automodel: str, remote: Any, modules_cache: Path, sound: Any, embedded: Any, tmp_path: Path
    ) -> None:
        weights = save_repository(tmp_path / "eat", auto_map=REFERENCES | {"AutoModel": automodel})
        registry = load_registry(remote, checkpoints={"EAT": str(tmp_path / "eat")})
        found = embedded(registry, ["EAT"], sound(9), Windowing(8, 1))["EAT"]
        expected = [by_hand(sound(9)[start * RATE : (start + 8) * RATE], weights) for start in (0, 1)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
        copied = {path.name for path in modules_cache.rglob("*.py")}
        assert copied >= set(CODE)

    def test_the_code_in_the_cache_of_huggingface_hub_gives_the_numbers(
        self, remote: Any, sound: Any, embedded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        registry = load_registry(remote)
        snapshot = registry.model("EAT").checkpoint.path
        blobs = snapshot.parents[1] / "blobs"
        weights = save_repository(blobs)
        snapshot.mkdir(parents=True)
        for file in list(blobs.iterdir()):  # as the hub has it: links to files named by their content
            blob = file.rename(blobs / f"{file.name.encode().hex():.40}")
            (snapshot / file.name).symlink_to(blob)
        (found,) = embedded(registry, ["EAT"], sound(1), Windowing(1, 1))["EAT"]
        np.testing.assert_allclose(found, by_hand(sound(1), weights), rtol=0, atol=1e-4)

    def test_the_same_folder_is_another_checkpoint_than_without_it(self, remote: Any, tmp_path: Path) -> None:
        save_repository(tmp_path / "eat")
        revisions = {
            load_registry(plugins, checkpoints={"EAT": str(tmp_path / "eat")})
            .model("EAT")
            .checkpoint.revision
            for plugins in (remote, PLUGINS)
        }
        assert len(revisions) == 2

    def test_a_folder_without_the_code_is_refused(self, remote: Any, tmp_path: Path, refusal: Any) -> None:
        save_repository(tmp_path / "eat")
        for name in CODE:
            (tmp_path / "eat" / name).unlink()
        registry = load_registry(remote, checkpoints={"EAT": str(tmp_path / "eat")})
        message = refusal(registry.model, "EAT")
        assert message == f"EAT: {tmp_path / 'eat'}: has no {', '.join(CODE)}"

    def test_code_that_is_not_in_the_cache_is_fetched_with_the_weights_or_asked_for(
        self, remote: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, refusal: Any
    ) -> None:
        asked: list[tuple[str, ...]] = []

        def download(repository: str, revision: str, names: tuple[str, ...], progress: Any) -> None:
            asked.append((repository, revision, *names))
            raise CheckpointError("no network")

        monkeypatch.setattr(audioscan_host.models.download, "download_snapshot", download)
        registry = load_registry(remote)
        message = refusal(Encoders(registry, CPU).obtain, registry.model("EAT").checkpoint, Silent())
        assert message.startswith(f"EAT: configuration_eat.py is not in {folder} and could not be fetched")
        (words,) = asked
        assert words == (
            BASE.weights.repository, BASE.weights.revision, "config.json", "model.safetensors", *CODE,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("damage", "reason"),
        [
            (break_import, "cannot be run: two lines"),
            (break_construction, r"cannot be run: 'two\\nlines'"),
            (break_syntax, "cannot be run: .*never closed"),
            (need_a_library, "cannot be run: .*no_such_library"),
            (change_config(auto_map={}), "cannot be run: 'AutoModel'"),
            (
                change_config(auto_map={"AutoModel": "modeling_eat.NoSuchClass"}),
                "cannot be run: .*NoSuchClass",
            ),
            (drop_their_bias, r"lacks, or has in another shape, model\.proj\.bias"),
            (lengthen_their_bias, r"lacks, or has in another shape, model\.proj\.bias"),
        ],
    )
    def test_code_that_fails_or_does_not_fit_its_weights_is_refused_in_one_line(
        self, damage: Callable[[Path], None], reason: str, remote: Any, tmp_path: Path, refusal_of: Any
    ) -> None:
        save_repository(tmp_path / "eat")
        damage(tmp_path / "eat")
        message = refusal_of(remote, tmp_path / "eat")
        assert re.search(reason, message), message

    def test_no_code_is_run_unless_it_is_on(
        self,
        *,
        remote: Any,
        folder: Path,
        sound: Any,
        embedded: Any,
        host: Any,
        tmp_path: Path,
        refusal_of: Any,
    ) -> None:
        expected = host(["EAT"], sound(1), Windowing(1, 1))["EAT"]
        trap, mark = tmp_path / "eat", tmp_path / "mark"
        save_repository(trap)
        for name in CODE:
            (trap / name).write_text(leave_a_mark(mark))
        settings = json.loads((folder / "config.json").read_text())
        (trap / "config.json").write_text(json.dumps(settings | {"auto_map": REFERENCES}))
        (trap / "model.safetensors").unlink()
        (trap / "model.safetensors").symlink_to(folder / "model.safetensors")
        registry = load_registry(PLUGINS, checkpoints={"EAT": str(trap)})
        found = embedded(registry, ["EAT"], sound(1), Windowing(1, 1))["EAT"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        assert not mark.exists()
        refusal_of(remote, trap)
        assert mark.exists()  # so the code would have left it
