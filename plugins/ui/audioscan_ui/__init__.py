"""The review page as a plugin: it adds the command `ui`. Nothing is imported until that is used."""

import click

from audioscan_host import hookimpl


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `audioscan-host ui`."""
    from audioscan_ui.command import ui

    cli.add_command(ui)
