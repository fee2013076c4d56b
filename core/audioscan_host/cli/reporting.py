"""What the commands say: results to stdout, everything else to stderr."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from audioscan_host.printable import printable
from audioscan_host.progress import Advance, Progress, Silent

PLAIN_SECONDS = 5.0
"""Between two progress lines where there is no terminal."""


def print_json(value: Any) -> None:
    """A result for programs, on stdout."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


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


def counted(number: int, what: str) -> str:
    """`1 region`, `2 regions`."""
    return f"{number} {what}" + "s" * (number != 1)


def note(text: str) -> None:
    """Something that is not a result, on stderr."""
    click.echo(printable(text), err=True)


def listen(*, quiet: bool) -> None:
    """Show what the library logs: warnings always, the rest unless `quiet`."""
    logger = logging.getLogger("audioscan_host")
    logger.handlers = [_Stderr()]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


def progress() -> Progress:
    """A bar on a terminal, plain lines elsewhere, nothing with `--quiet`."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().params.get("quiet"):
        return Silent()
    return _Bar() if sys.stderr.isatty() else _Lines()


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        note(prefix + record.getMessage())


class _Bar:
    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        if total == 0:  # all of it is in the cache: nothing to draw, and no rich to import
            yield lambda _amount: None
            return
        from rich import progress as bars
        from rich.console import Console

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(),
        )
        with bars.Progress(*columns, console=Console(stderr=True), transient=True) as display:
            task = display.add_task(what, total=total, rate="")

            def advance(amount: float) -> None:
                speed = display.tasks[0].speed
                rate = f"{short(speed)} {unit}/s" if speed else ""
                display.update(task, advance=amount, rate=rate)

            yield advance


class _Lines:
    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        begun = said = time.monotonic()
        done = 0.0

        def advance(amount: float) -> None:
            nonlocal done, said
            done += amount
            now = time.monotonic()
            if now - said >= PLAIN_SECONDS:
                said = now
                note(f"{what}: {_state(done, total, unit, now - begun)}")

        yield advance
        if done:
            seconds = max(time.monotonic() - begun, 1e-9)
            note(f"{what}: {short(done)} {unit} in {seconds:.1f} s ({short(done / seconds)} {unit}/s)")


def short(number: float) -> str:
    """Three digits, or all before the point: 0.25, 12.5, 36000."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _state(done: float, total: float | None, unit: str, seconds: float) -> str:
    rate = done / seconds
    if not total:
        return f"{done:.0f} {unit} ({short(rate)} {unit}/s)"
    left = max(total - done, 0) / rate if rate else float("inf")
    share = min(done / total, 1)
    return f"{share:.0%}, {short(done)} of {short(total)} {unit} ({short(rate)} {unit}/s, {left:.0f} s left)"
