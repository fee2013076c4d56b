"""What a run has: models, cache, device, progress, who computes, and what users must know."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from audioscan_host.cache import Cache
from audioscan_host.channels import MIX, channel_of
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import Executor, LocalExecutor
from audioscan_host.models.model import Model, Runtime
from audioscan_host.notes import Notes
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress, Silent
from audioscan_host.windows import Windowing


class SessionOptions(TypedDict, total=False):
    """The keywords that `embed`, `train`, `evaluate`, `scan`, `suggest` and `search` have in common; all may be left out.

    Attributes:
        cache_dir: the cache folder; see `audioscan_host.cache.default_folder`.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown, and from where a run can be cancelled.
        channel: of each recording: `mix`, the mean of all of them, `loudest`, or a number from 1; unless given, that of
            the detector where there is one, else `mix`.
    """

    cache_dir: Path | str | None
    runtime: Runtime | None
    registry: Registry | None
    progress: Progress | None
    channel: str | int | None


@dataclass(frozen=True)
class Session:
    """What a run has.

    Attributes:
        registry: the models.
        cache: holds what was computed before, and takes what is computed now.
        runtime: device, precision and batch size.
        progress: where progress is shown.
        executor: who computes.
        notes: what users must know, as it turns up.
        channel: that was asked for; None where none was.
    """

    registry: Registry
    cache: Cache
    runtime: Runtime
    progress: Progress
    executor: Executor
    notes: Notes
    channel: str | None = None

    @classmethod
    def of(
        cls,
        *,
        cache_dir: Path | str | None = None,
        runtime: Runtime | None = None,
        registry: Registry | None = None,
        progress: Progress | None = None,
        channel: str | int | None = None,
    ) -> "Session":
        """The session of a run, from the keywords that `SessionOptions` explains.

        Raises:
            CacheError: the cache folder cannot be used.
            SettingError: the channel is none.
        """
        return cls(
            registry or load_registry(),
            Cache(cache_dir),
            runtime or Runtime(),
            progress or Silent(),
            LocalExecutor(),
            Notes(),
            None if channel is None else channel_of(channel),
        )

    @property
    def learned_channel(self) -> str:
        """The channel that is learned from."""
        return self.channel or MIX

    @property
    def cache_of_mix(self) -> Cache | None:
        """The cache, where it may hold what 8-cut embedded, which is the mix of all channels."""
        return self.cache if self.learned_channel == MIX else None

    def embedder(self, models: Sequence[Model], windowing: Windowing, channel: str | None = None) -> Embedder:
        """Embeds recordings by these models, a channel of them: that which was asked for, unless given.

        Raises:
            SettingError: the window is shorter or longer than a checkpoint takes.
        """
        return Embedder(
            self.registry,
            models,
            windowing,
            self.cache,
            runtime=self.runtime,
            progress=self.progress,
            executor=self.executor,
            tell=self.notes,
            channel=channel or self.learned_channel,
        )
