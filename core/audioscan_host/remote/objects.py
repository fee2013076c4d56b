"""The requests to an object store: what may pass is tried again, and what does not ends as one line."""

import inspect
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from audioscan_host.errors import SettingError, StoreError
from audioscan_host.remote.filesystem import as_os_errors, filesystem_of
from audioscan_host.remote.patience import OF_A_CACHE, tried
from audioscan_host.remote.reading import changed
from audioscan_host.remote.request_errors import (
    ANOTHERS,
    EMPTY_RANGE,
    knows_no_condition,
    reason_of,
    status_of,
    trouble_of,
)
from audioscan_host.remote.stored import Stored

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")
_Action = Callable[["AbstractFileSystem", str], T]


@dataclass(frozen=True)
class Objects:
    """The objects behind a URL; names are relative to it.

    Every method raises `FileNotFoundError` where nothing is there, `PermissionError` where the credentials are not enough,
    and else `StoreError`.

    Attributes:
        url: of what all have in common.
        patience: seconds for which what may pass is tried again, where `OF_A_CACHE` does not end it before.
    """

    url: str
    patience: float
    _reached: dict[int, "tuple[AbstractFileSystem, str]"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _has_answered: threading.Event = field(
        default_factory=threading.Event, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if urlsplit(self.url).password:
            raise SettingError("a URL with a password: leave it out, and give it in the environment")

    def __reduce__(self) -> tuple[object, ...]:
        return Objects, (self.url, self.patience)

    def fetch(self, name: str, start: int, end: int) -> bytes:
        """The bytes of a range, or of what there is of it."""

        def fetched(filesystem: "AbstractFileSystem", place: str) -> bytes:
            try:
                return bytes(filesystem.cat_file(place, start=start, end=end))
            except FileNotFoundError:
                raise
            except Exception as error:
                of_range = status_of(error) == EMPTY_RANGE or isinstance(error, ValueError)
                if of_range and filesystem.info(place)["size"] <= start:
                    return b""  # of nothing no range can be had
                raise

        return self._tried(name, fetched)

    def put(self, name: str, content: Any, *, patience: float | None = None) -> None:
        """Write an object, over what is there."""
        self._tried(name, lambda filesystem, place: filesystem.pipe_file(place, content), patience)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where there is none of that name; whether that was so.

        Where the store does not know the condition it is written as any other, and it was so for whoever is read back.
        """

        def is_ours(filesystem: "AbstractFileSystem", place: str) -> bool:
            with suppress(FileNotFoundError):
                return bool(filesystem.cat_file(place) == content)
            return False

        def created(filesystem: "AbstractFileSystem", place: str) -> bool:
            try:
                filesystem.pipe_file(place, content, mode="create")
            except Exception as error:
                if isinstance(error, FileExistsError) or status_of(error) in ANOTHERS:
                    # By another; or by this one, whose first try was heard and its answer lost.
                    return is_ours(filesystem, place)
                if not knows_no_condition(error):
                    raise
                filesystem.pipe_file(place, content)
                return is_ours(filesystem, place)
            return True

        return self._tried(name, created)

    def find(self, name: str) -> Stored | None:
        """The object of that name."""
        try:
            facts = self._tried(name, lambda filesystem, place: filesystem.info(place))
        except FileNotFoundError:
            return None
        return self._stored(name, facts) if facts["type"] == "file" else None

    def seen(self, name: str) -> Stored | None:
        """As `find`, for what is likely not there: one request, where that takes two."""
        if not self._lists_prefixes:
            return self.find(name)
        return next((stored for stored in self._listed(name) if stored.name == name), None)

    def listed(self, folder: str) -> list[Stored]:
        """All objects whose names begin with a folder, in their order; one request for a thousand of them."""
        if (
            not folder or self._lists_prefixes
        ):  # an empty folder would cost two more, in which it is taken for a file
            return self._listed(f"{folder}/" if folder else "")
        return [stored for stored in self._listed("", folder) if stored.name.startswith(f"{folder}/")]

    @property
    def _lists_prefixes(self) -> bool:
        filesystem = self._filesystem()[0]
        return "prefix" in inspect.signature(getattr(filesystem, "_find", filesystem.find)).parameters

    def _listed(self, prefix: str, folder: str = "") -> list[Stored]:
        root, options = self._filesystem()[1], {"prefix": prefix} if prefix else {}
        try:
            facts = self._tried(
                folder, lambda filesystem, place: filesystem.find(place, detail=True, **options)
            )
        except FileNotFoundError:
            return []
        below = ((full.removeprefix(f"{root}/"), each) for full, each in facts.items())
        return [
            self._stored(name, each)
            for name, each in sorted(below)
            # Azure's library takes the slash from the end, and so gives what only begins alike, too.
            if name and name.startswith(prefix) and each["type"] == "file"
        ]

    def copy(self, name: str, to: str) -> None:
        """Write an object once more under another name."""
        target = self._path(to)
        self._tried(name, lambda filesystem, place: filesystem.cp_file(place, target))

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; those that are gone already are."""
        paths = [self._path(name) for name in names]
        if len(paths) > 1 and not any(sign in path for path in paths for sign in "*?["):
            with suppress(FileNotFoundError):
                self._tried("", lambda filesystem, _: filesystem.rm(paths))
                return
        for name in names:
            with suppress(FileNotFoundError):
                self._tried(name, lambda filesystem, place: filesystem.rm_file(place))

    def location(self, name: str = "") -> str:
        """The URL of an object."""
        return f"{self.url}/{name}" if name else self.url

    def bucket_is_there(self) -> bool:
        """Whether there is the bucket, where the store has such, and it may be asked for."""
        bucket = self._filesystem()[1].partition("/")[0]
        try:
            if bucket:
                self._tried("", lambda filesystem, _: filesystem.info(bucket))
        except FileNotFoundError:
            return False
        except PermissionError:  # many may see what is in a bucket, and not the bucket
            pass
        return True

    def _stored(self, name: str, facts: Any) -> Stored:
        return Stored(name, int(facts.get("size") or 0), changed(facts) / 1e9)

    def _path(self, name: str) -> str:
        return f"{self._filesystem()[1]}/{name}" if name else self._filesystem()[1]

    def _filesystem(self) -> "tuple[AbstractFileSystem, str]":
        # One for each process, whatever its threads: fsspec's own would be one for each thread, and stay.
        process = os.getpid()
        if process not in self._reached:
            options = {"use_listings_cache": False, "skip_instance_cache": True}
            filesystem, root = filesystem_of(self.url, once=True, **options)
            self._reached[process] = filesystem, root.rstrip("/")
        return self._reached[process]

    def _tried(self, name: str, action: _Action[T], patience: float | None = None) -> T:
        begun = time.monotonic()
        limits = OF_A_CACHE.within(self.patience if patience is None else patience)

        def answered() -> T:
            try:
                with as_os_errors(self.location(name)):
                    found = action(self._filesystem()[0], self._path(name))
            except OSError as error:
                if isinstance(error, FileNotFoundError) or status_of(error):
                    self._has_answered.set()
                raise
            self._has_answered.set()
            return found

        try:
            return tried(answered, lambda error: limits.of(error, has_answered=self._has_answered.is_set()))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._told(name, error, time.monotonic() - begun) from error

    def _told(self, name: str, error: OSError, waited: float) -> OSError | StoreError:
        """What becomes of a request that failed, as a user reads it."""
        reason = reason_of(error)
        if isinstance(error, PermissionError) or status_of(error) in (401, 403):
            advice = "see which credentials the environment has"
            return PermissionError(f"{self.url}: access is denied ({reason}); {advice}")
        if trouble_of(error) is None:
            return StoreError(f"{self.location(name)}: {reason}")
        again = "see to the network or the server, and run again: what was finished is kept"
        return StoreError(f"{self.url}: does not answer, for {waited:.0f} s ({reason}); {again}")
