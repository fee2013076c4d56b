"""Files that lie behind a URL, such as `s3://bucket/night.flac`, as paths: fsspec reaches them, where it is installed."""

import errno
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from audioscan_host.errors import SettingError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    _LocalPath = Path
else:
    _LocalPath = type(Path())

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # one letter would be a drive of Windows

READ_AT_ONCE = 1 << 20
"""Bytes of a range that is fetched at the least: a request to an object store takes as long as a megabyte."""


def is_url(text: object) -> bool:
    """Whether a text names a place by URL."""
    return isinstance(text, str) and _URL.match(text) is not None


def path_of(place: Path | str) -> Path:
    """A path of this machine, or a `RemotePath` where a URL is given; `file://` is a path of this machine."""
    if not is_url(place):
        return Path(place)
    split = urlsplit(str(place))
    if split.scheme == "file":
        return Path(url2pathname(unquote(split.path)))
    return RemotePath(place)


class RemotePath(_LocalPath):
    """A URL with the manners of a path: its parts, its name, and what is read of it, which fsspec fetches by ranges.

    What would write is refused by fsspec's own rules. A path joined to it is behind the same URL.
    """

    __slots__ = ()

    def __str__(self) -> str:
        scheme, *rest = self.parts
        return f"{scheme}//{'/'.join(rest)}"

    def __fspath__(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"RemotePath({str(self)!r})"

    def as_posix(self) -> str:
        """The URL."""
        return str(self)

    def as_uri(self) -> str:
        """The URL."""
        return str(self)

    def is_absolute(self) -> bool:
        """It is."""
        return True

    def resolve(self, strict: bool = False) -> "RemotePath":  # noqa: ARG002 - as of any path
        """Itself."""
        return self

    def absolute(self) -> "RemotePath":
        """Itself."""
        return self

    def open(self, mode: str = "r", *args: Any, **options: Any) -> IO[Any]:  # type: ignore[override]
        """As of any path; read by ranges of a megabyte.

        Raises:
            OSError: it cannot be reached, or is not there.
        """
        if mode not in ("rb", "r"):
            raise io.UnsupportedOperation(f"{self}: is opened to be read alone")
        filesystem, place = filesystem_of(self)
        with as_os_errors(self):
            file: IO[bytes] = filesystem.open(place, "rb", block_size=READ_AT_ONCE)
        return file if mode == "rb" else io.TextIOWrapper(file, *args, **options)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 - as of any path
        """Kind, size and time of the last change, where the store knows it.

        Raises:
            OSError: it cannot be reached, or is not there.
        """
        facts = self.facts()
        kind = stat.S_IFDIR if facts["type"] == "directory" else stat.S_IFREG
        changed = modified_of(facts)
        return os.stat_result(
            (kind | 0o444, 0, 0, 1, 0, 0, int(facts.get("size") or 0), changed, changed, changed)
        )

    def facts(self) -> Mapping[str, Any]:
        """What the store tells of it: `size`, `type`, and whatever else, such as `ETag`.

        Raises:
            OSError: it cannot be reached, or is not there.
        """
        filesystem, place = filesystem_of(self)
        with as_os_errors(self):
            facts: Mapping[str, Any] = filesystem.info(place)
        return facts


def filesystem_of(path: Path | str, **options: object) -> "tuple[AbstractFileSystem, str]":
    """What reaches a URL, and how that calls the place; credentials are those of the environment.

    `options` are fsspec's own, such as `use_listings_cache`.

    Raises:
        SettingError: fsspec, or the package for this kind of URL, is not installed.
    """
    url = str(path)
    scheme = url.partition(":")[0].lower()
    try:
        import fsspec

        filesystem, place = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        wanted = (
            "'fsspec[http]'"
            if scheme in ("http", "https")
            else _PACKAGES.get(scheme, "fsspec, and its backend")
        )
        raise SettingError(f"{url}: to reach it, install {wanted} ({error})") from error
    except ValueError as error:  # a scheme that nobody knows
        raise SettingError(f"{url}: cannot be reached: {error}") from error
    return filesystem, str(place)


_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


@contextmanager
def as_os_errors(place: object) -> Iterator[None]:
    """Whatever a backend raises, as an `OSError` of one line: some raise those of the library below them."""
    try:
        yield
    except FileNotFoundError as error:  # some have no number, by which paths tell that nothing is there
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place)) from error
    except (OSError, SettingError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OSError(f"{place}: {reason}") from error


def modified_of(facts: Mapping[str, Any]) -> float:
    """When it was changed, seconds since 1970; 0 where that is not known."""
    for name in ("LastModified", "mtime", "updated", "last_modified", "created"):
        value = facts.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return 0.0
