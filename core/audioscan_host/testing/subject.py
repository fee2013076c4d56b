"""A model under examination: its hooks, called as the host calls them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from audioscan_host.embedding.hidden_states import require_hidden_states, require_selected
from audioscan_host.embedding.pooling import pool, to_host
from audioscan_host.errors import AudioscanError, CheckpointError, PluginError
from audioscan_host.models.checkpoints import obtain
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.models.weights import missing
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.failing_hooks import raised
from audioscan_host.plugins.hookspecs import Encoder, Inputs
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Silent
from audioscan_host.testing import lengths, sounds
from audioscan_host.testing.finding import ConformanceError, NotCheckedError
from audioscan_host.testing.forward_pass import ForwardPass, fetched
from audioscan_host.testing.fresh_process import Import, imported_afresh
from audioscan_host.testing.sounds import Waveform
from audioscan_host.testing.standard_output import diverted_stdout
from audioscan_host.windows import GRID, Block, Windowing, Windows, cut_blocks


class Subject:
    """A model, and the device that it runs on; its encoder is loaded at first need.

    Attributes:
        model: with the weights that the user named where there are such.
        declared: as its plugin declares it.
        runtime: device and precision.
        printed: hook -> what its calls wrote to stdout.
    """

    def __init__(self, registry: Registry, name: str, runtime: Runtime | None = None) -> None:
        """Find the model.

        Args:
            registry: that has it.
            name: of the model.
            runtime: unless given, fp32 on the device that the plugin chooses.

        Raises:
            UnknownModelError: there is none of this name.
            CheckpointError: the user's file or folder is not what the model reads.
        """
        self.model: Model = registry.model(name)
        self.declared: Model = registry.models[name]
        self.runtime = runtime or Runtime(precision="fp32")
        self.printed: dict[str, str] = {}
        self._registry = registry
        self._family = registry.family(self.model)

    @property
    def checkpoint(self) -> Checkpoint:
        return self.model.checkpoint

    @property
    def plugin(self) -> Plugin:
        return self._registry.owner(self.model)

    @cached_property
    def imported(self) -> Import:
        """What importing the plugin in a fresh process took."""
        return imported_afresh(self.plugin)

    @property
    def window(self) -> float:
        """Seconds of a window in most trials."""
        return lengths.usual(self.checkpoint)

    @cached_property
    def of_one_checkpoint(self) -> Sequence[Model]:
        """The models that are read in one pass, this one among them."""
        alike = [other for other in self.plugin.models if other.checkpoint == self.declared.checkpoint]
        return [self._registry.model(other.name) for other in alike]

    def samples(self, seconds: float | None = None) -> int:
        """In a stretch of so many seconds; in a window unless given."""
        return round((self.window if seconds is None else seconds) * self.checkpoint.sample_rate)

    # The hooks

    def precision(self, runtime: Runtime) -> str:
        """`fp32`, `bf16` or `fp16`: what the encoder would compute in.

        Raises:
            SettingError: the plugin refuses the runtime.
            ConformanceError: it fails, or says something else.
        """
        with self._watched("precision"):
            return self._family.precision(self.checkpoint, runtime)

    def load(self, runtime: Runtime | None = None) -> Encoder:
        """Another encoder.

        Raises:
            NotCheckedError: the weights are not on this machine; nothing is fetched.
            ConformanceError: `load` fails.
        """
        self._require_weights()
        with self._watched("load"):
            return self._family.load(self.checkpoint, runtime or self.runtime)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder of most trials."""
        return self.load()

    def preprocess(self, block: Block, encoder: Encoder | None = None) -> Inputs:
        """Inputs of the windows of a block, by `encoder` unless another one is given."""
        encoder = self.encoder if encoder is None else encoder
        with self._watched("preprocess"):
            return self._family.preprocess(encoder, block.waveform, block.windows)

    def batch_size(self, inputs: Inputs) -> int:
        """How many of them the plugin would put through at once."""
        encoder = self.encoder
        with self._watched("batch_size"):
            return self._family.batch_size(encoder, inputs, frozenset(self.model.layers))

    def embed(
        self,
        inputs: Inputs,
        part: slice,
        models: Sequence[Model] | None = None,
        encoder: Encoder | None = None,
    ) -> ForwardPass:
        """One pass.

        Args:
            inputs: of a block.
            part: the batch among them.
            models: to be read, all of the checkpoint; this one alone unless given.
            encoder: `encoder` unless given.

        Raises:
            ConformanceError: a hook fails.
            PluginError: it returns something else than it should.
        """
        models = [self.model] if models is None else models
        layers = frozenset(layer for model in models for layer in model.layers)
        encoder = self.encoder if encoder is None else encoder
        with self._watched("embed"):
            states = self._family.embed(encoder, inputs[part], layers)
        windows = len(range(*part.indices(len(inputs))))
        require_hidden_states(self._family.name, states, layers, windows)
        numbers, on_cpu = fetched(states, layers)
        read = {}
        for model in models:
            with self._watched("select_layers"):
                selected = self._family.select_layers(model, states)
            require_selected(self._family.name, model.name, selected, windows)
            read[model.name] = pool(selected, model.pooling)
        return ForwardPass(numbers, {name: to_host([vectors]) for name, vectors in read.items()}, on_cpu)

    # Trials

    def block(self, waveform: Waveform, window: float | None = None, hop: float | None = None) -> Block:
        """A waveform as the host cuts it.

        Args:
            waveform: which is copied.
            window: seconds; `window` unless given.
            hop: seconds; side by side unless given.
        """
        window = window or self.window
        rate = self.checkpoint.sample_rate
        whole = len(waveform) / rate + window
        (block,) = cut_blocks(
            [waveform], rate, Windowing(window, hop or window), self.checkpoint.shortest_window, whole
        )
        return block

    def row(self, waveforms: Sequence[Waveform]) -> Block:
        """Windows of given sounds, each as long as `window`, one after the other."""
        rate, length = self.checkpoint.sample_rate, self.samples()
        steps = [-(-GRID * length * place // rate) for place in range(len(waveforms))]
        starts = np.array([step * rate // GRID for step in steps], np.int64)
        waveform = np.zeros(starts[-1] + length, np.float32)
        for start, sound in zip(starts, waveforms, strict=True):
            waveform[start : start + length] = sound
        return Block(waveform, Windows(starts, length, rate), np.array(steps) / GRID)

    def embed_alone(
        self,
        waveform: Waveform,
        window: float | None = None,
        encoder: Encoder | None = None,
        models: Sequence[Model] | None = None,
    ) -> ForwardPass:
        """A waveform of one window, in a block and a batch of its own; `models` and `encoder` as of `embed`."""
        inputs = self.preprocess(self.block(waveform, window), encoder)
        return self.embed(inputs, slice(0, 1), models, encoder)

    @cached_property
    def reference(self) -> ForwardPass:
        """A window of noise, embedded alone."""
        return self.embed_alone(sounds.noise(self.samples()))

    @cached_property
    def shapes(self) -> Mapping[float, tuple[int, int]]:
        """Length of a window in seconds -> its time steps and their width, of some lengths in rising order.

        Of the layer with the most time steps that any model of the checkpoint reads: `step` is one number for all.
        """
        found = {}
        for seconds in sorted({self.window, *lengths.tried(self.checkpoint)}):
            noise = sounds.noise(self.samples(seconds))
            try:
                found[seconds] = self.embed_alone(noise, seconds, models=self.of_one_checkpoint).shape
            except (ConformanceError, PluginError) as error:
                raise ConformanceError(f"a window of {seconds:g} s: {error}") from error
        return found

    @property
    def steps(self) -> Mapping[float, int]:
        """Length of a window in seconds -> its time steps, of some lengths in rising order."""
        return {seconds: steps for seconds, (steps, _) in self.shapes.items()}

    @cached_property
    def repeated(self) -> Inputs:
        """Inputs of one window twice, of a loud one, and of the first again, in one block."""
        window = sounds.noise(self.samples())
        return self.preprocess(self.row([window, window, sounds.loud_noise(len(window)), window]))

    @contextmanager
    def _watched(self, hook: str) -> Iterator[None]:
        """Note what a hook prints; what it raises is a finding."""
        written: list[str] = []
        try:
            with diverted_stdout() as written:
                yield
        except AudioscanError:
            raise  # it says what is wrong by itself
        except (Exception, SystemExit) as error:
            raise ConformanceError(f"{hook} {raised(error, self.plugin.module)}") from error
        finally:
            self.printed[hook] = self.printed.get(hook, "") + "".join(written)

    def _require_weights(self) -> None:
        weights, name = self.checkpoint.weights, self.checkpoint.name
        if weights is None:
            return
        if missing(weights):
            raise NotCheckedError(
                f"the weights are not on this machine: run `audioscan-host pull {name}`, "
                f"or name a copy: --checkpoint {name}=PATH"
            )
        try:
            obtain(self.checkpoint, Silent())
        except CheckpointError as error:  # they are there, and are others than those that are pinned
            raise ConformanceError(str(error)) from error
