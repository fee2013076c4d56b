"""Which recordings a command works on, and what tells one recording from another."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.channels import MIX
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log

SUFFIXES = frozenset(
    ".3g2 .3gp .aac .ac3 .aif .aifc .aiff .amr .ape .asf .au .avi .caf .dts .eac3 .f4v .flac .flv .m2ts .m4a"
    " .m4b .m4v .mka .mkv .mov .mp2 .mp3 .mp4 .mpc .mpeg .mpg .mts .mxf .oga .ogg .ogv .opus .rf64 .snd .tta"
    " .ts .vob .w64 .wav .wave .webm .wma .wmv .wv".split()
)
"""What counts as a recording inside a folder; a file that is named itself may have any suffix."""

_WHOLE = 1 << 20
_PIECE = 1 << 14
_PIECES = 16


@dataclass(frozen=True)
class Recording:
    """A media file as it was when it was looked at, and which channel of it is read.

    Attributes:
        path: as the user gave it.
        size: bytes.
        mtime_ns: time of the last change, nanoseconds.
        digest: SHA-256 over samples of the content.
        channel: `mix`, `loudest` or a number from 1.
    """

    path: Path
    size: int
    mtime_ns: int
    digest: str
    channel: str = MIX

    @classmethod
    def at(cls, path: Path) -> "Recording":
        """Look at the file.

        Raises:
            RecordingError: it is not there, or cannot be read.
        """
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise RecordingError(f"{path}: is not a file; name a recording, or a folder of them")
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                digest = hashlib.sha256()
                if status.st_size <= _WHOLE:
                    digest.update(file.read(_WHOLE))
                else:
                    # The first and the last piece, and others evenly between: containers keep
                    # what they edit at either end.
                    for i in range(_PIECES):
                        file.seek((status.st_size - _PIECE) * i // (_PIECES - 1))
                        digest.update(file.read(_PIECE))
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            reason = getattr(error, "strerror", None) or error
            raise RecordingError(f"{path}: cannot be read: {reason}") from error
        return cls(path, status.st_size, status.st_mtime_ns, digest.hexdigest())

    def require_unchanged(self) -> None:
        """Look whether the file has the size and the time that it had; its content is not read again.

        Raises:
            RecordingError: it has not, or is gone.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        if (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns):
            raise RecordingError(f"{self.path}: it changed while it was being read; run again")


def place_of(path: Path) -> Path:
    """Where a path leads, links followed; itself from the root on, where links lead in a circle or it is no path at all."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def find_recordings(paths: Iterable[Path | str], tell: Tell = log) -> list[Path]:
    """The recordings that files and folders stand for, in order, each once.

    A file is taken as it is; a folder stands for the media files in it and below it, by suffix,
    hidden ones left out, sorted by path. Links to folders are followed, each folder once. A path that is
    missing is kept: opening it says so. A folder without any is told, where others have some.

    Raises:
        RecordingError: nothing is left.
    """
    found: dict[Path, Path] = {}  # by where a path leads, so that two spellings are one recording
    empty = []
    for path in map(Path, paths):
        inside = sorted(_media_below(path)) if path.is_dir() else [path]
        if not inside:
            empty.append(path)
        for recording in inside:
            found.setdefault(place_of(recording), recording)
    for path in empty:
        message = f"{path}: no media files in this folder or below it"
        if not found:
            raise RecordingError(message)
        tell(Note(About.EMPTY_FOLDER, message))
    return list(found.values())


def _media_below(folder: Path) -> Iterator[Path]:
    """The media files of a folder, under the path without links to folders where there is one."""
    seen: set[str] = set()
    waiting = [folder]
    while waiting:
        links: list[Path] = []
        for below in sorted(waiting):
            for place, folders, files in os.walk(below):
                real = os.path.realpath(place)
                if real in seen:
                    folders.clear()
                    continue
                seen.add(real)
                here = Path(place)
                visible = sorted(name for name in folders if not name.startswith("."))
                links += [here / name for name in visible if (here / name).is_symlink()]
                folders[:] = [name for name in visible if not (here / name).is_symlink()]
                yield from (here / name for name in files if _is_media(here / name))
        waiting = [link for link in links if os.path.realpath(link) not in seen]


def _is_media(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
