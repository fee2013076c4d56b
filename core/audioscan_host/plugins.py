"""Entry points -> plugins, and the plugins that failed, each with its reason.

A plugin is tried in a plugin manager of its own first: whatever is wrong with it is found
there, and the others never see it.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import importlib_metadata
import pluggy

from audioscan_host import hookspecs
from audioscan_host.errors import PluginError
from audioscan_host.model import Model

GROUP = "audioscan_host"
ENVIRONMENT = "AUDIOSCAN_PLUGINS"
FAMILY_HOOKS = ("load", "preprocess", "embed")
"""The hooks that a plugin which registers models must have."""
OPTIONAL_FAMILY_HOOKS = ("precision", "batch_size", "select_layers")
"""Those that it may have, and only it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from; looked up when asked for, since it means reading metadata."""

    installed: Any = None  # importlib_metadata's Distribution

    @property
    def distribution(self) -> str:
        """Name of the distribution; empty for a plugin that is not installed."""
        return self._fact("Name")

    @property
    def version(self) -> str:
        """Version of the distribution; empty for a plugin that is not installed."""
        return self._fact("Version")

    def _fact(self, key: str) -> str:
        if self.installed is None:
            return ""
        # An interrupted uninstallation leaves a distribution without metadata.
        with suppress(KeyError, FileNotFoundError):
            return str(self.installed.metadata[key])
        return "unknown"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}" if self.installed is not None else "not installed"


@dataclass(frozen=True)
class Plugin:
    """A plugin that works; `module` is the module or object that holds its hooks."""

    name: str
    module: Any
    origin: Origin
    models: tuple[Model, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A plugin that was set aside, with the reason in one line."""

    name: str
    reason: str
    origin: Origin = Origin()
    traceback: str = field(default="", repr=False)


@dataclass(frozen=True)
class Discovery:
    """What was found: the manager holds the hooks of `plugins` and of nothing else."""

    hooks: pluggy.PluginManager
    plugins: tuple[Plugin, ...]
    failures: tuple[Failure, ...]


def discover(extra: Mapping[str, Any] | None = None) -> Discovery:
    """Load the installed plugins that `AUDIOSCAN_PLUGINS` allows, then those in `extra`.

    Args:
        extra: plugins that are not installed, name -> module or object; always loaded.
    """
    wanted = _wanted()
    points = [point for point in _entry_points() if wanted is None or point.name in wanted]
    absent = sorted((wanted or set()) - {point.name for point in points})
    plugins: list[Plugin] = []
    failures = [Failure(name, f"{ENVIRONMENT} names it, but no such plugin is installed") for name in absent]
    hooks = _new_manager()
    installed = [_Candidate(point.name, point.load, Origin(point.dist)) for point in points]
    given = [_Candidate(name, partial(_itself, module), Origin()) for name, module in (extra or {}).items()]
    for candidate in [*installed, *given]:
        try:
            plugins.append(candidate.admitted(hooks, plugins))
        # A plugin is somebody else's code: whatever it raises, exit included, is its own failure.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            failures.append(candidate.failed(error))
    return Discovery(hooks, tuple(plugins), tuple(failures))


@dataclass(frozen=True)
class _Candidate:
    name: str
    load: Callable[[], Any]
    origin: Origin

    def admitted(self, hooks: pluggy.PluginManager, plugins: Sequence[Plugin]) -> Plugin:
        """The plugin, its hooks registered; raises whatever is wrong with it."""
        for other in plugins:
            if other.name == self.name:
                raise PluginError(f"another plugin has this name: {other.origin}")
        module = self.load()
        models = _tried_alone(self.name, module)
        _check_duplicates(models, plugins)
        hooks.register(module, self.name)
        return Plugin(self.name, module, self.origin, models)

    def failed(self, error: BaseException) -> Failure:
        from traceback import format_exception

        lines = "".join(format_exception(error))
        return Failure(self.name, _reason(error), self.origin, lines)


def _wanted() -> set[str] | None:
    value = os.environ.get(ENVIRONMENT)
    return None if value is None else {name.strip() for name in value.split(",") if name.strip()}


def _entry_points() -> list[importlib_metadata.EntryPoint]:
    # In order of name, so that which of two plugins with one model name wins does not
    # depend on the order of installation.
    found: dict[tuple[str, str], importlib_metadata.EntryPoint] = {}
    # What is on the path but not there would be taken for a zip file, and zipfile imported.
    places = [place for place in sys.path if Path(place).exists()]
    for distribution in importlib_metadata.distributions(path=places):
        try:
            # Most packages have no plugin: their lists are not worth parsing.
            if GROUP not in (distribution.read_text("entry_points.txt") or ""):
                continue
            points = distribution.entry_points.select(group=GROUP)
        # Any package's list may be damaged: `importlib_metadata.entry_points` would raise for all.
        except Exception as error:  # noqa: BLE001
            logger.warning("a damaged entry_points.txt in %s: %s", distribution.locate_file(""), error)
            continue
        for point in points:
            found.setdefault((point.name, point.value), point)
    return [found[key] for key in sorted(found)]


def _itself(module: Any) -> Any:
    return module


def _tried_alone(name: str, module: Any) -> tuple[Model, ...]:
    """The models of a plugin that keeps the contract.

    Raises:
        PluginError: it does not.
        pluggy.PluginValidationError: it has an unknown hook or wrong arguments.
    """
    hash(module)  # pluggy keeps plugins in sets: one that cannot be in one would break the others
    built_for = getattr(module, "CONTRACT_VERSION", hookspecs.CONTRACT_VERSION)
    if built_for != hookspecs.CONTRACT_VERSION:
        raise PluginError(
            f"built for version {built_for} of the plugin contract; this host has version "
            f"{hookspecs.CONTRACT_VERSION}: install versions of audioscan-host and of the plugin that fit"
        )
    alone = _new_manager()
    alone.register(module, name)
    alone.check_pending()
    if not alone.get_hookcallers(module):
        raise PluginError("it has no hooks; they are marked with `from audioscan_host import hookimpl`")
    models = [model for registered in alone.hook.register_models() for model in registered]
    for model in models:
        if not isinstance(model, Model):
            raise PluginError(f"register_models must return Model objects, not {model!r}")
    has = [
        hook for hook in (*FAMILY_HOOKS, *OPTIONAL_FAMILY_HOOKS) if _implemented(getattr(alone.hook, hook))
    ]
    missing = [hook for hook in FAMILY_HOOKS if hook not in has]
    if models and missing:
        raise PluginError(f"it registers models but lacks the hooks {', '.join(missing)}")
    if has and not models:
        # No family owns them, so they would answer for every family.
        raise PluginError(f"it has the hooks {', '.join(has)} but registers no models")
    return tuple(models)


def _implemented(hook: pluggy.HookCaller) -> bool:
    return any(not (each.wrapper or each.hookwrapper) for each in hook.get_hookimpls())


def _check_duplicates(models: Iterable[Model], plugins: Iterable[Plugin]) -> None:
    owners = {model.name: f"plugin {other.name!r}" for other in plugins for model in other.models}
    for model in models:
        if model.name in owners:
            raise PluginError(f"model {model.name!r} is already registered by {owners[model.name]}")
        owners[model.name] = "this plugin"


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, PluginError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _new_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    return manager
