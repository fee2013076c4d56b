"""The unit of work: one recording, and the models of one checkpoint that are asked of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioscan_host.cache import Cache, Embeddings, Entry, Provenance, Stored
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.silence import Spans
from audioscan_host.windows import Windowing

Done = Callable[[Path, str, int | None], bool]
"""Whether nothing is asked of a recording any more, by its path, the digest of its content, and the number of its channel where
each is embedded by itself."""


@dataclass(frozen=True)
class Task:
    """What is claimed, computed, killed, resumed, or sent elsewhere: it can be pickled.

    Attributes:
        recording: the media file, as it was when it was looked at.
        plugin: name of the plugin that owns the models.
        models: those that are asked for; all of one checkpoint.
        lacking: those of them whose embeddings were not in the cache then.
        precision: what the checkpoint computes in.
        wrappers: what other plugins do to the numbers, as `Registry.wrappers`.
        windowing: window and hop.
        reading: windows, or stretches.
        block_seconds: of window starts that are embedded at one go.
    """

    recording: Recording
    plugin: str
    models: tuple[Model, ...]
    lacking: tuple[Model, ...]
    precision: str
    wrappers: tuple[str, ...]
    windowing: Windowing
    block_seconds: float
    reading: Reading = Reading.WINDOWS

    @property
    def checkpoint(self) -> Checkpoint:
        """That all of the models read."""
        return self.models[0].checkpoint

    def entry(self, cache: Cache, model: Model) -> Entry:
        """Where the embeddings by one of the models are put: its windows, or the grains a hop long that they are made of."""
        if self.reading == Reading.STRETCHES:
            return cache.grains(self._provenance(model), self.windowing.hop)
        return cache.entry(self._provenance(model), self.windowing)

    def kept(self, cache: Cache, model: Model) -> tuple[Entry, Stored] | None:
        """Where embeddings lie that give the windows, finer grains among them, and their file; None where there are none."""
        if self.reading == Reading.STRETCHES:
            return cache.kept_grains(self._provenance(model), self.windowing.hop)
        entry = self.entry(cache, model)
        found = entry.found
        return None if found is None else (entry, found)

    def _provenance(self, model: Model) -> Provenance:
        return Provenance(self.recording, model, self.precision, self.wrappers)

    def claim(self, cache: Cache, *, wait: bool) -> AbstractContextManager[None]:
        """Be the only process that runs the checkpoint over the recording.

        Raises:
            BusyError: another process does, and `wait` is off.
        """
        pass_over = self.recording, self.checkpoint, self.encoded, self.precision, self.reading
        return cache.claim(*pass_over, wait=wait)

    def claims_the_same(self, other: "Task") -> bool:
        """Whether both have one claim: of the same recording, or of a copy of it, whose embeddings are the same."""
        return self._claimed == other._claimed

    @property
    def _claimed(self) -> tuple[object, ...]:
        of, checkpoint = self.recording, self.checkpoint
        content = of.size, of.mtime_ns, of.digest, of.version, of.channel
        return (*content, checkpoint, self.encoded, self.precision, self.reading)

    @property
    def encoded(self) -> Windowing:
        """What is computed and kept: the windows, or grains a hop long."""
        grain = Windowing(self.windowing.hop, self.windowing.hop)
        return grain if self.reading == Reading.STRETCHES else self.windowing

    def meta(self, model: Model, duration: float) -> Mapping[str, Any]:
        """What the cache's file says the embeddings by one of the models are of; `duration` of the recording, in seconds."""
        return {
            "recording": str(self.recording.path.resolve()),
            "duration": duration,
            "window": self.encoded.window,
            "hop": self.encoded.hop,
            "channel": self.recording.channel,
            "model": model.name,
            "model_revision": model.revision,
            "checkpoint": self.checkpoint.name,
            "checkpoint_revision": self.checkpoint.revision,
            "precision": self.precision,
        }


@dataclass(frozen=True)
class RecordingFailure:
    """A recording that gave no embeddings.

    Attributes:
        path: the recording.
        reason: in one line.
        by_plugin: a plugin failed on it, or what it gave could not be kept; otherwise it could not be read.
    """

    path: Path
    reason: str
    by_plugin: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        task: the task.
        failure: why there is nothing; then the rest is empty.
        embeddings: model name -> its embeddings.
        files: model name -> where the file that holds them lies.
        computed: names of the models whose embeddings were computed now.
        silence: (spans, 2) seconds of digital silence, ascending; None where the task failed.
        by_eight_cut: names of the models whose embeddings are of files of 8-cut, and not those that are computed here.
    """

    task: Task
    failure: RecordingFailure | None
    embeddings: Mapping[str, Embeddings]
    files: Mapping[str, str]
    computed: frozenset[str]
    silence: Spans | None
    by_eight_cut: frozenset[str] = frozenset()
