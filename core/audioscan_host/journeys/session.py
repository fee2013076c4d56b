"""What a run has: models, cache, device, progress, who computes, and what users must know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict

from audioscan_host.cache import Cache
from audioscan_host.channels import MIX, channel_of
from audioscan_host.eight_cut_settings import EightCutCache, EightCutSettings
from audioscan_host.embedding.eight_cut_tally import EightCutTally
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import Executor, LocalExecutor
from audioscan_host.errors import SettingError
from audioscan_host.journeys.reading_choice import reading_of
from audioscan_host.models.model import Model, Runtime
from audioscan_host.notes import Notes
from audioscan_host.plugins.executor_kind import LOCAL, Resources
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress, Silent
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing

if TYPE_CHECKING:
    from audioscan_host.annotations.reading import LabelReader


class SessionOptions(TypedDict, total=False):
    """The keywords that `embed`, `train`, `evaluate`, `scan`, `suggest` and `search` have in common; all may be left out.

    Attributes:
        cache_dir: the cache folder, or the URL of one; see `audioscan_host.cache.default_folder`.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown, and from where a run can be cancelled.
        eight_cut_cache: `read` (the default) takes embeddings that 8-cut left in the cache folder, `ignore` computes all anew.
        channel: of each recording: `mix`, the mean of all of them, `loudest`, or a number from 1; unless given, that of
            the detector where there is one, else `mix`. `embed` and `scan` also take `each`: every channel by itself.
        reading: `windows`, `stretches`, or `auto` (the default); see `Reading`. A detector reads as it was trained.
        on: who computes: `local` (the default), this process, or an address that a plugin understands, such as `ray`.
        workers: processes that compute there; unless given, as many as there is room for.
        gpus_per_worker: GPUs of each of them, or a share of one; unless given, one where there are GPUs.
    """

    cache_dir: Path | str | None
    runtime: Runtime | None
    registry: Registry | None
    progress: Progress | None
    eight_cut_cache: str
    channel: str | int | None
    reading: str
    on: str
    workers: int | None
    gpus_per_worker: float | None


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
        reading: that was asked for.
    """

    registry: Registry
    cache: Cache
    runtime: Runtime
    progress: Progress
    executor: Executor
    notes: Notes
    channel: str | None = None
    reading: Reading = Reading.AUTO

    @classmethod
    def of(
        cls,
        *,
        cache_dir: Path | str | None = None,
        runtime: Runtime | None = None,
        registry: Registry | None = None,
        progress: Progress | None = None,
        eight_cut_cache: str = EightCutCache.READ,
        channel: str | int | None = None,
        reading: str = Reading.AUTO,
        on: str = LOCAL,
        workers: int | None = None,
        gpus_per_worker: float | None = None,
        each_channel: bool = False,
    ) -> "Session":
        """The session of a run, from the keywords that `SessionOptions` explains; `each_channel`: whether it may read each.

        Raises:
            CacheError: the cache folder cannot be used.
            SettingError: `eight_cut_cache` is neither of its words.
            SettingError: the channel is none, or there is no such reading.
            SettingError: nobody computes at that address, or not with these resources.
        """
        registry = registry or load_registry()
        return cls(
            registry,
            Cache(cache_dir, eight_cut_files=eight_cut_cache),
            runtime or Runtime(),
            progress or Silent(),
            _executor(registry, on, Resources(workers, gpus_per_worker)),
            Notes(),
            None if channel is None else channel_of(channel, each=each_channel),
            Reading.of(reading, "reading"),
        )

    def label_reader(
        self, labels_as: str = "auto", eight_cut: EightCutSettings | None = None
    ) -> "LabelReader":
        """Reads label files, those of plugins' formats among them.

        Args:
            labels_as: what the second number of a row without a header is; a word of `LabelsAs`.
            eight_cut: how a database of 8-cut is read.

        Raises:
            SettingError: there is no such word.
        """
        # A scan reads no label files, and starts without their readers.
        from audioscan_host.annotations.reading import LabelReader

        return LabelReader(self.registry.label_formats(self.notes), labels_as, eight_cut)

    @property
    def learned_channel(self) -> str:
        """The channel that is learned from."""
        return self.channel or MIX

    @property
    def cache_of_mix(self) -> Cache | None:
        """The cache, where it may hold what 8-cut embedded, which is the mix of all channels."""
        return self.cache if self.learned_channel == MIX else None

    def readings(
        self, models: Sequence[Model], windowing: Windowing, paths: Sequence[Path]
    ) -> Mapping[Model, Reading]:
        """How each of the models reads recordings.

        Raises:
            SettingError: stretches were asked for, and a model cannot read them.
        """
        return {
            model: reading_of(
                self.reading,
                model,
                windowing,
                paths,
                cache=self.cache_of_mix,
                wrappers=self.registry.wrappers,
                tell=self.notes,
            )
            for model in models
        }

    def embedder(
        self,
        models: Sequence[Model],
        windowing: Windowing,
        channel: str | None = None,
        training: Mapping[str, Any] | None = None,
        readings: Mapping[Model, Reading] = MappingProxyType({}),
    ) -> Embedder:
        """Embeds recordings by these models.

        Args:
            models: the models.
            windowing: window and hop.
            channel: of the recordings; that which was asked for, unless given.
            training: how the detector that they are for was trained.
            readings: of the models that read something else than windows.

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
            tally=EightCutTally(training),
            channel=channel or self.learned_channel,
            readings=readings,
        )


def _executor(registry: Registry, address: str, resources: Resources) -> Executor:
    if address != LOCAL:
        executor: Executor = registry.executor_kinds().at(address).connect(address, resources)
        return executor
    if resources != Resources():
        raise SettingError(
            "workers and their GPUs are of those that compute elsewhere: name where, such as --on ray"
        )
    return LocalExecutor()
