"""HuBERT and wav2vec 2.0: their numbers against torchaudio's own, and what they may and may not depend on.

The weights are random. The networks of BASE size are whole; of the larger ones, each with the norms and the
normalisation of its own bundle, the tests take eight blocks of width 64.
"""

import dataclasses
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchaudio
from torch import nn
from torchaudio.models import Wav2Vec2Model, wav2vec2_model
from torchaudio.pipelines import Wav2Vec2Bundle

import audioscan_hubert
from audioscan_host import FINAL, Checkpoint, CheckpointError, Model, Runtime, Windowing, Windows, hookimpl
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_hubert.encoder import HubertEncoder

Array = npt.NDArray[np.float32]

MODELS = {model.name: model for model in audioscan_hubert.register_models()}
CHECKPOINTS = {model.checkpoint.name: model.checkpoint for model in MODELS.values()}
BASE = {"HUBERT_BASE": torchaudio.models.hubert_base, "WAV2VEC2_BASE": torchaudio.models.wav2vec2_base}
NORMALISED = ["HUBERT_XLARGE", "HUBERT_LARGE", "WAV2VEC2_LARGE_LV60K"]
RATE = 16_000
CPU = Runtime(device="cpu")

WIDTH, BLOCKS = 64, 8  # of the small networks
SMALL = {
    "extractor_conv_layer_config": [(32, 10, 5), *[(32, 3, 2)] * 4, *[(32, 2, 2)] * 2],
    "encoder_embed_dim": WIDTH,
    "encoder_pos_conv_groups": 4,
    "encoder_num_layers": BLOCKS,
    "encoder_num_heads": 4,
    "encoder_ff_interm_features": 128,
}


def bundle_of(name: str) -> Wav2Vec2Bundle:
    return getattr(torchaudio.pipelines, name)


def save_weights(build: Callable[[], nn.Module], file: Path, seed: int) -> None:
    """Random ones, norms and biases away from 1 and 0: where one is left out, it shows."""
    torch.manual_seed(seed)
    network = build()
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), file)


