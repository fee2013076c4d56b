"""The commands that plugins add to the command line, and those that could not be taken."""

from collections.abc import Collection
from dataclasses import dataclass

import click

from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.import_watch import watched
from audioscan_host.plugins.interrupts import interrupts_of_the_user
from audioscan_host.plugins.registry import Registry


@dataclass(frozen=True)
class PluginCommands:
    """What one plugin adds.

    Attributes:
        plugin: its name.
        commands: name -> command, in the order of their names.
        faults: what was ignored and why, a sentence each.
    """

    plugin: str
    commands: dict[str, click.Command]
    faults: tuple[str, ...]


def plugin_commands(registry: Registry, built_in: Collection[str]) -> list[PluginCommands]:
    """The commands of each plugin; the first plugin has a name, and no plugin a built-in one."""
    owners = dict.fromkeys(built_in, "a built-in command")
    found = []
    for plugin in registry.plugins:
        commands, faults = _offered(registry, plugin)
        taken = {name: command for name, command in commands.items() if name not in owners}
        faults += [
            f"its command {name!r} is ignored: {owners[name]} has the name"
            for name in commands
            if name in owners
        ]
        owners.update(dict.fromkeys(taken, f"plugin {plugin.name!r}"))
        found.append(PluginCommands(plugin.name, taken, tuple(faults)))
    return found


def _offered(registry: Registry, plugin: Plugin) -> tuple[dict[str, click.Command], list[str]]:
    theirs = click.Group(plugin.name)
    with watched() as watch, interrupts_of_the_user() as interrupted:
        try:
            registry.register_commands(plugin, theirs)
        # A plugin's fault must not take the others along.
        except BaseException as error:
            if interrupted():
                raise
            return {}, [f"its commands are ignored: register_commands raised {error!r}"]
    faults = [f"prints while it adds commands: {watch.printed.strip()!r}"] if watch.printed else []
    return dict(sorted(theirs.commands.items())), faults
