"""The journey from examples of a sound to the windows most like them, readable top to bottom."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Cache
from audioscan_host.embedder import EmbeddedRecording, Embedder, RecordingFailure
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.examples import Example, microseconds, span_of, windows_of
from audioscan_host.model import Runtime
from audioscan_host.normalisation import LEAST_WINDOWS_TO_NORMALISE, Statistics, parts
from audioscan_host.progress import Progress
from audioscan_host.recordings import find_recordings
from audioscan_host.registry import Registry, load_registry
from audioscan_host.windows import Windowing

Normalisation = Literal["recording", "none"]

_LEAST_LENGTH = 1e-6  # of a vector; zeros, which have no direction, stay zeros and are like nothing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Match:
    """A window that is like an example.

    Attributes:
        path: the recording.
        start: seconds from its beginning.
        end: seconds.
        score: cosine with the example that is nearest to it, -1 to 1, to six decimals.
    """

    path: Path
    start: float
    end: float
    score: float


@dataclass(frozen=True)
class SearchResult:
    """What was found.

    Attributes:
        matches: the windows, best first.
        recordings: those that were searched.
        failures: those that could not be read.
        durations: recording -> seconds; of all that were searched.
    """

    matches: tuple[Match, ...]
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    durations: Mapping[Path, float]


def search(
    recordings: Iterable[Path | str],
    like: Iterable[Example | Path | str],
    model: str,
    *,
    n: int = 20,
    all_windows: bool = False,
    normalisation: Normalisation = "recording",
    windowing: Windowing | None = None,
    cache_dir: Path | None = None,
    runtime: Runtime | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Find the windows most like an example, before there is any label.

    The score of a window is its cosine with the nearest of the examples: a sound has variants, and
    a window need be like one of them only. An example stands for the windows that lie in it, by
    the mean of their directions; one too short for that for the window that holds most of it, with
    the example as near its middle as can be. No window that overlaps an example is listed.

    Normalised, windows and examples are each taken relative to their own recording, by
    `Statistics`: much of an embedding is the same for all audio, and much of the rest for all of a
    recording. A searched recording of too few windows for that (30 would do) borrows the
    statistics of the example's recording. Where the example's own has too few, nothing is
    normalised, with a warning: by another recording's statistics an example is so far from all of
    it that its direction says little. Equal scores are in order of the recordings, then of time.

    Args:
        recordings: files and folders.
        like: examples; a text is read by `Example.parse`.
        model: name of the model.
        n: how many windows, over all recordings.
        all_windows: list windows too that overlap a better one by more than half.
        normalisation: by each recording's own statistics, or not at all.
        windowing: window and hop, 8 s and 1 s unless given.
        cache_dir: the cache folder.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown.

    Raises:
        UnknownModelError: the model is not installed.
        SettingError: an example is not where its recording is, or is a long file without a span.
        RecordingError: the recording of an example cannot be read.
    """
    if n < 1:
        raise SettingError(f"n must be 1 window or more, not {n}")
    if normalisation not in get_args(Normalisation):
        raise SettingError(f"normalisation must be recording or none, not {normalisation!r}")
    registry = registry or load_registry()
    chosen = registry.model(model)
    windowing = windowing or Windowing()
    examples = [each if isinstance(each, Example) else Example.parse(str(each)) for each in like]
    if not examples:
        raise SettingError("there is no example to search for")
    paths = find_recordings(map(Path, recordings))
    embedder = Embedder(registry, [chosen], windowing, Cache(cache_dir), runtime=runtime, progress=progress)
    queries = _queries(embedder, examples, windowing.window, normalisation)
    if normalisation == "recording" and any(query.statistics is None for query in queries):
        normalisation, queries = "none", _without_statistics(queries)
    _tell_left_out(queries, paths)

    order = {path: place for place, path in enumerate(paths)}
    best: list[Match] = []
    failures: list[RecordingFailure] = []
    durations: dict[Path, float] = {}
    for result in embedder.embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
            continue
        durations[result.path] = result.duration
        best += _matches(result, queries, n, windowing.window, normalisation, all_windows=all_windows)
        best = sorted(best, key=lambda match: (-match.score, order[match.path], match.start))[:n]
        del result  # its vectors, which may be gigabytes, before the next recording's are read
    searched = tuple(path for path in paths if path in durations)
    return SearchResult(tuple(best), searched, tuple(failures), durations)


@dataclass(frozen=True)
class _Query:
    """An example with the windows that stand for it, and the statistics of its recording."""

    path: Path
    start: float
    end: float
    vectors: npt.NDArray[np.float32]
    statistics: Statistics | None

    def direction(self) -> npt.NDArray[np.float64]:
        """(dim,) of length 1, or 0 where the example is silence."""
        mean = _directions(self.vectors, self.statistics).mean(axis=0, keepdims=True)
        return _directions(mean, None).ravel()


