"""A web server that can be made to fail, and that tells what it was asked."""

import os
import socket
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONTENT = os.urandom(300_000)


class WebServer:
    """Answers to ranges of one content, whatever the place.

    Attributes:
        script: what becomes of the next requests: a status, `hang`, `reset`, `half` (of what was asked for), or `pass`.
        always: what becomes of those after them.
        requests: method and range of each.
        url: where it answers.
    """

    def __init__(self):
        self.script, self.always, self.requests = deque(), "pass", []
        self.released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                wanted = self.headers.get("Range")
                server.requests.append((self.command, wanted))
                fate = server.script.popleft() if server.script else server.always
                if fate == "hang":
                    server.released.wait(20)
                if fate in ("hang", "reset"):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                status, body = (206 if wanted else 200), CONTENT
                if fate not in ("pass", "half"):
                    status, body = int(fate), b"not now"
                elif wanted:
                    begin, end = map(int, wanted.removeprefix("bytes=").split("-"))
                    body = CONTENT[begin : end + 1]
                self.send_response(status)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: len(body) // 2] if fate == "half" else body)
                self.close_connection = fate == "half"

            do_GET = do_HEAD = answer  # noqa: N815 - as the library has it

            def log_message(self, *_):
                pass

        self._listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listening.daemon_threads = True
        arguments = {"poll_interval": 0.02}
        threading.Thread(target=self._listening.serve_forever, kwargs=arguments, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._listening.server_address[1]}"

    def close(self):
        self.released.set()
        self._listening.shutdown()
        self._listening.server_close()


@pytest.fixture
def web(monkeypatch):
    """A web server; what it does not answer is given up after a third of a second."""
    aiohttp = pytest.importorskip("aiohttp")
    config = pytest.importorskip("fsspec.config")
    timeout = aiohttp.ClientTimeout(5, sock_read=0.3)
    monkeypatch.setitem(config.conf, "http", {"client_kwargs": {"timeout": timeout}})
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = WebServer()
    server.content = CONTENT
    yield server
    server.close()
