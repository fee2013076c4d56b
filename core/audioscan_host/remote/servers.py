"""Which servers of recordings answer in a run: one that does not is left alone for a while, and costs no time-outs."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.errors import RecordingError
from audioscan_host.remote.request_errors import is_unanswered, reason_of
from audioscan_host.remote.url_parts import UrlParts

MOST = 3
"""Recordings in a row for which a server did not answer: one may be lost by bad luck, and two that are asked for at once."""

AGAIN = 30.0
"""Seconds after which one more recording is asked for: as long as a server takes to be started again."""

OUTAGE = 120.0
"""Seconds for which a server that did answer in this run is asked for each recording all the same. The rest of a long list
would fail within a second, and it may be the network that is away for a moment."""


@dataclass
class _Server:
    failures: int = 0
    reason: str = ""
    again: float = 0.0
    answered: float | None = None


class Servers:
    """What is known of the servers that a run asks for recordings. Several threads may ask at once.

    It belongs to a run, so that the next one asks anew. A server is the kind of a URL and its host or bucket: buckets of one
    service may be reached by different ways.

    Args:
        most: recordings in a row for which one does not answer until it is left alone.
        again: seconds for which it is.
        outage: seconds since it answered for which it is not.
        clock: seconds.
    """

    def __init__(
        self,
        *,
        most: int = MOST,
        again: float = AGAIN,
        outage: float = OUTAGE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._again, self._outage, self._clock = most, again, outage, clock
        self._servers: defaultdict[tuple[str, ...], _Server] = defaultdict(_Server)
        self._lock = threading.Lock()

    @contextmanager
    def asked(self, path: Path) -> Iterator[None]:
        """A block that asks the server of a recording; of a file of this machine nothing is noted.

        Whatever the server answers, such as that there is no such file, is an answer.

        Raises:
            RecordingError: it is not asked, since it did not answer before.
        """
        if not isinstance(path, UrlParts):
            yield
            return
        server = self._server_of(path)
        try:
            yield
        except Exception as error:
            self._note(server, error)
            raise
        self._note(server, None)

    def _server_of(self, path: UrlParts) -> _Server:
        with self._lock:
            server, now = self._servers[path.parts[:2]], self._clock()
            is_known = server.answered is not None and now - server.answered < self._outage
            if server.failures < self._most or is_known:
                return server
            if now >= server.again:
                server.again = now + self._again
                return server
            reason = f"{'//'.join(path.parts[:2])} did not answer before ({server.reason})"
            raise RecordingError(f"{path}: cannot be read: {reason}")

    def _note(self, server: _Server, error: Exception | None) -> None:
        with self._lock:
            if error is None or not is_unanswered(error):
                server.failures, server.answered = 0, self._clock()
                return
            server.failures += 1
            server.again = self._clock() + self._again
            cause = error if isinstance(error, OSError) else error.__cause__
            server.reason = reason_of(cause) if isinstance(cause, OSError) else str(error)
