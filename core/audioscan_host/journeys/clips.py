"""The journey from what was found to clips of it, readable top to bottom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.annotations import marked
from audioscan_host.cutting import sheet as sheet_page
from audioscan_host.cutting import table
from audioscan_host.cutting.choosing import Find, chosen
from audioscan_host.cutting.clip import Clip
from audioscan_host.cutting.cutting import Planned, cut
from audioscan_host.cutting.found import read_found
from audioscan_host.cutting.journal import Journal
from audioscan_host.cutting.naming import Names, base_name
from audioscan_host.cutting.packets import suffix_of_copy
from audioscan_host.cutting.settings import ClipFormat, ClipSettings
from audioscan_host.cutting.span import Span
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.notes import About, Note, Notes, Tell
from audioscan_host.output.saving import save_text
from audioscan_host.progress import Progress, Silent
from audioscan_host.recorded_at.clock import Clock, UtcOffset
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import path_of, written_path


@dataclass(frozen=True)
class ClipsResult:
    """What was cut.

    Attributes:
        clips: by recording and time; those too that were there already.
        table: `clips.csv`, a label file of the clips.
        sheet: the page that shows them, where it was asked for.
        recordings: how many have a place to cut.
        failures: recordings that are not there or could not be read; what was cut of them before is in `clips`.
        notes: what users must know of them.
    """

    clips: tuple[Clip, ...]
    table: Path
    sheet: Path | None
    recordings: int
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()


def clips(
    found: Iterable[Path | str],
    out: Path | str,
    *,
    settings: ClipSettings | None = None,
    recordings: Iterable[Path | str] = (),
    only: Collection[str] = (),
    merge_gap: float = 0.0,
    top: int | None = None,
    sample: int | None = None,
    seed: int = 42,
    sheet: bool = False,
    utc_offset: UtcOffset = None,
    progress: Progress | None = None,
) -> ClipsResult:
    """Cut what was found out of its recordings, each place as an audio file.

    A recording is decoded once, however many clips it gives. A clip that is in the folder already, cut the same way
    from the same recording, is not cut again: after an interruption the same call goes on.

    Args:
        found: label files of any format and folders of them, such as what `scan` or `search` wrote. What is
            unlabelled is not cut.
        out: the folder.
        settings: format, length, rate and channels of a clip.
        recordings: files and folders, where the recordings do not lie where the label files say.
        only: the labels to cut; all of them unless given.
        merge_gap: seconds; places of one label with a shorter gap between them become one clip. 0 joins none.
        top: so many, those with the highest scores.
        sample: so many of what is left, spread over the scores, to judge the whole by.
        seed: of the sample.
        sheet: whether to write a page with a spectrogram of each clip.
        utc_offset: zone of the recordings whose header and name tell a time without one: `+02:00`, or a `timezone`.
        progress: where progress is shown, and from where a run can be cancelled.

    Raises:
        AnnotationError: a label file cannot be read, or names a recording that may be one of several.
        SettingError: a setting is out of its range, or a clip would be written over a recording.
        OutputError: a clip cannot be written.
    """
    notes, settings, folder = Notes(), settings or ClipSettings(), written_path(out)
    clock = Clock.of(utc_offset, notes)
    where = [path_of(each) for each in recordings]
    paths = find_recordings(where, notes) if where else None
    all_found = read_found([path_of(each) for each in found], paths, notes)
    finds = chosen(all_found.places, only=only, merge_gap=merge_gap, top=top, sample=sample, seed=seed)
    planned = _plan(finds, settings)
    _refuse_recordings(planned, folder, all_found.places)

    failures = [RecordingFailure(path_of(file), reason) for file, reason in all_found.missing.items()]
    done: list[Clip] = []
    journal = Journal(folder)
    with (progress or Silent()).track("clips", sum(map(len, planned.values())), "clips") as advance:
        for recording, wanted in planned.items():
            of_recording: list[Clip] = []
            try:
                for clip in cut(recording, wanted, settings, folder, journal=journal, tell=notes):
                    of_recording.append(clip)
                    advance(1)
                _tell_lacking(recording, wanted, of_recording, settings, notes)
            except RecordingError as error:
                failures.append(RecordingFailure(recording, str(error)))
            order = {each.name: number for number, each in enumerate(wanted)}
            done += sorted(of_recording, key=lambda clip: order[clip.file.name])
    began = clock.of_each(dict.fromkeys(clip.recording for clip in done))
    save_text(table.clips_csv(done, all_found.places, began), folder / table.FILE)
    page = folder / sheet_page.FILE if sheet else None
    if page is not None:
        save_text(sheet_page.sheet(done, progress or Silent()), page)
    count = len(planned) + len(all_found.missing)
    return ClipsResult(tuple(done), folder / table.FILE, page, count, tuple(failures), notes.told())


def _plan(finds: Sequence[Find], settings: ClipSettings) -> Mapping[Path, list[Planned]]:
    """The clips of each recording, with names that do not depend on how a run went."""
    planned: dict[Path, list[Planned]] = {}
    names = Names()
    for find in finds:
        place = find.place
        copied = settings.format == ClipFormat.COPY
        suffix = suffix_of_copy(find.recording) if copied else f".{settings.format}"
        label = marked(place.label, place.role)
        base = base_name(find.recording.stem, place.start, place.end, label, place.score)
        each = Planned(names.unique(base, suffix), find, Span.around(place, settings))
        planned.setdefault(find.recording, []).append(each)
    return planned


def _refuse_recordings(
    planned: Mapping[Path, Sequence[Planned]], folder: Path, recordings: Iterable[Path]
) -> None:
    known = {path.resolve() for path in recordings}
    for each in (each for of_recording in planned.values() for each in of_recording):
        if (folder / each.name).resolve() in known:
            raise SettingError(
                f"{folder / each.name}: is one of the recordings: choose another folder for the clips"
            )


def _tell_lacking(
    recording: Path, wanted: Sequence[Planned], cut_now: Sequence[Clip], settings: ClipSettings, tell: Tell
) -> None:
    """Tell of places behind the recording's end, and of clips that are shorter than was asked for."""
    there = {clip.file.name for clip in cut_now}
    beyond = [each.span.place for each in wanted if each.name not in there]
    if beyond:
        message = (
            f"{recording}: is over before {len(beyond)} of its places begin, the first at {min(beyond):g} s: they are not "
            "cut; times are seconds from its beginning"
        )
        tell(Note(About.LABELS, message, recording))
    short = [clip for clip in cut_now if settings.length and clip.end - clip.start < settings.length - 0.001]
    if short and settings.format != ClipFormat.COPY:
        message = f"{recording}: is shorter than {settings.length:g} s, and so are its {len(short)} clips"
        tell(Note(About.LEFT_OUT, message, recording))
