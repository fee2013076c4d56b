"""The folder of a session, which one server at a time works in."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audioscan_host import OutputError, SettingError
from audioscan_host.file_lock import HeldError, held

ENDING = ".review"
_LOCK = "server.lock"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Be the only server on a folder, which is made where it is missing; the claim ends with the process.

    Raises:
        OutputError: it cannot be written to, is a file, or another server works in it.
        SettingError: it holds other things and no session.
    """
    _require_own(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        lock = held(folder / _LOCK, wait=False, told=set())
        lock.__enter__()
    except HeldError as error:
        raise OutputError(
            f"{folder}: another review page is open on this session: use that one, or end it, or name another --session"
        ) from error
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _require_own(folder: Path) -> None:
    """Refuse a folder of somebody's other files: what is written into it would be hard to tell from them."""
    try:
        is_foreign = folder.is_dir() and not (folder / "session.json").exists() and any(folder.iterdir())
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error
    if is_foreign and not (folder / _LOCK).exists() and not (folder / "journal.jsonl").exists():
        raise SettingError(
            f"{folder} holds other files and no session: name a new folder, such as {folder / f'my{ENDING}'}"
        )


def _unwritable(folder: Path, error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{folder}: is a file, or lies in one: name a folder for --session"
    return (
        f"{folder}: the session cannot be kept there: {error.strerror or error}; name a folder that can be written to: "
        "--session"
    )
