"""Runs the server until somebody ends it."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from audioscan_host import SettingError

_SECONDS_TO_END = 2
"""That answers which are under way may take before they are cut off."""


def bound(host: str, port: int, before: int = 0) -> socket.socket:
    """A listening socket.

    Args:
        host: an address of this machine.
        port: that it must have; 0 is one that is free.
        before: where any will do, the one that is tried first. A browser keeps what it could not send for the same
            address, so that of an earlier server is the best.

    Raises:
        SettingError: the port is taken, or the host is none of this machine.
    """
    if not port and before:
        with suppress(SettingError):
            return _listening(host, before)
    return _listening(host, port)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol: asyncio sends small answers at once only where it is named, else 40 ms later.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # where it lets nobody take a port that is in use
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen()  # whoever is told the address may ask at once, and waits until it is served
    except OSError as error:
        found.close()
        reason = error.strerror or error
        raise SettingError(f"cannot listen at {host}, port {port}: {reason}; try --port 0") from error
    return found


def serve(
    app: ASGIApp, listening: socket.socket, announce: Callable[[], None], before_end: Callable[[], None]
) -> None:
    """Answer until an interrupt (Ctrl-C) or a termination.

    Args:
        app: what answers.
        listening: a bound socket.
        announce: called when it answers, and an interrupt ends it in order.
        before_end: called when the end is asked for, so that streams end.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,  # addresses hold the token
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing that a request says of itself is believed
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    server = _Server(config, announce, before_end)
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends in order at a signal, and does not raise the signal again as it is left."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], before_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._before_end = before_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Be told of signals for as long as the server runs."""
        kinds = [signal.SIGINT, signal.SIGTERM]
        before = {kind: signal.signal(kind, self.handle_exit) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; a second interrupt ends at once."""
        if not self.should_exit:
            self._before_end()
        super().handle_exit(sig, frame)
