"""A folder of this machine, or of a network drive, as a store."""

import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from audioscan_host.atomic_write import TEMPORARY, atomic_write
from audioscan_host.cache.store import UNFINISHED, BusyError, Stored
from audioscan_host.errors import CacheError
from audioscan_host.file_lock import HeldError, held, is_held

_LOCK = ".lock"


@dataclass(frozen=True)
class LocalFolder:
    """A store in a folder; a name is a path relative to it, and a claim a lock file, which ends with its process."""

    root: Path
    _without_locks: set[Path] = field(default_factory=set, init=False, repr=False, compare=False)

    def location(self, name: str = "") -> str:
        """The path."""
        return str(self.root / name)

    def prepare(self) -> None:
        """Make the folder where it is missing; one that cannot be written to may hold all that is asked for."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheError(f"cache folder {self.root}: cannot be made: {error.strerror}") from error
        if not os.access(self.root, os.R_OK | os.X_OK):
            raise CacheError(f"cache folder {self.root}: cannot be read; name another: --cache-dir")

    def find(self, name: str) -> Stored | None:
        """The file of that name."""
        return next(self._stored([self.root / name]), None)

    def first(self, names: Sequence[str]) -> Stored | None:
        """The first of them that is there."""
        return next(self._stored(self.root / name for name in names), None)

    def files(self, folder: str) -> Iterator[Stored]:
        """All finished files in a folder."""
        return self._stored(path for path in self._paths(folder) if not _is_passing(path))

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """A file to be read."""
        with (self.root / name).open("rb") as file:
            yield file

    def looking_into(self, name: str, size: int) -> AbstractContextManager[IO[bytes]]:  # noqa: ARG002 - as of any store
        """As `reading`: the system fetches little more than is read."""
        return self.reading(name)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file to be written under a temporary name, and then renamed."""
        # Waiting for the disk takes as long as decoding a minute; a block that is lost with the power is computed again.
        lasting = not name.startswith(f"{UNFINISHED}/")
        with atomic_write(self.root / name, lasting=lasting) as file:
            yield file

    def rename(self, name: str, to: str) -> None:
        """Rename a file."""
        with suppress(FileNotFoundError):
            (self.root / name).replace(self.root / to)

    def remove(self, name: str) -> None:
        """Remove a file or a folder."""
        path = self.root / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    @contextmanager
    def claim(self, name: str, *, wait: bool) -> Iterator[None]:
        """Hold the lock file of a name."""
        with ExitStack() as claims:
            try:
                lock = held(self.root / f"{name}{_LOCK}", wait=wait, told=self._without_locks)
                claims.enter_context(lock)
            except HeldError:
                raise BusyError from None
            except OSError as error:
                message = f"cannot be written to: {error.strerror or error}; name another: --cache-dir"
                raise CacheError(f"cache folder {self.root}: {message}") from error
            yield

    def abandoned(self, folder: str, age: float) -> Iterator[Stored]:
        """Temporary files, and lock files that no process holds."""
        passing = self._stored(path for path in self._paths(folder) if _is_passing(path))
        oldest = time.time() - age
        return (stored for stored in passing if stored.modified < oldest and not self._is_held(stored))

    def _paths(self, folder: str) -> list[Path]:
        # Other processes remove folders meanwhile, which walk leaves out and rglob would raise of.
        found = os.walk(self.root / folder)
        return sorted(Path(parent, name) for parent, _, names in found for name in names)

    def _stored(self, paths: Iterable[Path]) -> Iterator[Stored]:
        """Those of the paths that are files still: other processes remove some meanwhile."""
        for path in paths:
            with suppress(FileNotFoundError, NotADirectoryError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    name = path.relative_to(self.root).as_posix()
                    yield Stored(name, status.st_size, status.st_mtime)

    def _is_held(self, stored: Stored) -> bool:
        return stored.name.endswith(_LOCK) and is_held(self.root / stored.name)


def _is_passing(path: Path) -> bool:
    """Whether a file is there only while a process works."""
    return path.suffix in (_LOCK, TEMPORARY)
