"""Fetches the files of a checkpoint, with progress and without starting again after an interruption."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import filelock

from audioscan_host.errors import CheckpointError
from audioscan_host.progress import Progress, Silent

CHUNK = 1 << 20  # bytes
TIMEOUT = 30.0  # seconds without a byte


def download(url: str, target: Path, progress: Progress) -> None:
    """Fetch a file; it takes its name only when it is complete.

    What an interrupted download has left in `<target>.partial` is kept and gone on from.

    Raises:
        CheckpointError: the address cannot be reached, or the file cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two processes that want one file: the second waits, and then finds it.
        with filelock.FileLock(f"{target}.lock"):
            if not target.is_file():
                partial = target.with_name(f"{target.name}.partial")
                _fetch(url, partial, target.name, progress)
                partial.replace(target)
    except (OSError, ValueError) as error:  # ValueError: an address that is none
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise CheckpointError(f"{url}: {reason}") from error


def _fetch(url: str, partial: Path, name: str, progress: Progress) -> None:
    begun = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310 - the address is the plugin's
    except urllib.error.HTTPError as error:
        if error.code == 416 and begun:  # it holds all of the file, or more than it
            partial.unlink()
            return _fetch(url, partial, name, progress)
        raise
    with response, partial.open("ab") as file:
        if response.status != 206:  # the server cannot go on from the middle
            begun = 0
            file.truncate(0)
        length = response.headers.get("Content-Length")
        total = begun + int(length) if length else None
        with progress.track(f"downloading {name}", total and total / 1e6, "MB") as advance:
            advance(begun / 1e6)
            while chunk := response.read(CHUNK):
                file.write(chunk)
                advance(len(chunk) / 1e6)
        if total is not None and file.tell() != total:
            raise OSError(f"the connection ended after {file.tell()} of {total} bytes; run again to go on")
    return None


def download_snapshot(repository: str, revision: str, names: Sequence[str], progress: Progress) -> None:
    """Fetch files of a Hugging Face repository into the cache of `huggingface_hub`, which draws its own bar.

    Raises:
        CheckpointError: the hub cannot be reached, or has no such files.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined] # in its __all__

    if isinstance(progress, Silent):
        disable_progress_bars()
    for name in names:
        try:
            hf_hub_download(repository, name, revision=revision)
        # The hub's client lets the errors of its HTTP library through, whichever that is.
        except Exception as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise CheckpointError(f"{repository}: {reason}") from error
