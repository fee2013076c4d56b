"""Assembles the command line: the built-in commands, each imported when it is used, then those of plugins."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from audioscan_host.cli import reporting
from audioscan_host.cli.plugin_commands import PluginCommands, plugin_commands
from audioscan_host.cli.standard_streams import watched_output
from audioscan_host.errors import AudioscanError, SettingError, UnknownModelError
from audioscan_host.plugins.registry import load_registry
from audioscan_host.printable import printable

BUILT_IN = (
    "models",
    "plugins",
    "check",
    "pull",
    "plan",
    "embed",
    "labels",
    "train",
    "evaluate",
    "scan",
    "suggest",
    "search",
    "clips",
    "cache",
    "doctor",
    "demo",
    "new-plugin",
)
"""In the order of use; each is the function of that name, with `_` for `-`, in the module of that name."""

_KEPT = "audioscan_host.plugin_commands"


class _WrongUsage(click.ClickException):
    exit_code = 2


class Commands(click.Group):
    """Built-in commands, and at first need those of plugins; errors that a user can mend are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*BUILT_IN, *(name for each in _of_plugins(ctx) for name in each.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in BUILT_IN:
            function = cmd_name.replace("-", "_")
            command: click.Command = getattr(import_module(f"audioscan_host.cli.{function}"), function)
            return command
        found = [each.commands[cmd_name] for each in _of_plugins(ctx) if cmd_name in each.commands]
        return found[0] if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section of the built-in commands, and one for each plugin that adds any."""
        sections = {"Commands": list(BUILT_IN)}
        sections |= {
            f"Commands of the plugin {each.plugin}": list(each.commands) for each in _of_plugins(ctx)
        }
        commands = {name: self.get_command(ctx, name) for names in sections.values() for name in names}
        limit = formatter.width - 6 - max(map(len, commands))
        for title, names in sections.items():
            shown = [(name, command) for name in names if (command := commands[name]) and not command.hidden]
            if shown:
                with formatter.section(title):
                    formatter.write_dl([(name, each.get_short_help_str(limit)) for name, each in shown])
        for each in _of_plugins(ctx):
            for fault in each.faults:
                reporting.note(f"plugin {each.plugin}: {fault}")

    def main(self, *args: Any, **facts: Any) -> Any:
        with watched_output():
            return super().main(*args, **facts)

    def make_context(self, *args: Any, **facts: Any) -> click.Context:
        with _ends_in_one_line():
            return super().make_context(*args, **facts)

    def invoke(self, ctx: click.Context) -> object:
        with _ends_in_one_line():
            return super().invoke(ctx)


@contextmanager
def _ends_in_one_line() -> Iterator[None]:
    """What a user can mend, and an interrupt, become a line and an exit code."""
    try:
        yield
    except AudioscanError as error:
        wrong_usage = isinstance(error, SettingError | UnknownModelError)
        raise (_WrongUsage if wrong_usage else click.ClickException)(printable(str(error))) from error
    except click.ClickException as error:
        # A pattern of the shell puts names of files where options are.
        vars(error)["message"] = printable(error.message)
        raise
    except KeyboardInterrupt:
        reporting.note("interrupted; what was finished is kept, and the same command goes on from there")
        raise click.exceptions.Exit(130) from None


def _of_plugins(ctx: click.Context) -> list[PluginCommands]:
    """What the plugins add; they are loaded once for a command line."""
    kept: dict[str, list[PluginCommands]] = ctx.meta
    if _KEPT not in kept:
        kept[_KEPT] = plugin_commands(load_registry(), BUILT_IN)
    return kept[_KEPT]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="audioscan-host", message="audioscan-host %(version)s")
@click.option("-q", "--quiet", is_flag=True, help="No progress; warnings and errors only.")
@click.option(
    "--progress",
    type=click.Choice([kind.value for kind in reporting.ProgressKind]),
    default=reporting.ProgressKind.AUTO.value,
    show_default=True,
    help="How progress and warnings are shown on stderr: a bar or lines, an object of JSON a line for programs, or no progress.",
)
def main(quiet: bool, progress: str) -> None:  # noqa: ARG001 - `reporting` reads it of the context
    """Find every place where your sound occurs.

    Recordings become windows, windows become embeddings by the models of installed plugins,
    embeddings and a few labels become a calibrated detector, and a detector finds regions.
    """
    reporting.listen(quiet=quiet)
    # Threads of the classifier that wait should sleep: spinning, they take the cores from each other
    # wherever anything else runs (a fit of 4 s took 40 s). Read when the library is loaded, later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
