"""How many model inputs a recording gives, and how many bytes the cache keeps of it: computed, of its length alone."""

import math

from audioscan_host.cache import file as cache_file
from audioscan_host.embedding.stretches import stretching
from audioscan_host.embedding.tasks import Task
from audioscan_host.models.model import Model
from audioscan_host.models.pooling import Pooling
from audioscan_host.reading import Reading
from audioscan_host.windows import window_steps


def inputs(task: Task, seconds: float) -> int:
    """Windows, or stretches, that the checkpoint is given of a recording so long."""
    windowing = stretching(task.checkpoint) if task.reading == Reading.STRETCHES else task.windowing
    return len(window_steps(_samples(task, seconds), task.checkpoint.sample_rate, windowing))


def rows(task: Task, seconds: float) -> int:
    """Vectors that are kept of it: one a window, or one a grain.

    A grain at the very end that no time step reaches into is not kept: there a network may give one less than is counted here.
    """
    if task.reading == Reading.WINDOWS:
        return inputs(task, seconds)
    step, grain = task.checkpoint.step, task.windowing.hop
    covered = math.floor(seconds / step + 1e-6) * step
    return max(1, math.ceil(covered / grain - 1e-6))


def kept(task: Task, model: Model, seconds: float) -> int:
    """Bytes of the file of a recording so long, to the byte where its last grain is whole."""
    duration = _samples(task, seconds) / task.checkpoint.sample_rate
    meta, stretches = dict(task.meta(model, duration)), task.reading == Reading.STRETCHES
    if stretches:
        names = Pooling(model.pooling).names * len(model.layers)
        # All layers of a network are of one width, in every family that there is.
        statistics = [(name, model.dim // len(names)) for name in names]
        meta |= {"reading": "stretches", "statistics": statistics}
    return cache_file.size(max(1, rows(task, seconds)), model.dim, meta, weighted=stretches)


def _samples(task: Task, seconds: float) -> int:
    return round(seconds * task.checkpoint.sample_rate)
