"""Recording + models -> embeddings: the one path, through the cache."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audioscan_host.cache import BusyError, Cache, Entry
from audioscan_host.cache.file import Embeddings
from audioscan_host.embedding.decoded_recording import (
    DecodedRecording,
    known_silence,
    require_unchanged,
    seconds_to_pass,
)
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.errors import EmbeddingError, RecordingError, SettingError
from audioscan_host.evidence import Evidence
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Advance, Progress, Silent
from audioscan_host.recordings import Recording
from audioscan_host.silence import Spans, no_silence, silent_share, within
from audioscan_host.windows import BLOCK_SECONDS, Windowing, cut_blocks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedRecording:
    """What one recording became.

    Attributes:
        path: the recording.
        duration: seconds.
        embeddings: model name -> its embeddings.
        files: model name -> the cache file that holds them.
        computed: names of the models whose embeddings were not in the cache before.
        silence: (spans, 2) float64, start and end of its digital silence in seconds, ascending.
    """

    path: Path
    duration: float
    embeddings: Mapping[str, Embeddings]
    files: Mapping[str, Path]
    computed: frozenset[str]
    silence: Spans = field(default_factory=no_silence)

    def evidence(self, model: str, windowing: Windowing) -> Evidence:
        """Its windows by one model, as a detector is given them."""
        found = self.embeddings[model]
        share = silent_share(found.times, min(windowing.window, self.duration), self.silence)
        return Evidence(found.vectors, share, windowing.hop)


@dataclass(frozen=True)
class RecordingFailure:
    """A recording that gave no embeddings.

    Attributes:
        path: the recording.
        reason: in one line.
        by_plugin: a plugin failed on it; otherwise it could not be read.
    """

    path: Path
    reason: str
    by_plugin: bool = False


class Embedder:
    """Embeds recordings by the same models; what the cache holds is not computed again.

    Raises:
        SettingError: the window is shorter or longer than a checkpoint takes.
    """

    def __init__(
        self,
        registry: Registry,
        models: Sequence[Model],
        windowing: Windowing,
        cache: Cache,
        *,
        runtime: Runtime | None = None,
        progress: Progress | None = None,
        block_seconds: float = BLOCK_SECONDS,
    ) -> None:
        for model in models:
            shortest, longest = model.checkpoint.shortest_window, model.checkpoint.longest_window
            if not shortest <= windowing.window <= longest:
                limit = f"at least {shortest:g}" if windowing.window < shortest else f"at most {longest:g}"
                raise SettingError(f"{model.name} takes windows of {limit} s, not {windowing.window:g} s")
        self._registry = registry
        self._models = tuple(dict.fromkeys(models))
        self._windowing = windowing
        self._cache = cache
        runtime = runtime or Runtime()
        self._encoders = Encoders(registry, runtime)
        self._precisions = {m: registry.family(m).precision(m.checkpoint, runtime) for m in self._models}
        self._progress = progress or Silent()
        self._block_seconds = block_seconds

    def embed_each(self, paths: Sequence[Path]) -> Iterator[EmbeddedRecording | RecordingFailure]:
        """Embed recordings, each once; those that another process works on come last.

        A recording that cannot be read, or that a plugin fails on, gives a failure, and the others go on.
        """
        passes = {path: self._passes(path) for path in paths}
        checkpoints = dict.fromkeys(each for of_recording in passes.values() for each in of_recording if each)
        # Before the first recording is decoded: fetching may take minutes, or fail.
        for checkpoint in checkpoints:
            self._encoders.obtain(checkpoint, self._progress)
        what = "embedding" if checkpoints or not any(passes.values()) else "looking for silence"
        with self._progress.track(what, seconds_to_pass(passes), "s of audio") as advance:
            waiting = []
            for path in paths:
                try:
                    yield self._embedded_or_failure(path, advance, wait=False)
                except BusyError:
                    waiting.append(path)
            for path in waiting:
                logger.info("%s: another process is embedding it; waiting", path)
                yield self._embedded_or_failure(path, advance, wait=True)

    def embed(self, path: Path, advance: Advance | None = None, *, wait: bool = True) -> EmbeddedRecording:
        """The embeddings of a recording by all the models, computed where the cache lacks them.

        Args:
            path: the media file.
            advance: called with the seconds of audio that were embedded.
            wait: for another process that is embedding the same recording.

        Raises:
            RecordingError: it cannot be read.
            EmbeddingError: a plugin fails on it.
            BusyError: another process is embedding it, and `wait` is off.
        """
        recording = Recording.at(path)
        entries = [self._entry(recording, model) for model in self._models]
        found = {entry: entry.read() for entry in entries}
        computed: set[str] = set()
        silence: Spans | None = None
        for together in self._in_one_pass(entry for entry in entries if found[entry] is None):
            with self._cache.claim(together[0], wait=wait):
                # What another process has finished since is not computed again.
                found.update({entry: entry.read() for entry in together})
                lacking = [entry for entry in together if found[entry] is None]
                if lacking:
                    silence = self._compute(recording, lacking, advance or _ignore)
                    computed |= {entry.model.name for entry in lacking}
                found.update({entry: entry.read() for entry in lacking})
        if silence is None:
            silence = known_silence(recording, self._cache, advance or _ignore)
        return self._embedded(path, found, frozenset(computed), silence)

    def _entry(self, recording: Recording, model: Model) -> Entry:
        return self._cache.entry(
            recording, model, self._windowing, self._precisions[model], self._registry.wrappers
        )

    def _in_one_pass(self, entries: Iterable[Entry]) -> list[list[Entry]]:
        """Entries by plugin and checkpoint: two plugins may declare the same one."""
        groups: dict[tuple[str, Checkpoint], list[Entry]] = {}
        for entry in entries:
            key = (self._registry.owner(entry.model).name, entry.model.checkpoint)
            groups.setdefault(key, []).append(entry)
        return list(groups.values())

    def _embedded(
        self, path: Path, found: Mapping[Entry, Embeddings | None], computed: frozenset[str], silence: Spans
    ) -> EmbeddedRecording:
        embeddings = {entry.model.name: hit for entry, hit in found.items() if hit is not None}
        files = {entry.model.name: entry.file for entry in found}
        if len(embeddings) < len(found) or None in files.values():
            raise RecordingError(f"{path}: its embeddings vanished from the cache; run again")
        first = next(iter(embeddings.values()))
        # 8-cut keeps no duration; its last window ends less than a hop before the end.
        duration = float(first.meta.get("duration", first.times[-1] + self._windowing.window))
        there = {name: file for name, file in files.items() if file}
        return EmbeddedRecording(path, duration, embeddings, there, computed, within(silence, duration))

    def _compute(self, recording: Recording, entries: Sequence[Entry], advance: Advance) -> Spans:
        """Embed a recording block by block, models of one checkpoint together; gives its silence."""
        models = [entry.model for entry in entries]
        checkpoint = models[0].checkpoint
        hop = self._windowing.hop
        done = 0.0

        def on_windows(count: int) -> None:
            nonlocal done
            done += count * hop
            advance(count * hop)

        with closing(DecodedRecording(recording.path, checkpoint.sample_rate)) as samples:
            blocks = 0
            for block in cut_blocks(
                samples,
                checkpoint.sample_rate,
                self._windowing,
                checkpoint.shortest_window,
                self._block_seconds,
            ):
                # Blocks that an earlier run finished before it was killed are kept.
                if all(entry.has_block(blocks, block.times) for entry in entries):
                    on_windows(len(block.windows))
                else:
                    vectors = self._encoders.embed_block(block, models, on_windows)
                    for entry, embedded in zip(entries, vectors, strict=True):
                        entry.add_block(blocks, Embeddings(block.times, embedded))
                blocks += 1
        try:
            require_unchanged(recording)
        except RecordingError:
            for entry in entries:
                entry.discard_blocks()
            raise
        silence = samples.silence
        # Before the embeddings are finished, so that these are not found without it.
        self._cache.silence_of(recording).write(silence)
        duration = samples.count / checkpoint.sample_rate
        for entry in entries:
            entry.finish(blocks, self._meta(entry, duration))
        advance(duration - done)
        return silence

    def _meta(self, entry: Entry, duration: float) -> dict[str, Any]:
        return {
            "recording": str(entry.recording.path.resolve()),
            "duration": duration,
            "window": self._windowing.window,
            "hop": self._windowing.hop,
            "model": entry.model.name,
            "model_revision": entry.model.revision,
            "checkpoint": entry.model.checkpoint.name,
            "checkpoint_revision": entry.model.checkpoint.revision,
            "precision": entry.precision,
        }

    def _embedded_or_failure(
        self, path: Path, advance: Advance, *, wait: bool
    ) -> EmbeddedRecording | RecordingFailure:
        try:
            return self.embed(path, advance, wait=wait)
        except RecordingError as error:
            return RecordingFailure(path, str(error))
        except EmbeddingError as error:
            return RecordingFailure(path, f"{path}: {error}", by_plugin=True)

    def _passes(self, path: Path) -> list[Checkpoint | None]:
        """The checkpoints that have to pass over a recording; `None` for a pass that finds its silence alone."""
        try:
            recording = Recording.at(path)
        except RecordingError:
            return []
        lacking = [model for model in self._models if self._entry(recording, model).file is None]
        if lacking or self._cache.silence_of(recording).path.is_file():
            return list(dict.fromkeys(model.checkpoint for model in lacking))
        return [None]


def _ignore(_amount: float) -> None:
    pass
