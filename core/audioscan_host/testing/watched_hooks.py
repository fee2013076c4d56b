"""The hooks of a model's plugin, called as the host calls them: what one prints is noted, what it raises is a finding."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from audioscan_host.embedding.hidden_states import require_hidden_states, require_selected
from audioscan_host.embedding.pooling import pool, to_host
from audioscan_host.errors import AudioscanError, CheckpointError
from audioscan_host.models.checkpoints import obtain
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.models.weights import missing
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.failing_hooks import raised
from audioscan_host.plugins.hookspecs import Encoder, Inputs
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Silent
from audioscan_host.testing.finding import ConformanceError, NotCheckedError
from audioscan_host.testing.forward_pass import ForwardPass, fetched, to_numpy
from audioscan_host.testing.standard_output import diverted_stdout
from audioscan_host.windows import Block


class WatchedHooks:
    """The hooks for one model on one device; its encoder is loaded at first need.

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
        read, kept = {}, {}
        for model in models:
            with self._watched("select_layers"):
                selected = self._family.select_layers(model, states)
            require_selected(self._family.name, model.name, selected, windows)
            read[model.name] = pool(selected, model.pooling)
            kept[model.name] = [to_numpy(each) for each in selected]
        pooled = {name: to_host([vectors]) for name, vectors in read.items()}
        return ForwardPass(numbers, pooled, kept, on_cpu)

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
