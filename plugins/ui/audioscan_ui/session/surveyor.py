"""Keeps what is shown of recordings and label files up to date, in the background."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audioscan_host import OutputError
from audioscan_ui.events import Event, Events
from audioscan_ui.session.review_session import ReviewSession
from audioscan_ui.session.survey import SurveyOrder

_TELLING = 1.5
"""Seconds between two tellings of pages, each of which fetches the whole state then."""

_LOOKING = 20.0
"""Seconds after which it is looked whether files have gone, come back or changed."""

_EMBEDDING = frozenset({"train", "evaluate", "scan", "suggest", "search", "demo"})
"""Kinds of jobs that leave embeddings."""

_OVER = frozenset({"done", "failed", "cancelled"})

logger = logging.getLogger("audioscan_host.review")


class Surveyor(threading.Thread):
    """Looks at everything at first, and again whenever something may be new; use `surveyed`.

    Args:
        session: that is looked at.
        events: by which it hears what may be new, and tells what is.
        cache_dir: where embeddings are; None for the host's own folder.
    """

    def __init__(self, session: ReviewSession, events: Events, cache_dir: str | None) -> None:
        super().__init__(name="survey", daemon=True)
        self._session, self._events, self._cache_dir = session, events, cache_dir
        self._asked = threading.Event()
        self._asked.set()
        self._ends = False
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0.0
        self._label_files: list[tuple[int, int]] = []

    def hear(self, event: Event | None) -> None:
        """Look again where recordings, label files or embeddings are new."""
        if event is None:
            return
        is_new = event["kind"] == "state" and event.get("new")
        job: Mapping[str, Any] = event.get("job", {})
        if is_new or (job.get("kind") in _EMBEDDING and job.get("state") in _OVER):
            self._asked.set()

    def run(self) -> None:
        """Until the end."""
        while not self._ends:
            if self._asked.wait(_LOOKING) or self._is_changed():
                self._asked.clear()
                if not self._ends:
                    self._look()

    def end(self) -> None:
        """Stop at once."""
        self._ends = True
        self._asked.set()
        if self._process is not None:
            self._process.kill()
        self.join()

    def _is_changed(self) -> bool:
        if any(each.path.exists() == each.is_missing for each in self._session.recordings):
            return True
        return [_version(each.path) for each in self._session.label_files] != self._label_files

    def _look(self) -> None:
        order = self._session.survey_order(self._cache_dir)
        self._label_files = [_version(each.path) for each in self._session.label_files]
        command = [sys.executable, "-m", "audioscan_ui.session.survey"]
        try:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - this package
                self._process = process
                if not self._ends:
                    self._listen(process, order)
            if process.returncode and not self._ends:
                logger.warning("recordings and label files could not all be looked at")
        except (OSError, ValueError) as error:
            if not self._ends:
                logger.warning("recordings and label files could not be looked at: %s", error)
        self._keep()
        if not self._ends:
            self._tell(at_once=True)

    def _listen(self, process: "subprocess.Popen[bytes]", order: SurveyOrder) -> None:
        if process.stdin is not None and process.stdout is not None:
            with process.stdin as stdin:
                stdin.write(order.to_json().encode())
            for line in process.stdout:
                self._session.take_survey(json.loads(line))
                self._tell(at_once=False)

    def _keep(self) -> None:
        """What was found out need not be looked for again; where it cannot be kept, it is."""
        try:
            self._session.keep()
        except OutputError as error:
            logger.warning("%s", error)

    def _tell(self, *, at_once: bool) -> None:
        if at_once or time.monotonic() - self._told >= _TELLING:
            self._told = time.monotonic()
            self._events.tell("state")


def _version(path: Path) -> tuple[int, int]:
    """Size and time of a file; of a folder of label files, what tells that one came or went."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


@contextmanager
def surveyed(session: ReviewSession, events: Events, cache_dir: str | None) -> Iterator[None]:
    """Keep what is shown of a session up to date for as long as the block lasts."""
    surveyor = Surveyor(session, events, cache_dir)
    events.add(surveyor)
    surveyor.start()
    try:
        yield
    finally:
        events.remove(surveyor)
        surveyor.end()
