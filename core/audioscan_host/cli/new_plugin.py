"""`audioscan-host new-plugin`: the beginning of a plugin."""

import shlex
from importlib.util import find_spec
from pathlib import Path

import click

from audioscan_host.cli import reporting
from audioscan_host.plugins.registry import load_registry


@click.command()
@click.argument("name")
@click.option("--torch", is_flag=True, help="A network on torch, with two models, by audioscan-torch.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=".",
    show_default="the current folder",
    metavar="FOLDER",
    help="Where the folder audioscan-NAME is made.",
)
def new_plugin(name: str, torch: bool, out: Path) -> None:
    """Write the skeleton of a plugin, which works as it is.

    NAME my-model gives the folder audioscan-my-model with the model MY_MODEL: a package with an entry point,
    the hooks, a small model in place of a network, tests, and comments that say where the network goes.
    """
    from audioscan_host.skeleton import NUMPY, TORCH, PluginNames, write_skeleton

    names, kind = PluginNames.parse(name), TORCH if torch else NUMPY
    models = kind.models(names)
    names.require_free(load_registry(), models)
    written = write_skeleton(names, kind, out)
    folder = out / names.distribution
    reporting.note(f"wrote {reporting.counted(len(written), 'file')} into {folder}")
    called = f"model{'s' * (len(models) != 1)} {' and '.join(models)}"
    reporting.note(f"plugin {names.plugin}, module {names.module}, {called}; next:")
    for package, source in kind.packages.items():
        if find_spec(package.replace("-", "_")) is None:
            reporting.note(
                f"first install {package}, which is not here: pip install {source} in the host's repository"
            )
    reporting.say(f"pip install -e {shlex.quote(str(folder))}")
    reporting.say(f"audioscan-host check {' '.join(models)}")
    reporting.say("audioscan-host models")
