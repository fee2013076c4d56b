"""Looks recordings up: what tells each from others, and what the cache lacks of what is asked of it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

from audioscan_host.audio import probe
from audioscan_host.cache import Cache
from audioscan_host.channels import EACH, MIX
from audioscan_host.embedding.tasks import Done, RecordingFailure, Task
from audioscan_host.errors import RecordingError
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.plugins.registry import Registry
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.remote.servers import Servers
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class Seen:
    """A recording that was looked up.

    Attributes:
        path: the recording.
        tasks: what is asked of it.
        sizes: of each task, bytes of its files that the cache has.
        passes: how often it has to be decoded: for each checkpoint and channel, or for its silence alone.
        failure: why it cannot be read; then there are no tasks.
    """

    path: Path
    tasks: tuple[Task, ...]
    sizes: tuple[int, ...]
    passes: int
    failure: RecordingFailure | None = None


class LookUp:
    """Makes the tasks of recordings; several threads may ask at once.

    Args:
        registry: the models.
        models: that are asked for, each once.
        windowing: window and hop.
        cache: what it holds is not lacking.
        runtime: of which each model's precision follows.
        channel: of each recording.
        readings: of the models that read something else than windows.
        block_seconds: of window starts that are embedded at one go.
    """

    def __init__(
        self,
        registry: Registry,
        models: Sequence[Model],
        windowing: Windowing,
        cache: Cache,
        *,
        runtime: Runtime,
        channel: str,
        readings: Mapping[Model, Reading],
        block_seconds: float,
    ) -> None:
        self._registry = registry
        self._models = models
        self._windowing = windowing
        self._cache = cache
        self._precisions = {m: registry.family(m).precision(m.checkpoint, runtime) for m in models}
        self._channel = channel
        self._readings = readings
        self._block_seconds = block_seconds
        self._known: dict[Path, Recording] = {}
        self._servers = Servers()

    def at(self, path: Path, done: Done | None = None) -> Seen:
        """Look a recording up; one that cannot be read is a failure."""
        try:
            asked = self.asked(path, done)
        except RecordingError as error:
            return Seen(path, (), (), 0, RecordingFailure(path, str(error)))
        tasks = tuple(task for task, _ in asked)
        return Seen(path, tasks, tuple(size for _, size in asked), self._passes(tasks))

    def asked(self, path: Path, done: Done | None = None) -> list[tuple[Task, int]]:
        """What is asked of a recording but where it is done, a task for each checkpoint, which plugins may share, and channel.

        Returns:
            The tasks, each with the bytes of its files that the cache has.

        Raises:
            RecordingError: it is not there, or cannot be read.
        """
        recordings = self._channels(self._recording(path))
        if done is not None:
            recordings = [each for each in recordings if not done(path, each.digest, self.number(each))]
        asked = product(recordings, self.checkpoints.items())
        found = []
        for recording, ((plugin, _), models) in asked:
            task = Task(
                recording,
                plugin,
                models,
                (),
                self._precisions[models[0]],
                self._registry.wrappers,
                self._windowing,
                self._block_seconds,
                self._readings.get(models[0], Reading.WINDOWS),
            )
            kept = {model: task.kept(self._cache, model) for model in models}
            lacking = tuple(model for model, there in kept.items() if there is None)
            size = sum(there[1].size for there in kept.values() if there is not None)
            found.append((replace(task, lacking=lacking), size))
        return found

    @cached_property
    def checkpoints(self) -> dict[tuple[str, Checkpoint], tuple[Model, ...]]:
        """The models of each checkpoint, and of each plugin that declares it."""
        groups: dict[tuple[str, Checkpoint], tuple[Model, ...]] = {}
        for model in self._models:
            key = (self._registry.owner(model).name, model.checkpoint)
            groups[key] = (*groups.get(key, ()), model)
        return groups

    def number(self, recording: Recording) -> int | None:
        """Of its channel, where each is embedded by itself."""
        return None if self._channel != EACH else 1 if recording.channel == MIX else int(recording.channel)

    def _recording(self, path: Path) -> Recording:
        """Its content is read once, however often a journey comes back to it, unless it changes."""
        known = self._known.get(path)
        with self._servers.asked(path):
            if known is not None:
                with suppress(RecordingError):
                    known.require_unchanged()
                    return known
            found = self._known[path] = replace(Recording.at(path), channel=self._channel)
        return found

    def _channels(self, recording: Recording) -> list[Recording]:
        """The recording as it is read: once, or once for each of its channels. That of a single one is its mix."""
        if self._channel != EACH:
            return [recording]
        count = probe(recording.path).channels
        words = [MIX] if count == 1 else map(str, range(1, count + 1))
        return [replace(recording, channel=word) for word in words]

    def _passes(self, tasks: Sequence[Task]) -> int:
        lacking = sum(bool(task.lacking) for task in tasks)
        return lacking or sum(
            not self._cache.silence_of(each).exists for each in {task.recording for task in tasks}
        )
