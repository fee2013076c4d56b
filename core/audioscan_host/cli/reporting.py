"""What the commands say: results to stdout, everything else to stderr."""

import logging
import sys
from collections.abc import Sequence
from typing import Any

import click

from audioscan_host.choices import Choice
from audioscan_host.printable import printable
from audioscan_host.progress import JsonLines, Progress, Silent


class ProgressKind(Choice):
    """How progress is shown."""

    AUTO = "auto"
    JSON = "json"
    NONE = "none"


def print_json(value: Any) -> None:
    """A result for programs, on stdout."""
    from audioscan_host.output.json_document import json_text

    click.echo(json_text(value))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A result for people, on stdout; columns named in `right` are aligned to the right.

    Not by rich, whose console and table take as long to import as all the rest of `models`.
    """
    cells = [list(columns), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        aligned = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        click.echo("  ".join(aligned).rstrip())


def say(text: str) -> None:
    """A line of a result for people, on stdout."""
    click.echo(printable(text))


def counted(number: int, what: str) -> str:
    """`1 region`, `2 regions`."""
    return f"{number} {what}" + "s" * (number != 1)


def note(text: str) -> None:
    """Something that is not a result, on stderr."""
    click.echo(printable(text), err=True)


def listen(*, quiet: bool) -> None:
    """Show what the library logs: warnings always, the rest unless `quiet`."""
    logger = logging.getLogger("audioscan_host")
    logger.handlers = [_JsonStderr() if _progress_kind() is ProgressKind.JSON else _Stderr()]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


def progress() -> Progress:
    """A bar on a terminal, plain lines elsewhere, objects for programs where they are asked for, nothing with `--quiet`."""
    from audioscan_host.cli.progress_display import (  # what lists models shows no progress
        Bars,
        Lines,
    )

    kind = _progress_kind()
    if kind is ProgressKind.NONE:
        return Silent()
    if kind is ProgressKind.JSON:
        return JsonLines(_raw_note)
    return Bars() if sys.stderr.isatty() else Lines(note)


def _progress_kind() -> ProgressKind:
    context = click.get_current_context(silent=True)
    params = {} if context is None else context.find_root().params
    return (
        ProgressKind.NONE if params.get("quiet") else ProgressKind(params.get("progress", ProgressKind.AUTO))
    )


def _raw_note(text: str) -> None:
    """For programs: nothing is written out differently."""
    click.echo(text, err=True)


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        note(prefix + record.getMessage())


class _JsonStderr(logging.Handler):
    """What is logged as objects; a note with all that it knows."""

    def emit(self, record: logging.LogRecord) -> None:
        import json

        facts = {"event": "message", "level": record.levelname.lower(), "message": record.getMessage()}
        told = getattr(record, "note", None)
        if told is not None:
            facts |= {"event": "note", **told.to_json()}
        _raw_note(json.dumps(facts))
