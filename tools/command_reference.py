"""Writes docs/commands.md: the help of every built-in command, as the command line itself prints it.

python tools/command_reference.py
"""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from audioscan_host.cli.main import BUILT_IN, main

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
PROGRAM = "audioscan-host"
WIDTH = 88
"""Characters of a line of help, on every terminal."""

INTRODUCTION = f"""\
# Commands

What `{PROGRAM} --help` and `{PROGRAM} COMMAND --help` print. Installed plugins may add commands, which are not listed
here.

Results go to stdout, all else to stderr. The exit code is 0 where all went well, 1 where something failed (one
damaged recording among many: the others are done, and it is named at the end), 2 for wrong usage, 130 after Ctrl-C,
with all finished work kept. `-q` goes before the command: `{PROGRAM} -q scan ...`.
"""


def page() -> str:
    """The page as it should be for the commands that are built in."""
    parts = [INTRODUCTION, _section(1, PROGRAM, main, None)]
    with click.Context(main, info_name=PROGRAM) as root:
        for name in BUILT_IN:
            command = main.get_command(root, name)
            parts.extend(_sections(2, name, command, root))
    return "\n".join(parts)


def _sections(level: int, name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    yield _section(level, name, command, parent)
    if isinstance(command, click.Group):
        context = _context(name, command, parent)
        for inner in command.list_commands(context):
            yield from _sections(level + 1, inner, command.get_command(context, inner), context)


def _section(level: int, name: str, command: click.Command, parent: click.Context | None) -> str:
    context = _context(name, command, parent)
    title = "Options of all commands" if parent is None else context.command_path.removeprefix(f"{PROGRAM} ")
    return f"{'#' * max(level, 2)} {title}\n\n```text\n{context.get_help().rstrip()}\n```\n"


def _context(name: str, command: click.Command, parent: click.Context | None) -> click.Context:
    return click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )


if __name__ == "__main__":
    os.environ["AUDIOSCAN_PLUGINS"] = ""  # the help of the whole names the commands of plugins too
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
