"""Being the only process at some work, by a lock file; where the file system knows no locks, without."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What a file system says that has none: some network drives, and many that FUSE mounts."""

logger = logging.getLogger(__name__)


class HeldError(Exception):
    """Another process holds the lock."""


@contextmanager
def held(path: Path, *, wait: bool, told: set[Path]) -> Iterator[None]:
    """Hold a lock file, which is made, and goes with the block.

    Args:
        path: of the lock file.
        wait: until whoever holds it lets go.
        told: the folders of which was told already that they know no locks.

    Raises:
        HeldError: another process holds it, and `wait` is off.
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise HeldError from None
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _WITHOUT_LOCKS:
            raise
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if path.parent not in told:
            told.add(path.parent)
            logger.warning(
                "%s: its file system knows no locks: going on without; let no two runs work there at once",
                path.parent,
            )
        yield
        return
    try:
        yield
    finally:
        # Before it is let go: whoever waits for it sees that it has no name any more, and makes it anew.
        with suppress(OSError):  # Windows removes no file that is open; filelock does so as it lets go
            path.unlink(missing_ok=True)
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds a lock file; where there are no locks, nobody can tell, and none does."""
    try:
        with filelock.FileLock(path, timeout=0):
            return False
    except filelock.Timeout:
        return True
    except (OSError, NotImplementedError):
        return False
