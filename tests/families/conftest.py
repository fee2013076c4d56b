"""What the tests of plugins with a network share: a sound, the host's way from it to embeddings, and small random weights."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchaudio
from safetensors.torch import save_file
from torchaudio.models import wav2vec2_model
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

import audioscan_ast.encoder
import audioscan_eat.encoder
import audioscan_hubert
from audioscan_beats.network import BEATsConfig, BEATsNetwork
from audioscan_eat.network import EATConfig, EATNetwork
from audioscan_host import CheckpointError, Model, Runtime, Windowing
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry
from audioscan_host.windows import cut_blocks

Array = npt.NDArray[np.float32]

Function = tuple[Any, str]
"""What has it, and its name there."""

RATE = 16_000
REDUCED = Path(__file__).parent / "reduced"


def _sound(seconds: float, seed: int = 0) -> Array:
    """Syllables of a gliding voice over noise: (samples,) float32 at 16 kHz, nowhere alike."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 180 + 60 * np.sin(2 * np.pi * 0.31 * time + seed) + 25 * time
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 1.7 * time) + 0.3 * np.sin(2 * np.pi * 0.45 * time), 0, None)
    background = random.normal(0, 0.01, len(time))
    return (0.15 * voice * syllables + background).astype(np.float32)


def _embedded(
    registry: Registry,
    models: Iterable[str],
    waveform: Array,
    windowing: Windowing,
    *,
    runtime: Runtime | None = None,
    encoders: Encoders | None = None,
) -> Mapping[str, Array]:
    """Embed a waveform as the host does, by models of one checkpoint: name -> (windows, dim) float32.

    `encoders`, where given, are those of the registry, and stay loaded.
    """
    chosen: Sequence[Model] = [registry.model(name) for name in models]
    shortest = chosen[0].checkpoint.shortest_window
    (block,) = cut_blocks([waveform], RATE, windowing, shortest)
    encoders = encoders or Encoders(registry, runtime or Runtime(device="cpu"))
    vectors = encoders.embed_block(block, chosen, lambda _windows: None)
    return {model.name: embedded for model, embedded in zip(chosen, vectors, strict=True)}


@pytest.fixture(scope="session")
def sound() -> Callable[..., Array]:
    """`sound(10)` is ten seconds of it."""
    return _sound


@pytest.fixture(scope="session")
def embedded() -> Callable[..., Mapping[str, Array]]:
    """`embedded(registry, ["AST"], waveform, Windowing(8, 1))["AST"]` is (windows, dim) float32."""
    return _embedded


