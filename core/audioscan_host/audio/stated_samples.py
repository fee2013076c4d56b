"""Where the samples of a file lie, and how many there are, by its header."""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """The samples of a file, as its header says.

    Attributes:
        begin: their first byte.
        size: bytes; None where the header does not say.
        bytes_per_second: of the codec; 0 where it is not constant or not known.
        rest: bytes behind the declared end that are no chunk but go on with samples.
        size_at: where in the file the size is written.
        size_format: how, as `struct` names it.
        added: what the written size counts beside the samples.
        plain: a WAV of integers or floats.
    """

    begin: int
    size: int | None
    bytes_per_second: float
    rest: int
    size_at: int
    size_format: str
    added: int
    plain: bool = False

    @property
    def seconds(self) -> float | None:
        """How long the header says that the recording is, where that is known."""
        if self.size is None or not self.bytes_per_second:
            return None
        return self.size / self.bytes_per_second

    @property
    def correction(self) -> tuple[int, bytes]:
        """Where to write what, so that the samples reach to the end of the file."""
        highest = 2 ** (8 * struct.calcsize(self.size_format)) - 1
        true = min((self.size or 0) + self.rest + self.added, highest)
        return self.size_at, struct.pack(self.size_format, true)
