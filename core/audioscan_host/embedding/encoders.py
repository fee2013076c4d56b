"""A block of windows -> vectors, by all models of one checkpoint in one pass."""

import gc
import itertools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from audioscan_host.embedding.begun import MOST_BEGUN, Begun
from audioscan_host.embedding.copies import HostCopy
from audioscan_host.embedding.hidden_states import require_hidden_states, require_selected
from audioscan_host.embedding.pooling import WHOLE_WINDOWS, PoolBatch, begin_to_host
from audioscan_host.errors import PluginError, SettingError
from audioscan_host.models.checkpoints import obtain
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.plugins.failing_hooks import costing_the_recording
from audioscan_host.plugins.family import Family
from audioscan_host.plugins.hookspecs import Array, Encoder, Inputs
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Progress, Silent
from audioscan_host.windows import Block

logger = logging.getLogger(__name__)


@dataclass
class Loaded:
    """An encoder in memory; `batch_size` is found with the first block, and halved where memory is short."""

    family: Family
    encoder: Encoder
    batch_size: int | None


class Encoders:
    """Runs checkpoints; each is loaded when it is first needed and then held."""

    def __init__(self, registry: Registry, runtime: Runtime) -> None:
        self._registry = registry
        self._runtime = runtime
        self._obtained: set[Checkpoint] = set()
        self._loaded: dict[tuple[str, Checkpoint], Loaded] = {}
        self._loading: tuple[tuple[str, Checkpoint], Future[Encoder]] | None = None
        self._numbers = itertools.count()
        # The first copy of each block that nobody has taken, or dropped.
        self._begun: WeakSet[HostCopy] = WeakSet()

    @property
    def have_room(self) -> bool:
        """Whether another block may be begun before one is taken."""
        return len(self._begun) < MOST_BEGUN

    def obtain(self, checkpoint: Checkpoint, progress: Progress) -> None:
        """See that the weights are there, and fetch them where they are not.

        Raises:
            CheckpointError: they cannot be fetched, or are not the pinned ones.
        """
        if checkpoint not in self._obtained:
            obtain(checkpoint, progress)
            self._obtained.add(checkpoint)

    def embed_block(
        self,
        block: Block,
        models: Sequence[Model],
        on_windows: Callable[[int], None],
        pool_batch: PoolBatch = WHOLE_WINDOWS,
    ) -> list[npt.NDArray[np.float32]]:
        """Embed a block by models that share a checkpoint: `begin_block`, and take it at once."""
        return self.begin_block(block, models, on_windows, pool_batch).take()

    def begin_block(
        self,
        block: Block,
        models: Sequence[Model],
        on_windows: Callable[[int], None],
        pool_batch: PoolBatch = WHOLE_WINDOWS,
    ) -> Begun[list[npt.NDArray[np.float32]]]:
        """Begin to embed a block by models that share a checkpoint; where no device computes by itself it is computed now.

        Args:
            block: waveform and windows.
            models: one or more, all of one checkpoint.
            on_windows: called after each batch with the number of windows in it; the device may be computing it still.
            pool_batch: makes vectors of the time steps of a batch; a vector a window unless given.

        Returns:
            What gives (windows, dim) for each model; (vectors, dim) where `pool_batch` makes more of them than windows. What
            the device fails at, and what is wrong with the vectors, is raised as `EmbeddingError` when they are taken.

        Raises:
            CheckpointError: the weights are not there.
            SettingError: there is not enough memory for a single window.
            EmbeddingError: the plugin failed, or gave something else than it declared.
        """
        loaded = self.loaded(models[0])
        layers = frozenset(layer for model in models for layer in model.layers)
        plugin, names = self._registry.owner(models[0]), " and ".join(model.name for model in models)

        def watched(hook: str) -> AbstractContextManager[None]:
            return costing_the_recording(plugin.name, plugin.module, names, hook)

        with watched("preprocess"):
            inputs = loaded.family.preprocess(loaded.encoder, block.waveform, block.windows)
        if loaded.batch_size is None:
            with watched("batch_size"):
                loaded.batch_size = loaded.family.batch_size(loaded.encoder, inputs, layers)
        pooled: list[list[Array]] = []
        done = 0
        while done < len(inputs):
            size = min(loaded.batch_size, len(inputs) - done)
            with watched("embed"):
                batch = _embed_batch(
                    loaded, inputs, slice(done, done + size), models, layers=layers, pool_batch=pool_batch
                )
            if batch is None:
                # The hooks' caller and the error refer to each other, and so keep the batch's tensors.
                gc.collect()
                loaded.batch_size = self._halved(size, models[0], block)
                continue
            pooled.append(batch)
            done += size
            on_windows(size)
        with watched("embed"):
            copies = [begin_to_host(batches) for batches in zip(*pooled, strict=True)]
            self._begun.add(copies[0])

        def take() -> list[npt.NDArray[np.float32]]:
            self._begun.discard(copies[0])
            with watched("embed"):
                joined = [copy.vectors() for copy in copies]
                for model, vectors in zip(models, joined, strict=True):
                    # Only its complaint needs the waveform: to hold that for two blocks costs less than to measure each.
                    _check(loaded.family, model, vectors, block, pool_batch)
            return joined

        return Begun(next(self._numbers), copies, take)

    def begin_loading(self, model: Model) -> None:
        """Load the first encoder of a run in another thread, while the first recordings are decoded.

        Its library is imported there, which takes seconds. Only the first one: later ones would load beside an encoder at
        work, which needs the memory.
        """
        if self._loaded or self._loading is not None:
            return
        family = self._registry.family(model)
        # A program that ends meanwhile waits: a library's import must not be left half done.
        pool = ThreadPoolExecutor(1, thread_name_prefix="load-encoder")
        loading = pool.submit(family.load, model.checkpoint, self._runtime)
        pool.shutdown(wait=False)
        self._loading = (self._registry.owner(model).name, model.checkpoint), loading

    def loaded(self, model: Model) -> Loaded:
        """The encoder of a model's checkpoint, loaded now where it is not in memory."""
        checkpoint = model.checkpoint
        # Two plugins may declare one checkpoint; each encoder belongs to its own plugin's hooks.
        key = (self._registry.owner(model).name, checkpoint)
        if key not in self._loaded:
            self.obtain(checkpoint, Silent())
            family = self._registry.family(model)
            loading, self._loading = self._loading, None
            if loading is not None and loading[0] == key:
                encoder = loading[1].result()
            else:
                encoder = family.load(checkpoint, self._runtime)
            self._loaded[key] = Loaded(family, encoder, self._runtime.batch_size)
        return self._loaded[key]

    def _halved(self, size: int, model: Model, block: Block) -> int:
        if size == 1:
            seconds = block.windows.length / block.windows.sample_rate
            raise SettingError(
                f"{model.name}: not enough memory for one window of {seconds:g} s on device "
                f"{self._runtime.device!r}; take a shorter --window, another --device or --precision, "
                "or a smaller model"
            )
        logger.info(
            "%s: out of memory with %d windows at once; going on with %d", model.name, size, size // 2
        )
        return size // 2


