"""Computes tasks, whole or step by step; encoders stay in memory between them."""

import itertools
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from audioscan_host.audio import AudioInfo
from audioscan_host.cache import Cache, Embeddings, Entry
from audioscan_host.embedding.blocks_in_turn import BlocksInTurn
from audioscan_host.embedding.blocks_kept import BlocksKept
from audioscan_host.embedding.decoded_recording import DecodedRecording, known_silence
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.kept import Kept, asked
from audioscan_host.embedding.passes import Pass
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.tasks import Outcome, RecordingFailure, Task
from audioscan_host.embedding.under_way import Awaited, OnDevice, Steps, outcome_of
from audioscan_host.embedding.window_pass import WindowPass
from audioscan_host.errors import CacheError, EmbeddingError, RecordingError
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Progress
from audioscan_host.reading import Reading
from audioscan_host.silence import Spans


class Worker:
    """What computes tasks in one process.

    Attributes:
        registry: the models.
        cache: what it holds is not computed again, and takes what is computed.
        runtime: device, precision and batch size.
        encoders: that are in memory.
        finished: what the cache has of tasks.
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
        self.finished = Kept(cache)

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
        """As `attempt`, step by step: a block is decoded in another thread, and begun in the step after it is there."""
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
        return self.finished.taken(task, reports.tell) or self.finished.read(task, reports.tell)

    def has_all(self, task: Task) -> bool:
        """Whether nothing of a task was lacking, and the cache has its silence."""
        return not task.lacking and (
            self.finished.is_ahead(task) or self.cache.silence_of(task.recording).exists
        )

    def _steps(self, task: Task, reports: Reports, *, wait: bool) -> Steps:
        if (known := self.finished.taken(task, reports.tell)) is not None:
            return known
        kept = {model: self.finished.of_model(task, model, reports.tell) for model in task.models}
        entries = {model: entry for model, (entry, _) in kept.items()}
        found = {model: embeddings for model, (_, embeddings) in kept.items()}
        lacking = [model for model in task.models if found[model] is None]
        computed: list[Entry] = []
        silence: Spans | None = None
        if lacking:
            with task.claim(self.cache, wait=wait):
                # What another process has finished since is not computed again.
                found |= {model: self.finished.at(entries[model], task, reports.tell) for model in lacking}
                computed = [entries[model] for model in lacking if found[model] is None]
                if computed:
                    embedded, silence = yield from self._compute(task, computed, reports)
                    found |= {
                        entry.model: asked(task, each) for entry, each in zip(computed, embedded, strict=True)
                    }
        if silence is None:
            silence = known_silence(
                task.recording,
                self.cache,
                reports.advance,
                tell=reports.tell,
                on_open=lambda info: reports.opened(task, info),
            )
        return self.finished.outcome(
            task, entries, found, silence, frozenset(entry.model.name for entry in computed)
        )

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
        kept = BlocksKept(entries, shared=self.shared)
        blocks = BlocksInTurn(kept, rows)
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
            if not kept.resumed:
                self.encoders.begin_loading(models[0])
            for index in itertools.count():
                if (block := (yield from self._next_block(decoded, blocks))) is None:
                    break
                times = way.times(block)
                parts = kept.take(index, times)
                if parts is None:
                    # What the device has of the one before is taken after that, so that it goes on meanwhile.
                    blocks.begin(index, way.begin(self.encoders, block, models, on_windows))
                else:
                    on_windows(len(times))
                    blocks.add(parts)
                del block, parts  # while the next one is waited for
        try:
            task.recording.require_unchanged()
        except RecordingError:
            kept.discard()
            raise
        # Before the embeddings are finished, so that these are not found without it.
        self.cache.silence_of(task.recording).write(decoded.silence, reports.tell)
        duration = decoded.count / rate
        embedded = [
            each.embeddings(task.meta(entry.model, duration))
            for each, entry in zip(rows, entries, strict=True)
        ]
        kept.finish(embedded)
        reports.advance(duration - done)
        return embedded, decoded.silence

    def _next_block(
        self, decoded: DecodedRecording[Any], blocks: BlocksInTurn
    ) -> Generator[Awaited, None, Any | None]:
        """The next block once it is decoded; None, and nothing is on the device any more, behind the last.

        The one on the device is taken meanwhile, where nothing may be begun before that.
        """
        begun = blocks.on_device
        yield decoded.blocks if begun is None else OnDevice(begun, decoded.blocks)
        if begun is not None and not (decoded.blocks.is_ready and self.encoders.have_room):
            begun = None
            blocks.take()
            yield decoded.blocks
        block = next(decoded.blocks, None)
        if block is None and begun is not None:
            yield OnDevice(begun, None)
            del begun
            blocks.take()
        return block
