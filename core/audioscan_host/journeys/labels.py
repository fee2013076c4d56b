"""The journey from label files to what is in them, before anything is trained, readable top to bottom."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioscan_host.annotations import Annotation, corrected, files_of
from audioscan_host.annotations.annotation import Role
from audioscan_host.annotations.durations import tell_beyond_the_end, tell_nearly_whole
from audioscan_host.annotations.label_notes import tell_elsewhere, tell_of_files, tell_unannotated
from audioscan_host.annotations.matching import match_recordings
from audioscan_host.annotations.names import Same, joined, tell_unused
from audioscan_host.annotations.reading import LabelFile, LabelReader, read_label_file
from audioscan_host.annotations.survey import LabelSurvey, survey
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import AnnotationError, RecordingError, SettingError
from audioscan_host.journeys.odd_labels import tell_odd_labels
from audioscan_host.notes import About, Note, Notes, Tell
from audioscan_host.output.label_files import FORMATS, save_labels
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress, Silent
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import path_of, written_path


@dataclass(frozen=True)
class RecordingSurvey:
    """A recording, as its container describes it, and how much of it is annotated.

    Attributes:
        path: the recording.
        duration: seconds; None where the container does not state it.
        sample_rate: Hz.
        annotations: number of them, of every label and role.
    """

    path: Path
    duration: float | None
    sample_rate: int
    annotations: int


@dataclass(frozen=True)
class LabelsResult:
    """What is in label files.

    Attributes:
        labels: each label, in order of the alphabet.
        recordings: those that could be opened.
        failures: those that could not.
        unread: a line for each label file that could not be read.
        written: how many annotations were written in another format.
        notes: what is odd.
    """

    labels: tuple[LabelSurvey, ...]
    recordings: tuple[RecordingSurvey, ...]
    failures: tuple[RecordingFailure, ...]
    unread: tuple[str, ...]
    written: int
    notes: tuple[Note, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain values."""
        return {
            "labels": [each.to_json() for each in self.labels],
            "recordings": [
                {
                    "file": str(each.path),
                    "duration": each.duration,
                    "sample_rate": each.sample_rate,
                    "annotations": each.annotations,
                }
                for each in self.recordings
            ],
            "notes": [note.to_json() for note in self.notes],
            "unread": list(self.unread),
            "failures": [{"recording": str(f.path), "reason": f.reason} for f in self.failures],
        }


