"""Files that are written again and again, but never over what somebody has changed or put there."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from audioscan_host import OutputError
from audioscan_host.atomic_write import atomic_write
from audioscan_host.output.saving import encoded

_WRITTEN = ".written.json"
"""In the folder: name -> SHA-256 of what was written there."""


class OwnFiles:
    """A folder of results.

    Args:
        folder: is made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, texts: Mapping[str, str]) -> list[Path]:
        """Write files that belong together.

        A name that somebody else's file has, or one of these that was changed since, gets a number before its suffix: all of
        the texts get the same one.

        Args:
            texts: name of a file, with `/` between folders -> what it holds.

        Returns:
            Where they are, in the same order.

        Raises:
            OutputError: one of them cannot be written.
        """
        own = self._own()
        number = next(
            n for n in range(1, 10**6) if all(self._is_free(_numbered(name, n), own) for name in texts)
        )
        written = []
        for name, text in texts.items():
            place, content = self._folder / _numbered(name, number), encoded(text)
            self._save(place, content)
            own[_numbered(name, number)] = hashlib.sha256(content).hexdigest()
            written.append(place)
        self._save(self._folder / _WRITTEN, json.dumps(own, indent=1).encode())
        return written

    def _own(self) -> dict[str, str]:
        try:
            found = json.loads((self._folder / _WRITTEN).read_bytes())
        except (OSError, ValueError):
            return {}  # then every file counts as somebody else's
        return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}

    def _is_free(self, name: str, own: Mapping[str, str]) -> bool:
        place = self._folder / name
        try:
            return hashlib.sha256(place.read_bytes()).hexdigest() == own.get(name)
        except FileNotFoundError:
            return not place.is_symlink()
        except OSError:
            return False

    def _save(self, place: Path, content: bytes) -> None:
        try:
            with atomic_write(place) as file:
                file.write(content)
        except OSError as error:
            raise OutputError(f"{place}: cannot be written: {error.strerror or error}") from error


def _numbered(name: str, number: int) -> str:
    """`labels.csv`, `labels-2.csv`; of files in a folder it is the folder: `raven-2/day.txt`."""
    if number == 1:
        return name
    folder, slash, rest = name.partition("/")
    if slash:
        return f"{folder}-{number}/{rest}"
    path = Path(name)
    return f"{path.stem}-{number}{path.suffix}"
