"""`audioscan-host doctor`: whether what is installed works."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from audioscan_host.cli import options, reporting
from audioscan_host.cli.main import BUILT_IN
from audioscan_host.cli.plugin_commands import plugin_commands
from audioscan_host.diagnosis.finding import Finding
from audioscan_host.plugins.registry import load_registry


@click.command()
@options.cache_dir
@options.as_json
def doctor(cache_dir: Path | None, as_json: bool) -> None:
    """Check the installation; exit code 1 where something is broken."""
    findings = list(_examined(cache_dir))
    broken = list(dict.fromkeys(each.what for each in findings if each.state == "broken"))
    warned = list(dict.fromkeys(each.what for each in findings if each.state == "warning"))
    if as_json:
        reporting.print_json({"findings": [asdict(each) for each in findings], "broken": broken})
    else:
        reporting.print_table(
            ["what", "state", "found"], [[each.what, each.state, each.found] for each in findings]
        )
        for each in findings:
            if each.remedy:
                reporting.note(f"{each.what}: {each.remedy}")
    if broken:
        reporting.note(f"broken: {', '.join(broken)}")
        click.get_current_context().exit(1)
    if not as_json:
        reporting.say("everything works" + (f"; warnings: {', '.join(warned)}" if warned else ""))


def _examined(cache_dir: Path | None) -> Iterator[Finding]:
    # Not above: help of all commands imports this module, and the cache and packaging take their time.
    from audioscan_host.diagnosis.cache_folder import examine_cache
    from audioscan_host.diagnosis.ffmpeg import examine_ffmpeg
    from audioscan_host.diagnosis.networks import examine_networks
    from audioscan_host.diagnosis.packages import examine_packages
    from audioscan_host.diagnosis.plugins import examine_plugins
    from audioscan_host.diagnosis.weights import examine_weights

    yield Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield Finding("platform", "ok", platform.platform())
    registry = load_registry()
    yield from examine_packages(registry)
    yield from examine_ffmpeg()
    yield from examine_networks()
    added = plugin_commands(registry, BUILT_IN)
    yield from examine_plugins(registry, [(each.plugin, fault) for each in added for fault in each.faults])
    yield from examine_weights(registry)
    yield from examine_cache(cache_dir)
