"""Brings the weights of a checkpoint into place: fetched, checked, or replaced by what the user names."""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from audioscan_host.errors import CheckpointError, SettingError
from audioscan_host.models.model import Checkpoint
from audioscan_host.models.weights import Weights, missing
from audioscan_host.progress import Progress

ENVIRONMENT = "AUDIOSCAN_"
"""`AUDIOSCAN_<CHECKPOINT>` names a file or folder in place of the download."""

_WITH_SHA256 = re.compile(r"(?P<path>.+)#sha256=(?P<sha256>[0-9A-Fa-f]{64})")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LocalCheckpoint:
    """A file or folder that the user names in place of a download.

    Attributes:
        path: the file, or the folder.
        sha256: what the file must hash to, where the user says so.
    """

    path: Path
    sha256: str | None = None

    @classmethod
    def parse(cls, text: str) -> "LocalCheckpoint":
        """`PATH` or `PATH#sha256=HEX`."""
        match = _WITH_SHA256.fullmatch(text)
        path, sha256 = (match["path"], match["sha256"].lower()) if match else (text, None)
        return cls(Path(os.path.expanduser(path)), sha256)  # noqa: PTH111 - Path's raises for nobody's `~`

    def __str__(self) -> str:
        """As it is parsed."""
        return f"{self.path}" if self.sha256 is None else f"{self.path}#sha256={self.sha256}"


def variable(checkpoint: str) -> str:
    """The environment variable of a checkpoint: `HUBERT_BASE` -> `AUDIOSCAN_HUBERT_BASE`."""
    return ENVIRONMENT + re.sub(r"[^A-Z0-9]", "_", checkpoint.upper())


def named_by_user(given: Mapping[str, str], checkpoints: Iterable[Checkpoint]) -> dict[str, LocalCheckpoint]:
    """What the user names in place of downloads, by `given` or else by environment variables.

    Args:
        given: checkpoint name -> `PATH` or `PATH#sha256=HEX`.
        checkpoints: those that there are.

    Raises:
        SettingError: `given` names a checkpoint that there is not, or one without weights.
    """
    there = {(checkpoint.name, checkpoint.weights is not None) for checkpoint in checkpoints}
    names = sorted({name for name, with_weights in there if with_weights})
    for name in sorted(set(given) - set(names)):
        what = "declares no weights that others could replace" if (name, False) in there else "is unknown"
        raise SettingError(f"checkpoint {name!r} {what}; with weights: {', '.join(names) or 'none'}")
    texts = {name: given.get(name) or os.environ.get(variable(name)) for name in names}
    return {name: LocalCheckpoint.parse(text) for name, text in texts.items() if text}


def refuse_needless(checkpoint: Checkpoint) -> None:
    """Nothing that the user names should be passed over in silence.

    Raises:
        CheckpointError: a variable names other weights for a checkpoint that has none.
    """
    if checkpoint.weights is None and os.environ.get(variable(checkpoint.name)):
        raise CheckpointError(
            f"{variable(checkpoint.name)} is set, but {checkpoint.name} declares no weights that others could replace"
        )


def localised(checkpoint: Checkpoint, local: LocalCheckpoint) -> Checkpoint:
    """The checkpoint with the user's files; their content, not their place, is its revision.

    Raises:
        CheckpointError: the files are not there, or not those of the expected SHA-256.
    """
    if checkpoint.weights is None:
        raise CheckpointError(f"{checkpoint.name} declares no weights that others could replace")
    try:
        weights = checkpoint.weights.at(local.path)
        digest = _digest(weights)
    except OSError as error:
        raise CheckpointError(f"{checkpoint.name}: {local.path}: {error.strerror or error}") from error
    except CheckpointError as error:
        raise CheckpointError(f"{checkpoint.name}: {error}") from error
    pinned = checkpoint.weights.sha256
    expected = local.sha256 or pinned
    if expected not in {None, digest}:
        to_take_it = "" if local.sha256 else f"; to take it all the same: {local.path}#sha256={digest}"
        raise CheckpointError(
            f"{checkpoint.name}: {weights.path}: its SHA-256 is {digest}, not {expected}{to_take_it}"
        )
    # A copy of the published file is the published checkpoint.
    revision = checkpoint.revision if digest == pinned else f"sha256:{digest}"
    return replace(checkpoint, weights=weights, revision=revision, source=str(weights.path))


def obtain(checkpoint: Checkpoint, progress: Progress) -> None:
    """See that the weights are there and are the pinned ones; fetch what is missing.

    Raises:
        CheckpointError: they are missing and cannot be fetched, or have another SHA-256.
    """
    weights = checkpoint.weights
    if weights is None:
        return
    absent = missing(weights)
    if absent:
        try:
            weights.pull(progress)
        except CheckpointError as error:
            raise CheckpointError(_how_to_get(checkpoint, absent[0], str(error))) from error
    if weights.sha256 is not None:
        digest = _digest(weights)
        if digest != weights.sha256:
            raise CheckpointError(
                f"{checkpoint.name}: {weights.path}: its SHA-256 is {digest}, not {weights.sha256}: "
                "it is damaged or another file (remove it and pull it again), or the declared sha256 is wrong"
            )


def _how_to_get(checkpoint: Checkpoint, absent: Path, reason: str) -> str:
    name = checkpoint.name
    return (
        f"{name}: {absent.name} is not in {absent.parent} and could not be fetched ({reason}); "
        f"run `audioscan-host pull {name}` where there is network and bring the file here, "
        f"or name a copy: --checkpoint {name}=PATH or {variable(name)}=PATH"
    )


def _digest(weights: Weights) -> str:
    """SHA-256 of the one file; of several, of their names and digests."""
    from hashlib import sha256  # loads OpenSSL, which listing models need not wait for

    digests = {file: _digest_of_file(file) for file in weights.files}
    if len(digests) == 1:
        return next(iter(digests.values()))
    names = {file.relative_to(weights.path).as_posix(): digest for file, digest in digests.items()}
    listing = "".join(f"{digest}  {name}\n" for name, digest in sorted(names.items()))
    return sha256(listing.encode()).hexdigest()


def _digest_of_file(file: Path) -> str:
    from hashlib import file_digest

    try:
        with file.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{file}: {error.strerror or error}") from error