def labels(
    recordings: Iterable[Path | str],
    labels: Iterable[Path | str],
    *,
    models: Sequence[str] = (),
    same: Same | None = None,
    labels_as: str = "auto",
    eight_cut: EightCutSettings | None = None,
    to: str | None = None,
    out: Path | str | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> LabelsResult:
    """Say what is in label files and what is odd about it, before anything is trained; or convert them.

    Nothing is decoded: durations and sample rates are those that containers state. The notes of the result are what
    `train` and `evaluate` tell of the same labels too, and what only matters where somebody looks.

    Args:
        recordings: files and folders.
        labels: label files, and folders of them. Where two label the same place with the same label, the later one wins.
        models: names of models, for which labels above what they read are told.
        same: labels that are joined: name -> the others that stand for it, as {"chirp": ["Chirp", "chirps"]}.
        labels_as: what the second number of a row without a header is: `ends`, `durations`, or `auto`, an end that is
            refused where it is likely a duration.
        eight_cut: how a database of 8-cut among the label files is read; see `EightCutSettings`.
        to: a format, csv, audacity, raven or tsv, in which the annotations of the recordings are written.
        out: where they are written: a file; a folder where the format is one file a recording and there are several; stdout
            unless given.
        registry: the models; those that are installed unless given.
        progress: where progress is shown.

    Raises:
        UnknownModelError: a model is not installed.
        SettingError: the format is none of those, or a name is joined with two others.
        RecordingError: there are no recordings.
        OutputError: the annotations cannot be written there.
    """
    if to is not None and to not in FORMATS:
        raise SettingError(f"to must be one of {', '.join(FORMATS)}, not {to!r}")
    if out is not None and to is None:
        raise SettingError("out is where labels are written in another format: give the format too")
    notes = Notes()
    registry = registry or load_registry()
    reader = LabelReader(registry.label_formats(notes), labels_as, eight_cut)
    chosen = [registry.model(name) for name in models]
    paths = find_recordings(recordings, notes)
    files, unread = _read((file for path in labels for file in files_of(path_of(path))), reader)
    annotations, unmatched = _matched(files, paths, same, notes)
    known, failures = _opened(paths, progress or Silent())

    found = {path: own for path, own in annotations.items() if own}
    durations = {path: duration for path, (duration, _) in known.items() if duration is not None}
    tell_unannotated(annotations, notes)
    names = sorted({a.label for own in found.values() for a in own if a.role is Role.POSITIVE})
    rates = {path: rate for path, (_, rate) in known.items()}
    tell_odd_labels(names, found, chosen, registry, notes, rates=rates)
    tell_beyond_the_end(durations, found, notes)
    tell_nearly_whole(durations, found, notes)
    written = 0 if to is None else save_labels(found, to, None if out is None else written_path(out), notes)
    return LabelsResult(
        tuple(survey(found, durations)),
        tuple(
            RecordingSurvey(path, duration, rate, len(annotations[path]))
            for path, (duration, rate) in known.items()
        ),
        failures,
        (*unread, *unmatched),
        written,
        notes.told(),
    )


def _read(files: Iterable[Path], reader: LabelReader) -> tuple[list[tuple[Path, LabelFile]], list[str]]:
    """The label files that can be read, and a line for each that cannot."""
    read, unread = [], []
    for file in files:
        try:
            found = read_label_file(file, may_be_empty=True, reader=reader)
        except AnnotationError as error:
            unread.append(str(error))
            continue
        if not found.annotations:
            with suppress(AnnotationError):  # of the formats that have a file for each recording
                found = read_label_file(file, reader=reader)
        read.append((file, found))
    return read, unread


def _matched(
    files: Sequence[tuple[Path, LabelFile]], paths: Sequence[Path], same: Same | None, tell: Tell
) -> tuple[Mapping[Path, list[Annotation]], list[str]]:
    """The annotations of each recording, and a line for each label file whose recordings are not clear."""
    tell_of_files(files, tell)
    tell_unused({a.label for _, file in files for a in file.annotations}, same, tell)
    found: dict[Path, list[Annotation]] = {path: [] for path in paths}
    unmatched = []
    for file, read in files:
        if not read.annotations:
            message = (
                f"{file}: holds no annotations; where somebody listened and nothing is there, a row with the role negative "
                "for all of the recording says so"
            )
            tell(Note(About.LABELS, message))
            continue
        annotations = joined(read.annotations, same)
        try:
            matched = match_recordings(annotations, paths, file, may_fit_none=True)
        except AnnotationError as error:
            unmatched.append(str(error))
            continue
        others = {a.file for a in matched.elsewhere}
        tell_elsewhere(file, others, tell, some_given=any(matched.by_recording.values()), part=tell)
        for path, own in matched.by_recording.items():
            found[path] = corrected(found[path], own)
    return found, unmatched


def _opened(
    paths: Sequence[Path], progress: Progress
) -> tuple[dict[Path, tuple[float | None, int]], tuple[RecordingFailure, ...]]:
    """Duration and sample rate of each recording, and those that cannot be opened."""
    from audioscan_host.audio import probe

    known: dict[Path, tuple[float | None, int]] = {}
    failures = []
    with progress.track("opening", len(paths), "recordings") as advance:
        for path in paths:
            try:
                info = probe(path)
                known[path] = info.duration, info.sample_rate
            except RecordingError as error:
                failures.append(RecordingFailure(path, str(error)))
            advance(1)
    return known, tuple(failures)
