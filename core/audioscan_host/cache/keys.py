"""Names of the cache's files: a hash over whatever changes what is in them."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from audioscan_host.channels import MIX
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.silence import REVISION as SILENCE_REVISION
from audioscan_host.windows import Windowing

PIPELINE_REVISION = 1
"""Raised when the host's own arithmetic changes: decoding, mixing, resampling, windows, pooling."""

STRETCHES_REVISION = 2
"""Raised when the arithmetic of stretches changes: margins, shares, grains."""

LENGTH = 64
"""Hexadecimal digits of a key."""


def is_own(name: str) -> bool:
    """Whether a file is not 8-cut's, whose names are shorter."""
    return len(name.rpartition("/")[2].removesuffix(".npz")) == LENGTH


@dataclass(frozen=True)
class Provenance:
    """What embeddings come from, whichever their windows.

    Attributes:
        recording: the media file.
        model: the model.
        precision: what it computes in.
        wrappers: what other plugins do to its numbers, as of `Registry.wrappers`.
    """

    recording: Recording
    model: Model
    precision: str = "fp32"
    wrappers: Sequence[str] = ()


def embeddings_key(provenance: Provenance, windowing: Windowing, *, reading: str = Reading.WINDOWS) -> str:
    """Of embeddings; read in stretches, `windowing` is that of the grains."""
    model = provenance.model
    # Left out where there are none: what was embedded before there were wrappers stays valid.
    wrapped = {"wrappers": list(provenance.wrappers)} if provenance.wrappers else {}
    return _key(
        provenance.recording,
        windowing=asdict(windowing),
        checkpoint=_facts(model.checkpoint),
        model=[model.name, model.revision, model.layers, model.pooling],
        precision=provenance.precision,
        **wrapped,
        **_stretches(model.checkpoint, reading),
    )


def claim_key(
    recording: Recording,
    checkpoint: Checkpoint,
    windowing: Windowing,
    precision: str,
    reading: str = Reading.WINDOWS,
) -> str:
    """Of a checkpoint's pass over a recording, whichever of its models are read from it."""
    facts = {"windowing": asdict(windowing), "checkpoint": _facts(checkpoint), "precision": precision}
    return _key(recording, **facts, **_stretches(checkpoint, reading))


def _stretches(checkpoint: Checkpoint, reading: str) -> dict[str, Any]:
    # Left out of windows: what was embedded before there were stretches stays valid.
    if reading == Reading.WINDOWS:
        return {}
    context = None if math.isinf(checkpoint.context) else checkpoint.context
    return {"stretches": [STRETCHES_REVISION, checkpoint.stretch, context]}


def silence_key(recording: Recording) -> str:
    """Of the digital silence of a recording."""
    return _key(recording, silence=SILENCE_REVISION)


def _facts(checkpoint: Checkpoint) -> list[Any]:
    return [checkpoint.name, checkpoint.revision, checkpoint.sample_rate]


def _key(recording: Recording, **facts: Any) -> str:
    identity = [recording.size, recording.mtime_ns, recording.digest]
    # Left out where all are mixed: what was embedded before there was a choice stays valid.
    channel = {} if recording.channel == MIX else {"channel": recording.channel}
    version = {"version": recording.version} if recording.version else {}  # files of this machine have none
    everything = {"recording": identity, "pipeline": PIPELINE_REVISION, **channel, **version, **facts}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