def _embed_batch(
    loaded: Loaded,
    inputs: Inputs,
    part: slice,
    models: Sequence[Model],
    *,
    layers: frozenset[int],
    pool_batch: PoolBatch,
) -> list[Array] | None:
    """(batch, dim) on the device for each model; `None` where memory did not suffice."""
    family, windows = loaded.family, part.stop - part.start
    try:
        states = family.embed(loaded.encoder, inputs[part], layers)
        require_hidden_states(family.name, states, layers, windows)
        pooled = []
        for model in models:
            selected = family.select_layers(model, states)
            require_selected(family.name, model.name, selected, windows)
            pooled.append(pool_batch(selected, model, part))
    except Exception as error:
        if not _out_of_memory(error):
            raise
        return None
    return pooled


def _out_of_memory(error: BaseException) -> bool:
    """Memory ran out, on the host or on a device: torch and cupy both name their error so."""
    names = {each.__name__ for each in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"})


def _check(
    family: Family,
    model: Model,
    vectors: npt.NDArray[np.float32],
    block: Block,
    pool_batch: PoolBatch,
) -> None:
    where = f"plugin {family.name!r}: {model.name}"
    tells_more = f"`audioscan-host check {model.name}` tells more"
    windows = pool_batch.windows(len(block.windows))
    expected = (len(windows), model.dim)
    if vectors.shape != expected:
        raise PluginError(
            f"{where} gave embeddings of shape {vectors.shape}; by its declaration {expected}; {tells_more}"
        )
    (bad,) = np.nonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        window = windows[bad[0]]
        start = block.windows.starts[window]
        loudest = np.abs(block.waveform[start : start + block.windows.length]).max()
        raise PluginError(
            f"{where} gave embeddings that are not finite, first in the {pool_batch.unit} at {block.times[window]:g} s, "
            f"whose samples reach {loudest:.3g} (full scale is 1); {tells_more}"
        )
