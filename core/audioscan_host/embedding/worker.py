"""Computes tasks, whole or step by step; encoders stay in memory between them."""

import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from audioscan_host.audio import AudioInfo, probe
from audioscan_host.cache import Cache, Embeddings, Entry, eight_cut
from audioscan_host.embedding.decoded_recording import DecodedRecording, known_silence
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.grains import windows_of
from audioscan_host.embedding.passes import Pass
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.tasks import Outcome, RecordingFailure, Task
from audioscan_host.embedding.under_way import Awaited, Steps, outcome_of
from audioscan_host.embedding.window_pass import WindowPass
from audioscan_host.errors import CacheError, EmbeddingError, RecordingError
from audioscan_host.models.model import Model, Runtime
from audioscan_host.notes import Tell
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Progress
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.silence import Spans


class Worker:
    """What computes tasks in one process.

    Attributes:
        registry: the models.
        cache: what it holds is not computed again, and takes what is computed.
        runtime: device, precision and batch size.
        encoders: that are in memory.
        shared: whether others compute blocks of the same recordings meanwhile, which are then taken.
    """

    def __init__(
        self,
        registry: Registry,
        cache: Cache,
        runtime: Runtime,
        progress: Progress,
        *,
        shared: bool = False,
    ) -> None:
        self.registry = registry
        self.cache = cache
        self.runtime = runtime
        self._progress = progress
        self.encoders = Encoders(registry, runtime)
        self.shared = shared
        self._channels: dict[Recording, int] = {}

    def attempt(self, task: Task, reports: Reports, *, wait: bool) -> Outcome:
        """As `run`; what is wrong with the recording, or with its place in the cache, becomes the outcome's failure."""
        return outcome_of(self.attempted(task, reports, wait=wait))

    def run(self, task: Task, reports: Reports, *, wait: bool) -> Outcome:
        """The embeddings of a recording by the models of a task, computed where the cache lacks them.

        Raises:
            RecordingError: the recording cannot be read.
            EmbeddingError: a plugin fails on it.
            BusyError: another process is embedding it, and `wait` is off.
            CacheError: what is computed cannot be kept.
            StoreError: what keeps the cache does not answer.
            CheckpointError: the weights are not there, and cannot be fetched.
        """
        return outcome_of(self._steps(task, reports, wait=wait))

    def attempted(self, task: Task, reports: Reports, *, wait: bool) -> Steps:
        """As `attempt`, step by step: a block is decoded in another thread, and embedded in the step after it is there."""
        path = task.recording.path
        try:
            return (yield from self._steps(task, reports, wait=wait))
        except RecordingError as error:
            failure = RecordingFailure(path, str(error))
        except EmbeddingError as error:
            failure = RecordingFailure(path, f"{path}: {error}", by_plugin=True)
        except CacheError as error:  # what is in the cache already of the others is as good as before
            failure = RecordingFailure(path, f"{path}: {error}", by_plugin=True)
        return Outcome(task, failure, {}, {}, frozenset(), None)

    def kept(self, task: Task, reports: Reports) -> Outcome | None:
        """What comes of a task of which the cache has all; None where something is to be computed."""
        there = replace(task, lacking=())
        kept = {model: self._kept(there, model, reports.tell) for model in task.models}
        entries = {model: entry for model, (entry, _) in kept.items()}
        found = {model: embeddings for model, (_, embeddings) in kept.items()}
        silence = None if None in found.values() else self.cache.silence_of(task.recording).read(reports.tell)
        return None if silence is None else self._outcome(task, entries, found, silence, frozenset())

    def _steps(self, task: Task, reports: Reports, *, wait: bool) -> Steps:
        kept = {model: self._kept(task, model, reports.tell) for model in task.models}
        entries = {model: entry for model, (entry, _) in kept.items()}
        found = {model: embeddings for model, (_, embeddings) in kept.items()}
        lacking = [model for model in task.models if found[model] is None]
        computed: list[Entry] = []
        silence: Spans | None = None
        if lacking:
            with task.claim(self.cache, wait=wait):
                # What another process has finished since is not computed again.
                found |= {model: entries[model].read(reports.tell) for model in lacking}
                computed = [entries[model] for model in lacking if found[model] is None]
                if computed:
                    embedded, silence = yield from self._compute(task, computed, reports)
                    found |= {entry.model: each for entry, each in zip(computed, embedded, strict=True)}
        if silence is None:
            silence = known_silence(
                task.recording,
                self.cache,
                reports.advance,
                tell=reports.tell,
                on_open=lambda info: reports.opened(task, info),
            )
        return self._outcome(task, entries, found, silence, frozenset(entry.model.name for entry in computed))

    def _outcome(
        self,
        task: Task,
        entries: Mapping[Model, Entry],
        found: Mapping[Model, Embeddings | None],
        silence: Spans,
        computed: frozenset[str],
    ) -> Outcome:
        names = {model: entries[model].name_of(each) for model, each in found.items() if each is not None}
        if task.reading == Reading.STRETCHES:
            rate = task.checkpoint.sample_rate
            found = {m: each and windows_of(each, task.windowing, rate) for m, each in found.items()}
        foreign = [model for model, name in names.items() if name == entries[model].eight_cut]
        return Outcome(
            task,
            None,
            {model.name: each for model, each in found.items() if each is not None},
            {model.name: self.cache.store.location(name) for model, name in names.items()},
            computed,
            silence,
            self._by_eight_cut(task.recording, foreign),
        )

    def _kept(self, task: Task, model: Model, tell: Tell) -> tuple[Entry, Embeddings | None]:
        """The embeddings by a model that the cache holds, and their place; where it has none, the place for them."""
        entry = task.entry(self.cache, model)
        if model in task.lacking:
            return entry, None
        found = entry.read(tell)
        if found is None and task.reading == Reading.STRETCHES:
            finer = task.kept(self.cache, model)
            found = finer.read(tell) if finer else None
            entry = finer if finer and found else entry
        return entry, found

    def _by_eight_cut(self, recording: Recording, foreign: Sequence[Model]) -> frozenset[str]:
        """Those of the models that were read from files of 8-cut whose numbers are not those computed here.

        Of how many channels a recording is, only its container says: it is opened where that alone decides.
        """
        if recording not in self._channels and any(eight_cut.is_equal(model, 1) for model in foreign):
            try:
                self._channels[recording] = probe(recording.path).channels
            except RecordingError:
                self._channels[recording] = 0  # it can no longer be read, and nobody knows
        channels = self._channels.get(recording, 1)
        return frozenset(model.name for model in foreign if not eight_cut.is_equal(model, channels))

    def _compute(
        self, task: Task, entries: Sequence[Entry], reports: Reports
    ) -> Generator[Awaited, None, tuple[list[Embeddings], Spans]]:
        """Embed a recording block by block, the models together; gives its silence too."""
        self.encoders.obtain(task.checkpoint, self._progress)
        rate, models = task.checkpoint.sample_rate, [entry.model for entry in entries]
        way: Pass = StretchPass(task) if task.reading == Reading.STRETCHES else WindowPass(task)
        done = 0.0

        def on_windows(count: int) -> None:
            nonlocal done
            done += count * way.hop
            reports.advance(count * way.hop)

        def on_open(info: AudioInfo) -> None:
            reports.opened(task, info)

        rows = [way.rows(model.dim) for model in models]
        resumed = all(entry.has_blocks for entry in entries)
        decoded = DecodedRecording(
            task.recording,
            rate,
            way.blocks,
            decoders=reports.decoders,
            on_open=on_open,
            on_ready=reports.news.set,
            tell=reports.tell,
        )
        with closing(decoded):
            if not resumed:
                self.encoders.begin_loading(models[0])
            for index in itertools.count():
                yield decoded.blocks
                if (block := next(decoded.blocks, None)) is None:
                    break
                parts = self._parts(way, (index, block), entries, on_windows, resumed=resumed or self.shared)
                for collected, part in zip(rows, parts, strict=True):
                    collected.add(part)
                del block, parts, part  # while the next one is waited for
        try:
            task.recording.require_unchanged()
        except RecordingError:
            for entry in entries:
                entry.discard_blocks()
            raise
        # Before the embeddings are finished, so that these are not found without it.
        self.cache.silence_of(task.recording).write(decoded.silence, reports.tell)
        duration = decoded.count / rate
        embedded = [
            each.embeddings(task.meta(entry.model, duration))
            for each, entry in zip(rows, entries, strict=True)
        ]
        for entry, whole in zip(entries, embedded, strict=True):
            entry.finish(whole)
        reports.advance(duration - done)
        return embedded, decoded.silence

    def _parts(
        self,
        way: Pass,
        numbered: tuple[int, Any],
        entries: Sequence[Entry],
        on_windows: Callable[[int], None],
        *,
        resumed: bool,
    ) -> list[Embeddings]:
        """A block, for each entry; what an earlier run, or another worker, finished of it is kept."""
        index, block = numbered
        kept = [entry.block(index, way.times(block)) for entry in entries] if resumed else []
        found = [part for part in kept if part is not None]
        if len(found) == len(entries):
            on_windows(len(way.times(block)))
            return found
        parts = way.embed(self.encoders, block, [entry.model for entry in entries], on_windows)
        for entry, part in zip(entries, parts, strict=True):
            entry.add_block(index, part)
        return parts
