"""`audioscan-host new-plugin`: the beginning of a plugin."""

import shlex
from pathlib import Path

import click

from audioscan_host.cli import reporting
from audioscan_host.registry import load_registry


@click.command()
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=".",
    show_default="the current folder",
    metavar="FOLDER",
    help="Where the folder audioscan-NAME is made.",
)
def new_plugin(name: str, out: Path) -> None:
    """Write the skeleton of a plugin, which works as it is.

    NAME my-model gives the folder audioscan-my-model with the model MY_MODEL: a package with an entry point,
    the hooks, a small model in place of a network, tests, and comments that say where the network goes.
    """
    from audioscan_host.skeleton import PluginNames, write_skeleton

    names = PluginNames.parse(name)
    names.require_free(load_registry())
    written = write_skeleton(names, out)
    folder = out / names.distribution
    reporting.note(f"wrote {reporting.counted(len(written), 'file')} into {folder}; next:")
    click.echo(f"pip install -e {shlex.quote(str(folder))}")
    click.echo(f"audioscan-host check {names.model}")
    click.echo("audioscan-host models")
