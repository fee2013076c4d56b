"""AST, the Audio Spectrogram Transformer, fine-tuned on AudioSet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, Model, Runtime, hookimpl
from audioscan_host.weights import HubSnapshot
from audioscan_torch.hooks import batch_size, embed, precision, preprocess

if TYPE_CHECKING:
    from audioscan_ast.encoder import ASTEncoder

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

CONTRACT_VERSION = 1

REPOSITORY = "MIT/ast-finetuned-audioset-10-10-0.4593"
REVISION = "f826b80d28226b62986cc218e5cec390b1096902"

CHECKPOINT = Checkpoint(
    name="AST",
    source=f"https://huggingface.co/{REPOSITORY}",
    revision=REVISION,
    layers=12,
    sample_rate=16000,
    step=0.100,
    stretch=10.24,  # 1024 frames, which is what the network always takes
    shortest_window=0.175,  # 16 frames: one patch
    licence="BSD-3-Clause",
    parameters=86_187_264,
    longest_window=10.24,  # 1024 frames, the length that the network was trained for
    weights=HubSnapshot(
        REPOSITORY, REVISION, ("config.json", "preprocessor_config.json", "model.safetensors")
    ),
)


@hookimpl
def register_models() -> list[Model]:
    return [
        Model("AST", CHECKPOINT, (FINAL,), 768, "trained on AudioSet, last layer"),
        Model("AST_ML", CHECKPOINT, CHECKPOINT.quartiles, 3072, "trained on AudioSet, four layers"),
    ]


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> ASTEncoder:
    from audioscan_ast.encoder import ASTEncoder

    return ASTEncoder.load(checkpoint, runtime)
