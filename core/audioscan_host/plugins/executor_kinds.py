"""The addresses that plugins understand; a plugin that fails at that costs its own alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from reprlib import repr as shortened
from typing import Any

from audioscan_host.errors import PluginError, SettingError
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.executor_kind import LOCAL, ExecutorKind

_PACKAGED = {"ray": "audioscan-ray", "auto": "audioscan-ray"}
"""Beginning of an address -> the package that ships with the host and understands it."""


@dataclass(frozen=True)
class ExecutorKinds:
    """Who computes elsewhere.

    Attributes:
        of_plugins: name of a plugin -> the kinds that it has; of those that have any.
        faults: name of a plugin -> what is wrong with its hook.
    """

    of_plugins: Mapping[str, tuple[ExecutorKind, ...]]
    faults: Mapping[str, str]

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that are understood, as they are shown; that of this process first."""
        kinds = [kind for of_plugin in self.of_plugins.values() for kind in of_plugin]
        return (LOCAL, *dict.fromkeys(address for kind in kinds for address in kind.addresses))

    def at(self, address: str) -> ExecutorKind:
        """The first that understands an address.

        Raises:
            SettingError: none does; the message names those that are understood, and the package that is missing.
        """
        for kind in (kind for of_plugin in self.of_plugins.values() for kind in of_plugin):
            if kind.understands(address):
                return kind
        parts = [f"nothing that is installed computes on {address!r}", f"it can be {_listed(self.addresses)}"]
        package = _PACKAGED.get(address.partition(":")[0])
        if package is not None and not any(package.endswith(f"-{name}") for name in self.of_plugins):
            parts.append(f"install {package}")
        parts += [f"plugin {name!r}: {fault}" for name, fault in self.faults.items()]
        raise SettingError("; ".join(parts))


def executor_kinds(hooks: Any, plugins: Sequence[Plugin]) -> ExecutorKinds:
    """Those of all plugins, in their order.

    Args:
        hooks: pluggy's manager, which has all plugins.
        plugins: those that are asked.
    """
    found: dict[str, tuple[ExecutorKind, ...]] = {}
    faults: dict[str, str] = {}
    for plugin in plugins:
        others = [other.module for other in plugins if other is not plugin]
        try:
            kinds = _checked(hooks.subset_hook_caller("register_executors", others)())
        except Exception as error:  # noqa: BLE001 - somebody else's code
            from audioscan_host.plugins.failing_hooks import (
                raised,  # loads numpy, which a listing does without
            )

            reason = str(error) if isinstance(error, PluginError) else raised(error, plugin.module)
            faults[plugin.name] = f"register_executors {reason}; its addresses are not understood"
        else:
            if kinds:
                found[plugin.name] = kinds
    return ExecutorKinds(found, faults)


def _checked(answers: Iterable[Any]) -> tuple[ExecutorKind, ...]:
    found: list[Any] = []
    for answer in answers:
        if isinstance(answer, str | ExecutorKind) or not isinstance(answer, Iterable):
            raise PluginError(f"must return a list of ExecutorKind objects, not {shortened(answer)}")
        found += answer
    for each in found:
        if not isinstance(each, ExecutorKind):
            raise PluginError(f"must return ExecutorKind objects, not {shortened(each)}")
    return tuple(found)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
