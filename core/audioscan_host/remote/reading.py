"""What a store tells of a file, which files it has, and their bytes: with as few requests as that takes.

A request that may pass is made again, for as long as `patience` says; what that comes to is one error.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from audioscan_host.remote.filesystem import as_os_errors, filesystem_of, tries_once
from audioscan_host.remote.patience import NONE, OF_A_RECORDING, Patience, tried
from audioscan_host.remote.ranged_file import LARGEST, RangedFile

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")

_VERSIONS = ("md5Hash", "ETag", "etag", "Content-MD5", "Digest", "VersionId", "version_id", "generation")
"""What stores tell of a content, the most telling first: Google's ETag changes with a file's other properties too."""

_CHANGES = ("LastModified", "mtime", "updated", "last_modified", "Last-Modified", "created")


@dataclass(frozen=True)
class Facts:
    """What a store tells of a place.

    Attributes:
        size: bytes; 0 of a folder, or where the store does not tell.
        is_folder: whether it is one.
        version: a checksum, an ETag or the number of a version, whichever says most; empty where none is told.
        changed_ns: time of the last change, nanoseconds since 1970; 0 where that is not told.
    """

    size: int
    is_folder: bool
    version: str
    changed_ns: int

    def as_stat(self) -> os.stat_result:
        """The same as of a file of this machine."""
        kind = stat.S_IFDIR if self.is_folder else stat.S_IFREG
        seconds = self.changed_ns // 10**9
        return os.stat_result((kind | 0o444, 0, 0, 1, 0, 0, self.size, seconds, seconds, seconds))


def facts_of(url: object, *, patience: Patience = OF_A_RECORDING) -> Facts:
    """Ask for them, in one request; a listing from before is not believed.

    Raises:
        OSError: it cannot be reached, or is not there.
    """

    def found(filesystem: "AbstractFileSystem", place: str) -> Mapping[str, Any]:
        filesystem.invalidate_cache(place)
        return dict(filesystem.info(place))

    told = _asked(url, found, patience)
    version = next((str(told[name]).strip('"') for name in _VERSIONS if told.get(name)), "")
    return Facts(int(told.get("size") or 0), told.get("type") == "directory", version, changed(told))


def open_ranged(url: object, name: str, *, patience: Patience = OF_A_RECORDING) -> RangedFile:
    """Open a file to be read by ranges; where the store can, a file that changes meanwhile is refused.

    Args:
        url: the file.
        name: its name.
        patience: for each request.

    Raises:
        OSError: it cannot be reached, or is not there.
    """
    from fsspec.spec import AbstractBufferedFile

    one_at_a_time = Lock()

    def opened(filesystem: "AbstractFileSystem", place: str) -> tuple[Any, int]:
        filesystem.invalidate_cache(place)
        with ExitStack() as closing:
            file = closing.enter_context(filesystem.open(place, "rb", block_size=LARGEST, cache_type="none"))
            if file.size is None:
                raise OSError(
                    errno.EIO, "the server tells no size, so it cannot be read by ranges: copy it first"
                )
            closing.pop_all()
        return file, int(file.size)

    file, size = _asked(url, opened, patience)

    def fetched(filesystem: "AbstractFileSystem", place: str, begin: int, end: int) -> bytes:
        if not isinstance(file, AbstractBufferedFile):  # those of memory:// have one place for all
            return bytes(filesystem.cat_file(place, start=begin, end=end))
        with one_at_a_time:
            file.seek(begin)
            return bytes(file.read(end - begin))

    def fetch(begin: int, end: int) -> bytes:
        return _asked(url, partial(fetched, begin=begin, end=end), patience)

    return RangedFile(name, size, fetch, file.close)


def pieces_of(
    url: object, ranges: Sequence[tuple[int, int]], *, patience: Patience = OF_A_RECORDING
) -> list[bytes]:
    """The bytes of ranges, fetched at once.

    Raises:
        OSError: one of them cannot be fetched, or lacks bytes.
    """
    begins, ends = zip(*ranges, strict=True)

    def found(filesystem: "AbstractFileSystem", place: str) -> list[bytes]:
        places = [place] * len(ranges)
        pieces: list[bytes] = filesystem.cat_ranges(places, list(begins), list(ends), on_error="raise")
        if [len(each) for each in pieces] != [end - begin for begin, end in ranges]:
            raise OSError(errno.EIO, "it changed while it was looked at, or cannot be read by ranges")
        return pieces

    return _asked(url, found, patience)


def files_below(url: object) -> Iterator[tuple[str, int | None]]:
    """The files below a place, at any depth: their paths from there, and the bytes of each where the listing tells them.

    Raises:
        OSError: it cannot be listed.
    """

    def found(filesystem: "AbstractFileSystem", place: str) -> tuple[str, list[tuple[str, int | None]]]:
        filesystem.invalidate_cache(place)
        told: Mapping[str, Mapping[str, Any]] = filesystem.find(place, detail=True)
        return place.rstrip("/") + "/", [(name, facts.get("size")) for name, facts in told.items()]

    above, files = _asked(url, found)
    return (
        (name[len(above) :], size)
        for name, size in files
        if name.startswith(above) and len(name) > len(above)
    )


def names_in(url: object) -> Iterator[str]:
    """The names of files and folders right below a place.

    Raises:
        OSError: it cannot be listed.
    """

    def found(filesystem: "AbstractFileSystem", place: str) -> tuple[str, list[str]]:
        filesystem.invalidate_cache(place)
        return place.rstrip("/") + "/", list(filesystem.ls(place, detail=False))

    above, names = _asked(url, found)
    return (name[len(above) :].rstrip("/") for name in names if name.startswith(above) and name != above)


def _asked(
    url: object, request: "Callable[[AbstractFileSystem, str], T]", patience: Patience = OF_A_RECORDING
) -> T:
    """What a request gives; it is made again where that may help, and the library does not do so."""
    filesystem, place = filesystem_of(url, once=True)

    def action() -> T:
        with as_os_errors(url):
            return request(filesystem, place)

    return tried(action, (patience if tries_once(filesystem) else NONE).of)


def changed(told: Mapping[str, Any]) -> int:
    """When it was changed, by what fsspec tells of it: nanoseconds since 1970; 0 where that is not told."""
    for name in _CHANGES:
        value = told.get(name)
        if isinstance(value, str) and "," in value:  # as HTTP writes a date
            from email.utils import parsedate_to_datetime

            value = parsedate_to_datetime(value)
        if isinstance(value, datetime):
            return round(value.timestamp() * 10**6) * 1000
        if isinstance(value, int | float):
            return round(value * 10**9)
    return 0
