"""What a store tells of a file, which files it has, and their bytes: with as few requests as that takes."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from audioscan_host.remote.filesystem import as_os_errors, filesystem_of
from audioscan_host.remote.ranged_file import LARGEST, RangedFile

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


def facts_of(url: object) -> Facts:
    """Ask for them, in one request; a listing from before is not believed.

    Raises:
        OSError: it cannot be reached, or is not there.
    """
    filesystem, place = filesystem_of(url)
    with as_os_errors(url):
        filesystem.invalidate_cache(place)
        told: Mapping[str, Any] = filesystem.info(place)
    version = next((str(told[name]).strip('"') for name in _VERSIONS if told.get(name)), "")
    return Facts(int(told.get("size") or 0), told.get("type") == "directory", version, changed(told))


def open_ranged(url: object, name: str) -> RangedFile:
    """Open a file to be read by ranges; where the store can, a file that changes meanwhile is refused.

    Args:
        url: the file.
        name: its name.

    Raises:
        OSError: it cannot be reached, or is not there.
    """
    from fsspec.spec import AbstractBufferedFile

    filesystem, place = filesystem_of(url)
    one_at_a_time = Lock()
    with as_os_errors(url), ExitStack() as closing:
        filesystem.invalidate_cache(place)
        file = closing.enter_context(filesystem.open(place, "rb", block_size=LARGEST, cache_type="none"))
        size = file.size
        if size is None:
            raise OSError(
                errno.EIO, "the server tells no size, so it cannot be read by ranges: copy it first"
            )
        closing.pop_all()

    def fetch(begin: int, end: int) -> bytes:
        with as_os_errors(url):
            if not isinstance(file, AbstractBufferedFile):  # those of memory:// have one place for all
                return bytes(filesystem.cat_file(place, start=begin, end=end))
            with one_at_a_time:
                file.seek(begin)
                return bytes(file.read(end - begin))

    return RangedFile(name, size, fetch, file.close)


def pieces_of(url: object, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of ranges, fetched at once.

    Raises:
        OSError: one of them cannot be fetched, or lacks bytes.
    """
    filesystem, place = filesystem_of(url)
    begins, ends = zip(*ranges, strict=True)
    with as_os_errors(url):
        found: list[bytes] = filesystem.cat_ranges(
            [place] * len(ranges), list(begins), list(ends), on_error="raise"
        )
        if [len(each) for each in found] != [end - begin for begin, end in ranges]:
            raise OSError(errno.EIO, "it changed while it was looked at, or cannot be read by ranges")
    return found


def files_below(url: object) -> Iterator[str]:
    """The files below a place, at any depth, by their paths from there.

    Raises:
        OSError: it cannot be listed.
    """
    filesystem, place = filesystem_of(url)
    above = place.rstrip("/") + "/"
    with as_os_errors(url):
        filesystem.invalidate_cache(place)
        found = filesystem.find(place)
    return (name[len(above) :] for name in found if name.startswith(above) and len(name) > len(above))


def names_in(url: object) -> Iterator[str]:
    """The names of files and folders right below a place.

    Raises:
        OSError: it cannot be listed.
    """
    filesystem, place = filesystem_of(url)
    with as_os_errors(url):
        filesystem.invalidate_cache(place)
        found = filesystem.ls(place, detail=False)
    above = place.rstrip("/") + "/"
    return (name[len(above) :].rstrip("/") for name in found if name.startswith(above) and name != above)


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
