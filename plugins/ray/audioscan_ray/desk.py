"""Where a worker computes: the host's own worker, two tasks at a time, and what is to be told of them."""

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from audioscan_host.audio import AudioInfo, Decoders
from audioscan_host.cache import BusyError
from audioscan_host.embedding.helping import blocks_between
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Outcome, RecordingFailure, Task
from audioscan_host.embedding.under_way import UnderWay
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import AudioscanError, CacheError, ExecutorError
from audioscan_host.notes import Note
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Silent
from audioscan_host.sizing.trial import Measured, Trial, measured
from audioscan_ray.terms import Facts, Terms, difference

_LOOK_AGAIN = 0.5  # seconds; a worker that waits for a decoder heeds that it is to leave after so long

_SEEN_BY_ALL = "recordings have to lie where all nodes see them"

Span = tuple[float, float]
"""Seconds, from where to where of a recording."""


@dataclass(frozen=True)
class Order:
    """What a worker is to compute.

    Attributes:
        number: of the order.
        task: the task.
        facts: what the driver has for its models.
        span: only the blocks that begin there, for whoever computes the task.
    """

    number: int
    task: Task
    facts: Facts
    span: Span | None = None


@dataclass(frozen=True)
class Events:
    """What happened to a task since it was asked last.

    Attributes:
        opened: what its container declares, where it was opened.
        seconds: of audio that were embedded or decoded.
        notes: what users must know.
    """

    opened: AudioInfo | None = None
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Done:
    """What came of an order; its vectors are in the cache.

    Attributes:
        failure: of the recording.
        computed: names of the models whose embeddings were computed.
        busy: another process has the claim.
        refused: why the worker does not compute for this driver, as the end of a sentence.
        error: what ends the run.
        events: the last ones.
    """

    failure: RecordingFailure | None = None
    computed: frozenset[str] = frozenset()
    busy: bool = False
    refused: str = ""
    error: AudioscanError | None = None
    events: Events = field(default_factory=Events)


