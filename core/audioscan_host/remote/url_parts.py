"""A URL as a path: its parts, its name, what is beside and below it. Nothing is asked of any store."""

import errno
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from audioscan_host.errors import SettingError
from audioscan_host.remote.shown import shown

if TYPE_CHECKING:
    import os

    _LocalPath = Path
else:
    _LocalPath = type(Path())  # until Python 3.12 nothing else can be built on

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # one letter would be a drive of Windows
_WEB = ("http", "https")

CHAIN = "::"
"""What joins URLs to fsspec, wherever it stands."""


def is_url(text: object) -> bool:
    """Whether a text names a place by URL."""
    return isinstance(text, str) and _URL.match(text) is not None


class UrlParts(_LocalPath):
    """What of a path can be told without looking.

    As a text it is the URL as it may be shown and stored: without a password, and without what signs it. What is
    joined to it is behind the same URL.

    Attributes:
        url: the URL as it was given, credentials included.

    Raises:
        SettingError: the URL names nothing, or several places (`zip://a.zip::s3://...`).
    """

    __slots__ = ("url",)
    url: str

    def __new__(cls, url: str) -> Self:
        """Of a URL."""
        if CHAIN in url:
            raise SettingError(
                f"{shown(url)}: URLs joined by :: are not read: give the URL of a file, or copy it out"
            )
        scheme, _, place = url.partition("://")
        if not place.strip("/"):
            raise SettingError(f"{url}: names no file: expected a URL such as s3://bucket/night.flac")
        self = super().__new__(cls, shown(url))
        self.url = f"{scheme.lower()}://{place}"
        return self

    def __init__(self, url: str) -> None:
        if sys.version_info >= (3, 12):
            super().__init__(shown(url))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.url,)

    def __str__(self) -> str:
        return shown(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UrlParts) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __fspath__(self) -> str:
        # Whatever hands it to the operating system would make files of odd names on this machine.
        raise io.UnsupportedOperation(errno.EOPNOTSUPP, "lies behind a URL, which is only read", str(self))

    def as_posix(self) -> str:
        return str(self)

    def as_uri(self) -> str:
        return str(self)

    def is_absolute(self) -> bool:
        return True

    def absolute(self) -> Self:
        return self

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002 - as of any path
        return self

    def expanduser(self) -> Self:
        return self

    def _split(self) -> tuple[str, str]:
        """The kind of the URL, and what follows it up to its query."""
        scheme, _, place = self.url.partition("://")
        query = re.search(r"[?#]" if scheme in _WEB else r"\?versionId=", place)
        return scheme, place[: query.start()] if query else place

    def beside(self, place: str) -> Self:
        """Another place behind the same kind of URL."""
        return type(self)(f"{self._split()[0]}://{place}")

    @property
    def parts(self) -> tuple[str, ...]:
        """Its kind, its host or bucket, its folders and its name: `("s3:", "bucket", "site", "night.flac")`."""
        scheme, place = self._split()
        _, *names = (each for each in place.split("/") if each)
        host = urlsplit(str(self)).netloc
        return (f"{scheme}:", host, *(map(unquote, names) if scheme in _WEB else names))

    @property
    def anchor(self) -> str:
        return ""

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def parent(self) -> Self:
        """The folder; of a bucket or a host, that itself."""
        above = self._split()[1].rstrip("/").rpartition("/")[0].rstrip("/")
        return self.beside(above) if above else self

    @property
    def parents(self) -> Sequence[Self]:
        found, here = [], self
        while (above := here.parent) != here:
            found.append(here := above)
        return tuple(found)

    def __truediv__(self, other: "str | os.PathLike[str]") -> Path:  # type: ignore[override]
        """As of any path: what is absolute, or a URL, takes its place."""
        if isinstance(other, UrlParts):
            return other
        text = str(other)
        if is_url(text):
            return type(self)(text)
        if text.startswith("/"):
            return Path(text)
        scheme, place = self._split()
        names = place.rstrip("/").split("/")
        for name in text.split("/"):
            if name == ".." and len(names) > 1:
                names.pop()
            elif name not in {"", ".", ".."}:
                names.append(quote(name) if scheme in _WEB else name)
        return self.beside("/".join(names))

    def __rtruediv__(self, other: "str | os.PathLike[str]") -> Self:
        return self

    def joinpath(self, *others: "str | os.PathLike[str]") -> Path:  # type: ignore[override]
        here: Path = self
        for other in others:
            here = here / other
        return here

    def with_name(self, name: str) -> Path:  # type: ignore[override]
        return self.parent / name

    def with_suffix(self, suffix: str) -> Path:  # type: ignore[override]
        return self.with_name(self.stem + suffix)

    def relative_to(self, other: "str | os.PathLike[str]", *_: Any, **__: Any) -> PurePosixPath:  # type: ignore[override]
        """What leads from another URL to this one.

        Raises:
            ValueError: nothing does.
        """
        if not self.is_relative_to(other):
            raise ValueError(f"{self} is not below {other}")
        return PurePosixPath(*self.parts[len(_parts(other)) :])

    def is_relative_to(self, other: "str | os.PathLike[str]", *_: Any) -> bool:
        above = _parts(other)
        return self.parts[: len(above)] == above


def _parts(path: "str | os.PathLike[str]") -> tuple[str, ...]:
    if isinstance(path, PurePath):
        return path.parts
    return UrlParts(str(path)).parts if is_url(path) else PurePath(path).parts
