"""Which recording each annotation belongs to."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.corrections import corrected
from audioscan_host.annotations.label_notes import (
    tell_elsewhere,
    tell_of_files,
    tell_of_stems,
    tell_unannotated,
)
from audioscan_host.annotations.names import Same, joined, tell_unused
from audioscan_host.annotations.reading import AS_IT_STANDS, LabelReader, read_label_files, refuse_together
from audioscan_host.annotations.recording_names import Recordings
from audioscan_host.errors import AnnotationError
from audioscan_host.notes import Tell, log

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
        by_stem: file -> the recording that it means but for suffix, case and what label files are called.
    """

    by_recording: Mapping[Path, Sequence[Annotation]]
    elsewhere: Sequence[Annotation]
    by_name_only: bool
    by_stem: Mapping[str, Path] = field(default_factory=dict)


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
    the recording of the same name that shares the most folders with it, counted from the name. A file that
    is not found so means the recording whose name differs in suffix and case alone, where there is only one.

    Raises:
        AnnotationError: a file fits several recordings, or nothing fits any, unless it may.
    """
    known = Recordings(recordings, label_file)
    files = list(dict.fromkeys(annotation.file for annotation in annotations))
    found = {file: known.at(file) or known.ending_with(file) for file in files}
    by_name_only = not any(found.values())
    if by_name_only:
        found = known.of_same_name(files)
    by_stem = known.of_same_stem([file for file in files if found[file] is None], found)
    by_name_only = by_name_only and any(found.values())
    found |= by_stem
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
    return MatchedAnnotations(by_recording, elsewhere, by_name_only, by_stem)


def annotated(
    paths: Sequence[Path],
    label_files: Sequence[Path],
    reviewed: Iterable[tuple[Path, Sequence[Annotation]]] = (),
    same: Same | None = None,
    tell: Tell = log,
    *,
    reader: LabelReader = AS_IT_STANDS,
) -> Mapping[Path, list[Annotation]]:
    """The annotations of each recording that has any, in the order of the recordings.

    Args:
        paths: the recordings.
        label_files: files, and folders of them.
        reviewed: what was read already, each with its file; later than all label files.
        same: labels that are joined, see `annotations.names.Same`.
        tell: is told of recordings that are left out, and of labels that may not be meant so.
        reader: how label files are read.

    Raises:
        AnnotationError: label files cannot be read, all of which are named, or one names none of the recordings.
    """
    found = annotations_of(paths, label_files, reviewed, same=same, tell=tell, reader=reader)
    tell_unannotated(found, tell)
    return {path: annotations for path, annotations in found.items() if annotations}


def annotations_of(
    paths: Sequence[Path],
    label_files: Sequence[Path],
    reviewed: Iterable[tuple[Path, Sequence[Annotation]]] = (),
    *,
    same: Same | None = None,
    may_fit_none: bool = False,
    tell: Tell = log,
    reader: LabelReader = AS_IT_STANDS,
) -> Mapping[Path, list[Annotation]]:
    """The annotations of each recording, none perhaps; as `annotated`.

    Later files win: an annotation is dropped where a later file annotates the same place of its
    recording with the same label (see `corrected`). What is left out is logged. With `may_fit_none` a
    file that names none of the recordings is told, and no error.
    """
    found: dict[Path, list[Annotation]] = {path: [] for path in paths}
    read_files = read_label_files(label_files, reader=reader)
    tell_of_files(read_files, tell)
    every_file = [*((file, each.annotations) for file, each in read_files), *reviewed]
    tell_unused({annotation.label for _, read in every_file for annotation in read}, same, tell)
    by_stem: list[tuple[Path, str, Path]] = []
    wrong: list[AnnotationError] = []
    for label_file, read in every_file:
        try:
            matched = match_recordings(joined(read, same), paths, label_file, may_fit_none=may_fit_none)
        except AnnotationError as error:
            wrong.append(error)
            continue
        by_stem += [(label_file, *each) for each in matched.by_stem.items()]
        before = sum(map(len, found.values()))
        for path, annotations in matched.by_recording.items():
            found[path] = corrected(found[path], annotations)
        replaced = before + sum(map(len, matched.by_recording.values())) - sum(map(len, found.values()))
        if replaced:
            logger.info("%s: replaces %d annotations of the files before it", label_file, replaced)
        if matched.by_name_only:
            logger.info("%s: its paths lead nowhere; the recordings were found by their names", label_file)
        others = {annotation.file for annotation in matched.elsewhere}
        tell_elsewhere(label_file, others, tell, some_given=any(matched.by_recording.values()))
    refuse_together(wrong)
    tell_of_stems(by_stem, tell)
    return found


def known_annotations(
    paths: Sequence[Path],
    label_files: Sequence[Path],
    same: Same | None = None,
    reader: LabelReader = AS_IT_STANDS,
) -> dict[Path, list[Annotation]]:
    """What label files say of recordings, those with nothing left out, without a word about any file.

    A window has to be chosen before a review is read, since what that makes negative depends on it; so a
    review counts here by its corrected copy alone.

    Args:
        paths: the recordings.
        label_files: files, and folders of them; later ones win.
        same: labels that are joined.
        reader: how they are read.

    Raises:
        AnnotationError: files cannot be read, all of which are named.
    """
    found: dict[Path, list[Annotation]] = {path: [] for path in paths}
    for file, read in read_label_files(label_files, may_be_empty=True, reader=reader):
        matched = match_recordings(joined(read.annotations, same), paths, file, may_fit_none=True)
        for path, annotations in matched.by_recording.items():
            found[path] = corrected(found[path], annotations)
    return {path: annotations for path, annotations in found.items() if annotations}
