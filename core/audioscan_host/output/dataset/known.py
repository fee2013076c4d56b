"""Which recordings a dataset holds, in some 200 bytes each: there may be a million."""

import struct
from hashlib import blake2b

_ENTRY = struct.Struct("<8sIQ")
"""Digest of the content, number of the part, and the channels as bits; no bit where channels are not read one by one."""


class Known:
    """The recordings that the parts of a dataset hold."""

    def __init__(self) -> None:
        self._entries: dict[bytes, bytes] = {}

    def add(self, file: str, digest: str, channel: int | None, part: int) -> None:
        """A part holds a recording, or a channel of it."""
        key = _key(file)
        entry = _ENTRY.pack(_short(digest), part, _bit(channel))
        self._entries[key] = self._entries.get(key, b"") + entry

    def holds(self, file: str, digest: str, channel: int | None) -> bool:
        """Whether a recording is there with this content."""
        wanted = _short(digest), _bit(channel)
        return any((content, bit) == wanted for content, _, bit in self._of(file))

    def outdated(self, file: str, digest: str) -> set[int]:
        """The parts that hold a recording as it was when it had another content."""
        content = _short(digest)
        return {part for other, part, _ in self._of(file) if other != content}

    def forget(self, file: str, part: int) -> None:
        """A part does not hold a recording any more."""
        left = [_ENTRY.pack(*each) for each in self._of(file) if each[1] != part]
        self._entries[_key(file)] = b"".join(left)

    def _of(self, file: str) -> list[tuple[bytes, int, int]]:
        return list(_ENTRY.iter_unpack(self._entries.get(_key(file), b"")))


def _key(file: str) -> bytes:
    return blake2b(file.encode(errors="surrogatepass"), digest_size=14).digest()


def _short(digest: str) -> bytes:
    return blake2b(digest.encode(), digest_size=8).digest()


def _bit(channel: int | None) -> int:
    return 0 if channel is None else 1 << (channel - 1)
