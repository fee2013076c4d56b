"""Fetches the files of a checkpoint, with progress and without starting again after an interruption."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from audioscan_host.errors import CheckpointError
from audioscan_host.file_lock import held
from audioscan_host.models.partial import Origin, Partial
from audioscan_host.progress import Progress, Silent

CHUNK = 1 << 20  # bytes
TIMEOUT = 30.0  # seconds without a byte


def download(url: str, target: Path, progress: Progress) -> None:
    """Fetch a file; it takes its name only when it is complete.

    What an interrupted download has left in `<target>.partial` is kept and gone on from, where it is of the same address
    and the file there has not changed: `<target>.partial.origin` says what it was.

    Raises:
        CheckpointError: the address cannot be reached, or the file cannot be written.
    """
    try:
        # Two processes that want one file: the second waits, and then finds it.
        with held(target.with_name(f"{target.name}.lock"), wait=True, told=set()):
            if not target.is_file():
                partial = Partial(target.with_name(f"{target.name}.partial"))
                _fetch(url, partial, target.name, progress)
                partial.finish(target)
    except (OSError, ValueError, HTTPException) as error:  # ValueError: an address that is none
        raise CheckpointError(f"{url}: {_reason(error)}") from error


def _fetch(url: str, partial: Partial, name: str, progress: Progress) -> None:
    begun, origin = partial.begun(url)
    try:
        response = _answer(url, begun, origin)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        if error.code != 416 or not begun:
            raise
        partial.remove()  # it holds all of the file, or more than it
        begun, origin, response = 0, None, _answer(url, 0, None)
    goes_on = (
        response.status == 206
    )  # else the server cannot begin in the middle, or has another file now: it sends all
    begun = begun if goes_on else 0
    length = response.headers.get("Content-Length")
    now = Origin.of(url, response.headers, begun + int(length) if length else None)
    if goes_on and now != origin:
        response.close()
        partial.remove()
        raise OSError("the file there is another one than before; run again to fetch it anew")
    partial.keep(now)
    with response, partial.path.open("ab" if goes_on else "wb") as file:
        total = now.size
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


def _answer(url: str, begun: int, origin: Origin | None) -> HTTPResponse:
    """The server's answer: the rest of a file where it is the same still, else all of it."""
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    if origin is not None and origin.validator:
        headers["If-Range"] = origin.validator
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310 - the address is the plugin's
    return answer


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
