"""Whether the plugins work, and whether any runs code that comes with its weights."""

from collections.abc import Iterator, Sequence

from audioscan_host.diagnosis.finding import Finding
from audioscan_host.plugins.registry import Registry


def examine_plugins(registry: Registry, command_faults: Sequence[tuple[str, str]] = ()) -> Iterator[Finding]:
    """Each plugin, with what it should not do; `command_faults` are (plugin, sentence)."""
    for plugin in registry.plugins:
        what = f"plugin {plugin.name}"
        number = len(plugin.models)
        has = f"{number or 'no'} model{'s' * (number != 1)}"
        wraps = f", changes the embeddings of all models as {plugin.mark!r}" if plugin.mark else ""
        yield Finding(what, "ok", f"{plugin.origin}, {has}{wraps}")
        faults = [*plugin.faults, *(fault for name, fault in command_faults if name == plugin.name)]
        yield from (Finding(what, "warning", fault) for fault in faults)
    for failure in registry.failures:
        what, remedy = f"plugin {failure.name}", "its traceback: audioscan-host plugins --verbose"
        yield Finding(what, "broken", failure.reason, remedy if failure.traceback else "")
        yield from (Finding(what, "warning", fault) for fault in failure.faults)
    remote = [model.name for model in registry.models.values() if model.checkpoint.remote_code]
    found = f"on: {', '.join(remote)} run code that comes with their weights" if remote else "off"
    yield Finding("remote code", "ok", found)
    if not registry.models:
        yield Finding("models", "broken", "none", "install a plugin, such as audioscan-mel")
