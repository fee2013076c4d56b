"""audioscan_hubert with eight blocks of width 64 in place of the 24 and 48 of its larger networks."""

from dataclasses import replace

import audioscan_hubert
from audioscan_host import FINAL, hookimpl
from audioscan_hubert import batch_size, embed, load, precision, preprocess

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

BLOCKS, WIDTH = 8, 64


@hookimpl
def register_models():
    return [
        _reduced(model) if "LARGE" in model.name else model for model in audioscan_hubert.register_models()
    ]


def _reduced(model):
    checkpoint = replace(model.checkpoint, layers=BLOCKS)
    layers = model.layers if model.layers == (FINAL,) else checkpoint.quartiles
    return replace(model, checkpoint=checkpoint, layers=layers, dim=len(layers) * WIDTH)