class Desk:
    """Computes orders; each call comes in a thread of its own, and one thread has the encoder."""

    def __init__(self, terms: Terms, node: str) -> None:
        self._node = node
        self._terms = terms
        self._at_home = _go_to(terms.folder)
        os.environ.update(terms.environment)
        self._registry = _registry(terms.checkpoints)
        self._worker = Worker(self._registry, terms.cache, terms.runtime, Silent(), shared=True)
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._differences: dict[Facts, str] = {}
        self._events: dict[int, Events] = {}
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        self._decoders = Decoders(terms.decoders) if terms.decoders else None  # they end with this process

    def unfit(self, facts: Facts) -> str:
        """Why it does not compute for the driver, as the end of a sentence; empty where it does."""
        return difference(facts, self._registry, self._terms.runtime) or self._cache_apart()

    def _cache_apart(self) -> str:
        store, marker = self._terms.cache.store, self._terms.marker
        if store.find(marker) is None:
            advice = "name a folder that all nodes share, or a URL, by --cache-dir"
            return f"does not see the cache {store.location()} of the driver: {advice}"
        try:
            mine = f"{marker}.{uuid4().hex}"
            with store.writing(mine) as file:
                file.write(b"written by a worker\n")
            store.remove(mine)
        except (OSError, CacheError) as error:
            return f"cannot write to the cache {store.location()}: {error}"
        return ""

    def news(self) -> dict[int, Events]:
        """What happened since the last call, by the numbers of orders that are under way."""
        with self._lock:
            news = {number: events for number, events in self._events.items() if events != Events()}
            self._events.update(dict.fromkeys(news, Events()))
        return news

    def leave(self) -> None:
        """Leave what is under way where it is; what is finished of it is kept, and its claims end."""
        self._leaving.set()

    def measure(self, trial: Trial, facts: Facts) -> Measured | AudioscanError:
        """Measure what a run would cost here; what ends the plan is given back."""
        wrong = difference(facts, self._registry, self._terms.runtime)
        tasks = [self._own(task) for task in trial.tasks]
        path = tasks[0].recording.path
        if not wrong and not path.exists():
            wrong = f"does not see {path}; {_SEEN_BY_ALL}"
        if wrong:
            return ExecutorError(f"node {self._node} {wrong}")
        notes: list[Note] = []
        own = replace(trial, tasks=tasks)
        try:
            done = self._encoder.submit(measured, own, self._worker, Silent(), notes.append).result()
        except AudioscanError as error:
            return error
        # As the driver names them.
        paths = {
            each.recording.path: asked.recording.path for each, asked in zip(tasks, trial.tasks, strict=True)
        }
        failures = tuple(replace(each, path=paths[each.path]) for each in done.failures)
        return replace(done, failures=failures, notes=tuple(notes), where=self._node)

    def compute(self, order: Order) -> Done:
        """Compute an order."""
        if order.facts not in self._differences:
            self._differences[order.facts] = difference(order.facts, self._registry, self._terms.runtime)
        if self._differences[order.facts]:
            return Done(refused=self._differences[order.facts])
        task = self._own(order.task)
        path = task.recording.path
        if not path.exists():
            reason = f"{path}: node {self._node} does not see it; {_SEEN_BY_ALL}"
            return Done(RecordingFailure(order.task.recording.path, reason))
        with self._lock:
            self._events[order.number] = Events()
        reports = self._reports(order.number)
        try:
            done = self._computed(task, order, reports)
        except BusyError:
            done = Done(busy=True)
        except AudioscanError as error:
            done = Done(error=error)
        finally:
            with self._lock:
                last = self._events.pop(order.number)
        return replace(done, events=last)

    def _own(self, task: Task) -> Task:
        """The task as of this node: weights lie elsewhere here, and so may relative paths."""
        models = {model: self._registry.model(model.name) for model in task.models}
        recording = task.recording
        if not (self._at_home or recording.path.is_absolute()):
            recording = replace(recording, path=Path(self._terms.folder) / recording.path)
        lacking = tuple(models[model] for model in task.lacking)
        return replace(task, recording=recording, models=tuple(models.values()), lacking=lacking)

    def _computed(self, task: Task, order: Order, reports: Reports) -> Done:
        under_way = UnderWay(task)
        steps: Any
        if order.span is None:
            steps = self._worker.attempted(task, reports, wait=False)
        else:
            steps = blocks_between(self._worker, task, *order.span, reports)
        try:
            self._encoder.submit(under_way.step, steps).result()
            while under_way.awaited is not None and not self._leaving.is_set():
                reports.news.clear()
                if under_way.awaited.is_ready:
                    self._encoder.submit(under_way.step).result()
                else:
                    reports.news.wait(_LOOK_AGAIN)
        finally:
            self._encoder.submit(under_way.close).result()
        outcome: Outcome | None = under_way.outcome
        return Done() if outcome is None else Done(outcome.failure, outcome.computed)

    def _reports(self, number: int) -> Reports:
        def opened(_task: Task, info: AudioInfo) -> None:
            with self._lock:
                self._events[number] = replace(self._events[number], opened=info)

        def advance(seconds: float) -> None:
            with self._lock:
                so_far = self._events[number]
                self._events[number] = replace(so_far, seconds=so_far.seconds + seconds)

        def tell(note: Note) -> None:
            with self._lock:
                so_far = self._events[number]
                self._events[number] = replace(so_far, notes=(*so_far.notes, note))

        return Reports(opened, advance, tell, decoders=self._decoders)


def _registry(checkpoints: Mapping[str, str]) -> Registry:
    """The models of this node, by the weights that the user named for those that there are here."""
    there = {model.checkpoint.name for model in load_registry().models.values()}
    return load_registry(checkpoints={name: path for name, path in checkpoints.items() if name in there})


def _go_to(folder: str) -> bool:
    """Whether the folder that the driver works in is here too; paths are relative to it then."""
    try:
        os.chdir(folder)
    except OSError:
        return False
    return True
