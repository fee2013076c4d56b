"""Which recordings a command works on, and what tells one recording from another."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from audioscan_host.channels import MIX
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.remote.filesystem import filesystem_of
from audioscan_host.remote_path import RemotePath, path_of

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
        mtime_ns: time of the last change, nanoseconds; 0 where there is a version.
        digest: SHA-256 over samples of the content.
        channel: `mix`, `loudest` or a number from 1.
        version: of a file behind a URL, the checksum or the version by which its store tells contents apart; empty where
            it tells none.
    """

    path: Path
    size: int
    mtime_ns: int
    digest: str
    channel: str = MIX
    version: str = ""

    @classmethod
    def at(cls, path: Path) -> "Recording":
        """Look at the file. Behind a URL that takes one request, and others at once for the samples.

        Raises:
            RecordingError: it is not there, or cannot be read.
            SettingError: a package that reaches the URL is not installed.
        """
        try:
            return cls._behind_url(path) if isinstance(path, RemotePath) else cls._of_this_machine(path)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            raise RecordingError(f"{path}: cannot be read: {_reason(error)}") from error

    @classmethod
    def _of_this_machine(cls, path: Path) -> "Recording":
        if not stat.S_ISREG(path.stat().st_mode):
            raise RecordingError(f"{path}: is not a file; name a recording, or a folder of them")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.sha256()
            for begin, end in _samples(status.st_size):
                file.seek(begin)
                digest.update(file.read(end - begin))
        return cls(path, status.st_size, status.st_mtime_ns, digest.hexdigest())

    @classmethod
    def _behind_url(cls, path: RemotePath) -> "Recording":
        facts = path.facts()
        if facts.is_folder:
            raise RecordingError(f"{path}: is not a file; name a recording, or a folder of them")
        content = b"".join(path.pieces(_samples(facts.size)))
        changed = 0 if facts.version else facts.changed_ns
        return cls(path, facts.size, changed, hashlib.sha256(content).hexdigest(), version=facts.version)

    def require_unchanged(self) -> None:
        """Look whether the file has the size and the time, or version, that it had; its content is not read again.

        Raises:
            RecordingError: it has not, or is gone.
        """
        try:
            if isinstance(self.path, RemotePath):
                facts = self.path.facts()
                found = facts.size, 0 if facts.version else facts.changed_ns, facts.version
            else:
                status = self.path.stat()
                found = status.st_size, status.st_mtime_ns, ""
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read: {_reason(error)}") from error
        if found != (self.size, self.mtime_ns, self.version):
            raise RecordingError(f"{self.path}: it changed while it was being read; run again")


def _samples(size: int) -> list[tuple[int, int]]:
    """Where the content of a file is looked at: all of a small one.

    Of a larger one the first and the last piece, and others evenly between: containers keep what they edit at
    either end.
    """
    if size <= _WHOLE:
        return [(0, size)]
    begins = ((size - _PIECE) * i // (_PIECES - 1) for i in range(_PIECES))
    return [(begin, begin + _PIECE) for begin in begins]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def is_gone(place: str) -> bool:
    """Whether nothing is at a path or a URL any more; not where that cannot be told, such as without the credentials."""
    try:
        return not path_of(place).exists()
    except (OSError, SettingError):
        return False


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
    missing is kept: opening it says so. A folder without any is told, where others have some. A URL that ends as a
    media file does is taken for one, any other is asked about.

    Raises:
        RecordingError: nothing is left, or what is behind a URL cannot be listed.
        SettingError: a package that reaches a URL is not installed.
    """
    found: dict[Path, Path] = {}  # by where a path leads, so that two spellings are one recording
    empty = []
    for path in map(path_of, paths):
        inside = _behind_url(path, tell) if isinstance(path, RemotePath) else _of_this_machine(path)
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


def _of_this_machine(path: Path) -> Sequence[Path]:
    return sorted(_media_below(path)) if path.is_dir() else [path]


def _behind_url(path: RemotePath, tell: Tell) -> Sequence[Path]:
    def left_out(name: str) -> None:
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            tell(Note(About.LEFT_OUT, f"{path}/{name}: left out: no URL can name it, for the ::"))

    filesystem_of(path)  # what is not installed is said once, not for every recording
    try:
        if path.suffix.lower() in SUFFIXES or not path.is_dir():
            return [path]
        names = ((each.relative_to(path).parts, each) for each in path.files_below(left_out))
        return sorted(each for name, each in names if _is_seen(name) and each.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be listed: {_reason(error)}") from error


def _is_seen(names: Iterable[str]) -> bool:
    return not any(name.startswith(".") for name in names)


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
