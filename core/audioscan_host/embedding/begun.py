"""A block that a device was given to compute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from audioscan_host.embedding.copies import HostCopy

MOST_BEGUN = 2
"""Blocks that are begun and not taken: one that the device computes, and one that it goes on with meanwhile."""

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, eq=False)
class Begun(Generic[T]):
    """A block that a device was given to compute.

    Attributes:
        number: of those that its encoders began, in their order.
        copies: of its vectors.
        take: waits for them, and gives what is made of them; to be called once. It raises what goes wrong meanwhile.
    """

    number: int
    copies: Sequence[HostCopy]
    take: Callable[[], T]

    @property
    def is_under_way(self) -> bool:
        """Whether the host may do something else before it takes it."""
        return any(copy.is_under_way for copy in self.copies)

    def then(self, make: Callable[[T], U]) -> "Begun[U]":
        """The same block, of whose vectors something else is made when it is taken."""
        return Begun(self.number, self.copies, lambda: make(self.take()))
