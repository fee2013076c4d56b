"""The journey from recordings to stored embeddings, readable top to bottom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.notes import Note
from audioscan_host.reading import Reading
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import path_of
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class StoredEmbeddings:
    """Where the embeddings of a recording by a model are.

    Attributes:
        recording: the media file.
        model: name of the model.
        windows: number of vectors in the file: a window each, or where the recording was read in stretches a grain each, of
            which windows of any length are made.
        dim: length of an embedding.
        path: the `.npz`, with `timestamps` (windows,) and `embeddings` (windows, dim).
        computed: now; otherwise they were in the cache.
        channel: its number where each channel is embedded by itself, else None.
        reading: windows, or stretches.
    """

    recording: Path
    model: str
    windows: int
    dim: int
    path: Path
    computed: bool
    channel: int | None = None
    reading: Reading = Reading.WINDOWS


@dataclass(frozen=True)
class EmbedResult:
    """What `embed` did.

    Attributes:
        stored: where the embeddings are, in the order of the recordings.
        failures: recordings that could not be read.
        notes: what users must know of the recordings.
    """

    stored: tuple[StoredEmbeddings, ...]
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()


def embed(
    recordings: Iterable[Path | str],
    models: Sequence[str],
    *,
    windowing: Windowing | None = None,
    **options: Unpack[SessionOptions],
) -> EmbedResult:
    """Embed recordings into the cache; what is there already is not computed again.

    Args:
        recordings: files and folders.
        models: names of the models; those of one checkpoint share its forward passes.
        windowing: window and hop, 8 s and 1 s unless given.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        UnknownModelError: a model is not installed.
        SettingError: the windows do not suit a model.
        CacheError: the cache folder cannot be used.
    """
    session = Session.of(each_channel=True, **options)
    chosen = [session.registry.model(name) for name in models]
    paths = find_recordings(recordings, session.notes)
    done: dict[Path, list[StoredEmbeddings]] = {}
    failures = []
    windowing = windowing or Windowing()
    readings = session.readings(chosen, windowing, paths)
    for result in session.embedder(chosen, windowing, readings=readings).embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
            continue
        done.setdefault(result.path, []).extend(
            StoredEmbeddings(
                recording=result.path,
                model=name,
                windows=found.meta.get("grains", len(found.vectors)),
                dim=found.vectors.shape[1],
                path=path_of(result.files[name]),
                computed=name in result.computed,
                channel=result.channel,
                reading=readings[session.registry.model(name)],
            )
            for name, found in result.embeddings.items()
        )
    session.executor.close()
    in_order = [stored for path in paths for stored in sorted(done.get(path, []), key=_channel)]
    return EmbedResult(tuple(in_order), tuple(failures), session.notes.told())


def _channel(stored: StoredEmbeddings) -> int:
    return stored.channel or 0
