"""Which recording each annotation belongs to."""

import logging
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from os.path import commonprefix
from pathlib import Path, PurePath, PureWindowsPath

from audioscan_host.annotations import Annotation, corrected, files_of
from audioscan_host.annotations.reading import LabelFile, read_label_file
from audioscan_host.errors import AnnotationError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.recordings import place_of

_Parts = tuple[str, ...]  # of a path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MatchedAnnotations:
    """Annotations beside the recordings that they belong to.

    Attributes:
        by_recording: for each recording, in the order given, its annotations; of paths that
            lead to one file only the first is there.
        elsewhere: the annotations of files that are not among the recordings.
        by_name_only: no path in the label file led to a recording, and the files were found
            by name, whatever the folders.
    """

    by_recording: Mapping[Path, Sequence[Annotation]]
    elsewhere: Sequence[Annotation]
    by_name_only: bool


def match_recordings(
    annotations: Sequence[Annotation],
    recordings: Sequence[Path],
    label_file: Path,
    *,
    may_fit_none: bool = False,
) -> MatchedAnnotations:
    """Find the recording of each annotation.

    A file is looked for as a path from the label file's folder, then from the current one; then
    as the end of a recording's path ("site/day.wav", "day.wav"). Each may lack its suffix.
    Where no file of the label file is found like that, the collection has moved: then a file is
    the recording of the same name that shares the most folders with it, counted from the name.

    Raises:
        AnnotationError: a file fits several recordings, or nothing fits any, unless it may.
    """
    known = _Recordings(recordings, label_file)
    files = list(dict.fromkeys(annotation.file for annotation in annotations))
    found = {file: known.at(file) or known.ending_with(file) for file in files}
    by_name_only = not any(found.values())
    if by_name_only:
        found = known.of_same_name(files)
    if not (may_fit_none or any(found.values())):
        have = f"recordings such as {recordings[0]}" if recordings else "no recordings"
        raise AnnotationError(
            f"{label_file} names {files[0] if files else 'no file'!r}, but there are {have}: no name fits "
            "(a label file that names no recording must be named like its recording)"
        )
    by_recording: dict[Path, list[Annotation]] = {path: [] for path in known.paths.values()}
    elsewhere: list[Annotation] = []
    for annotation in annotations:
        recording = found[annotation.file]
        (elsewhere if recording is None else by_recording[recording]).append(annotation)
    return MatchedAnnotations(by_recording, elsewhere, by_name_only and any(found.values()))


def annotated(
    paths: Sequence[Path],
    label_files: Sequence[Path],
    reviewed: Iterable[tuple[Path, Sequence[Annotation]]] = (),
    tell: Tell = log,
) -> Mapping[Path, list[Annotation]]:
    """The annotations of each recording that has any, in the order of the recordings.

    Args:
        paths: the recordings.
        label_files: files, and folders of them.
        reviewed: what was read already, each with its file; later than all label files.
        tell: is told of recordings that are left out, and of labels that may not be meant so.

    Raises:
        AnnotationError: a label file cannot be read, or names none of the recordings.
    """
    found = annotations_of(paths, label_files, reviewed, tell=tell)
    without = [path for path, annotations in found.items() if not annotations]
    if without:
        # Without a label nobody has said that the sound is not in it.
        message = (
            f"recordings without an annotation are left out: {len(without)}, such as {without[0]}; a row with the role absent "
            "says that its sound is not there, with the role negative that none is"
        )
        tell(Note(About.LEFT_OUT, message))
    return {path: annotations for path, annotations in found.items() if annotations}


