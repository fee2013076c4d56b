"""What reaches a URL, by fsspec, where it is installed; and its errors, in one line each."""

import errno
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audioscan_host.errors import SettingError
from audioscan_host.remote.patience import CONNECT_TIMEOUT, LONGEST_TRY, READ_TIMEOUT
from audioscan_host.remote.shown import shown, without_credentials

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "'fsspec[http]'",
    "https": "'fsspec[http]'",
}

CONNECTIONS = 64
"""To a server at once: a content is told by 16 requests, and several recordings are looked at ahead."""

_S3 = ("s3", "s3a")
_WEB = ("http", "https")

_REFUSED_BY_GOOGLE = "Forbidden: "
"""By which alone gcsfs tells a 403."""

_BEHIND_WHAT_AZURE_SAYS = "\nRequestId:"
"""It goes on with times, codes, and the same once more as XML."""

_NUMBERS = {
    FileNotFoundError: errno.ENOENT,
    PermissionError: errno.EACCES,
    FileExistsError: errno.EEXIST,
    TimeoutError: errno.ETIMEDOUT,
}


def filesystem_of(url: object, *, once: bool = False, **options: object) -> "tuple[AbstractFileSystem, str]":
    """What reaches a URL, and how that calls the place; credentials are those of the environment.

    Args:
        url: the place.
        once: whether a request is made once where the library can be told so, with the time-outs of `patience`, since
            whoever asks tries again; what the user has set for fsspec is left as it is.
        options: fsspec's own, such as `use_listings_cache`.

    Raises:
        SettingError: fsspec, or the package for this kind of URL, is not installed; or nothing reaches such a URL.
    """
    text = str(getattr(url, "url", url))  # a path shows less of it
    scheme = text.partition(":")[0].lower()
    try:
        import fsspec

        told = _told_once(scheme, fsspec.config.conf) if once else {}
        filesystem, place = fsspec.core.url_to_fs(text, **told, **options)
    except ImportError as error:
        wanted = _PACKAGES.get(scheme, "fsspec, and what it needs for such URLs")
        raise SettingError(
            f"{shown(text)}: to reach it, install {wanted} ({_one_line(error, '')})"
        ) from error
    except Exception as error:  # a kind of URL that nobody knows; a profile that is not there
        reason = _one_line(error, "")
        raise SettingError(
            f"{shown(text)}: cannot be reached: {reason}; check the URL and the settings of this machine"
        ) from error
    _make_room(filesystem)
    if once and scheme in _S3:
        filesystem.retries = 1  # of s3fs, around those of the library below it
    _say_it_once(filesystem)
    return filesystem, str(place)


def tries_once(filesystem: "AbstractFileSystem") -> bool:
    """Whether what `filesystem_of` gave makes each request once, where it was told so."""
    protocol = filesystem.protocol
    return not {*_S3, *_WEB}.isdisjoint([protocol] if isinstance(protocol, str) else protocol)


def _told_once(scheme: str, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    """Options that the user's own client of the same kind, which fsspec would hand on, does not have."""

    def with_own(kinds: tuple[str, ...], option: str, usual: Mapping[str, object]) -> dict[str, object]:
        own = [settings.get(kind, {}).get(option, {}) for kind in kinds]
        return {option: {key: value for each in (usual, *own) for key, value in each.items()}}

    if scheme in _S3:
        usual = {
            "connect_timeout": CONNECT_TIMEOUT,
            "read_timeout": READ_TIMEOUT,
            "retries": {"total_max_attempts": 1},
        }
        return with_own(_S3, "config_kwargs", usual)
    if scheme in _WEB:
        import aiohttp

        timeout = aiohttp.ClientTimeout(LONGEST_TRY, sock_connect=CONNECT_TIMEOUT, sock_read=READ_TIMEOUT)
        return with_own(_WEB, "client_kwargs", {"timeout": timeout})
    return {}


def _make_room(filesystem: "AbstractFileSystem") -> None:
    """Let S3's library have more connections than its ten, before it makes the first, unless it was told how many."""
    settings = getattr(filesystem, "config_kwargs", None)
    if isinstance(settings, dict) and "max_pool_connections" not in settings:
        filesystem.config_kwargs = {**settings, "max_pool_connections": CONNECTIONS}


def _say_it_once(filesystem: "AbstractFileSystem") -> None:
    """Where nobody set up logging, let no library print what it raises as well: Google's logs each with a traceback."""
    logger = logging.getLogger(type(filesystem).__module__.partition(".")[0])
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


@contextmanager
def as_os_errors(place: object) -> Iterator[None]:
    """Whatever a backend raises, as an `OSError` with a number, one line and the place: some have none of these."""
    try:
        yield
    except SettingError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename == str(place) and error.strerror:
            raise
        wrong = _behind(error)
        number = next((number for kind, number in _NUMBERS.items() if isinstance(wrong, kind)), errno.EIO)
        if str(wrong).startswith(_REFUSED_BY_GOOGLE):
            number = errno.EACCES
        known = isinstance(wrong, FileNotFoundError | FileExistsError)
        reason = os.strerror(number) if known else _one_line(wrong, os.strerror(number))
        raise OSError(number, reason, shown(str(place))) from error


def _behind(error: BaseException) -> BaseException:
    """What went wrong: fsspec says that nothing is there, too, where a server of HTTP refuses or cannot be reached."""
    cause = error.__cause__
    if not isinstance(error, FileNotFoundError):
        return error
    if not (isinstance(cause, TimeoutError) or type(cause).__module__.startswith("aiohttp")):
        return error
    return error if cause is None or getattr(cause, "status", None) in {404, 410} else cause


def _one_line(error: BaseException, otherwise: str) -> str:
    """What an error says, without the credentials that URLs have in them."""
    told = getattr(error, "strerror", None) or str(error)
    said = " ".join(without_credentials(told.partition(_BEHIND_WHAT_AZURE_SAYS)[0]).split())
    return said or otherwise or type(error).__name__
