"""The process that does a job: given its order on stdin, it tells on stdout, and ends when the server does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE = 1.5
"""Seconds that a process has to end by itself before it is killed."""


class Process:
    """A process that does one job.

    Args:
        order: what to do, plain values.
        log: a file that takes what it writes on stderr.

    Raises:
        OSError: it cannot be started, or the file not be written.
    """

    def __init__(self, order: Mapping[str, Any], log: Path) -> None:
        self._log = log
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        # Threads of numpy that wait by spinning would take from the server what they do not need.
        environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        with log.open("wb") as stderr:
            # -P: no module is taken from the working folder, which may be anybody's recordings.
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "audioscan_ui.jobs.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
            )
        self._killer: threading.Timer | None = None
        assert self._child.stdin is not None  # noqa: S101 - asked for above
        with suppress(BrokenPipeError):  # it has died already; how it ended says why
            # Stays open: the child ends where it is closed, however the server ends.
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            self._child.stdin.flush()

    @property
    def pid(self) -> int:
        """By which the system knows it."""
        return self._child.pid

    def events(self) -> Iterator[dict[str, Any]]:
        """What it tells, until it ends."""
        assert self._child.stdout is not None  # noqa: S101
        for line in self._child.stdout:
            with suppress(ValueError):  # half a line of one that was killed
                yield json.loads(line)

    def end(self) -> None:
        """Ask it to end, and kill it where it does not."""
        if self._killer is not None or self._child.poll() is not None:
            return
        self._child.terminate()
        self._killer = threading.Timer(PATIENCE, self._child.kill)
        self._killer.daemon = True
        self._killer.start()

    def wait(self) -> int:
        """How it ended: 0, an exit code, or the negative number of a signal. To be called after `events`."""
        code = self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if self._killer is not None:
            self._killer.cancel()
        return code

    def reason(self, code: int) -> str:
        """Why it ended without a word, for people."""
        last = self._last_line()
        if code == -9:
            return "The system ended the work, most likely since there was not enough memory."
        if code < 0:
            return f"The work crashed (signal {-code})" + (f": {last}" if last else ".")
        said = last or f"it ended with the code {code} and said nothing"
        return f"The work failed by a fault of the program: {said} (all of it is in {self._log.parent.name}/{self._log.name})"

    def _last_line(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:500]
