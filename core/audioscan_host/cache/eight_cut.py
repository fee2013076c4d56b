"""8-cut's own files of embeddings: read where they lie, never written and never removed.

They are `sha256(f"{abspath}|{mtime}|{hop}|{window}|{model}")[:16].npz` in the same folder.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from audioscan_host.models.model import Model
from audioscan_host.windows import Windowing

READ: Mapping[str, str] = MappingProxyType(
    {
        "HUBERT_BASE": "torchaudio-1",
        "HUBERT_LARGE": "torchaudio-1",
        "HUBERT_XLARGE": "torchaudio-1",
        "WAV2VEC2_BASE": "torchaudio-1",
        "WAV2VEC2_LARGE": "torchaudio-1",
        "WAV2VEC2_LARGE_LV60K": "torchaudio-1",
        "BEATS": "d43cbfad4d7b56381c061d7a24774f908d4d94c72961f6eb1d9090ff18cd8d34",
    }
)
"""Models that 8-cut has too, and the revision of the checkpoint that it reads."""

EQUAL = frozenset({"HUBERT_BASE", "WAV2VEC2_BASE", "WAV2VEC2_LARGE"})
"""Those whose numbers are the same here. 8-cut normalises HUBERT_LARGE, HUBERT_XLARGE and WAV2VEC2_LARGE_LV60K over the
batch that a window happens to be in, so that its vectors of them are others (centred cosine down to 0.33)."""


def is_read(model: Model) -> bool:
    """Whether 8-cut has this model, with these weights."""
    return READ.get(model.name) == model.checkpoint.revision


def is_equal(model: Model, channels: int) -> bool:
    """Whether 8-cut's numbers are those that are computed here: its mix of several channels is 3 dB louder."""
    return model.name in EQUAL and channels == 1


def file_name(recording: Path, model: Model, windowing: Windowing) -> str:
    """The name that 8-cut gives the embeddings of a recording, whether they are there or not."""
    # 8-cut's own key: os.path's spelling of the path and its float mtime go into it as they print.
    path = os.path.abspath(recording)  # noqa: PTH100
    mtime = os.path.getmtime(recording)  # noqa: PTH204
    text = f"{path}|{mtime}|{float(windowing.hop)}|{float(windowing.window)}|{model.name}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
