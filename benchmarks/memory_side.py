"""One run of `memory.py`: `audioscan-host embed` in this process, and then what memory it took at its peak.

With --hollow the transformers' blocks pass on what they are given: what goes in, between them and out is as large as ever,
and ten hours take minutes.
"""

import os
import resource
import sys
from typing import Any

from audioscan_host.cli.main import main as audioscan_host

NARROW = [(32, 10, 5), *[(32, 3, 2)] * 4, *[(32, 2, 2)] * 2]
"""Channels, width and stride of HuBERT's convolutions, a sixteenth as many channels as they have."""


def narrow_convolutions() -> None:
    """HuBERT's, in its bundle."""
    import torchaudio

    torchaudio.pipelines.HUBERT_BASE._params["extractor_conv_layer_config"] = NARROW


def hollow(model: str) -> None:
    """Have the blocks of a model's network pass on what they are given."""

    def passed_on(_block: Any, x: Any, *_: Any, **__: Any) -> Any:
        return x

    if model == "AST":
        from transformers.models.audio_spectrogram_transformer import modeling_audio_spectrogram_transformer

        modeling_audio_spectrogram_transformer.ASTLayer.forward = passed_on
    elif model == "EAT":
        from audioscan_eat.network import PostNormBlock

        PostNormBlock.forward = passed_on
    elif model == "BEATS":
        from audioscan_beats.network import Block

        Block.forward = passed_on
    else:
        from torchaudio.models.wav2vec2.components import EncoderLayer

        narrow_convolutions()
        EncoderLayer.forward = lambda block, x, *_, **__: (passed_on(block, x), None)


def main() -> None:
    what, *command = sys.argv[1:]
    if what:
        hollow(what)
    audioscan_host(command, standalone_mode=False)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
    os._exit(0)  # what taking Python down takes is not looked at


if __name__ == "__main__":
    main()
