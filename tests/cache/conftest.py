"""A server of S3 that can be made to fail, and that tells what it was asked."""

import http.client
import json
import socket
import struct
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

IMPATIENT = {
    "config_kwargs": {"read_timeout": 1, "connect_timeout": 1, "retries": {"max_attempts": 1}},
}
"""Settings of s3fs by which a server that hangs is given up after a second."""


@dataclass
class UnreliableServer:
    """Stands before the server of S3.

    Attributes:
        behind: host and port of the server.
        script: what becomes of the next requests: a status, `hang`, `reset`, `pass`, or `lost`, which does what is asked and
            says that it does not; those after them pass.
        always: what becomes of all requests of a method, such as `PUT`; `*` is any.
        delay: seconds before each answer.
        requests: method, path and bytes of the answer of each.
        url: where it answers.
    """

    behind: tuple[str, int]
    script: deque[str] = field(default_factory=deque)
    always: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    url: str = ""
    delay: float = 0.0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def methods(self):
        return Counter("LIST" if "list-type" in path else method for method, path, _ in self.requests)

    def decide(self, method):
        if self.script:
            return self.script.popleft()
        return self.always.get(method) or self.always.get("*") or "pass"


def _handler(server: UnreliableServer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fate = server.decide(self.command)
            time.sleep(server.delay)
            if fate == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                server.requests.append((self.command, self.path, 0))
                return
            if fate == "hang":
                server.requests.append((self.command, self.path, 0))
                server.released.wait(20)
                self.close_connection = True
                return
            if fate in ("pass", "lost"):
                connection = http.client.HTTPConnection(*server.behind, timeout=30)
                connection.request(self.command, self.path, body, dict(self.headers))
                found = connection.getresponse()
                status, headers, content = found.status, found.getheaders(), found.read()
                connection.close()
                if fate == "lost":
                    status, headers = 503, []
            else:
                status, headers = int(fate), [("Content-Type", "application/xml")]
                code = {403: "AccessDenied", 501: "NotImplemented"}.get(status, "ServiceUnavailable")
                content = f"<Error><Code>{code}</Code><Message>not now</Message></Error>".encode()
            server.requests.append((self.command, self.path, len(content)))
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - as the library has it

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def unreliable(s3, s3_endpoint, monkeypatch):
    """The server of the fixture `s3`, seen through another that may fail; processes that a test starts see it too."""
    fsspec_config = pytest.importorskip("fsspec.config")
    split = urlsplit(s3_endpoint)
    server = UnreliableServer((split.hostname, split.port))
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listening.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("FSSPEC_S3", json.dumps(IMPATIENT))
    monkeypatch.setitem(fsspec_config.conf, "s3", IMPATIENT)
    yield server
    server.released.set()
    listening.shutdown()
    listening.server_close()
