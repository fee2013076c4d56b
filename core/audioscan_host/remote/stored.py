"""What a store tells of a file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stored:
    """A file that a store holds.

    Attributes:
        name: parts joined by `/`, such as `w2v/0a1b.npz`.
        size: bytes.
        modified: when it was written, seconds since 1970.
    """

    name: str
    size: int
    modified: float
