"""What an interrupted download has left, and what is kept beside it to know whether the rest belongs to it."""

import json
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path

from audioscan_host.atomic_write import atomic_write


@dataclass(frozen=True)
class Origin:
    """Where the bytes of a partial file come from.

    Attributes:
        url: of the file.
        validator: its ETag or its date, by which a server knows whether it is the same still; empty where it sends none.
        size: bytes of all of it; None where the server does not say.
    """

    url: str
    validator: str
    size: int | None

    @classmethod
    def of(cls, url: str, headers: Message, size: int | None) -> "Origin":
        """As an answer tells it. A weak ETag tells no bytes apart."""
        etag = headers.get("ETag") or ""
        strong = "" if etag.startswith("W/") else etag
        return cls(url, strong or headers.get("Last-Modified") or "", size)


@dataclass(frozen=True)
class Partial:
    """A file that is being fetched."""

    path: Path

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.origin")

    def begun(self, url: str) -> tuple[int, Origin | None]:
        """The bytes that can be gone on from, and where they are from; none where that is not known, or another place."""
        try:
            origin = Origin(**json.loads(self._note.read_bytes()))
            size = self.path.stat().st_size
        except (OSError, ValueError, TypeError):
            return 0, None
        return (size, origin) if size and origin.url == url else (0, None)

    def keep(self, origin: Origin) -> None:
        """Note where the bytes come from, before the first of them."""
        with atomic_write(self._note) as file:
            file.write(json.dumps(asdict(origin)).encode())

    def finish(self, target: Path) -> None:
        """Give the whole file its name."""
        self.path.replace(target)
        self._note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
