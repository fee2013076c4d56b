"""What was found, and the recordings that it was found in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from audioscan_host.annotations import Annotation, Role, files_of
from audioscan_host.annotations.annotation import END_OF_ALL
from audioscan_host.annotations.matching import match_recordings
from audioscan_host.annotations.reading import read_label_file
from audioscan_host.notes import About, Note, Tell
from audioscan_host.recordings import SUFFIXES
from audioscan_host.remote_path import is_url, path_of


@dataclass(frozen=True)
class Found:
    """What label files say of recordings that exist.

    Attributes:
        places: recording -> what was found in it. Where a program chose the places of a label file, and that file
            does not say that the rest is unlabelled, it is said here.
        missing: what a label file calls a recording -> why there is none.
    """

    places: Mapping[Path, Sequence[Annotation]]
    missing: Mapping[str, str]


def read_found(paths: Iterable[Path], recordings: Sequence[Path] | None, tell: Tell) -> Found:
    """Read label files, and find their recordings.

    Args:
        paths: label files, and folders of them.
        recordings: where to look; None for where each label file says, as seen from its folder or from the
            current one.
        tell: is told of recordings that are not among those given.

    Raises:
        AnnotationError: a label file cannot be read, or names none of the recordings given, or one that may be
            one of several.
    """
    places: dict[Path, list[Annotation]] = {}
    known: dict[Path, Path] = {}  # by where a path leads, so that two spellings are one recording
    missing: dict[str, str] = {}
    for label_file in (file for path in paths for file in files_of(path)):
        read = read_label_file(label_file, may_be_empty=True)
        if not read.annotations:
            continue
        annotations = list(read.annotations)
        if recordings is None:
            beside = _beside(label_file, annotations)
            missing |= {file: _no_recording(file, label_file) for file, there in beside.items() if not there}
            annotations = [each for each in annotations if beside[each.file]]
            candidates = list(chain.from_iterable(beside.values()))
        else:
            candidates = list(recordings)
        matched = match_recordings(annotations, candidates, label_file, may_fit_none=recordings is None)
        for path, found in matched.by_recording.items():
            of_recording = places.setdefault(known.setdefault(path.resolve(), path), [])
            of_recording += found
            if found and read.claims_the_rest:
                of_recording.append(Annotation(found[0].file, 0.0, END_OF_ALL, "", Role.UNLABELLED))
        elsewhere = dict.fromkeys(annotation.file for annotation in matched.elsewhere)
        if elsewhere:
            message = (
                f"{label_file}: {len(elsewhere)} of its recordings are not among those given, such as "
                f"{next(iter(elsewhere))}: nothing is cut from them"
            )
            tell(Note(About.LEFT_OUT, message))
    each_once = {path: list(dict.fromkeys(all_of)) for path, all_of in places.items() if all_of}
    return Found(each_once, missing)


def _no_recording(file: str, label_file: Path) -> str:
    return (
        f"{file}: there is no such recording as seen from {label_file.absolute().parent} or the current folder; say "
        "where it is by --recordings"
    )


def _beside(label_file: Path, annotations: Sequence[Annotation]) -> dict[str, list[Path]]:
    """For each recording that a label file names the files that it may mean: the name may lack its suffix."""
    found: dict[str, list[Path]] = {}
    for file in dict.fromkeys(annotation.file for annotation in annotations):
        folders = [] if is_url(file) else [label_file.parent, Path()]
        paths = [folder / file for folder in folders] or [path_of(file)]
        each = ([path] if path.is_file() else _without_suffix(path) for path in paths)
        found[file] = next(filter(None, each), [])
    return found


def _without_suffix(path: Path) -> list[Path]:
    if not path.parent.is_dir():
        return []
    return sorted(
        each
        for each in path.parent.iterdir()
        if each.stem == path.name and each.suffix.lower() in SUFFIXES and each.is_file()
    )
