"""Files behind a URL, such as `s3://bucket/cache`, as a store: fsspec reaches them, where it is installed."""

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO

from audioscan_host.cache.ranged_file import looked_into, ranged
from audioscan_host.cache.store import BusyError, Stored
from audioscan_host.errors import CacheError, StoreError
from audioscan_host.file_lock import HeldError
from audioscan_host.remote.claims import Claims, is_claim
from audioscan_host.remote.objects import Objects
from audioscan_host.remote.patience import OF_A_CACHE

EXPIRY = 60.0
"""Seconds after which a claim that was not renewed is void."""

PATIENCE = OF_A_CACHE.busy
"""Seconds for which a server that fails is tried again; one that is silent, or not there, is given up before."""

_SIDE_BY_SIDE = 16

_IN_MEMORY = 1 << 24
_MAPPED = 1 << 27
"""Bytes from which a file is sent out of its temporary file, in parts; backends send a smaller one at one go."""


class ObjectStore:
    """A store behind a URL; a name is the rest of the URL, and a claim an object, as of `Claims`.

    It can be pickled: what reaches the server is made in each process, from the environment's own credentials. Its methods
    raise `StoreError` where the server still fails after `patience` seconds.

    Attributes:
        url: where it lies.
        expiry: seconds after which a claim that was not renewed is void.
        patience: seconds for which a request that fails, and may pass, is tried again.
    """

    def __init__(self, url: str, *, expiry: float = EXPIRY, patience: float = PATIENCE) -> None:
        self.url, self.expiry, self.patience = url.rstrip("/"), expiry, patience
        self._objects = Objects(self.url, patience)
        self._claims = Claims(self._objects, expiry)

    def __reduce__(self) -> tuple[object, ...]:
        return partial(ObjectStore, expiry=self.expiry, patience=self.patience), (self.url,)

    def __repr__(self) -> str:
        return f"ObjectStore({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStore) and self.url == other.url

    def __hash__(self) -> int:
        return hash(self.url)

    def location(self, name: str = "") -> str:
        """The URL."""
        return self._objects.location(name)

    def prepare(self) -> None:
        """See that the server answers, and that there is the bucket."""
        with _read():
            if self._objects.find("") is not None:
                raise CacheError(f"{self.url}: is a file; name a folder: --cache-dir")
            if not self._objects.bucket_is_there():
                raise CacheError(
                    f"{self.url}: there is no such bucket; make it, or name another: --cache-dir"
                )

    def find(self, name: str) -> Stored | None:
        """The object of that name: one request where it is there."""
        with _read():
            return self._objects.find(name)

    def first(self, names: Sequence[str]) -> Stored | None:
        """The first of several that is there; all are asked for side by side."""
        if not names:
            return None
        with _read(), ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(names))) as asking:
            return next(filter(None, asking.map(self._objects.seen, names)), None)

    def files(self, folder: str) -> Iterator[Stored]:
        """All objects in a folder but claims: one request for a thousand."""
        with _read():
            return (stored for stored in self._objects.listed(folder) if not is_claim(stored.name))

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """An object to be read; fetched at once where it is small, else by ranges."""

        def size() -> int:
            found = self.find(name)
            return 0 if found is None else found.size

        with ranged(partial(self._fetch, name), size) as file:
            yield file

    @contextmanager
    def looking_into(self, name: str, size: int) -> Iterator[IO[bytes]]:
        """An object to be read in a few places: fetched at once where it is as small as that, else by short ranges."""
        with looked_into(partial(self._fetch, name), size) as file:
            yield file

    def _fetch(self, name: str, start: int, end: int) -> bytes:
        with _read():
            return self._objects.fetch(name, start, end)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A temporary file, which becomes an object at the end of the block: whole, as the server itself sees to."""
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            yield file
            size = file.seek(0, 2)
            file.seek(0)
            if size < _MAPPED:
                self._objects.put(name, file.read())
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                self._objects.put(name, content)

    def rename(self, name: str, to: str) -> None:
        """Copy an object, and remove it."""
        try:
            self._objects.copy(name, to)
        except FileNotFoundError:
            return
        self._objects.remove([name])

    def remove(self, name: str) -> None:
        """Remove an object, or all whose names begin with a folder."""
        below = [stored.name for stored in self._objects.listed(name)]
        self._objects.remove(below or [name])

    @contextmanager
    def claim(self, name: str, *, wait: bool) -> Iterator[None]:
        """Hold a claim; it is renewed until the block ends, and void a while after a process was killed."""
        with ExitStack() as claims:
            try:
                claims.enter_context(self._claims.held(name, wait=wait))
            except HeldError as error:
                raise BusyError from error
            except PermissionError as error:
                raise CacheError(f"{error}; or name another place: --cache-dir") from error
            yield

    def abandoned(self, folder: str, age: float) -> Iterator[Stored]:
        """Claims that nobody holds. Of a write that was cut off nothing is seen here: a rule of the bucket removes it."""
        with _read():
            return iter(list(self._claims.abandoned(self._objects.listed(folder), age)))


@contextmanager
def _read() -> Iterator[None]:
    """Who may not read has no cache; who may only read has one that is not added to."""
    try:
        yield
    except PermissionError as error:
        raise StoreError(str(error)) from error
