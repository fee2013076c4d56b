"""What a new plugin is called: one name, in the spelling of each place where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from audioscan_host.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from audioscan_host.plugins.discovery import Failure, Plugin
    from audioscan_host.plugins.registry import Registry

LONGEST = 40
"""Characters; the longest lines of what is written then stay short."""

RESERVED = {
    "host": "audioscan-host is the host itself",
    "torch": "audioscan-torch is what the plugins with a network on torch share",
    "cache": "AUDIOSCAN_CACHE names the cache folder, and could not name the weights as well",
    "plugins": "AUDIOSCAN_PLUGINS names the plugins to load, and could not name the weights as well",
}

_PREFIX = "audioscan-"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class PluginNames:
    """The names of one plugin.

    Attributes:
        plugin: of its entry point: `my-model`.
    """

    plugin: str

    @classmethod
    def parse(cls, text: str) -> PluginNames:
        """`my-model`, `My_Model` and `audioscan-my-model` are the same.

        Raises:
            SettingError: it can be no name of a package and a module, or has another meaning already.
        """
        name = re.sub(r"[-_.]", "-", text.strip().lower()).removeprefix(_PREFIX)
        if not _NAME.fullmatch(name) or len(name) > LONGEST:
            raise SettingError(
                f"a plugin's name is made of the letters a to z, digits, and single dashes (or _ or ., taken for dashes) "
                f"between them, begins with a letter, and is at most {LONGEST} characters long, such as my-model; "
                f"{text!r} is not"
            )
        if name in RESERVED:
            raise SettingError(f"a plugin cannot be called {name!r}: {RESERVED[name]}")
        return cls(name)

    @property
    def distribution(self) -> str:
        """`audioscan-my-model`, also the folder that it is in."""
        return _PREFIX + self.plugin

    @property
    def module(self) -> str:
        """`audioscan_my_model`."""
        return self.distribution.replace("-", "_")

    @property
    def model(self) -> str:
        """`MY_MODEL`."""
        return self.plugin.replace("-", "_").upper()

    def require_free(self, registry: Registry, models: Collection[str]) -> None:
        """Refuse what an installed plugin has already: with two of a name, the host would set one aside.

        Args:
            registry: of the installed plugins.
            models: what those of this plugin are to be called.

        Raises:
            SettingError: a plugin, a model or a module is called so.
        """
        installed: tuple[Plugin | Failure, ...] = (*registry.plugins, *registry.failures)
        for each in installed:
            if each.name.lower().replace("_", "-") == self.plugin:
                raise SettingError(f"a plugin {each.name!r} is installed already: {each.origin}")
        for name, model in registry.models.items():
            if name.upper() in models:
                owner = registry.owner(model).name
                raise SettingError(f"the plugin {owner!r} has a model {name} already: choose another name")
        if find_spec(self.module) is not None:
            raise SettingError(f"a module {self.module} is installed already: choose another name")