def by_upstream(network: nn.Module, window: Array, layers: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """The mean over time of each layer of one window, alone, by what `bundle.get_model()` returned: (dim,)."""
    batch = torch.from_numpy(window.copy())[None]
    with torch.inference_mode():
        final = network(batch)[0] if FINAL in layers else None
        blocks = network.extract_features(batch)[0] if layers != (FINAL,) else []
    states = [final if layer == FINAL else blocks[layer - 1] for layer in layers]
    return np.concatenate([each[0].double().mean(0).numpy() for each in states])


@dataclasses.dataclass(frozen=True)
class SmallFamily:
    """A bundle at reduced size behind the plugin's own hooks; `upstream` is what its `get_model` returns."""

    models: Mapping[str, Model]
    checkpoint: Checkpoint
    plugins: Mapping[str, ModuleType]
    upstream: nn.Module

    @property
    def registry(self) -> Registry:
        return load_registry(self.plugins)

    def encoder(self, runtime: Runtime = CPU) -> HubertEncoder:
        return audioscan_hubert.load(self.checkpoint, runtime)


@pytest.fixture
def make_small(
    no_installed_plugins: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], SmallFamily]:
    """`make_small("HUBERT_LARGE")` has models of that name, of its `_ML`, and `ALL` that reads every layer."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def make(name: str) -> SmallFamily:
        bundle = bundle_of(name)
        bundle = dataclasses.replace(bundle, _params={**bundle._params, **SMALL})
        monkeypatch.setattr(torchaudio.pipelines, name, bundle)
        checkpoint = dataclasses.replace(CHECKPOINTS[name], layers=BLOCKS)
        save_weights(lambda: wav2vec2_model(**bundle._params), checkpoint.path, seed=1)
        readings = {name: (FINAL,), f"{name}_ML": checkpoint.quartiles, "ALL": (*range(1, BLOCKS + 1), FINAL)}
        models = {
            model: Model(model, checkpoint, layers, len(layers) * WIDTH, "small")
            for model, layers in readings.items()
        }

        @hookimpl
        def register_models() -> list[Model]:
            return list(models.values())

        plugin = ModuleType("small")
        vars(plugin).update(vars(audioscan_hubert), register_models=register_models)
        return SmallFamily(models, checkpoint, {"small": plugin}, bundle.get_model())

    return make


@pytest.fixture(scope="module")
def torch_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Weights of BASE size where torch.hub keeps what it has downloaded."""
    home = tmp_path_factory.mktemp("torch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(home))
        for seed, (name, network) in enumerate(BASE.items()):
            save_weights(network, home / "hub" / "checkpoints" / bundle_of(name)._path, seed)
        yield home
    shutil.rmtree(home)  # 760 MB


@pytest.fixture
def registry(no_installed_plugins: None) -> Registry:
    return load_registry({"hubert": audioscan_hubert})


class TestNumbers:
    @pytest.mark.parametrize("name", [f"{base}{suffix}" for base in BASE for suffix in ("", "_ML")])
    def test_a_model_of_base_size_gives_the_bundles_own_numbers(
        self, name: str, registry: Registry, torch_home: Path, sound: Any, embedded: Any
    ) -> None:
        waveform = sound(9)
        ours = embedded(registry, [name], waveform, Windowing(8, 1))[name]
        upstream = bundle_of(name.removesuffix("_ML")).get_model()
        model = MODELS[name]
        windows = [waveform[: 8 * RATE], waveform[RATE:]]
        expected = np.stack([by_upstream(upstream, window, model.layers) for window in windows])
        assert ours.shape == (2, model.dim)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("name", CHECKPOINTS)
    def test_every_layer_of_every_architecture_is_that_of_the_bundle_with_one_window_at_a_time(
        self, name: str, make_small: Any, sound: Any, embedded: Any
    ) -> None:
        small = make_small(name)
        waveform = sound(10)
        runtime = Runtime(device="cpu", batch_size=3)
        found = embedded(small.registry, small.models, waveform, Windowing(8, 1), runtime=runtime)
        for model in small.models.values():
            windows = [waveform[start * RATE : (start + 8) * RATE] for start in range(3)]
            expected = np.stack([by_upstream(small.upstream, window, model.layers) for window in windows])
            np.testing.assert_allclose(found[model.name], expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("name", CHECKPOINTS)
    def test_a_final_norm_that_is_left_out_would_show(
        self, name: str, make_small: Any, sound: Any, embedded: Any
    ) -> None:
        small = make_small(name)
        found = embedded(small.registry, ["ALL"], sound(1), Windowing(1, 1))["ALL"]
        last_block, final = found[0, -2 * WIDTH : -WIDTH], found[0, -WIDTH:]
        differs = np.abs(final - last_block).max() > 0.1
        assert differs == (name in NORMALISED)

    @pytest.mark.parametrize(
        ("samples", "steps"), [(400, 1), (719, 1), (720, 2), (RATE, 49), (8 * RATE, 399)]
    )
    def test_a_time_step_for_every_320_samples_whose_400_lie_inside(
        self, samples: int, steps: int, make_small: Any, sound: Any
    ) -> None:
        encoder = make_small("HUBERT_BASE").encoder()
        inputs = encoder.preprocess(sound(8), Windows(np.zeros(1, np.int64), samples, RATE))
        found = encoder.embed(inputs[:1], frozenset({1, FINAL}))
        assert {layer: tuple(each.shape) for layer, each in found.items()} == {
            1: (1, steps, WIDTH),
            FINAL: (1, steps, WIDTH),
        }

    @pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
    def test_a_recording_shorter_than_one_time_step_is_padded_with_zeros_to_one(
        self, name: str, make_small: Any, sound: Any, embedded: Any
    ) -> None:
        small = make_small(name)
        click = sound(1)[1000:1100]
        found = embedded(small.registry, [name], click, Windowing(8, 1))[name]
        expected = by_upstream(small.upstream, np.pad(click, (0, 300)), (FINAL,))
        np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("precision", ["bf16", "fp16"])
    @pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
    def test_half_precision_stays_near_and_takes_float32_waveforms(
        self, name: str, precision: str, make_small: Any, sound: Any, embedded: Any
    ) -> None:
        small = make_small(name)
        waveform = sound(3)
        half = Runtime(device="cpu", precision=precision)
        inputs = small.encoder(half).preprocess(waveform, Windows(np.zeros(1, np.int64), RATE, RATE))
        found, full = (
            embedded(small.registry, [f"{name}_ML"], waveform, Windowing(1, 1), runtime=runtime)[f"{name}_ML"]
            for runtime in (half, CPU)
        )
        assert inputs[:1].dtype == torch.float32
        assert 0 < np.linalg.norm(found - full) < 0.05 * np.linalg.norm(full)


class TestWindows:
    @pytest.mark.parametrize("name", NORMALISED)
    def test_the_bundles_own_wrapper_lets_a_window_depend_on_its_neighbour(
        self, name: str, make_small: Any, sound: Any
    ) -> None:
        upstream = make_small(name).upstream
        quiet, loud = torch.from_numpy(sound(2)), torch.from_numpy(20 * sound(2, seed=1))
        with torch.inference_mode():
            alone = upstream(quiet[None])[0][0].mean(0)
            beside_loud = upstream(torch.stack([quiet, loud]))[0][0].mean(0)
        assert (alone - beside_loud).abs().max() > 1e-2

    def test_irregular_starts_are_kept_in_their_order(self, make_small: Any, sound: Any) -> None:
        encoder = make_small("HUBERT_BASE").encoder()
        waveform = sound(3)
        starts = np.array([2 * RATE, 0, 7])
        inputs = encoder.preprocess(waveform, Windows(starts, RATE, RATE))
        expected = np.stack([waveform[start : start + RATE] for start in starts])
        assert len(inputs) == 3
        np.testing.assert_array_equal(inputs[:], expected)
        np.testing.assert_array_equal(inputs[1:2], expected[1:2])


class TestOnePass:
    @pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
    def test_two_models_together_load_once_run_once_and_give_the_numbers_of_each_alone(
        self, *, name: str, make_small: Any, sound: Any, embedded: Any, one_pass: Any
    ) -> None:
        small = make_small(name)
        names = [name, f"{name}_ML"]
        hooks = (Wav2Vec2Bundle, "get_model"), (Wav2Vec2Model, "extract_features")
        joint = one_pass(small.registry, names, *hooks)
        runtime = Runtime(device="cpu", batch_size=2)
        for each in names:
            alone = embedded(small.registry, [each], sound(3), Windowing(1, 1), runtime=runtime)[each]
            np.testing.assert_array_equal(joint[each], alone)


class Trap:
    """What runs when it is unpickled: it writes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.mark, "it ran")


def save_without_a_tensor(file: Path, state: dict[str, Any]) -> None:
    del state["encoder.transformer.layer_norm.bias"]
    torch.save(state, file)


def save_with_another_tensor(file: Path, state: dict[str, Any]) -> None:
    torch.save({**state, "aux.weight": torch.zeros(3)}, file)


def save_in_another_shape(file: Path, state: dict[str, Any]) -> None:
    torch.save({**state, "encoder.transformer.layer_norm.bias": torch.zeros(WIDTH + 1)}, file)


def save_a_list(file: Path, state: dict[str, Any]) -> None:
    torch.save(list(state.values()), file)


def save_half(file: Path, state: dict[str, Any]) -> None:
    torch.save(state, file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def save_a_zip(file: Path, state: dict[str, Any]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("one.txt", "a")
        archive.writestr("two.txt", "b")


class TestCheckpoints:
    @pytest.mark.parametrize("save", [torch.save, lambda trap, file: file.write_bytes(pickle.dumps(trap))])
    def test_code_in_place_of_the_weights_is_refused_and_not_run(
        self, save: Callable[[Any, Path], None], make_small: Any, tmp_path: Path
    ) -> None:
        small = make_small("HUBERT_BASE")
        mark = tmp_path / "mark"
        save({"encoder": Trap(mark)}, small.checkpoint.path)
        with pytest.raises(CheckpointError, match="not the weights of HUBERT_BASE:") as error:
            small.encoder()
        assert "\n" not in str(error.value)
        assert not mark.exists()
        with suppress(RuntimeError):
            torch.load(small.checkpoint.path, weights_only=False)  # the trap was a trap
        assert mark.exists()

    @pytest.mark.parametrize(
        ("save", "reason"),
        [
            (save_without_a_tensor, "Missing key"),
            (save_with_another_tensor, "Unexpected key"),
            (save_in_another_shape, "size mismatch"),
            (save_a_list, "named tensors"),
            (save_half, ""),
            (save_a_zip, ""),
            (lambda file, state: file.write_bytes(b""), "named tensors"),
            (lambda file, state: file.write_bytes(b"RIFF....WAVEfmt "), "named tensors"),
            (lambda file, state: file.write_bytes(b"hello, this is a note"), "named tensors"),
            (lambda file, state: file.write_bytes(b"<html>not found</html>"), "named tensors"),
        ],
    )
    @pytest.mark.parametrize("name", ["HUBERT_BASE", "HUBERT_LARGE"])
    def test_another_file_is_refused_in_one_line(
        self, name: str, save: Callable[[Path, dict[str, Any]], None], reason: str, make_small: Any
    ) -> None:
        small = make_small(name)
        file = small.checkpoint.path
        save(file, torch.load(file, weights_only=True))
        with pytest.raises(CheckpointError, match=f"not the weights of {name}: .*{reason}") as error:
            small.encoder()
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 300 + 2 * len(str(file))

    def test_a_file_that_the_user_names_gives_the_same_numbers(
        self, make_small: Any, sound: Any, embedded: Any, tmp_path: Path
    ) -> None:
        small = make_small("HUBERT_LARGE")
        expected = embedded(small.registry, ["HUBERT_LARGE"], sound(2), Windowing(1, 1))["HUBERT_LARGE"]
        copy = small.checkpoint.path.rename(tmp_path / "my copy.bin")
        registry = load_registry(small.plugins, checkpoints={"HUBERT_LARGE": str(copy)})
        assert registry.model("HUBERT_LARGE").checkpoint.path == copy
        found = embedded(registry, ["HUBERT_LARGE"], sound(2), Windowing(1, 1))["HUBERT_LARGE"]
        np.testing.assert_array_equal(found, expected)


class TestDeclarations:
    @pytest.mark.parametrize("name", CHECKPOINTS)
    def test_a_checkpoint_is_declared_as_torchaudio_has_it(self, name: str) -> None:
        bundle, checkpoint = bundle_of(name), CHECKPOINTS[name]
        with torch.device("meta"):
            network = wav2vec2_model(**bundle._params)
        assert checkpoint.parameters == sum(each.numel() for each in network.parameters())
        assert (
            checkpoint.layers
            == bundle._params["encoder_num_layers"]
            == len(network.encoder.transformer.layers)
        )
        assert checkpoint.sample_rate == bundle.sample_rate
        assert checkpoint.source == f"https://download.pytorch.org/torchaudio/models/{bundle._path}"
        assert checkpoint.path.parts[-3:] == ("hub", "checkpoints", bundle._path)

    @pytest.mark.parametrize("name", CHECKPOINTS)
    def test_the_time_step_and_the_shortest_window_are_those_of_the_convolutions(self, name: str) -> None:
        receptive, step = 1, 1
        for _, kernel, stride in bundle_of(name)._params["extractor_conv_layer_config"]:
            receptive += (kernel - 1) * step
            step *= stride
        assert CHECKPOINTS[name].step * RATE == step
        assert CHECKPOINTS[name].shortest_window * RATE == receptive

    @pytest.mark.parametrize("name", CHECKPOINTS)
    def test_a_model_reads_the_final_output_and_its_ml_the_quarters_of_the_way(self, name: str) -> None:
        width, blocks = (bundle_of(name)._params[f"encoder_{key}"] for key in ("embed_dim", "num_layers"))
        assert (MODELS[name].layers, MODELS[name].dim) == ((FINAL,), width)
        quarters = tuple(round(blocks * quarter / 4) for quarter in (1, 2, 3, 4))
        assert (MODELS[f"{name}_ML"].layers, MODELS[f"{name}_ML"].dim) == (quarters, 4 * width)

    def test_the_normalised_bundles_are_those_that_the_tests_take_for_it(self) -> None:
        assert [name for name in CHECKPOINTS if bundle_of(name)._normalize_waveform] == NORMALISED
