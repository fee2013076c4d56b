"""audioscan_ast for a quarter of the window: as its attention grows with the square, a sixteenth of the time."""

from dataclasses import replace

import audioscan_ast
from audioscan_ast import batch_size, embed, load, precision, preprocess
from audioscan_host import hookimpl

__all__ = ["batch_size", "embed", "load", "precision", "preprocess", "register_models"]

LONGEST = 2.56  # seconds: 256 frames


@hookimpl
def register_models():
    published = audioscan_ast.register_models()
    checkpoint = replace(published[0].checkpoint, longest_window=LONGEST, stretch=LONGEST)
    return [replace(each, checkpoint=checkpoint) for each in published]
