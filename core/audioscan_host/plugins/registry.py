"""Name -> model, and the family that owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audioscan_host.errors import UnknownModelError
from audioscan_host.models.checkpoints import LocalCheckpoint, localised, named_by_user, refuse_needless
from audioscan_host.notes import Tell, log
from audioscan_host.plugins.defaults import HostDefaults
from audioscan_host.plugins.discovery import Discovery, Failure, Plugin, discover
from audioscan_host.plugins.family import Family

if TYPE_CHECKING:
    import click

    from audioscan_host.annotations.label_format import LabelFormat
    from audioscan_host.models.model import Checkpoint, Model
    from audioscan_host.plugins.executor_kinds import ExecutorKinds


def load_registry(
    extra: Mapping[str, Any] | None = None, checkpoints: Mapping[str, str] | None = None
) -> Registry:
    """Discover the installed plugins.

    Args:
        extra: plugins that are not installed, name -> module or object with hooks.
        checkpoints: checkpoint name -> file or folder in place of the download, optionally with
            `#sha256=HEX` after it; before what `AUDIOSCAN_<CHECKPOINT>` names.

    Raises:
        SettingError: there is no checkpoint of such a name, or it has no weights.
    """
    return Registry(discover(extra), checkpoints)


class Registry:
    """The models of all plugins that work, and the reasons of those that do not.

    Attributes:
        plugins: the plugins that work, in the order of their models.
        failures: the plugins that were set aside.
        left_out: names of the installed plugins that `AUDIOSCAN_PLUGINS` leaves out.
        models: name -> model, as its plugin declares it.
        wrappers: what plugins without models do to the embeddings of all models, in a few words
            for each plugin; part of every cache key.
    """

    def __init__(self, discovery: Discovery, checkpoints: Mapping[str, str] | None = None) -> None:
        self.plugins: tuple[Plugin, ...] = discovery.plugins
        self.failures: tuple[Failure, ...] = discovery.failures
        self.left_out: tuple[str, ...] = discovery.left_out
        self.models: Mapping[str, Model] = {m.name: m for plugin in self.plugins for m in plugin.models}
        self.wrappers: tuple[str, ...] = tuple(plugin.mark for plugin in self.plugins if plugin.mark)
        self._hooks = discovery.hooks
        self._hooks.register(HostDefaults())
        self._owners = {model.name: plugin for plugin in self.plugins for model in plugin.models}
        self._local = named_by_user(checkpoints or {}, (model.checkpoint for model in self.models.values()))
        self._localised: dict[Checkpoint, Checkpoint] = {}

    def model(self, name: str) -> Model:
        """The model of that name, with the weights that the user named where there are such.

        Raises:
            UnknownModelError: there is none; the message names near ones and failed plugins.
            CheckpointError: the user's file or folder is not what the model reads.
        """
        if name in self.models:
            return self._with_users_weights(self.models[name])
        from difflib import get_close_matches

        folded = {known.casefold(): known for known in self.models}
        near = get_close_matches(name.casefold(), folded, n=1)
        parts = [f"unknown model {name!r}"]
        parts.append(
            f"did you mean {folded[near[0]]}?" if near else f"installed: {', '.join(self.models) or 'none'}"
        )
        if self.failures:
            failed = "; ".join(f"{failure.name} ({failure.reason})" for failure in self.failures)
            parts.append(f"plugins set aside: {failed}")
        raise UnknownModelError("; ".join(parts))

    def _with_users_weights(self, model: Model) -> Model:
        name = model.checkpoint.name
        if name not in self._local:
            refuse_needless(model.checkpoint)
            return model
        if model.checkpoint not in self._localised:  # hashes the file
            self._localised[model.checkpoint] = localised(model.checkpoint, self._local[name])
        return replace(model, checkpoint=self._localised[model.checkpoint])

    def local_checkpoint(self, model: Model) -> LocalCheckpoint | None:
        """What the user named in place of the model's download."""
        return self._local.get(model.checkpoint.name)

    @property
    def named_checkpoints(self) -> Mapping[str, str]:
        """Checkpoint name -> what the user named in its place, as `load_registry` takes it; by an absolute path."""
        return {name: str(replace(local, path=local.path.absolute())) for name, local in self._local.items()}

    def owner(self, model: Model) -> Plugin:
        """The plugin that registered the model."""
        return self._owners[model.name]

    def family(self, model: Model) -> Family:
        """The hooks of the plugin that registered the model."""
        owner = self.owner(model)
        others = [plugin.module for plugin in self.plugins if plugin.models and plugin is not owner]
        return Family(owner.name, self._hooks, others)

    def label_formats(self, tell: Tell = log) -> tuple[LabelFormat, ...]:
        """The formats of label files that plugins read, in the order of the plugins.

        Args:
            tell: is told of a plugin that fails here; its formats are left out.
        """
        from audioscan_host.plugins.label_formats import label_formats

        return label_formats(self._hooks, self.plugins, tell)

    def executor_kinds(self) -> ExecutorKinds:
        """Where plugins can have tasks computed."""
        from audioscan_host.plugins.executor_kinds import executor_kinds

        return executor_kinds(self._hooks, self.plugins)

    def register_commands(self, plugin: Plugin, cli: click.Group) -> None:
        """Let one plugin add its commands to `cli`."""
        others = [other.module for other in self.plugins if other is not plugin]
        self._hooks.subset_hook_caller("register_commands", others)(cli=cli)
