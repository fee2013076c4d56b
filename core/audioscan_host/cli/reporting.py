"""What the commands say: results to stdout, everything else to stderr."""

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from audioscan_host.printable import printable
from audioscan_host.progress import Advance, Progress, Silent

PLAIN_SECONDS = 5.0
"""Between two progress lines where there is no terminal."""

FIRST_SECONDS = 0.8
"""After which work that has said nothing says there that it is under way."""


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
    """Bars below each other, one for each piece of work that is under way; one shows as soon as there is something to do."""

    def __init__(self) -> None:
        self._display: Any = None
        self._shown = 0

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        work = _BarWork(self, what, total, unit)
        try:
            if total:
                work.show()
            yield work
        finally:
            work.hide()

    def add(self, what: str, total: float | None) -> Any:
        """A bar on the display, which begins with its first."""
        from rich import progress as bars
        from rich.console import Console

        if not self._shown:
            columns = (
                bars.TextColumn("{task.description}"),
                bars.BarColumn(),
                bars.TaskProgressColumn(),
                bars.TextColumn("{task.fields[rate]}"),
                bars.TimeRemainingColumn(),
            )
            self._display = bars.Progress(*columns, console=Console(stderr=True), transient=True)
            self._display.start()
        self._shown += 1
        return self._display, self._display.add_task(what, total=total, rate="")

    def remove(self, task: Any) -> None:
        """Take a bar away; the display ends with its last."""
        self._display.remove_task(task)
        self._shown -= 1
        if not self._shown:
            self._display.stop()


class _BarWork:
    """A piece of work, and its bar once that is shown: where all of it is in the cache, rich is not even imported."""

    def __init__(self, bars: _Bar, what: str, total: float | None, unit: str) -> None:
        self._bars, self._what, self._total, self._unit = bars, what, total, unit
        self._bar: Any = None

    def __call__(self, amount: float) -> None:
        display, task = self.show()
        (speed,) = (each.speed for each in display.tasks if each.id == task)
        rate = f"{short(speed)} {self._unit}/s" if speed else ""
        display.update(task, advance=amount, rate=rate)

    def expect(self, total: float | None) -> None:
        self._total = total
        if total != 0:
            display, task = self.show()
            display.update(task, total=total)

    def show(self) -> Any:
        if self._bar is None:
            self._bar = self._bars.add(self._what, self._total)
        return self._bar

    def hide(self) -> None:
        if self._bar is not None:
            self._bars.remove(self._bar[1])


class _Lines:
    """A line as soon as a second has passed, then one every few seconds, and one at the end."""

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        work = _LinesWork(what, total, unit)
        first = threading.Timer(FIRST_SECONDS, work.begin)
        first.daemon = True
        first.start()
        try:
            yield work
        finally:
            first.cancel()
        work.end()


class _LinesWork:
    def __init__(self, what: str, total: float | None, unit: str) -> None:
        self._what, self._total, self._unit = what, total, unit
        self._begun = self._said = time.monotonic()
        self._done = 0.0

    def __call__(self, amount: float) -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._said >= PLAIN_SECONDS:
            self._said = now
            note(f"{self._what}: {_state(self._done, self._total, self._unit, now - self._begun)}")

    def expect(self, total: float | None) -> None:
        self._total = total

    def begin(self) -> None:
        """Say that it is under way, where nothing was said of it yet."""
        if self._said == self._begun:
            note(f"{self._what} ...")

    def end(self) -> None:
        if self._done:
            seconds = max(time.monotonic() - self._begun, 1e-9)
            amount, rate = short(self._done), short(self._done / seconds)
            note(f"{self._what}: {amount} {self._unit} in {seconds:.1f} s ({rate} {self._unit}/s)")


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
