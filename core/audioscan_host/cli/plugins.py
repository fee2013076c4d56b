"""`audioscan-host plugins`: what is installed, and what was set aside and why."""

import click

from audioscan_host.cli import options, reporting
from audioscan_host.cli.models import failure_facts
from audioscan_host.registry import load_registry


@click.command()
@options.as_json
@click.option("--verbose", is_flag=True, help="Show the whole traceback of a plugin that was set aside.")
def plugins(as_json: bool, verbose: bool) -> None:
    """List the plugins, those that work and those set aside."""
    registry = load_registry()
    if as_json:
        working = [
            {
                "plugin": plugin.name,
                "distribution": plugin.origin.distribution,
                "version": plugin.origin.version,
                "models": [model.name for model in plugin.models],
            }
            for plugin in registry.plugins
        ]
        failures = [failure_facts(failure) for failure in registry.failures]
        reporting.print_json({"plugins": working, "failures": failures})
        return
    rows: list[list[object]] = [
        [p.name, p.origin, "works", ", ".join(m.name for m in p.models) or "no models"]
        for p in registry.plugins
    ]
    rows += [[f.name, f.origin, "set aside", f.reason] for f in registry.failures]
    if rows:
        reporting.print_table(["plugin", "distribution", "state", "models or reason"], rows)
    else:
        reporting.note("no plugins: install one, for example `pip install audioscan-mel`")
    if verbose:
        for failure in registry.failures:
            reporting.note(f"\n{failure.name}:\n{failure.traceback}")