def _queries(
    embedder: Embedder, examples: Sequence[Example], window: float, normalisation: Normalisation
) -> list[_Query]:
    """The examples as windows of their recordings.

    They are the recording's own windows, which its statistics need anyway: at most half a hop off
    the middle of an example, and in the cache for the next search.
    """
    queries = []
    for result in embedder.embed_each(list(dict.fromkeys(example.path for example in examples))):
        if isinstance(result, RecordingFailure):
            raise RecordingError(result.reason)
        (found,) = result.embeddings.values()
        statistics = _own_statistics(found.vectors, normalisation)
        for example in examples:
            if example.path == result.path:
                start, end = span_of(example, result.duration, window)
                within = windows_of(found.times, min(window, result.duration), start, end)
                vectors = found.vectors[within]
                queries.append(_Query(example.path, start, end, vectors, statistics))
        del result, found  # its vectors, before the next recording's are read
    return queries


def _without_statistics(queries: Sequence[_Query]) -> list[_Query]:
    short = next(query for query in queries if query.statistics is None)
    logger.warning(
        "%s has fewer than %d windows: too short for statistics of its own, so nothing is normalised; "
        "an example inside a longer recording would be", short.path, LEAST_WINDOWS_TO_NORMALISE,
    )  # fmt: skip
    return [replace(query, statistics=None) for query in queries]


def _tell_left_out(queries: Sequence[_Query], paths: Sequence[Path]) -> None:
    searched = {path.resolve() for path in paths}
    for query in queries:
        if query.path.resolve() in searched:
            logger.info(
                "%s: %.10g to %.10g s is an example, and not listed itself",
                query.path, query.start, query.end,
            )  # fmt: skip


def _matches(
    recording: EmbeddedRecording,
    queries: Sequence[_Query],
    n: int,
    window: float,
    normalisation: Normalisation,
    *,
    all_windows: bool,
) -> list[Match]:
    """The `n` best windows of one recording."""
    (found,) = recording.embeddings.values()
    window = min(window, recording.duration)
    starts, length = microseconds(found.times), int(microseconds(window))
    free = np.ones(len(starts), np.bool_)
    for query in queries:
        if query.path.resolve() == recording.path.resolve():
            first, last = microseconds([query.start, query.end])
            free &= (starts >= last) | (starts + length <= first)
    scores = _scores(found.vectors, queries, _own_statistics(found.vectors, normalisation))
    candidates = np.flatnonzero(free)
    candidates = candidates[np.lexsort((starts[candidates], -scores[candidates]))]
    listed = candidates[:n] if all_windows else _spread(candidates, starts, length, n)
    return [
        Match(recording.path, time, min(time + window, recording.duration), score)
        for time, score in zip(found.times[listed].tolist(), scores[listed].tolist(), strict=True)
    ]


def _spread(
    candidates: npt.NDArray[np.intp], starts: npt.NDArray[np.int64], length: int, n: int
) -> npt.NDArray[np.intp]:
    """The first `n` candidates of which none overlaps an earlier one by more than half."""
    free = np.ones(len(starts), np.bool_)
    listed: list[int] = []
    for candidate in candidates.tolist():
        if free[candidate]:
            listed.append(candidate)
            if len(listed) == n:
                break
            free[2 * np.abs(starts - starts[candidate]) < length] = False
    return np.array(listed, np.intp)


def _scores(
    vectors: npt.NDArray[np.float32], queries: Sequence[_Query], own: Statistics | None
) -> npt.NDArray[np.float64]:
    """(windows,) cosine with the nearest query."""
    directions: dict[Statistics | None, list[npt.NDArray[np.float64]]] = defaultdict(list)
    for query in queries:
        directions[own or query.statistics].append(query.direction())
    scores = np.full(len(vectors), -1.0)
    for statistics, towards in directions.items():
        columns = np.stack(towards, axis=1)
        for rows in parts(len(vectors)):
            nearest = (_directions(vectors[rows], statistics) @ columns).max(axis=1)
            np.maximum(scores[rows], nearest, out=scores[rows])
    # As they are written: what reads as equal is in order of place. Adding 0 leaves no -0.
    rounded: npt.NDArray[np.float64] = scores.clip(-1, 1).round(6) + 0.0
    return rounded


def _own_statistics(vectors: npt.NDArray[np.float32], normalisation: Normalisation) -> Statistics | None:
    if normalisation == "none" or len(vectors) < LEAST_WINDOWS_TO_NORMALISE:
        return None
    return Statistics.of(vectors)


def _directions(vectors: npt.NDArray[np.floating], statistics: Statistics | None) -> npt.NDArray[np.float64]:
    """(windows, dim) of length 1; of no length where a window is silence."""
    doubles = vectors.astype(np.float64) if statistics is None else statistics.applied(vectors)
    doubles /= np.maximum(np.linalg.norm(doubles, axis=1, keepdims=True), _LEAST_LENGTH)
    return doubles
