"""BEATs, audio pre-training with acoustic tokenizers: the third iteration, trained on AudioSet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, Model, Runtime, hookimpl
from audioscan_host.weights import TorchHubFile
from audioscan_torch.hooks import batch_size, embed, precision, preprocess

if TYPE_CHECKING:
    from audioscan_beats.encoder import BEATsEncoder

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

CONTRACT_VERSION = 1

# The authors publish it on a drive that has no stable addresses; this is a mirror of the same bytes.
REVISION = "5b53b0404df452a3a607d7e67687227730e5bad1"
URL = f"https://huggingface.co/lpepino/beats_ckpts/resolve/{REVISION}/BEATs_iter3_plus_AS2M.pt"
SHA256 = "d43cbfad4d7b56381c061d7a24774f908d4d94c72961f6eb1d9090ff18cd8d34"

CHECKPOINT = Checkpoint(
    name="BEATS",
    source=URL,
    revision=SHA256,
    layers=12,
    sample_rate=16000,
    step=0.160,
    stretch=10.0,  # as the network was trained
    shortest_window=0.175,  # 16 frames: one patch
    licence="MIT",
    parameters=90_311_664,
    weights=TorchHubFile(URL, SHA256),
)


@hookimpl
def register_models() -> list[Model]:
    four = CHECKPOINT.quartiles
    return [
        Model("BEATS", CHECKPOINT, (FINAL,), 768, "trained on AudioSet, last layer"),
        Model("BEATS_ML", CHECKPOINT, four, 3072, "trained on AudioSet, four layers"),
    ]


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> BEATsEncoder:
    from audioscan_beats.encoder import BEATsEncoder

    return BEATsEncoder.load(checkpoint, runtime)
