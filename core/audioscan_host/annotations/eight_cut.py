"""Reader of the database of 8-cut, an editor whose users mark sounds by exporting clips."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from audioscan_host.annotations.annotation import END_OF_ALL, Annotation, Role
from audioscan_host.annotations.eight_cut_database import Row, read_rows
from audioscan_host.eight_cut_settings import EightCutClasses, EightCutSettings
from audioscan_host.errors import AnnotationError

BEFORE, AFTER = 8.0, 16.0
"""Seconds around a hard negative: windows of 8 s that start within 12 s of it lie by half or more on that span."""

DISABLED = "_disabled"
"""What the folder of a clip ends with that was disabled in 8-cut."""

_TABLES: Mapping[str, Sequence[str]] = {
    "processed": (
        "profile",
        "filename",
        "source_path",
        "start_time",
        "output_path",
        "label",
        "scan_export",
    ),
    "hard_negatives": ("profile", "filename", "source_path", "start_time"),
}
"""The tables and columns that are read; the others are not. https://github.com/ethanfel/8-cut, README and
docs/plans."""

_SHOWN = 20
"""Names that a message lists."""

_MOST_SOFT = 2_000_000
"""Marks that may be soft for a class; each mark is for every class but its own."""


@dataclass(frozen=True)
class _Mark:
    """An exported clip, or a hard negative: where its row is, what it is of, and what it is exported to."""

    place: str
    file: str
    start: float
    folder: str
    label: str

    def negative(self, label: str) -> Annotation:
        start = max(self.start - BEFORE, 0.0)
        return Annotation(self.file, start, round(self.start + AFTER, 6), label, Role.NEGATIVE)


def read_eight_cut(path: Path, settings: EightCutSettings | None = None) -> Iterator[Annotation]:
    """Read `~/.8cut.db` as 8-cut trains from it: exported clips, and hard negatives.

    A clip is a positive point at its mark, since 8-cut marks only some of the places where a
    sound is and learns from what is near the mark. Its class is the folder that it was exported to:
    `out/rain/clip_001/clip_001_0.mp4` is "rain". For each other class it is a soft point. Clips that were disabled
    and those that were exported from a scan are left out, the latter because nobody placed them.

    Where labels are the classes, a clip is a positive point of its label and nothing else.

    A hard negative is a negative span, on which by half or more lie the windows of 8 s that start within 12 s of it; its
    label is its profile, since 8-cut does not note which sound it was taken for. In a recording all of
    whose clips are disabled nothing else is known.

    Raises:
        AnnotationError: the database cannot be read, is not as 8-cut lays it out, or does not fit the settings.
    """
    settings = settings or EightCutSettings()
    rows = read_rows(path, _TABLES)
    exported = [row for row in rows["processed"] if not row[-1]]
    profile = _profile([*exported, *rows["hard_negatives"]], settings.profile, path)
    clips = [_clip(row, path) for row in exported if _name(row) == profile]
    enabled = [clip for clip in clips if not clip.folder.endswith(DISABLED)]
    _require_known(settings.negatives, enabled, path)
    placed = [clip for clip in enabled if clip.folder not in settings.negatives]
    by_folder = settings.classes == EightCutClasses.FOLDER
    yield from _of_folders(placed, path) if by_folder else _of_labels(placed)
    yield from (clip.negative(clip.folder) for clip in enabled if clip.folder in settings.negatives)
    hard = [_hard_negative(row, path) for row in rows["hard_negatives"] if _name(row) == profile]
    yield from (mark.negative(mark.label) for mark in hard)
    only_disabled = {clip.file for clip in clips} - {clip.file for clip in enabled}
    for file in sorted(only_disabled & {mark.file for mark in hard}):
        yield Annotation(file, 0.0, END_OF_ALL, "", Role.UNLABELLED)


def _name(row: Row) -> str:
    """The profile of a row."""
    return str(row[1] or "default")


def _profile(rows: Iterable[Row], wanted: str | None, path: Path) -> str:
    found = sorted({_name(row) for row in rows})
    if wanted is None and len(found) < 2:
        return found[0] if found else ""
    if wanted is not None and wanted in found:
        return wanted
    there = _listed(found)
    if wanted is None:
        raise AnnotationError(
            f"{path} holds {len(found)} profiles of 8-cut: {there}; say which one is meant: --eight-cut-profile NAME"
        )
    raise AnnotationError(f"{path} has no marks of the profile {wanted!r}; there are: {there}")


def _listed(names: Sequence[str]) -> str:
    """The first of the names, on one line whatever is in them."""
    more = f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
    return ", ".join(" ".join(name.split()) for name in names[:_SHOWN]) + more or "none"


def _require_known(folders: Collection[str], clips: Sequence[_Mark], path: Path) -> None:
    known = sorted({clip.folder for clip in clips})
    for folder in folders:
        if folder not in known:
            raise AnnotationError(
                f"{path}: no clip was exported to the folder {folder!r}; there are: {_listed(known)}"
            )


def _of_folders(clips: Sequence[_Mark], path: Path) -> Iterator[Annotation]:
    for clip in clips:
        if not clip.folder:
            raise AnnotationError(
                f"{clip.place}: output_path names no folder, which would be the class: export the clip again, or go by "
                "labels: --eight-cut-classes label"
            )
        yield Annotation(clip.file, clip.start, None, clip.folder)
    classes = list(dict.fromkeys(clip.folder for clip in clips))
    marks = dict.fromkeys(
        (clip.file, clip.start, clip.folder) for clip in clips
    )  # several clips have one mark
    if len(marks) * (len(classes) - 1) > _MOST_SOFT:
        raise AnnotationError(
            f"{path}: {len(marks)} marks in {len(classes)} folders are too many classes: go by labels "
            "(--eight-cut-classes label), or write those that you want as CSV (file,start,end,label)"
        )
    for file, start, folder in marks:
        yield from (Annotation(file, start, None, other, Role.SOFT) for other in classes if other != folder)


def _of_labels(clips: Sequence[_Mark]) -> Iterator[Annotation]:
    without = [clip for clip in clips if not clip.label]
    if without:
        raise AnnotationError(
            f"{without[0].place}: {len(without)} of {len(clips)} clips have no label: label them in 8-cut too, go by "
            "folders as 8-cut does (--eight-cut-classes folder), or write those that you want as CSV (file,start,end,label)"
        )
    for clip in clips:
        yield Annotation(clip.file, clip.start, None, clip.label)


def _clip(row: Row, path: Path) -> _Mark:
    number, _, filename, source, start, output, label, _ = row
    place = f"{path}, processed, row {number}"
    file, begin = _recording(filename, source, place), _seconds(start, place)
    folder, typed = _export_folder(output), str(label or "").strip()
    if "\0" in folder + typed:
        raise AnnotationError(
            f"{place}: {folder!r} or {typed!r} cannot be a name: delete the marker in 8-cut"
        )
    return _Mark(place, file, begin, folder, typed)


def _hard_negative(row: Row, path: Path) -> _Mark:
    number, _, filename, source, start = row
    place = f"{path}, hard_negatives, row {number}"
    return _Mark(place, _recording(filename, source, place), _seconds(start, place), "", _name(row))


def _recording(filename: object, source: object, place: str) -> str:
    file = str(source or filename or "").strip()
    if not file:
        raise AnnotationError(f"{place}: filename and source_path are empty: delete the marker in 8-cut")
    if "\0" in file:
        raise AnnotationError(f"{place}: {file!r} cannot be the path of a file: delete the marker in 8-cut")
    return file


def _seconds(value: object, place: str) -> float:
    if not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise AnnotationError(
            f"{place}: start_time must be a number of seconds from 0 on, not {value!r}: delete the marker in 8-cut"
        )
    return float(value)


def _export_folder(output: object) -> str:
    """The folder of the folder that an export makes for its clips; empty where there is none."""
    return PureWindowsPath(str(output or "")).parent.parent.name  # reads both kinds of slash
