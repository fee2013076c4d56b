"""Computes some blocks of a task beside whoever computes the task, who finds them kept when it comes to them."""

import itertools
from collections.abc import Generator, Sequence
from contextlib import closing

from audioscan_host.cache import Entry
from audioscan_host.embedding.decoded_recording import DecodedRecording
from audioscan_host.embedding.passes import Pass
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.tasks import Task
from audioscan_host.embedding.under_way import Awaited
from audioscan_host.embedding.window_pass import WindowPass
from audioscan_host.embedding.worker import Worker
from audioscan_host.progress import Silent
from audioscan_host.reading import Reading


def blocks_between(
    worker: Worker, task: Task, begin: float, end: float, reports: Reports
) -> Generator[Awaited, None, None]:
    """Embed the blocks that begin in a part of a recording and keep each, step by step as `Worker.attempted`.

    The recording is decoded from its beginning, so that blocks and samples are those of the whole. It ends early where the
    task is finished meanwhile.

    Args:
        worker: has the encoders and the cache.
        task: it is not claimed: whoever computes it has the claim.
        begin: seconds, from where.
        end: seconds, up to where.
        reports: who is told of what happens meanwhile.

    Raises:
        RecordingError: the recording cannot be read.
        EmbeddingError: a plugin fails on it.
        CacheError: what is computed cannot be kept.
    """
    entries = [
        entry for entry in (task.entry(worker.cache, model) for model in task.models) if not entry.found
    ]
    if not entries:
        return
    models = [entry.model for entry in entries]
    worker.encoders.obtain(task.checkpoint, Silent())
    way: Pass = StretchPass(task) if task.reading == Reading.STRETCHES else WindowPass(task)

    def on_windows(count: int) -> None:
        reports.advance(count * way.hop)

    rate, ready = task.checkpoint.sample_rate, reports.news.set
    decoded = DecodedRecording(task.recording, rate, way.blocks, on_ready=ready, tell=lambda _note: None)
    with closing(decoded):
        for index in itertools.count():
            yield decoded.blocks
            if (block := next(decoded.blocks, None)) is None or way.times(block)[0] >= end:
                return
            times = way.times(block)
            if times[0] < begin or all(entry.block(index, times) is not None for entry in entries):
                continue
            if not _finished(entries):
                parts = way.embed(worker.encoders, block, models, on_windows)
                for entry, part in zip(entries, parts, strict=True):
                    entry.add_block(index, part)
            if _finished(entries):
                return


def _finished(entries: Sequence[Entry]) -> bool:
    """Whether the task is; blocks that are here still are nobody's then, and go."""
    found = [entry for entry in entries if entry.found]
    for entry in found:
        entry.discard_blocks()
    return bool(found)
