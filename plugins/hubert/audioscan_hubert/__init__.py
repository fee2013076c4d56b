"""HuBERT and wav2vec 2.0, in torchaudio's bundles: what the last layer says, or four layers on the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, Model, Runtime, hookimpl
from audioscan_host.weights import TorchHubFile
from audioscan_torch.hooks import batch_size, embed, precision, preprocess

if TYPE_CHECKING:
    from audioscan_hubert.encoder import HubertEncoder

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

CONTRACT_VERSION = 1

PUBLISHED = "https://download.pytorch.org/torchaudio/models"  # where torchaudio's bundles are fetched from

CHECKPOINTS = [  # name, blocks, width, parameters, file, what it was trained on
    ("HUBERT_XLARGE", 48, 1280, 962_492_544, "hubert_fairseq_xlarge_ll60k.pth", "60,000 h of Libri-Light"),
    ("HUBERT_LARGE", 24, 1024, 315_434_112, "hubert_fairseq_large_ll60k.pth", "60,000 h of Libri-Light"),
    ("HUBERT_BASE", 12, 768, 94_370_944, "hubert_fairseq_base_ls960.pth", "960 h of LibriSpeech"),
    ("WAV2VEC2_BASE", 12, 768, 94_370_944, "wav2vec2_fairseq_base_ls960.pth", "960 h of LibriSpeech"),
    ("WAV2VEC2_LARGE", 24, 1024, 315_427_968, "wav2vec2_fairseq_large_ls960.pth", "960 h of LibriSpeech"),
    ("WAV2VEC2_LARGE_LV60K", 24, 1024, 315_437_696, "wav2vec2_fairseq_large_lv60k.pth", "60,000 h of Libri-Light"),
]  # fmt: skip


@hookimpl
def register_models() -> list[Model]:
    models = []
    for name, blocks, width, parameters, file, speech in CHECKPOINTS:
        checkpoint = Checkpoint(
            name,
            source=f"{PUBLISHED}/{file}",
            revision="torchaudio-1",  # the addresses are not versioned; torchaudio never changed a file
            layers=blocks,
            sample_rate=16000,
            step=0.020,
            stretch=10.0,  # a second costs more the longer the stretch is: docs/performance.md
            shortest_window=0.025,  # the receptive field of one time step
            licence="MIT",
            parameters=parameters,
            weights=TorchHubFile(f"{PUBLISHED}/{file}"),
        )
        four = checkpoint.quartiles
        models += [
            Model(name, checkpoint, (FINAL,), width, f"trained on {speech}, last layer"),
            Model(f"{name}_ML", checkpoint, four, 4 * width, f"trained on {speech}, four layers"),
        ]
    return models


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> HubertEncoder:
    from audioscan_hubert.encoder import HubertEncoder

    return HubertEncoder.load(checkpoint, runtime)
