"""A label file of any format to annotations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from audioscan_host.annotations import cells, foreign_format
from audioscan_host.annotations.annotation import (
    Annotation,
    Role,
    is_no_call,
    is_unnamed,
    nothing_in,
    with_marked_role,
)
from audioscan_host.annotations.eight_cut import read_eight_cut
from audioscan_host.annotations.eight_cut_database import MAGIC
from audioscan_host.annotations.file_content import content_of, is_utf16, require_text, text_of
from audioscan_host.annotations.formats import FORMATS, GUESSES
from audioscan_host.annotations.header_table import COLUMNS
from audioscan_host.annotations.label_format import HEAD, LabelFormat, LabelHead
from audioscan_host.annotations.labels_as import LabelsAs
from audioscan_host.annotations.naming import named_like
from audioscan_host.annotations.unread import refuse_binary, refuse_known
from audioscan_host.atomic_write import TEMPORARY
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.errors import AnnotationError
from audioscan_host.remote_path import RemotePath

EXPECTED = (
    f"CSV or TSV with the header {','.join(COLUMNS)}, Audacity labels, a Raven selection table, "
    "a DCASE event list, an 8-cut database, or what BirdNET, Kaleidoscope, crowsetta, Praat, ELAN, whombat, AviaNZ or a "
    "program for subtitles writes"
)


@dataclass(frozen=True)
class LabelReader:
    """How label files are read.

    Attributes:
        formats: those of plugins; asked after those that are known here.
        labels_as: what the second number of a row without a header is.
        eight_cut: how a database of 8-cut is read; see `read_eight_cut`.
    """

    formats: Sequence[LabelFormat] = ()
    labels_as: LabelsAs | str = LabelsAs.AUTO
    eight_cut: EightCutSettings | None = None

    def __post_init__(self) -> None:
        """Check.

        Raises:
            SettingError: `labels_as` is no such word.
        """
        LabelsAs.of(self.labels_as, "labels_as")


AS_IT_STANDS = LabelReader()
"""Without plugins, and with ends for ends."""


@dataclass(frozen=True)
class LabelFile:
    """A label file that was read.

    Attributes:
        annotations: in its order.
        has_scores: whether it has a column of scores, as what a search or a scan found has.
        format: the name of its format.
        unnamed: rows that name no sound, and were skipped.
        heard_nothing: it has no row at all: its one annotation says that nothing is in the recording.
    """

    annotations: Sequence[Annotation]
    has_scores: bool
    format: str = field(default="", kw_only=True)
    unnamed: int = field(default=0, kw_only=True)
    heard_nothing: bool = field(default=False, kw_only=True)

    @property
    def claims_the_rest(self) -> bool:
        """Whether a program chose its places, and nothing in it says that the rest is not known."""
        roles = {annotation.role for annotation in self.annotations}
        return self.has_scores and Role.POSITIVE in roles and Role.UNLABELLED not in roles


def files_of(path: Path) -> list[Path]:
    """The label file itself, or the files in a folder of them and below, in order of their paths."""
    try:
        if not path.is_dir():
            return [path]
        below = list(path.files_below() if isinstance(path, RemotePath) else path.rglob("*"))
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror}") from error
    return sorted(
        each
        for each in below
        if not each.name.startswith(".")
        and each.suffix != TEMPORARY
        and (isinstance(each, RemotePath) or each.is_file())
    )


def read_annotations(
    path: Path, *, may_be_empty: bool = False, reader: LabelReader = AS_IT_STANDS
) -> list[Annotation]:
    """The annotations of a label file; see `read_label_file`."""
    return list(read_label_file(path, may_be_empty=may_be_empty, reader=reader).annotations)


def read_label_files(
    paths: Iterable[Path], *, may_be_empty: bool = False, reader: LabelReader = AS_IT_STANDS
) -> list[tuple[Path, LabelFile]]:
    """Each label file, those in folders too, with what was read of it.

    Raises:
        AnnotationError: with what is wrong with each file that cannot be read.
    """
    found: list[tuple[Path, LabelFile]] = []
    wrong: list[AnnotationError] = []
    for file in chain.from_iterable(map(files_of, paths)):
        try:
            found.append((file, read_label_file(file, may_be_empty=may_be_empty, reader=reader)))
        except AnnotationError as error:
            wrong.append(error)
    refuse_together(wrong)
    return found


def refuse_together(wrong: Sequence[AnnotationError]) -> None:
    """Raise what is wrong with each of several label files, in one line; nothing where nothing is.

    Raises:
        AnnotationError: with all of them.
    """
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise AnnotationError(f"{len(wrong)} label files cannot be used: {'; '.join(map(str, wrong))}")


def read_label_file(
    path: Path, *, may_be_empty: bool = False, reader: LabelReader = AS_IT_STANDS
) -> LabelFile:
    """Read a label file; what it is shows in its content, not in its suffix.

    `formats.FORMATS` has the formats, each in a module of its own; 8-cut's database is known by its first bytes.
    A label may end with its role, "cry (negative)", in every format: only CSV and TSV have a column for it.
    The label `nocall` is that nothing is there. Content that could be of two formats and would mean different
    things is refused.

    Args:
        path: the file.
        may_be_empty: whether a file without annotations is as good as another; else one of a format that has a
            file for each recording says that nothing is in the recording.
        reader: formats of plugins, and what a row without a header means.

    Raises:
        AnnotationError: the file cannot be read, or says something impossible; with the line.
    """
    content = content_of(path, MAGIC)
    if content == MAGIC:
        found = LabelFile(list(read_eight_cut(path, reader.eight_cut)), has_scores=False, format="8-cut")
        return _finished(path, found, may_be_empty=may_be_empty)
    refuse_binary(path, content)
    text = text_of(content, path, EXPECTED)
    if may_be_empty and not text.strip():
        return LabelFile([], has_scores=False)
    head = LabelHead(text[:HEAD])
    form = _format_of(path, head, reader.formats)
    if is_utf16(content) and not form.in_utf16:
        raise AnnotationError(f"{path} is UTF-16 text: save it as UTF-8")
    read = [_understood(each) for each in _read(form, path, text, reader)]
    require_text(read, text, path)
    named = [annotation for annotation in read if not is_unnamed(annotation)]
    found = LabelFile(named, _has_scores(head), format=form.name, unnamed=len(read) - len(named))
    if form.of_one_recording and not (read or may_be_empty):
        return replace(found, annotations=[nothing_in(named_like(path))], heard_nothing=True)
    return _finished(path, found, may_be_empty=may_be_empty)


def _finished(path: Path, found: LabelFile, *, may_be_empty: bool) -> LabelFile:
    if found.unnamed and not found.annotations:
        rows = (
            "its one row does not name" if found.unnamed == 1 else f"none of its {found.unnamed} rows names"
        )
        raise AnnotationError(f"{path}: {rows} a sound: name it, or leave the file out")
    if not (found.annotations or may_be_empty):
        raise AnnotationError(f"{path} holds no annotations: label something, or leave the file out")
    return found


def _format_of(path: Path, head: LabelHead, of_plugins: Sequence[LabelFormat]) -> LabelFormat:
    if not head.first_line:
        raise AnnotationError(f"{path} is empty: expected {EXPECTED}")
    for form in FORMATS:
        if form.recognises(head):
            return form
    for form in of_plugins:
        if foreign_format.recognises(form, head, path):
            return form
    refuse_known(path, head)
    for form in GUESSES:
        if form.recognises(head):
            return form
    raise AnnotationError(
        f"{path} is none of the label files: expected {EXPECTED}, found {head.first_line[:60]!r}"
    )


def _read(form: LabelFormat, path: Path, text: str, reader: LabelReader) -> Iterable[Annotation]:
    if form in reader.formats:
        return foreign_format.read(form, path, text)
    if form.read_as is not None:
        return form.read_as(path, text, LabelsAs(reader.labels_as))
    return form.read(path, text)


def _understood(annotation: Annotation) -> Annotation:
    """The annotation with what its label says of its role."""
    annotation = with_marked_role(annotation)
    if annotation.role is Role.POSITIVE and is_no_call(annotation.label):
        return replace(annotation, role=Role.NEGATIVE)
    return annotation


def _has_scores(head: LabelHead) -> bool:
    if any(map(cells.is_time, head.columns)):  # a row, and the name of a column in it is a label
        return False
    return "score" in head.columns or {"confidence", "common name"} <= head.columns
