"""Embeds the beginnings of some recordings as a run does, and takes the time of what that is made of."""

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Event

from array_api_compat import device

from audioscan_host.audio import decode
from audioscan_host.channels import LOUDEST, MIX
from audioscan_host.embedding.passes import Pass
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.stretches import BLOCKS_JOINED
from audioscan_host.embedding.tasks import Outcome, RecordingFailure, Task
from audioscan_host.embedding.under_way import Awaited, Steps
from audioscan_host.embedding.window_pass import WindowPass
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import EmbeddingError, RecordingError
from audioscan_host.notes import Tell
from audioscan_host.progress import Progress
from audioscan_host.reading import Reading
from audioscan_host.sizing.cost import Clock, Cost
from audioscan_host.sizing.pieces import Pieces
from audioscan_host.sizing.processors import Processors
from audioscan_host.sizing.total import relative_spread
from audioscan_host.windows import Block

RECORDINGS = 8
"""That the time is shared among: one long recording is not all that is measured."""

PIECES = 4
"""That the time of a recording is for: each holds a batch at the least, and a block of a run at the most."""


class Measurement:
    """Measures one checkpoint.

    Args:
        worker: computes tasks as a run does, into a cache that is thrown away afterwards.
        tell: is told of damage.
        cores: processors that this process may use.
    """

    def __init__(self, worker: Worker, tell: Tell, cores: float = 1.0) -> None:
        self._processors = Processors(cores)
        self._worker, self._tell = worker, tell
        self._loading, self._decoding, self._encoding, self._keeping = (Clock() for _ in range(4))
        self._pieces = Pieces()
        self._inputs: list[int] = []  # of each piece
        self._recordings = 0
        self._device = ""
        self._pace = 0.0  # seconds an input

    def cost(
        self, tasks: Sequence[Task], seconds: float, progress: Progress
    ) -> tuple[Cost | None, list[RecordingFailure]]:
        """Embed pieces for so many seconds after the encoder is loaded; at least one, however long that takes.

        Args:
            tasks: of recordings of which the cache lacks something, in the order in which they are taken.
            seconds: to be spent.
            progress: where it is shown.

        Returns:
            What was measured, None where nothing could be embedded; and the recordings that it failed on.

        Raises:
            CheckpointError: the weights are not there, and cannot be fetched.
        """
        encoders = self._worker.encoders
        encoders.obtain(tasks[0].checkpoint, progress)
        self._loading.of(lambda: encoders.loaded(tasks[0].models[0]))
        failures = []
        share = seconds / min(len(tasks), RECORDINGS)
        ends = time.perf_counter() + seconds
        with progress.track(f"measuring {tasks[0].checkpoint.name}", None, "s of audio") as advance:
            for task in tasks:
                if self._recordings and time.perf_counter() >= ends:
                    break
                self._processors.ask()
                before = self._pieces.audio
                try:
                    if not self._device:
                        self._warm_up(task)
                        ends = time.perf_counter() + seconds
                    failure = self._measure(task, share)
                except RecordingError as error:
                    failure = RecordingFailure(task.recording.path, str(error))
                except EmbeddingError as error:
                    path = task.recording.path
                    failure = RecordingFailure(path, f"{path}: {error}", by_plugin=True)
                if failure is not None:
                    failures.append(failure)
                advance(self._pieces.audio - before)
        self._processors.ask()
        return self._cost(tasks[0].recording.channel), failures

    def _warm_up(self, task: Task) -> None:
        """The first window or stretch, on which libraries take their workspaces, and a batch size is found."""
        encoders, way = self._worker.encoders, _way(replace(task, block_seconds=0.0))
        channel = MIX if task.recording.channel == LOUDEST else task.recording.channel
        chunks = decode(task.recording.path, task.checkpoint.sample_rate, channel=channel, tell=self._tell)
        block = next(iter(way.blocks(chunks)))

        def embed() -> None:
            way.embed(encoders, block, task.lacking, lambda _count: None)

        self._loading.of(embed)
        begun = time.perf_counter()
        embed()  # once more: the first one took many times as long as those of a run
        self._pace = time.perf_counter() - begun
        self._device = self._device_of(task, block if isinstance(block, Block) else block.block)

    def _device_of(self, task: Task, block: Block) -> str:
        """Where the hidden states are that the encoder gives: nothing else tells the host."""
        loaded = self._worker.encoders.loaded(task.models[0])
        inputs = loaded.family.preprocess(loaded.encoder, block.waveform, block.windows)
        layers = frozenset(task.models[0].layers)
        states = loaded.family.embed(loaded.encoder, inputs[:1], layers)
        return str(device(next(iter(states.values()))))

    def _measure(self, task: Task, seconds: float) -> RecordingFailure | None:
        """Pieces of one recording, from its beginning on, for so long; one at the least."""
        task = replace(task, block_seconds=self._block_seconds(task, seconds))
        hop, ends, embedded = _way(task).hop, time.perf_counter() + seconds, 0.0

        def advance(amount: float) -> None:
            nonlocal embedded
            embedded += amount

        reports = Reports(lambda _task, _info: None, advance, self._tell, decoders=self._pieces)
        self._pieces.enough = lambda: embedded > 0 and time.perf_counter() >= ends
        keeping = Clock()
        with closing(self._worker.attempted(task, reports, wait=True)) as steps:
            awaited, outcome = self._step(steps, keeping)
            while awaited is not None:
                self._decoding.of(partial(_wait, awaited, reports.news))
                before, step, is_rest = embedded, Clock(), self._pieces.is_cut
                awaited, outcome = self._step(steps, step)
                if awaited is None:  # it waits for the disk, or the store, that has the finished file
                    keeping.add(step)
                elif not is_rest:
                    self._encoding.add(step)
                    self._inputs.append(round((embedded - before) / hop))
        if outcome is not None and outcome.failure is None:
            self._keeping.add(keeping)
            self._recordings += 1
        return None if outcome is None else outcome.failure

    def _step(self, steps: Steps, clock: Clock) -> tuple[Awaited | None, Outcome | None]:
        """One step, while nothing is decoded: what the next one waits for, or what came of all of them."""
        with self._pieces.resting():
            stop = clock.started()
            try:
                return next(steps), None
            except StopIteration as ended:
                return None, ended.value
            finally:
                stop()

    def _block_seconds(self, task: Task, seconds: float) -> float:
        """Of pieces that are as long as the time allows, by what the last one took, between a batch and a block of a run."""
        each = self._encoding.wall[-1] / self._inputs[-1] if self._inputs else self._pace
        batch = self._worker.encoders.loaded(task.models[0]).batch_size or 1
        count = max(batch, seconds / PIECES / max(each, 1e-9))
        joined = BLOCKS_JOINED if task.reading == Reading.STRETCHES else 1
        return float(min(task.block_seconds, count * _way(task).hop / joined))

    def _cost(self, channel: str) -> Cost | None:
        if not self._inputs or not self._recordings:
            return None
        inputs, recordings = sum(self._inputs), self._recordings
        audio = self._pieces.audio / (2 if channel == LOUDEST else 1)
        opening, decoding = self._pieces.opening, self._decoding
        used = math.fsum(self._encoding.processor)
        each = [wall / count for wall, count in zip(self._encoding.wall, self._inputs, strict=True)]
        return Cost(
            device=self._device,
            recordings=recordings,
            pieces=len(self._inputs),
            audio=self._pieces.audio,
            loading=math.fsum(self._loading.wall),
            opening=math.fsum(opening.wall) / recordings,
            keeping=math.fsum(self._keeping.wall) / recordings,
            decoding=max(0.0, math.fsum(decoding.wall) - math.fsum(opening.wall)) / audio,
            encoding=math.fsum(self._encoding.wall) / inputs,
            processor_loading=math.fsum(self._loading.processor),
            processor_opening=math.fsum(opening.processor) / recordings,
            processor_keeping=math.fsum(self._keeping.processor) / recordings,
            processor_decoding=max(0.0, math.fsum(decoding.processor) - math.fsum(opening.processor)) / audio,
            processor_encoding=used / inputs,
            processors=max(self._processors.to_be_had, min(1.0, used / math.fsum(self._encoding.wall))),
            spread=relative_spread(each),
        )


def _wait(awaited: Awaited, news: Event) -> None:
    while not awaited.is_ready:
        news.wait()
        news.clear()


def _way(task: Task) -> Pass:
    return StretchPass(task) if task.reading == Reading.STRETCHES else WindowPass(task)
