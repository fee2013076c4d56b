"""Entry points -> plugins, and the plugins that failed, each with its reason.

A plugin is tried in a plugin manager of its own first: whatever is wrong with it is found
there, and the others never see it.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import importlib_metadata
import pluggy

from audioscan_host.errors import PluginError
from audioscan_host.models.model import Model
from audioscan_host.plugins.contract import NUMBER_HOOKS, PROJECT, kept_by, new_manager
from audioscan_host.plugins.import_watch import Watch, watched
from audioscan_host.plugins.interrupts import interrupts_of_the_user
from audioscan_host.plugins.origin import Origin, host_version, places

GROUP = PROJECT
ENVIRONMENT = "AUDIOSCAN_PLUGINS"

_MISSPELT = re.compile(
    rf"^\[\s*(?!(?-i:{GROUP})\s*\])(audioscan[-_. ]?hosts?(?:[-_.]?plugins?)?)\s*\]",
    re.MULTILINE | re.IGNORECASE,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plugin:
    """A plugin that works.

    Attributes:
        name: of its entry point.
        module: the module or object that holds its hooks.
        origin: where it comes from.
        models: those that it registers.
        wraps: the hooks that it wraps for the models of all plugins.
        seconds: that its import took.
        faults: what it should not have done meanwhile, a sentence each.
        printed: what it printed meanwhile.
    """

    name: str
    module: Any = field(repr=False)
    origin: Origin
    models: tuple[Model, ...] = ()
    wraps: tuple[str, ...] = ()
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    printed: str = field(default="", repr=False)

    @property
    def mark(self) -> str:
        """What tells the embeddings of all models that it changes from others; empty where it changes none.

        Its name and `WRAPPER_REVISION`; without such a constant its distribution and version.
        """
        if not set(self.wraps) & set(NUMBER_HOOKS):
            return ""
        if not hasattr(self.module, "WRAPPER_REVISION"):
            return f"{self.name} of {self.origin}" if self.origin.installed is not None else self.name
        revision = self.module.WRAPPER_REVISION
        return "" if revision is None else f"{self.name} revision {revision}"


@dataclass(frozen=True)
class Failure:
    """A plugin that was set aside, with the reason in one line; `seconds` and the rest as of `Plugin`."""

    name: str
    reason: str
    origin: Origin = field(default_factory=Origin)
    traceback: str = field(default="", repr=False)
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    printed: str = field(default="", repr=False)

    @property
    def last_line(self) -> str:
        """Of the traceback; empty where nothing was raised."""
        return self.traceback.strip().rpartition("\n")[2]


Found = TypeVar("Found", Plugin, Failure)


@dataclass(frozen=True)
class Discovery:
    """What was found: the manager holds the hooks of `plugins` and of nothing else.

    Attributes:
        left_out: names of installed plugins that `AUDIOSCAN_PLUGINS` does not name.
    """

    hooks: pluggy.PluginManager
    plugins: tuple[Plugin, ...]
    failures: tuple[Failure, ...]
    left_out: tuple[str, ...] = ()


def discover(extra: Mapping[str, Any] | None = None) -> Discovery:
    """Load the installed plugins that `AUDIOSCAN_PLUGINS` allows, then those in `extra`.

    Args:
        extra: plugins that are not installed, name -> module or object; always loaded.
    """
    wanted = _wanted()
    present = _installed()
    points = [point for point in present.points if wanted is None or point.name in wanted]
    left_out = tuple(
        point.name for point in present.points if wanted is not None and point.name not in wanted
    )
    absent = sorted((wanted or set()) - {point.name for point in points})
    plugins: list[Plugin] = []
    failures = [Failure(name, f"{ENVIRONMENT} names it, but no such plugin is installed") for name in absent]
    failures += present.failures if wanted is None else []
    hooks = new_manager()
    host = host_version()
    installed = [_Candidate(point.name, point.load, Origin(point.dist, point.value)) for point in points]
    given = [_Candidate(name, partial(_itself, module), Origin()) for name, module in (extra or {}).items()]
    for candidate in [*installed, *given]:
        with watched() as watch:
            found = candidate.tried(hooks, plugins, host)
        if isinstance(found, Plugin):
            plugins.append(_with(found, watch))
        else:
            failures.append(_with(found, watch))
    return Discovery(hooks, tuple(plugins), tuple(failures), left_out)


def _with(found: Found, watch: Watch) -> Found:
    return replace(found, seconds=watch.seconds, faults=watch.faults, printed=watch.printed)


@dataclass(frozen=True)
class _Candidate:
    name: str
    load: Callable[[], Any]
    origin: Origin

    def tried(self, hooks: pluggy.PluginManager, plugins: Sequence[Plugin], host: str) -> Plugin | Failure:
        """The plugin, its hooks registered, or what is wrong with it.

        Raises:
            KeyboardInterrupt: the user has interrupted, whatever the plugin made of that.
        """
        found: Plugin | Failure
        with interrupts_of_the_user() as interrupted:
            try:
                found = self._admitted(hooks, plugins, host)
            # A plugin is somebody else's code: whatever it raises, exit included, is its own failure.
            except BaseException as error:  # noqa: BLE001
                from traceback import format_exception

                found = Failure(self.name, _reason(error), self.origin, "".join(format_exception(error)))
            if interrupted():
                raise KeyboardInterrupt
        return found

    def _admitted(self, hooks: pluggy.PluginManager, plugins: Sequence[Plugin], host: str) -> Plugin:
        for other in plugins:
            if other.name == self.name:
                raise PluginError(f"another plugin has this name: {other.origin}")
        # pip only warns of this, and what was made for another host may do anything when imported.
        unsuited = self.origin.unsuited_to(host) if host else ""
        if unsuited:
            raise PluginError(unsuited)
        module = self.load()
        kept = kept_by(self.name, module)
        _check_duplicates(kept.models, plugins)
        hooks.register(module, self.name)
        return Plugin(self.name, module, self.origin, kept.models, kept.wraps)


def _wanted() -> set[str] | None:
    value = os.environ.get(ENVIRONMENT)
    return None if value is None else {name.strip() for name in value.split(",") if name.strip()}


@dataclass(frozen=True)
class _Installed:
    """The entry points of plugins in order of name, and what is wrong with those of some distributions."""

    points: Sequence[importlib_metadata.EntryPoint]
    failures: Sequence[Failure]


def _installed() -> _Installed:
    # In order of name, so that which of two plugins with one model name wins does not
    # depend on the order of installation.
    found: dict[tuple[str, str], importlib_metadata.EntryPoint] = {}
    failures = []
    for distribution in importlib_metadata.distributions(path=places()):
        try:
            # Most packages have no plugin: their lists are not worth parsing.
            listed = distribution.read_text("entry_points.txt") or ""
            misspelt = _MISSPELT.search(listed)
            if misspelt:
                reason = f"its entry point is in the group {misspelt[1]!r}; the host looks into {GROUP!r}"
                origin = Origin(distribution)
                failures.append(Failure(origin.distribution, reason, origin))
            if GROUP not in listed:
                continue
            points = distribution.entry_points.select(group=GROUP)
        # Any package's list may be damaged: `importlib_metadata.entry_points` would raise for all.
        except Exception as error:  # noqa: BLE001
            logger.warning("a damaged entry_points.txt in %s: %s", distribution.locate_file(""), error)
            continue
        for point in points:
            found.setdefault((point.name, point.value), point)
    names = Counter(name for name, _ in found)
    in_order = sorted(
        found, key=lambda key: (key[0], names[key[0]] > 1 and not _is_its_own(found[key]), key[1])
    )
    return _Installed([found[key] for key in in_order], failures)


def _is_its_own(point: importlib_metadata.EntryPoint) -> bool:
    """The plugin `mel` is that of audioscan-mel, before any other's of this name."""
    distribution = Origin(point.dist).distribution.lower().replace("_", "-").replace(".", "-")
    return distribution == f"audioscan-{point.name.lower().replace('_', '-')}"


def _itself(module: Any) -> Any:
    return module


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