def annotations_of(
    paths: Sequence[Path],
    label_files: Sequence[Path],
    reviewed: Iterable[tuple[Path, Sequence[Annotation]]] = (),
    *,
    may_fit_none: bool = False,
    tell: Tell = log,
) -> Mapping[Path, list[Annotation]]:
    """The annotations of each recording, none perhaps; as `annotated`.

    Later files win: an annotation is dropped where a later file annotates the same place of its
    recording with the same label (see `corrected`). What is left out is logged. With `may_fit_none` a
    file that names none of the recordings is told, and no error.
    """
    found: dict[Path, list[Annotation]] = {path: [] for path in paths}
    files = [file for path in label_files for file in files_of(path)]
    read_files = [(file, read_label_file(file)) for file in files]
    _tell_claims(read_files, tell)
    of_files = ((file, each.annotations) for file, each in read_files)
    for label_file, read in chain(of_files, reviewed):
        matched = match_recordings(read, paths, label_file, may_fit_none=may_fit_none)
        before = sum(map(len, found.values()))
        for path, annotations in matched.by_recording.items():
            found[path] = corrected(found[path], annotations)
        replaced = before + sum(map(len, matched.by_recording.values())) - sum(map(len, found.values()))
        if replaced:
            logger.info("%s: replaces %d annotations of the files before it", label_file, replaced)
        if matched.by_name_only:
            logger.info("%s: its paths lead nowhere; the recordings were found by their names", label_file)
        others = {annotation.file for annotation in matched.elsewhere}
        if others and not any(matched.by_recording.values()):
            message = (
                f"{label_file}: names none of the recordings given, but others such as {min(others)}: it says nothing of what "
                "is labelled here"
            )
            tell(Note(About.LABELS, message))
        elif others:
            logger.info(
                "%s: %d of its recordings are not among those given, such as %s",
                label_file, len(others), min(others),
            )  # fmt: skip
    return found


def _tell_claims(files: Sequence[tuple[Path, LabelFile]], tell: Tell) -> None:
    """Tell of what a search or a scan found and nobody has completed."""
    claiming = [path for path, file in files if file.claims_the_rest]
    if claiming:
        more = f" and {len(claiming) - 1} more files" * (len(claiming) > 1)
        message = (
            f"{claiming[0]}{more}: has scores, so a search or a scan chose its places, and nothing in it is unlabelled: all "
            "else in its recordings counts as without the sound; where nobody has listened to the rest, add a row with the "
            "role unlabelled for each recording (or give a scan and its corrected copy to --from-regions), where somebody "
            "has, remove the column"
        )
        tell(Note(About.LABELS, message))


class _Recordings:
    """The recordings by the parts of their paths, with and without suffix."""

    def __init__(self, recordings: Sequence[Path], label_file: Path) -> None:
        self.paths: dict[_Parts, Path] = {}
        self._label_file = label_file
        self._by_last: dict[str, list[_Parts]] = defaultdict(list)
        for path in recordings:
            parts = _parts(place_of(path))
            if parts not in self.paths:
                self.paths[parts] = path
                for last in dict.fromkeys((parts[-1], Path(parts[-1]).stem)):
                    self._by_last[last].append(parts)

    def at(self, file: str) -> Path | None:
        """The recording at the path `file`, from the label file's folder or the current one."""
        for folder in (self._label_file.parent, Path()):
            parts = _parts(place_of(folder / file))
            if parts in self.paths:
                return self.paths[parts]
            found = [known for known in self._of_name(parts) if known[:-1] == parts[:-1]]
            if found:
                return self._only(file, found)
        return None

    def ending_with(self, file: str) -> Path | None:
        """The recording whose path ends with `file`."""
        parts = _file_parts(file)
        found = [known for known in self._of_name(parts) if known[-len(parts) : -1] == parts[:-1]]
        return self._only(file, found) if found else None

    def of_same_name(self, files: Sequence[str]) -> dict[str, Path | None]:
        """For each file the recording of its name that shares the most folders with it."""
        shared = {file: self._shared_folders(_file_parts(file)) for file in files}
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


def _file_parts(file: str) -> _Parts:
    return _parts(PureWindowsPath(file))  # reads both kinds of slash
