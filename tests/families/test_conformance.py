"""Every model that is shipped passes the conformance suite.

The weights are random, but for those of BirdNET, which come with its package. The other networks are of the published width and depth, with narrow perceptrons and
convolutions, but for three things that would take minutes: AST takes a quarter of its longest window, EAT pads to
a quarter of its length, and the large HuBERT and wav2vec 2.0 are of `reduced_hubert.py`.
"""

import dataclasses
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
import torchaudio
from safetensors.torch import save_file
from torchaudio.models import wav2vec2_model
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

import audioscan_ast
import audioscan_ast.encoder
import audioscan_beats
import audioscan_birdnet
import audioscan_eat
import audioscan_eat.encoder
import audioscan_hubert
import audioscan_mel
from audioscan_beats.network import BEATsConfig, BEATsNetwork
from audioscan_eat.network import EATConfig, EATNetwork
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.testing import conformance

FAMILIES = [
    audioscan_ast,
    audioscan_beats,
    audioscan_birdnet,
    audioscan_eat,
    audioscan_hubert,
    audioscan_mel,
]
MODELS = {family.__name__: [model.name for model in family.register_models()] for family in FAMILIES}
REDUCED = Path(__file__).parent / "reduced"


def registry() -> Registry:
    """The models of all families, those that are too large for a test reduced."""
    names = [
        "reduced_ast",
        "audioscan_beats",
        "audioscan_birdnet",
        "audioscan_eat",
        "reduced_hubert",
        "audioscan_mel",
    ]
    return load_registry({name: import_module(name) for name in names})


def conformance_of(family: str) -> Any:
    return conformance(*MODELS[family], registry=registry)


@pytest.fixture(scope="module", autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """The environment of all tests here, where no plugin is installed and the reduced ones can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        patch.syspath_prepend(REDUCED)
        torch.manual_seed(6)
        yield patch
    for module in REDUCED.glob("*.py"):
        sys.modules.pop(module.stem, None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("weights")
    yield folder
    shutil.rmtree(folder)  # 900 MB


@pytest.fixture(scope="module")
def ast_weights(patch: pytest.MonkeyPatch, folder: Path) -> None:
    frames = 256
    ASTModel(ASTConfig(intermediate_size=8, max_length=frames)).save_pretrained(folder / "ast")
    ASTFeatureExtractor(max_length=frames).save_pretrained(folder / "ast")
    patch.setattr(audioscan_ast.encoder, "INPUT", ("num_mel_bins",))  # any length
    patch.setenv("AUDIOSCAN_AST", str(folder / "ast"))


@pytest.fixture(scope="module")
def beats_weights(patch: pytest.MonkeyPatch, folder: Path) -> None:
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
    file = folder / "beats.pt"
    torch.save({"cfg": settings, "model": weights}, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    patch.setenv("AUDIOSCAN_BEATS", f"{file}#sha256={digest}")


@pytest.fixture(scope="module")
def eat_weights(patch: pytest.MonkeyPatch, folder: Path) -> None:
    sizes = {"EAT": {}, "EAT_LARGE": {"embed_dim": 1024, "depth": 24, "num_heads": 16}}
    for name, size in sizes.items():
        settings: Mapping[str, Any] = {**size, "mlp_ratio": 0.0625}
        weights = EATNetwork(EATConfig(**settings)).state_dict()
        (folder / name).mkdir()
        save_file(
            {f"model.{key}": tensor for key, tensor in weights.items()},
            folder / name / "model.safetensors",
            {"format": "pt"},
        )
        (folder / name / "config.json").write_text(json.dumps({"model_type": "eat", **settings}))
        patch.setenv(f"AUDIOSCAN_{name}", str(folder / name))
    patch.setattr(audioscan_eat.encoder, "LEAST_FRAMES", 256)


@pytest.fixture(scope="module")
def hubert_weights(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("TORCH_HOME", str(folder))
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
        patch.setattr(torchaudio.pipelines, name, dataclasses.replace(bundle, _params=settings))
        model.checkpoint.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(wav2vec2_model(**settings).state_dict(), model.checkpoint.path)


test_mel = conformance_of("audioscan_mel")
test_ast = pytest.mark.usefixtures("ast_weights")(conformance_of("audioscan_ast"))
test_beats = pytest.mark.usefixtures("beats_weights")(conformance_of("audioscan_beats"))
test_birdnet = conformance_of("audioscan_birdnet")
test_eat = pytest.mark.usefixtures("eat_weights")(conformance_of("audioscan_eat"))
test_hubert = pytest.mark.usefixtures("hubert_weights")(conformance_of("audioscan_hubert"))
