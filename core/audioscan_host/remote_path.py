"""Files that lie behind a URL, such as `s3://bucket/night.flac`, as paths: fsspec reaches them, where it is installed."""

import errno
import io
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import unquote, urlsplit

from audioscan_host.errors import SettingError
from audioscan_host.remote.filesystem import as_os_errors, filesystem_of
from audioscan_host.remote.reading import Facts, facts_of, files_below, names_in, open_ranged, pieces_of
from audioscan_host.remote.url_parts import CHAIN, UrlParts, is_url

__all__ = ["RemotePath", "as_os_errors", "filesystem_of", "is_url", "path_of", "written_path"]


def path_of(place: "str | os.PathLike[str]") -> Path:
    """A path of this machine, or a `RemotePath` where a URL is given; `file://` is a path of this machine.

    Raises:
        SettingError: it is a URL that names nothing, or several places.
    """
    if isinstance(place, Path):
        return place
    if not is_url(place):
        return Path(place)
    split = urlsplit(str(place))
    if split.scheme == "file":
        from urllib.request import url2pathname  # takes as long to import as a command to begin

        return Path(url2pathname(unquote(split.path)))
    return RemotePath(str(place))


def written_path(place: "str | os.PathLike[str]") -> Path:
    """A path of this machine, to be written to.

    Raises:
        SettingError: it is a URL.
    """
    path = path_of(place)
    if isinstance(path, RemotePath):
        raise SettingError(
            f"{path}: results are written to this machine: give a path of it, and copy them from there"
        )
    return path


class RemotePath(UrlParts):
    """A URL with the manners of a path. What is read of it, fsspec fetches by ranges; nothing can be written to it.

    Whatever asks its store raises `OSError` where that cannot be reached, with a number, one line and the URL.

    Attributes:
        listed_size: bytes that it had when the folder above was listed; None where it was not found in one.
    """

    __slots__ = ("listed_size",)
    listed_size: int | None

    def __new__(cls, url: str) -> "RemotePath":
        """Of a URL."""
        self = super().__new__(cls, url)
        self.listed_size = None
        return self

    def facts(self) -> Facts:
        """What the store tells of it now.

        Raises:
            OSError: it cannot be reached, or is not there.
        """
        return facts_of(self)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 - as of any path
        """Kind, size and time of the last change, where the store tells it.

        Raises:
            OSError: it cannot be reached, or is not there.
        """
        return self.facts().as_stat()

    def lstat(self) -> os.stat_result:
        """As `stat`."""
        return self.stat()

    def exists(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 - as of any path
        """Whether something is there."""
        try:
            self.facts()
        except FileNotFoundError:
            return False
        return True

    def is_file(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 - as of any path
        """Whether a file is there."""
        try:
            return not self.facts().is_folder
        except FileNotFoundError:
            return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 - as of any path
        """Whether something is below it."""
        try:
            return self.facts().is_folder
        except FileNotFoundError:
            return False

    def is_symlink(self) -> bool:
        """It is none."""
        return False

    def open(self, mode: str = "r", buffering: int = -1, *args: Any, **options: Any) -> IO[Any]:  # type: ignore[override]  # noqa: ARG002 - as of any path
        """As of any path.

        Raises:
            OSError: it cannot be reached, or is not there; when it is read, whatever becomes of a request.
        """
        if mode not in {"rb", "r", "rt"}:
            raise io.UnsupportedOperation(
                errno.EOPNOTSUPP, "lies behind a URL, which is only read", str(self)
            )
        file = cast("IO[bytes]", open_ranged(self, self.name))
        return file if mode == "rb" else io.TextIOWrapper(file, *args, **options)

    def pieces(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes from one place up to another, for each of some ranges; all are fetched at once.

        Raises:
            OSError: one of them cannot be fetched, or lacks bytes.
        """
        return pieces_of(self, ranges)

    def files_below(self, unnamed: Callable[[str], None] | None = None) -> "Iterator[RemotePath]":
        """The files below it, at any depth; those with `::` in their names, which no URL can name, are left out.

        Args:
            unnamed: is told of those.

        Raises:
            OSError: it cannot be listed.
        """
        above = self.url.partition("://")[2].rstrip("/")
        for name, size in files_below(self):
            if CHAIN not in name:
                found = self.beside(f"{above}/{name}")
                found.listed_size = size
                yield found
            elif unnamed is not None:
                unnamed(name)

    def iterdir(self) -> "Generator[RemotePath, None, None]":
        """What is right below it.

        Raises:
            OSError: it cannot be listed.
        """
        above = self.url.partition("://")[2].rstrip("/")
        return (self.beside(f"{above}/{name}") for name in names_in(self) if CHAIN not in name)
