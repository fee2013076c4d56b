"""Where the files of a cache lie: what the cache asks of a folder, an object store, or whatever else keeps bytes."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import IO, Protocol

from audioscan_host.remote.stored import Stored

__all__ = ["UNFINISHED", "BusyError", "Store", "Stored"]

UNFINISHED = "unfinished"
"""The folder of what a killed run left, and of claims: what is lost of it is computed again."""


class BusyError(Exception):
    """Another process has the claim."""


class Store(Protocol):
    """Files by name; `audioscan_host.testing.store.StoreTests` holds what is promised here.

    A name is one or more parts joined by `/`. A folder is what names have in common before a `/`; it is there as
    soon as something is in it. Where a store cannot be written to, its methods raise `OSError`; where it
    cannot be reached, and may be sound, they may raise `StoreError`, which ends a run.
    """

    def location(self, name: str = "") -> str:
        """Where a file lies, or the store itself, for people and other programs: a path or a URL."""
        ...

    def prepare(self) -> None:
        """See that files can be read; whether they can be written is known when one is.

        Raises:
            CacheError: they cannot; the message says what to do.
        """
        ...

    def find(self, name: str) -> Stored | None:
        """The file of that name; `None` where there is none."""
        ...

    def first(self, names: Sequence[str]) -> Stored | None:
        """The first of several names of which there is a file, at no more cost than need be; `None` where there is none."""
        ...

    def files(self, folder: str) -> Iterator[Stored]:
        """All files in a folder and below it, in order of name; those that are being written are none of them."""
        ...

    def reading(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file to be read; it can be sought in.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        ...

    def looking_into(self, name: str, size: int) -> AbstractContextManager[IO[bytes]]:
        """A file to be read, as `reading` gives it, of which little is wanted: bytes at its beginning and at its end.

        Args:
            name: of the file.
            size: that it was listed with; where it has another by now, what is read may be of both.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        ...

    def writing(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file to be written, which is there as a whole once the block has ended, or not at all where it raised.

        Whoever reads meanwhile sees what was there before.
        """
        ...

    def rename(self, name: str, to: str) -> None:
        """Give a file another name, over what has that name; where it is gone already, nothing happens."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; where it is gone already, nothing happens."""
        ...

    def claim(self, name: str, *, wait: bool) -> AbstractContextManager[None]:
        """Be the only one that holds a name; the claim ends with the block, and with the process however that ends.

        Raises:
            BusyError: another has it, and `wait` is off.
            CacheError: the store cannot be written to; the message says what to do.
        """
        ...

    def abandoned(self, folder: str, age: float) -> Iterator[Stored]:
        """What killed processes left in a folder `age` seconds ago or longer: unfinished writes, and claims that nobody holds.

        The folders themselves, where such a store has them, and files that were being written; `remove` takes their names.
        """
        ...