@pytest.fixture
def one_pass(sound: Callable[..., Array], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`one_pass(registry, models, (owner, "load"), (Network, "forward"))` are the embeddings by models of a checkpoint.

    Three windows of a second make two batches: the first function is called once for them, the second once a batch.
    """

    def embed(
        registry: Registry, models: Iterable[str], load: Function, forward: Function
    ) -> Mapping[str, Array]:
        calls: list[str] = []
        runtime = Runtime(device="cpu", batch_size=2)
        with monkeypatch.context() as patch:
            for owner, name in (load, forward):
                patch.setattr(owner, name, _noting(calls, name, getattr(owner, name)))
            found = _embedded(registry, models, sound(3), Windowing(1, 1), runtime=runtime)
        assert calls == [load[1], forward[1], forward[1]]
        return found

    return embed


def _noting(calls: list[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return function(*args, **kwargs)

    return noting


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """`refusal(registry.model, "AST")` is what the CheckpointError of that call says; a user reads it as one line."""

    def of(call: Callable[..., object], *arguments: object, **settings: object) -> str:
        with pytest.raises(CheckpointError) as refused:
            call(*arguments, **settings)
        message = str(refused.value)
        assert "\n" not in message
        assert len(message) < 800
        return message

    return of


LOADING = """
import sys
from importlib import import_module
from audioscan_host import Runtime, load_registry

family, checkpoint, *place = sys.argv[1:]
plugin = import_module(f"audioscan_{family}")
registry = load_registry({family: plugin}, {checkpoint: place[0]} if place else {})
plugin.load(registry.model(checkpoint).checkpoint, Runtime(device="cpu"))
"""


@pytest.fixture
def printed_by_loading(no_installed_plugins: None) -> Callable[..., tuple[str, str]]:
    """`printed_by_loading("ast", "AST")` is what a new process writes to stdout and stderr; a third is the weights' place."""

    def load(*arguments: str) -> tuple[str, str]:
        command = [sys.executable, "-c", LOADING, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout, done.stderr

    return load


@pytest.fixture(scope="module")
def reduced() -> Iterator[pytest.MonkeyPatch]:
    """The environment of all tests here, where no plugin is installed and the reduced ones can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        patch.syspath_prepend(REDUCED)
        torch.manual_seed(6)
        yield patch
    for module in REDUCED.glob("*.py"):
        sys.modules.pop(module.stem, None)


@pytest.fixture(scope="module")
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("weights")
    yield folder
    shutil.rmtree(folder)  # 900 MB


@pytest.fixture(scope="module")
def ast_weights(reduced: pytest.MonkeyPatch, weights_folder: Path) -> None:
    frames = 256
    ASTModel(ASTConfig(intermediate_size=8, max_length=frames)).save_pretrained(weights_folder / "ast")
    ASTFeatureExtractor(max_length=frames).save_pretrained(weights_folder / "ast")
    reduced.setattr(audioscan_ast.encoder, "INPUT", ("num_mel_bins",))  # any length
    reduced.setenv("AUDIOSCAN_AST", str(weights_folder / "ast"))


@pytest.fixture(scope="module")
def beats_weights(reduced: pytest.MonkeyPatch, weights_folder: Path) -> None:
    settings = {
        "encoder_layers": 12, "encoder_embed_dim": 768, "encoder_ffn_embed_dim": 48,
        "encoder_attention_heads": 12, "activation_fn": "gelu", "layer_norm_first": False, "conv_bias": False,
        "conv_pos": 128, "conv_pos_groups": 16, "relative_position_embedding": True, "num_buckets": 320,
        "max_distance": 800, "gru_rel_pos": True, "deep_norm": True, "input_patch_size": 16, "embed_dim": 512,
    }  # fmt: skip
    weights = BEATsNetwork(BEATsConfig.from_checkpoint(settings)).state_dict()
    kernel = weights.pop("encoder.pos_conv.0.weight")
    weights["encoder.pos_conv.0.weight_g"] = torch.ones(1, 1, kernel.shape[2])
    weights["encoder.pos_conv.0.weight_v"] = kernel
    file = weights_folder / "beats.pt"
    torch.save({"cfg": settings, "model": weights}, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    reduced.setenv("AUDIOSCAN_BEATS", f"{file}#sha256={digest}")


@pytest.fixture(scope="module")
def eat_weights(reduced: pytest.MonkeyPatch, weights_folder: Path) -> None:
    sizes = {"EAT": {}, "EAT_LARGE": {"embed_dim": 1024, "depth": 24, "num_heads": 16}}
    for name, size in sizes.items():
        settings: Mapping[str, Any] = {**size, "mlp_ratio": 0.0625}
        weights = EATNetwork(EATConfig(**settings)).state_dict()
        (weights_folder / name).mkdir()
        save_file(
            {f"model.{key}": tensor for key, tensor in weights.items()},
            weights_folder / name / "model.safetensors",
            {"format": "pt"},
        )
        (weights_folder / name / "config.json").write_text(json.dumps({"model_type": "eat", **settings}))
        reduced.setenv(f"AUDIOSCAN_{name}", str(weights_folder / name))
    reduced.setattr(audioscan_eat.encoder, "LEAST_FRAMES", 256)


@pytest.fixture(scope="module")
def hubert_weights(reduced: pytest.MonkeyPatch, weights_folder: Path) -> None:
    reduced.setenv("TORCH_HOME", str(weights_folder))
    narrow = {
        "extractor_conv_layer_config": [(32, 10, 5), *[(32, 3, 2)] * 4, *[(32, 2, 2)] * 2],
        "encoder_ff_interm_features": 48,
    }
    small = {
        "encoder_embed_dim": 64,
        "encoder_num_layers": 8,
        "encoder_num_heads": 4,
        "encoder_pos_conv_groups": 4,
    }
    for model in audioscan_hubert.register_models()[::2]:
        name = model.name
        bundle = getattr(torchaudio.pipelines, name)
        settings = {**bundle._params, **narrow, **(small if "LARGE" in name else {})}
        reduced.setattr(torchaudio.pipelines, name, dataclasses.replace(bundle, _params=settings))
        model.checkpoint.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(wav2vec2_model(**settings).state_dict(), model.checkpoint.path)
