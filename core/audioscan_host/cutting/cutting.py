"""The clips of one recording, written into their folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.atomic_write import atomic_write
from audioscan_host.audio import decode, decode_channels, probe
from audioscan_host.cutting.audio_file import write_samples
from audioscan_host.cutting.choosing import Find
from audioscan_host.cutting.clip import Clip
from audioscan_host.cutting.journal import Journal, key_of
from audioscan_host.cutting.packets import NothingThereError, copy_packets
from audioscan_host.cutting.passing import sounds
from audioscan_host.cutting.settings import ClipFormat, ClipSettings
from audioscan_host.cutting.span import Span
from audioscan_host.errors import OutputError, RecordingError, SettingError
from audioscan_host.notes import Tell


@dataclass(frozen=True)
class Planned:
    """A clip that is to be cut.

    Attributes:
        name: of its file.
        find: what it is cut for.
        span: from where to where.
    """

    name: str
    find: Find
    span: Span


def cut(
    recording: Path,
    planned: Sequence[Planned],
    settings: ClipSettings,
    folder: Path,
    *,
    journal: Journal,
    tell: Tell,
) -> Iterator[Clip]:
    """Cut the clips of one recording; those first that are there already.

    Args:
        recording: its path.
        planned: its clips.
        settings: how they are cut.
        folder: where they go.
        journal: of the folder.
        tell: is told of damage.

    Yields:
        Each clip once it is whole on the disk. Of a place behind the recording's end there is none.

    Raises:
        RecordingError: the recording cannot be read, or not copied, or the format cannot hold it.
        OutputError: a clip cannot be written.
    """
    lacking = []
    for each in planned:
        times = journal.times_of(each.name, _key(recording, each, settings))
        if times is None:
            lacking.append(each)
        else:
            yield Clip(folder / each.name, recording, each.find.place, *times)
    if not lacking:
        return
    if settings.format == ClipFormat.COPY:
        written = _copied(recording, lacking, folder)
    else:
        written = _decoded(recording, lacking, settings, folder, tell)
    for each, start, end in written:
        try:
            journal.note(each.name, _key(recording, each, settings), start, end)
        except OSError as error:
            raise _unwritable(folder / each.name, error) from error
        yield Clip(folder / each.name, recording, each.find.place, start, end)


def _key(recording: Path, planned: Planned, settings: ClipSettings) -> str:
    try:
        return key_of(recording, planned.span, settings)
    except OSError as error:
        raise RecordingError(f"{recording}: cannot be read: {error.strerror or error}") from error


def _decoded(
    recording: Path, planned: Sequence[Planned], settings: ClipSettings, folder: Path, tell: Tell
) -> Iterator[tuple[Planned, float, float]]:
    """In one pass, whatever the number of clips."""
    rate = settings.rate or probe(recording).sample_rate
    for sound in sounds(_chunks(recording, settings, tell), rate, [each.span for each in planned]):
        each = planned[sound.number]
        path = folder / each.name
        try:
            with atomic_write(path) as file:
                write_samples(file, sound.samples, rate, settings.format)
        except SettingError as error:  # others of the batch may fit the format
            raise RecordingError(f"{recording}: {error}") from error
        except OSError as error:
            raise _unwritable(path, error) from error
        yield each, sound.start, sound.end


def _chunks(recording: Path, settings: ClipSettings, tell: Tell) -> Iterator[npt.NDArray[np.float32]]:
    """(samples, channels) each."""
    if not settings.mono:
        return decode_channels(recording, settings.rate, tell=tell)
    return (chunk[:, None] for chunk in decode(recording, settings.rate, tell=tell))


def _copied(
    recording: Path, planned: Sequence[Planned], folder: Path
) -> Iterator[tuple[Planned, float, float]]:
    for each in planned:
        path = folder / each.name
        try:
            with atomic_write(path) as file:
                start, end = copy_packets(recording, each.span, file)
        except NothingThereError:
            continue
        except OSError as error:
            raise _unwritable(path, error) from error
        yield each, start, end


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
