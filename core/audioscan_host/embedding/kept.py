"""What comes of tasks that were computed before: read back from the cache, and ahead of their turn where that is far."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from audioscan_host.audio import probe
from audioscan_host.cache import Cache, Embeddings, Entry, eight_cut
from audioscan_host.embedding.tasks import Outcome, Task
from audioscan_host.embedding.windows_of_grains import windows_of
from audioscan_host.errors import RecordingError
from audioscan_host.models.model import Model
from audioscan_host.notes import Note, Tell
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.silence import Spans

MOST_AHEAD = 2**26
"""Bytes of files that are read ahead of their turn; one that is larger is read when its turn comes."""


@dataclass(frozen=True)
class _ReadAhead:
    outcome: Outcome | None
    notes: Sequence[Note]
    size: int


def asked(task: Task, embeddings: Embeddings) -> Embeddings:
    """What a task asks for, of what is computed for it: windows, which may be made of grains."""
    if task.reading != Reading.STRETCHES:
        return embeddings
    return windows_of(embeddings.rows(), task.windowing, task.checkpoint.sample_rate)


class Kept:
    """The embeddings that the cache holds, as outcomes of tasks.

    Args:
        cache: the cache.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._channels: dict[Recording, int] = {}
        self._ahead: dict[Task, _ReadAhead] = {}
        self._size = 0
        self._lock = threading.Lock()

    def read(self, task: Task, tell: Tell) -> Outcome | None:
        """What comes of a task of which the cache has all; None where something is to be computed."""
        there = replace(task, lacking=())
        kept = {model: self.of_model(there, model, tell) for model in task.models}
        entries = {model: entry for model, (entry, _) in kept.items()}
        found = {model: embeddings for model, (_, embeddings) in kept.items()}
        silence = None if None in found.values() else self._cache.silence_of(task.recording).read(tell)
        return None if silence is None else self.outcome(task, entries, found, silence, frozenset())

    def read_ahead(self, task: Task, size: int) -> None:
        """Read it before its turn, in any thread, unless too much waits for that already.

        Args:
            task: the cache has all of it.
            size: bytes of its files.

        Raises:
            StoreError: what keeps the cache does not answer.
        """
        with self._lock:
            if self._size + size > MOST_AHEAD:
                return
            self._size += size
        notes: list[Note] = []
        read = _ReadAhead(self.read(task, notes.append), notes, size)
        with self._lock:
            self._size -= self._ahead[task].size if task in self._ahead else 0
            self._ahead[task] = read

    def is_ahead(self, task: Task) -> bool:
        """Whether it was read before its turn, and all of it was there."""
        read = self._ahead.get(task) if self._ahead else None
        return read is not None and read.outcome is not None

    def taken(self, task: Task, tell: Tell) -> Outcome | None:
        """What was read ahead, once, with what is to be told of it; None where nothing was."""
        if not self._ahead:
            return None
        with self._lock:
            read = self._ahead.pop(task, None)
            self._size -= 0 if read is None else read.size
        if read is None:
            return None
        for note in read.notes:
            tell(note)
        return read.outcome

    def forget_ahead(self) -> None:
        """Nobody takes what was read ahead any more."""
        with self._lock:
            self._ahead.clear()
            self._size = 0

    def of_model(self, task: Task, model: Model, tell: Tell) -> tuple[Entry, Embeddings | None]:
        """What is asked of a model, where the cache holds it, and its place; where it has none, the place for it."""
        entry = task.entry(self._cache, model)
        if model in task.lacking:
            return entry, None
        found = self.at(entry, task, tell)
        if found is None and task.reading == Reading.STRETCHES:
            finer = task.kept(self._cache, model)
            found = self.at(finer[0], task, tell) if finer else None
            entry = finer[0] if finer and found else entry
        return entry, found

    def at(self, entry: Entry, task: Task, tell: Tell) -> Embeddings | None:
        """What a task asks for, of what is kept at a place; `None` where nothing is."""
        if task.reading != Reading.STRETCHES:
            return entry.read(tell)
        rate = task.checkpoint.sample_rate
        return entry.read(tell, partial(windows_of, windowing=task.windowing, sample_rate=rate))

    def outcome(
        self,
        task: Task,
        entries: Mapping[Model, Entry],
        found: Mapping[Model, Embeddings | None],
        silence: Spans,
        computed: frozenset[str],
    ) -> Outcome:
        """What came of a task, by the embeddings of its models, which were read or computed.

        Args:
            task: the task.
            entries: where they lie.
            found: the embeddings that are asked for.
            silence: (spans, 2) seconds.
            computed: names of the models whose embeddings were computed now.
        """
        names = {model: entries[model].name_of(each) for model, each in found.items() if each is not None}
        foreign = [model for model, name in names.items() if name == entries[model].eight_cut]
        return Outcome(
            task,
            None,
            {model.name: each for model, each in found.items() if each is not None},
            {model.name: self._cache.store.location(name) for model, name in names.items()},
            computed,
            silence,
            self._by_eight_cut(task.recording, foreign),
        )

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
