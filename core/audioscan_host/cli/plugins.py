"""`audioscan-host plugins`: what is installed, and what was set aside and why."""

from collections.abc import Sequence

import click

from audioscan_host.cli import options, reporting
from audioscan_host.cli.main import BUILT_IN
from audioscan_host.cli.models import failure_facts
from audioscan_host.cli.plugin_commands import PluginCommands, plugin_commands
from audioscan_host.plugins.discovery import Failure, Plugin
from audioscan_host.plugins.executor_kinds import ExecutorKinds
from audioscan_host.plugins.registry import load_registry


@click.command()
@options.as_json
@click.option("--verbose", is_flag=True, help="Show whole tracebacks, and all that plugins printed.")
def plugins(as_json: bool, verbose: bool) -> None:
    """List the plugins, those that work and those set aside."""
    registry = load_registry()
    working = list(zip(registry.plugins, plugin_commands(registry, BUILT_IN), strict=True))
    elsewhere = registry.executor_kinds()
    if as_json:
        facts = {
            "plugins": [_plugin_facts(plugin, added, elsewhere) for plugin, added in working],
            "failures": [_whole_failure_facts(failure) for failure in registry.failures],
            "addresses": list(elsewhere.addresses),
        }
        reporting.print_json(facts)
        return
    rows = [
        _row(
            plugin,
            "warning" if _faults(plugin, added, elsewhere) else "works",
            _what_it_has(plugin, added, elsewhere),
        )
        for plugin, added in working
    ]
    rows += [_row(failure, "set aside", failure.reason) for failure in registry.failures]
    if not rows:
        reporting.note("no plugins: install one, such as audioscan-mel")
        return
    columns = ["plugin", "distribution", "module", "import", "state", "models or reason"]
    reporting.print_table(columns, rows, right=["import"])
    for plugin, added in working:
        _print_details(plugin, _faults(plugin, added, elsewhere), verbose=verbose)
    for failure in registry.failures:
        traceback = failure.traceback.rstrip() if verbose else failure.last_line
        lines = [*failure.faults, *([traceback] if traceback else [])]
        _print_details(failure, lines, verbose=verbose)
    if len(elsewhere.addresses) > 1:
        reporting.note(f"--on takes {', '.join(elsewhere.addresses)}")


def _faults(plugin: Plugin, added: PluginCommands, elsewhere: ExecutorKinds) -> list[str]:
    of_executors = elsewhere.faults.get(plugin.name)
    return [*plugin.faults, *added.faults, *([of_executors] if of_executors else [])]


def _addresses(plugin: Plugin, elsewhere: ExecutorKinds) -> list[str]:
    return [address for kind in elsewhere.of_plugins.get(plugin.name, ()) for address in kind.addresses]


def _row(found: Plugin | Failure, state: str, text: str) -> list[object]:
    milliseconds = f"{found.seconds * 1000:.0f} ms"
    return [found.name, found.origin, found.origin.module or "-", milliseconds, state, text]


def _what_it_has(plugin: Plugin, added: PluginCommands, elsewhere: ExecutorKinds) -> str:
    parts = [", ".join(model.name for model in plugin.models) or "no models"]
    if plugin.wraps:
        changes = f"in cache keys as {plugin.mark!r}" if plugin.mark else "changes no embeddings"
        parts.append(f"wraps {', '.join(plugin.wraps)} ({changes})")
    if added.commands:
        parts.append(f"commands {', '.join(added.commands)}")
    if addresses := _addresses(plugin, elsewhere):
        parts.append(f"computes on {', '.join(addresses)}")
    return "; ".join(parts)


def _print_details(found: Plugin | Failure, lines: Sequence[str], *, verbose: bool) -> None:
    for line in lines:
        reporting.say(f"\n{found.name}: {line}" if "\n" not in line else f"\n{found.name}:\n{line}")
    if verbose and found.printed:
        reporting.say(f"\n{found.name} printed:\n{found.printed.rstrip()}")


def _plugin_facts(plugin: Plugin, added: PluginCommands, elsewhere: ExecutorKinds) -> dict[str, object]:
    return {
        "plugin": plugin.name,
        "distribution": plugin.origin.distribution,
        "version": plugin.origin.version,
        "module": plugin.origin.module,
        "models": [model.name for model in plugin.models],
        "commands": list(added.commands),
        "addresses": _addresses(plugin, elsewhere),
        "wraps": list(plugin.wraps),
        "cache_key": plugin.mark or None,
        "import_ms": round(plugin.seconds * 1000, 1),
        "warnings": _faults(plugin, added, elsewhere),
        "printed": plugin.printed,
    }


def _whole_failure_facts(failure: Failure) -> dict[str, object]:
    return {
        **failure_facts(failure),
        "traceback": failure.traceback,
        "import_ms": round(failure.seconds * 1000, 1),
        "warnings": list(failure.faults),
        "printed": failure.printed,
    }
