"""Assembles the command line: the built-in commands, each imported when it is used, then those of plugins."""

import os
from importlib import import_module

import click

from audioscan_host.cli import reporting
from audioscan_host.errors import AudioscanError, SettingError, UnknownModelError
from audioscan_host.registry import load_registry

BUILT_IN = (
    "models",
    "plugins",
    "pull",
    "embed",
    "train",
    "evaluate",
    "scan",
    "suggest",
    "search",
    "cache",
    "doctor",
    "demo",
)
"""In the order of use; each is the function of that name in the module of that name."""


class _WrongUsage(click.ClickException):
    exit_code = 2


class Commands(click.Group):
    """Built-in commands, and at first need those of plugins; errors that a user can mend are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*BUILT_IN, *self._plugin_commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in BUILT_IN:
            command: click.Command = getattr(import_module(f"audioscan_host.cli.{cmd_name}"), cmd_name)
            return command
        return self._plugin_commands().get(cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AudioscanError as error:
            wrong_usage = isinstance(error, SettingError | UnknownModelError)
            raise (_WrongUsage if wrong_usage else click.ClickException)(str(error)) from error
        except KeyboardInterrupt:
            reporting.note("interrupted; what was finished is kept, and the same command goes on from there")
            ctx.exit(130)

    def _plugin_commands(self) -> dict[str, click.Command]:
        """What the plugins add; the first plugin has a name, and no plugin a built-in one."""
        registry = load_registry()
        commands: dict[str, click.Command] = {}
        for plugin in registry.plugins:
            theirs = click.Group(plugin.name)
            try:
                registry.register_commands(plugin, theirs)
            except Exception as error:  # noqa: BLE001 - a plugin's fault must not take the others along
                reporting.note(f"set aside: commands of plugin {plugin.name}: {error!r}")
            commands = {**theirs.commands, **commands}
        return {name: command for name, command in commands.items() if name not in BUILT_IN}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="audioscan-host", message="audioscan-host %(version)s")
@click.option("-q", "--quiet", is_flag=True, help="No progress; warnings and errors only.")
def main(quiet: bool) -> None:
    """Find every place where your sound occurs.

    Recordings become windows, windows become embeddings by the models of installed plugins,
    embeddings and a few labels become a calibrated detector, and a detector finds regions.
    """
    reporting.listen(quiet=quiet)
    # Threads of the classifier that wait should sleep: spinning, they take the cores from each other
    # wherever anything else runs (a fit of 4 s took 40 s). Read when the library is loaded, later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
