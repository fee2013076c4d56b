"""The journey from recordings to stored embeddings, readable top to bottom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder, RecordingFailure
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress
from audioscan_host.recordings import find_recordings
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class StoredEmbeddings:
    """Where the embeddings of a recording by a model are.

    Attributes:
        recording: the media file.
        model: name of the model.
        windows: number of windows.
        dim: length of an embedding.
        path: the `.npz`, with `timestamps` (windows,) and `embeddings` (windows, dim).
        computed: now; otherwise they were in the cache.
    """

    recording: Path
    model: str
    windows: int
    dim: int
    path: Path
    computed: bool


@dataclass(frozen=True)
class EmbedResult:
    """What `embed` did.

    Attributes:
        stored: by recording, in the order given, and by model.
        failures: recordings that could not be read.
    """

    stored: tuple[StoredEmbeddings, ...]
    failures: tuple[RecordingFailure, ...]


def embed(
    recordings: Iterable[Path | str],
    models: Sequence[str],
    *,
    windowing: Windowing | None = None,
    cache_dir: Path | None = None,
    runtime: Runtime | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> EmbedResult:
    """Embed recordings into the cache; what is there already is not computed again.

    Args:
        recordings: files and folders.
        models: names of the models; those of one checkpoint share its forward passes.
        windowing: window and hop, 8 s and 1 s unless given.
        cache_dir: the cache folder; see `audioscan_host.cache.default_folder`.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown.

    Raises:
        UnknownModelError: a model is not installed.
        SettingError: the windows do not suit a model.
        CacheError: the cache folder cannot be used.
    """
    registry = registry or load_registry()
    chosen = [registry.model(name) for name in models]
    paths = find_recordings(map(Path, recordings))
    embedder = Embedder(
        registry,
        chosen,
        windowing or Windowing(),
        Cache(cache_dir),
        runtime=runtime,
        progress=progress,
    )
    done: dict[Path, list[StoredEmbeddings]] = {}
    failures = []
    for result in embedder.embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
            continue
        done[result.path] = [
            StoredEmbeddings(
                recording=result.path,
                model=name,
                windows=len(found.vectors),
                dim=found.vectors.shape[1],
                path=result.files[name],
                computed=name in result.computed,
            )
            for name, found in result.embeddings.items()
        ]
    in_order = [stored for path in paths for stored in done.get(path, [])]
    return EmbedResult(tuple(in_order), tuple(failures))
