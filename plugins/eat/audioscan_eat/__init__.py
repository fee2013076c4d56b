"""EAT, the Efficient Audio Transformer, fine-tuned on AudioSet: base and large."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, Model, Runtime, hookimpl
from audioscan_host.weights import HubSnapshot
from audioscan_torch.hooks import batch_size, embed, precision, preprocess

if TYPE_CHECKING:
    from audioscan_eat.encoder import EATEncoder

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

CONTRACT_VERSION = 1

REMOTE_CODE = os.environ.get("AUDIOSCAN_EAT_REMOTE_CODE") == "1"  # the authors' own code in place of ours
FILES = ("config.json", "model.safetensors")
CODE = ("configuration_eat.py", "modeling_eat.py", "eat_model.py", "model_core.py")
CHECKPOINTS = [  # name, blocks, width, parameters, repository, revision
    ("EAT", 12, 768, 89_972_736, "worstchan/EAT-base_epoch30_finetune_AS2M", "60d61e8b2e9e5ba3be6860285de80cb7d625ccbb"),
    ("EAT_LARGE", 24, 1024, 308_867_072, "worstchan/EAT-large_epoch20_finetune_AS2M", "53b1251196e3dabb991dfa7629fa89394c7f8335"),
]  # fmt: skip


@hookimpl
def register_models() -> list[Model]:
    models = []
    for name, blocks, width, parameters, repository, revision in CHECKPOINTS:
        checkpoint = Checkpoint(
            name,
            source=f"https://huggingface.co/{repository}",
            revision=f"{revision}, remote code" if REMOTE_CODE else revision,
            layers=blocks,
            sample_rate=16000,
            step=0.160,
            stretch=10.24,  # 1024 frames, as the network was trained
            shortest_window=0.175,  # 16 frames: one patch
            licence="MIT",
            parameters=parameters,
            longest_window=122.88,  # 12288 frames, as far as there are positions
            weights=HubSnapshot(repository, revision, FILES + CODE * REMOTE_CODE),
            remote_code=REMOTE_CODE,
        )
        four = checkpoint.quartiles
        models += [
            Model(name, checkpoint, (FINAL,), width, "trained on AudioSet, last layer"),
            Model(f"{name}_ML", checkpoint, four, 4 * width, "trained on AudioSet, four layers"),
        ]
    return models[::2] if REMOTE_CODE else models  # the authors' code gives its last layer alone


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> EATEncoder:
    from audioscan_eat.encoder import EATEncoder

    return EATEncoder.load(checkpoint, runtime)
