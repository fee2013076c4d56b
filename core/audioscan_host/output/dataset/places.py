"""Where the files of a dataset lie: a folder of this machine, or one behind a URL."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from audioscan_host.atomic_write import atomic_write
from audioscan_host.errors import OutputError, StoreError
from audioscan_host.file_lock import HeldError, held
from audioscan_host.remote.claims import CLAIM, Claims
from audioscan_host.remote.objects import Objects
from audioscan_host.remote_path import RemotePath, as_os_errors, filesystem_of

UNFINISHED = "_unfinished"
"""The folder that a file is written in before it is moved to its own: readers of datasets leave it out."""

LOCK = "_lock"

CLAIMS = "_writing"
"""Behind a URL, the folder of what says that a run writes there."""

EXPIRY = 60.0
"""Seconds after which a run that was killed keeps nobody out any more."""

_PATIENCE = 60.0
"""Seconds for which a server that does not answer is tried again."""

_TAKEN = "another run is writing there: wait for it, or name another folder"
_NO_BUCKET = "there is no such bucket; make it, or name another"

_OF_BUCKETS = frozenset(f"{kind}:" for kind in ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"))
"""Kinds of URLs behind which no folders are made, but buckets."""

_AT_ONCE = 256
"""Files that are fetched together: an object store answers many requests in the time of one."""

logger = logging.getLogger(__name__)


class Place(Protocol):
    """A folder of a dataset. Files are named by their path below it, with `/`. Whatever fails is an `OSError`."""

    def sizes(self) -> dict[str, int]:
        """The files in it and below it, and their bytes; none where it is not there."""

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The content of files."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all, over what has its name."""

    def move(self, name: str, to: str) -> None:
        """Give a file another name, under which it appears whole."""

    def remove(self, names: Collection[str]) -> None:
        """Remove files, where they are there."""

    def lets_remove(self) -> bool:
        """Whether what is written may be removed again: there are accounts of stores that may not."""

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """Keep other runs out. What is given is called before others would see what is written.

        Raises:
            OutputError: another run writes there; from what is given, where one may have since.
        """


def place_at(folder: Path) -> Place:
    """The folder of a dataset."""
    return RemoteFolder(folder) if isinstance(folder, RemotePath) else LocalFolder(folder)


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sizes(self) -> dict[str, int]:
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        return {path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files}

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for name in names:
            yield name, (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        # What a killed run leaves of it must not lie among the files that readers open.
        beside = self._folder / UNFINISHED / path.name
        with atomic_write(beside) as file:
            file.write(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.replace(path)

    def move(self, name: str, to: str) -> None:
        (self._folder / to).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / name).replace(self._folder / to)

    def remove(self, names: Collection[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def lets_remove(self) -> bool:
        return True

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        """Hold a lock file, which cannot be lost."""
        try:
            with held(self._folder / LOCK, wait=False, told=set()):
                yield lambda: None
        except HeldError as error:
            raise OutputError(f"{self._folder}: {_TAKEN}") from error


class RemoteFolder:
    """A folder behind a URL, through fsspec: object stores show an object when it is complete."""

    def __init__(self, url: Path) -> None:
        self._url = url
        self._filesystem, self._root = filesystem_of(url)
        self._objects = Objects(str(getattr(url, "url", url)).rstrip("/"), _PATIENCE)

    def sizes(self) -> dict[str, int]:
        with as_os_errors(self._url):
            self._filesystem.invalidate_cache()
            try:
                found: Mapping[str, Mapping[str, int]] = self._filesystem.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
        start = len(self._root.rstrip("/")) + 1
        return {path[start:]: int(facts["size"]) for path, facts in found.items()}

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        wanted = list(names)
        for first in range(0, len(wanted), _AT_ONCE):
            places = {self._place(name): name for name in wanted[first : first + _AT_ONCE]}
            with as_os_errors(self._url):
                found: Mapping[str, bytes] | bytes = self._filesystem.cat(list(places))
            contents = {next(iter(places)): found} if isinstance(found, bytes) else found
            yield from ((places[place], content) for place, content in contents.items())

    def write(self, name: str, content: bytes) -> None:
        place = self._place(name)
        with as_os_errors(f"{self._url}/{name}"):
            try:
                self._filesystem.pipe_file(place, content)
            except FileNotFoundError as error:  # what has folders wants them made
                if self._has_buckets:
                    raise FileNotFoundError(errno.ENOENT, _NO_BUCKET, f"{self._url}/{name}") from error
                self._filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
                self._filesystem.pipe_file(place, content)

    def move(self, name: str, to: str) -> None:
        with as_os_errors(f"{self._url}/{name}"):
            if not self._has_buckets:
                self._filesystem.makedirs(self._place(to).rpartition("/")[0], exist_ok=True)
            self._filesystem.cp_file(self._place(name), self._place(to))
        self.remove([name])

    def remove(self, names: Collection[str]) -> None:
        self._objects.remove(list(names))

    def lets_remove(self) -> bool:
        name = f"{CLAIMS}/to-be-removed"
        self.write(name, b"")
        try:
            self.remove([name])
        except (PermissionError, StoreError) as error:
            logger.info("%s: nothing can be removed there: %s", self._url, error)
            return False
        return True

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        """Hold a claim; that of a run that was killed is void a minute later, and is waited for."""

        def waiting() -> None:
            logger.warning(
                "%s: another run is writing there, or was killed just now: seeing which, for up to %.0f s",
                self._url,
                EXPIRY,
            )

        def require() -> None:
            if not is_held():
                raise OutputError(
                    f"{self._url}: was out of reach for so long that another run may have written there: run again, and what is "
                    "there is not scanned again"
                )

        self._make_room()
        claims = Claims(self._objects, EXPIRY, f"{CLAIMS}/clock")
        with ExitStack() as stack:
            try:
                is_held = stack.enter_context(claims.alone(f"{CLAIMS}/run", waiting))
            except HeldError as error:
                raise OutputError(f"{self._url}: {_TAKEN}") from error
            yield require

    def _make_room(self) -> None:
        """See that there is the bucket; what has folders wants them made."""
        if self._has_buckets:  # they would be made too, in somebody's account
            if not self._objects.bucket_is_there():
                raise FileNotFoundError(errno.ENOENT, _NO_BUCKET, str(self._url))
            return
        with as_os_errors(self._url):
            for name in ("run", "clock"):
                self._filesystem.makedirs(self._place(f"{CLAIMS}/{name}{CLAIM}"), exist_ok=True)

    @property
    def _has_buckets(self) -> bool:
        return self._url.parts[0] in _OF_BUCKETS

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"
