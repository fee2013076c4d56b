"""The recordings by their names, and which of them a label file means."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from os.path import commonprefix
from pathlib import Path, PurePath, PureWindowsPath

from audioscan_host.annotations.naming import likely_stems, stem
from audioscan_host.errors import AnnotationError
from audioscan_host.remote_path import is_url, path_of

_Parts = tuple[str, ...]  # of a path


class Recordings:
    """The recordings by the parts of their paths, with and without suffix."""

    def __init__(self, recordings: Sequence[Path], label_file: Path) -> None:
        self.paths: dict[_Parts, Path] = {}
        self._label_file = label_file
        self._by_last: dict[str, list[_Parts]] = defaultdict(list)
        for path in recordings:
            parts = _parts(path.resolve())
            if parts not in self.paths:
                self.paths[parts] = path
                for last in dict.fromkeys((parts[-1], Path(parts[-1]).stem)):
                    self._by_last[last].append(parts)

    def at(self, file: str) -> Path | None:
        """The recording at the path `file`, from the label file's folder or the current one."""
        for folder in (self._label_file.parent, Path()):
            try:
                parts = file_parts(file) if is_url(file) else _parts((folder / file).resolve())
            except (OSError, RuntimeError, ValueError):  # a loop of links, or a NUL
                continue
            if parts in self.paths:
                return self.paths[parts]
            found = [known for known in self._of_name(parts) if known[:-1] == parts[:-1]]
            if found:
                return self._only(file, found)
        return None

    def ending_with(self, file: str) -> Path | None:
        """The recording whose path ends with `file`."""
        parts = file_parts(file)
        found = [known for known in self._of_name(parts) if known[-len(parts) : -1] == parts[:-1]]
        return self._only(file, found) if found else None

    def of_same_name(self, files: Sequence[str]) -> dict[str, Path | None]:
        """For each file the recording of its name that shares the most folders with it."""
        shared = {file: self._shared_folders(file_parts(file)) for file in files}
        # Once folders agree somewhere, a name alone is the name of another folder's file.
        least = min(1, max((folders for each in shared.values() for folders in each.values()), default=0))
        found: dict[str, Path | None] = dict.fromkeys(files)
        taken: dict[Path, str] = {}
        for file, each in shared.items():
            most = max(each.values(), default=-1)
            if most >= least:
                recording = self._only(file, [known for known in each if each[known] == most])
                other = taken.setdefault(recording, file)
                if other != file:
                    raise AnnotationError(
                        f"{self._label_file}: {other!r} and {file!r} both have the name of {recording}: "
                        "write the paths of the recordings"
                    )
                found[file] = recording
        return found

    def of_same_stem(self, files: Sequence[str], taken: Mapping[str, Path | None]) -> dict[str, Path]:
        """For each file the one recording that is called so but for suffix, case and what label files have behind it.

        A recording that another file means, or two might, is nobody's; nor is one of another folder, once folders
        agree somewhere.

        Args:
            files: those that mean no recording yet.
            taken: file -> the recording that it means by its whole name.
        """
        means = {parts: path for parts, path in self.paths.items() if path not in set(taken.values())}
        by_stem: dict[str, list[_Parts]] = defaultdict(list)
        for known in means:
            by_stem[stem(known[-1])].append(known)
        found: dict[str, _Parts] = {}
        agree = {}  # whether the folders of a file and of its recording do
        for file in files:
            parts = file_parts(file)
            called = (by_stem[each] for each in likely_stems(parts[-1] if parts else "") if each in by_stem)
            likely = self._nearest(parts, next(called, []))
            if len(likely) == 1:
                found[file] = likely[0]
                agree[file] = _folder(parts) in ((), _folder(likely[0]))
        claims = Counter(found.values())
        strict = any(taken.values()) or any(agree[file] and _folder(file_parts(file)) for file in found)
        return {
            file: means[known]
            for file, known in found.items()
            if claims[known] == 1 and (agree[file] or not strict)
        }

    def _nearest(self, parts: _Parts, known: Sequence[_Parts]) -> Sequence[_Parts]:
        """Of several recordings those in the folder that the file names, or the label file is in."""
        folder = _folder(parts) or (self._label_file.parent.resolve().name,)
        return [each for each in known if _folder(each) == folder] or known

    def _shared_folders(self, parts: _Parts) -> dict[_Parts, int]:
        """For each recording that has the name, the folders that agree, counted from the name."""
        folders = parts[-2::-1]
        return {
            known: len(commonprefix([known[-2::-1], folders]))  # noqa: RUF071 - of tuples of folders
            for known in self._of_name(parts)
        }

    def _of_name(self, parts: _Parts) -> Sequence[_Parts]:
        return self._by_last.get(parts[-1], []) if parts else []

    def _only(self, file: str, found: Sequence[_Parts]) -> Path:
        if len(found) > 1:
            first, second = (self.paths[parts] for parts in found[:2])
            raise AnnotationError(
                f"{self._label_file}: {file!r} fits both {first} and {second}: write its folder too"
            )
        return self.paths[found[0]]


def _parts(path: PurePath) -> _Parts:
    # File systems and spreadsheets differ in how they compose an accented letter.
    return tuple(unicodedata.normalize("NFC", part) for part in path.parts if part != path.anchor)


def _folder(parts: _Parts) -> _Parts:
    """The name of the folder that it is in, none or one."""
    return parts[-2:-1]


def file_parts(file: str) -> _Parts:
    """The parts of a recording's path as a label file writes it."""
    return _parts(path_of(file) if is_url(file) else PureWindowsPath(file))  # reads both kinds of slash
