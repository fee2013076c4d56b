"""Fetches the files of a checkpoint, with progress and without starting again after an interruption."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
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
    except (OSError, ValueError, HTTPException) as error:  # ValueError: an address that is none
        raise CheckpointError(f"{url}: {_reason(error)}") from error


def _fetch(url: str, partial: Path, name: str, progress: Progress) -> None:
    begun = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310 - the address is the plugin's
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        if error.code == 416 and begun:  # it holds all of the file, or more than it
            partial.unlink()
            return _fetch(url, partial, name, progress)
        raise
    goes_on = response.status == 206  # else the server cannot begin in the middle, and sends all of it
    begun = begun if goes_on else 0
    with response, partial.open("ab" if goes_on else "wb") as file:
        length = response.headers.get("Content-Length")
        total = begun + int(length) if length else None
        with progress.track(f"downloading {name}", total and total / 1e6, "MB") as advance:
            advance(begun / 1e6)
            try:
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    advance(len(chunk) / 1e6)
            except (OSError, HTTPException) as error:
                raise OSError(f"{_reason(error)}; run again to go on") from error
        if total is not None and file.tell() != total:
            raise OSError(f"the connection ended after {file.tell()} of {total} bytes; run again to go on")
    return None


def _reason(error: Exception) -> str:
    """In one line, with the path of what cannot be written."""
    reason = getattr(error, "reason", None)
    if reason is None and isinstance(error, OSError) and error.strerror:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return _first_line(reason or error)


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


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
            raise CheckpointError(f"{repository}: {_first_line(error)}") from error
