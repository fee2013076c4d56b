"""How long work is shown to people: bars on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audioscan_host.progress import Advance, Say

PLAIN_SECONDS = 5.0
"""Between two progress lines where there is no terminal."""

FIRST_SECONDS = 0.8
"""After which work that has said nothing says there that it is under way."""


class Bars:
    """Bars below each other, one for each piece of work that is under way; one shows as soon as there is something to do."""

    def __init__(self) -> None:
        self._display: Any = None
        self._shown = 0

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        work = _Bar(self, what, total, unit)
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


class _Bar:
    """A piece of work, and its bar once that is shown: where all of it is in the cache, rich is not even imported."""

    def __init__(self, bars: Bars, what: str, total: float | None, unit: str) -> None:
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


class Lines:
    """A line as soon as a second has passed, then one every few seconds, and one at the end."""

    def __init__(self, say: Say) -> None:
        self._say = say

    @contextmanager
    def track(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        work = _Line(self._say, what, total, unit)
        first = threading.Timer(FIRST_SECONDS, work.begin)
        first.daemon = True
        first.start()
        try:
            yield work
        finally:
            first.cancel()
        work.end()


class _Line:
    def __init__(self, say: Say, what: str, total: float | None, unit: str) -> None:
        self._say, self._what, self._total, self._unit = say, what, total, unit
        self._begun = self._said = time.monotonic()
        self._done = 0.0

    def __call__(self, amount: float) -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._said >= PLAIN_SECONDS:
            self._said = now
            self._say(f"{self._what}: {_state(self._done, self._total, self._unit, now - self._begun)}")

    def expect(self, total: float | None) -> None:
        self._total = total

    def begin(self) -> None:
        """Say that it is under way, where nothing was said of it yet."""
        if self._said == self._begun:
            self._say(f"{self._what} ...")

    def end(self) -> None:
        if self._done:
            seconds = max(time.monotonic() - self._begun, 1e-9)
            amount, rate = short(self._done), short(self._done / seconds)
            self._say(f"{self._what}: {amount} {self._unit} in {seconds:.1f} s ({rate} {self._unit}/s)")


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
