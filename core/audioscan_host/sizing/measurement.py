"""Embeds pieces of some recordings into a cache that is thrown away, and takes the time of decoding and of encoding apart."""

import math
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from statistics import mean
from typing import Any

import numpy as np
import numpy.typing as npt
from array_api_compat import device

from audioscan_host.audio import decode
from audioscan_host.cache import Cache, Embeddings, Entry
from audioscan_host.channels import LOUDEST, MIX
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.passes import Pass
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.stretches import BLOCKS_JOINED
from audioscan_host.embedding.tasks import RecordingFailure, Task
from audioscan_host.embedding.window_pass import WindowPass
from audioscan_host.errors import EmbeddingError, RecordingError
from audioscan_host.notes import Tell
from audioscan_host.progress import Progress
from audioscan_host.reading import Reading
from audioscan_host.silence import SilenceMeter
from audioscan_host.sizing.cost import Clock, Cost
from audioscan_host.sizing.total import relative_spread
from audioscan_host.windows import Block

RECORDINGS = 8
"""That the time is shared among: one long recording is not all that is measured."""

PIECES = 4
"""That the time of a recording is for: each holds a batch at the least, and a block of a run at the most."""


class Measurement:
    """Measures one checkpoint.

    Args:
        encoders: that run it.
        cache: takes what is computed, and is thrown away afterwards.
        tell: is told of damage.
    """

    def __init__(self, encoders: Encoders, cache: Cache, tell: Tell) -> None:
        self._encoders, self._cache, self._tell = encoders, cache, tell
        self._loading, self._decoding, self._encoding, self._finishing = (Clock() for _ in range(4))
        self._opening = Clock()
        self._inputs: list[int] = []  # of each piece
        self._audio = 0.0  # seconds
        self._recordings = 0
        self._device = ""

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
        self._encoders.obtain(tasks[0].checkpoint, progress)
        self._loading.of(lambda: self._encoders.loaded(tasks[0].models[0]))
        failures = []
        share = seconds / min(len(tasks), RECORDINGS)
        spent = 0.0
        with progress.track(f"measuring {tasks[0].checkpoint.name}", seconds, "seconds") as advance:
            for task in tasks:
                if spent >= seconds:
                    break
                try:
                    if not self._device:
                        self._warm_up(task)
                    begun = time.perf_counter()
                    self._measure(task, share)
                    advance(time.perf_counter() - begun)
                    spent += time.perf_counter() - begun
                except RecordingError as error:
                    failures.append(RecordingFailure(task.recording.path, str(error)))
                except EmbeddingError as error:
                    path = task.recording.path
                    failures.append(RecordingFailure(path, f"{path}: {error}", by_plugin=True))
        return self._cost(tasks[0].recording.channel), failures

    def _warm_up(self, task: Task) -> None:
        """The first window or stretch, on which libraries take their workspaces, and a batch size is found."""
        way = _way(replace(task, block_seconds=0.0))
        with closing(self._chunks(task, Clock())) as chunks:
            block = next(iter(way.blocks(chunks)))
        self._audio = 0.0
        self._loading.of(lambda: way.embed(self._encoders, block, task.lacking, lambda _count: None))
        self._device = self._device_of(task, block if isinstance(block, Block) else block.block)

    def _device_of(self, task: Task, block: Block) -> str:
        """Where the hidden states are that the encoder gives: nothing else tells the host."""
        loaded = self._encoders.loaded(task.models[0])
        inputs = loaded.family.preprocess(loaded.encoder, block.waveform, block.windows)
        layers = frozenset(task.models[0].layers)
        states = loaded.family.embed(loaded.encoder, inputs[:1], layers)
        return str(device(next(iter(states.values()))))

    def _measure(self, task: Task, seconds: float) -> None:
        """Pieces of one recording, from its beginning on, for so long; one at the least."""
        way = _way(replace(task, block_seconds=self._block_seconds(task, seconds)))
        entries = [task.entry(self._cache, model) for model in task.lacking]
        rows = [way.rows(model.dim) for model in task.lacking]
        opening = Clock()
        ends = time.perf_counter() + seconds
        with closing(self._chunks(task, opening)) as chunks:
            blocks = iter(way.blocks(chunks))
            while (block := self._decoding.of(lambda: next(blocks, None))) is not None:
                for collected, part in zip(rows, self._embedded(way, block, entries), strict=True):
                    collected.add(part)
                if time.perf_counter() >= ends:
                    break
        self._opening.wall += opening.wall
        self._opening.processor += opening.processor
        whole = [
            each.embeddings(task.meta(entry.model, self._audio))
            for each, entry in zip(rows, entries, strict=True)
        ]

        def finish() -> None:
            for entry, one in zip(entries, whole, strict=True):
                entry.finish(one)

        self._finishing.of(finish)
        for entry in entries:
            self._cache.store.remove(entry.name)
        self._recordings += 1

    def _embedded(self, way: Pass, block: Any, entries: Sequence[Entry]) -> list[Embeddings]:
        """A piece, kept as a block of a run is."""

        def embed() -> list[Embeddings]:
            parts = way.embed(self._encoders, block, [entry.model for entry in entries], lambda _count: None)
            for entry, part in zip(entries, parts, strict=True):
                entry.add_block(len(self._inputs), part)
            return parts

        parts = self._encoding.of(embed)
        self._inputs.append(len(way.times(block)))
        return parts

    def _block_seconds(self, task: Task, seconds: float) -> float:
        """Of pieces that are as long as the time allows, by what the last one took, between a batch and a block of a run."""
        each = self._encoding.wall[-1] / self._inputs[-1] if self._inputs else self._loading.wall[-1]
        batch = self._encoders.loaded(task.models[0]).batch_size or 1
        count = max(batch, seconds / PIECES / max(each, 1e-9))
        joined = BLOCKS_JOINED if task.reading == Reading.STRETCHES else 1
        return float(min(task.block_seconds, count * _way(task).hop / joined))

    def _chunks(self, task: Task, opening: Clock) -> Generator[npt.NDArray[np.float32], None, None]:
        """The recording, decoded as for a run and counted; `opening` gets what it took to open it."""
        stop = opening.started()
        rate = task.checkpoint.sample_rate
        chunks = decode(
            task.recording.path,
            rate,
            # The loudest is found by decoding all of it once before: `_cost` counts that.
            channel=MIX if task.recording.channel == LOUDEST else task.recording.channel,
            meter=SilenceMeter(),
            on_open=lambda _info: stop(),
            tell=self._tell,
        )
        for chunk in chunks:
            self._audio += len(chunk) / rate
            yield chunk

    def _cost(self, channel: str) -> Cost | None:
        if not self._inputs:
            return None
        inputs, audio = sum(self._inputs), self._audio / (2 if channel == LOUDEST else 1)
        decoding = math.fsum(self._decoding.wall) - math.fsum(self._opening.wall)
        of_processors = math.fsum(self._decoding.processor) - math.fsum(self._opening.processor)
        each = [wall / count for wall, count in zip(self._encoding.wall, self._inputs, strict=True)]
        return Cost(
            device=self._device,
            recordings=self._recordings,
            pieces=len(self._inputs),
            audio=self._audio,
            loading=math.fsum(self._loading.wall),
            opening=mean(self._opening.wall),
            finishing=mean(self._finishing.wall),
            decoding=max(0.0, decoding) / audio,
            encoding=math.fsum(self._encoding.wall) / inputs,
            processor_decoding=max(0.0, of_processors) / audio,
            processor_encoding=math.fsum(self._encoding.processor) / inputs,
            spread=relative_spread(each),
        )


def _way(task: Task) -> Pass:
    return StretchPass(task) if task.reading == Reading.STRETCHES else WindowPass(task)
