"""Downloads from a server on this machine: whole, interrupted, gone on with, and refused in one line."""

import errno
import os
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from audioscan_host.errors import CheckpointError
from audioscan_host.models import download as download_module
from audioscan_host.models.download import download, download_snapshot
from audioscan_host.models.partial import Origin, Partial
from audioscan_host.models.weights import HubSnapshot, TorchHubFile
from audioscan_host.progress import Silent

RESET_ON_CLOSE = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # linger for 0 s
CONTENT = np.random.default_rng(0).bytes(2_500_000)


@dataclass
class Server:
    """What the server does with a request, and what it was asked for."""

    address: str = ""
    content: bytes = CONTENT
    ranges: bool = True  # it can begin in the middle
    stops_after: int | None = None  # bytes of an answer, then the connection ends
    breaks_off: bool = False  # and that with a reset
    chunked: bool = False  # it does not say how long the answer is
    before_answering: threading.Event | None = None
    etag: str | None = None
    modified: str | None = None  # a date
    asked: list[str | None] = field(default_factory=list)  # the Range of each request
    conditions: list[str | None] = field(default_factory=list)  # the If-Range of each

    def url(self, name="net.pt"):
        return f"{self.address}/{name}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        facts = self.server.facts
        self.close_connection = True
        asked = self.headers.get("Range")
        facts.asked.append(asked)
        if facts.before_answering:
            facts.before_answering.wait(20)
        if self.path != "/net.pt":
            self.send_error(404)
            return
        condition = self.headers.get("If-Range")
        facts.conditions.append(condition)
        same = condition in (None, facts.etag, facts.modified)
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and facts.ranges and same else 0
        if begin >= len(facts.content):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        for header, value in (("ETag", facts.etag), ("Last-Modified", facts.modified)):
            if value:
                self.send_header(header, value)
        body = facts.content[begin:]
        (self.send_in_chunks if facts.chunked else self.send)(body, body[: facts.stops_after])
        if facts.breaks_off:
            self.connection.setsockopt(*RESET_ON_CLOSE)
            self.connection.close()

    def send(self, body, sent):
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(sent)

    def send_in_chunks(self, body, sent):
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (sent[:1000], sent[1000:]):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if sent == body:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    facts = listening.facts = Server()
    facts.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield facts
    listening.shutdown()
    thread.join()
    listening.server_close()


class Noted:
    """Progress that keeps what it is told."""

    def __init__(self):
        self.begun = []
        self.amounts = []

    @contextmanager
    def track(self, what, total, unit):
        self.begun.append((what, total, unit))
        yield self.amounts.append


@pytest.fixture
def target(tmp_path):
    return tmp_path / "hub" / "checkpoints" / "net.pt"


@pytest.fixture
def partial(target):
    """Where an interrupted download is kept; its folder is there."""
    target.parent.mkdir(parents=True)
    return target.with_name("net.pt.partial")


@pytest.fixture
def keep(server, partial):
    """Leave what an interrupted download of the server's file would have left: these bytes."""

    def keep(content):
        partial.write_bytes(content)
        Partial(partial).keep(Origin(server.url(), server.etag or "", len(server.content)))

    return keep


def refusal_of(url, target):
    with pytest.raises(CheckpointError) as refused:
        download(url, target, Silent())
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith(f"{url}: ")
    return message.removeprefix(f"{url}: ")


# Whole


def test_a_file_is_fetched_whole_into_a_folder_that_was_not_there(server, target):
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT
    assert server.asked == [None]
    assert not target.with_name("net.pt.partial").exists()


def test_progress_is_told_the_size_of_the_file_and_amounts_that_sum_to_it(server, target):
    progress = Noted()
    download(server.url(), target, progress)
    assert progress.begun == [("downloading net.pt", len(CONTENT) / 1e6, "MB")]
    assert len(progress.amounts) > 2
    assert sum(progress.amounts) == pytest.approx(len(CONTENT) / 1e6)


def test_a_file_of_unknown_length_is_fetched_whole(server, target):
    server.chunked = True
    progress = Noted()
    download(server.url(), target, progress)
    assert target.read_bytes() == CONTENT
    assert progress.begun == [("downloading net.pt", None, "MB")]
    assert sum(progress.amounts) == pytest.approx(len(CONTENT) / 1e6)


def test_a_file_that_is_there_is_not_fetched(server, target, partial):
    target.write_bytes(b"there already")
    download(server.url(), target, Silent())
    assert server.asked == []
    assert target.read_bytes() == b"there already"


def test_weights_are_fetched_from_their_address_to_their_place(server, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    weights = TorchHubFile(server.url())
    weights.pull(Silent())
    assert weights.path.read_bytes() == CONTENT


# Interrupted


@pytest.mark.parametrize("stops_after", [100, 5_000, 1_500_000])
def test_an_interrupted_download_is_kept_under_another_name_and_says_to_run_again(
    server, target, stops_after
):
    server.stops_after = stops_after
    reason = refusal_of(server.url(), target)
    assert reason == f"the connection ended after {stops_after} of {len(CONTENT)} bytes; run again to go on"
    assert target.with_name("net.pt.partial").read_bytes() == CONTENT[:stops_after]
    assert not target.exists()


def test_the_next_run_asks_for_the_rest_and_the_file_is_the_same_to_the_byte(server, target):
    server.stops_after = 1_500_000
    refusal_of(server.url(), target)
    server.stops_after = None
    progress = Noted()
    download(server.url(), target, progress)
    assert server.asked == [None, "bytes=1500000-"]
    assert target.read_bytes() == CONTENT
    assert progress.begun == [("downloading net.pt", len(CONTENT) / 1e6, "MB")]
    assert progress.amounts[0] == 1.5
    assert sum(progress.amounts) == pytest.approx(len(CONTENT) / 1e6)


def test_a_download_that_is_interrupted_again_and_again_gets_there(server, target):
    server.stops_after = 700_000
    for so_far in (700_000, 1_400_000, 2_100_000):
        assert f"after {so_far} of {len(CONTENT)} bytes" in refusal_of(server.url(), target)
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT


@pytest.mark.skipif(os.name != "posix", reason="how a connection is reset is the system's own")
def test_a_connection_that_is_reset_says_to_run_again(server, target):
    server.stops_after, server.breaks_off = 1_500_000, True
    reason = refusal_of(server.url(), target)
    assert reason == f"{os.strerror(errno.ECONNRESET)}; run again to go on"
    server.stops_after, server.breaks_off = None, False
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT


def test_an_answer_of_unknown_length_that_is_cut_off_says_to_run_again(server, target):
    server.chunked, server.stops_after = True, 1_500_000
    assert refusal_of(server.url(), target).endswith("; run again to go on")
    server.stops_after = None
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT


def test_a_server_that_says_nothing_more_is_given_up_in_one_line(server, target, monkeypatch):
    monkeypatch.setattr(download_module, "TIMEOUT", 0.2)
    server.before_answering = threading.Event()
    assert refusal_of(server.url(), target) == "timed out"
    server.before_answering.set()


@pytest.mark.parametrize("size", [1_000, 100_000, 2_500_000])
def test_a_server_that_cannot_begin_in_the_middle_is_asked_for_all_and_what_was_kept_goes(
    server, target, keep, size
):
    server.ranges, server.content = False, CONTENT[:size]
    keep(b"of an older file" * 10)
    progress = Noted()
    download(server.url(), target, progress)
    assert server.asked == ["bytes=160-"]
    assert target.read_bytes() == CONTENT[:size]
    assert progress.begun[0][1] == size / 1e6
    assert sum(progress.amounts) == pytest.approx(size / 1e6)


@pytest.mark.parametrize("more", [b"", b"more than all"], ids=["all of it", "more than all of it"])
def test_where_all_was_kept_already_the_file_is_fetched_anew(server, target, partial, keep, more):
    keep(CONTENT + more)
    download(server.url(), target, Silent())
    assert server.asked == [f"bytes={len(CONTENT + more)}-", None]
    assert target.read_bytes() == CONTENT
    assert not partial.exists()


# Another file


def test_what_nobody_knows_the_origin_of_is_not_gone_on_from(server, target, partial):
    partial.write_bytes(b"of another program" * 100)
    download(server.url(), target, Silent())
    assert server.asked == [None]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "note", [b"", b"{}", b"[1]", b'{"url": 1', b'{"url": "a", "validator": "", "size": 1, "x": 2}']
)
def test_neither_is_what_has_a_damaged_note(server, target, partial, keep, note):
    keep(b"older")
    partial.with_name("net.pt.partial.origin").write_bytes(note)
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT


def test_nor_what_is_of_another_address(server, target, partial):
    partial.write_bytes(CONTENT[:100][::-1])
    Partial(partial).keep(Origin(server.url("other.pt"), "", len(CONTENT)))
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("facts", "condition"),
    [
        ({"etag": '"a1"', "modified": "Sat, 01 Jan 2022 00:00:00 GMT"}, '"a1"'),
        ({"etag": 'W/"a1"', "modified": "Sat, 01 Jan 2022 00:00:00 GMT"}, "Sat, 01 Jan 2022 00:00:00 GMT"),
        ({"etag": 'W/"a1"'}, None),
    ],
)
def test_the_rest_is_asked_for_on_the_condition_that_the_file_is_the_same(server, target, facts, condition):
    vars(server).update(facts, stops_after=1_000)
    refusal_of(server.url(), target)
    server.stops_after = None
    download(server.url(), target, Silent())
    assert server.asked == [None, "bytes=1000-"]
    assert server.conditions == [None, condition]
    assert target.read_bytes() == CONTENT
    assert sorted(path.name for path in target.parent.iterdir()) == ["net.pt"]


def test_a_file_that_has_changed_since_is_fetched_whole(server, target):
    server.etag, server.stops_after = '"old"', 1_000
    refusal_of(server.url(), target)
    server.etag, server.stops_after, server.content = '"new"', None, CONTENT[::-1]
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT[::-1]


def test_without_etags_another_size_is_another_file_and_fetched_anew_by_the_next_run(server, target):
    server.stops_after = 1_000
    refusal_of(server.url(), target)
    server.stops_after, server.content = None, CONTENT[:-1][::-1]
    reason = refusal_of(server.url(), target)
    assert reason == "the file there is another one than before; run again to fetch it anew"
    download(server.url(), target, Silent())
    assert target.read_bytes() == CONTENT[:-1][::-1]


# Refused


def test_an_address_without_the_file_is_one_line(server, target):
    assert refusal_of(server.url("other.pt"), target) == "Not Found"


def test_an_address_without_the_file_leaves_what_was_kept(server, target, partial):
    partial.write_bytes(CONTENT[:100])
    refusal_of(server.url("other.pt"), target)
    assert partial.read_bytes() == CONTENT[:100]


def test_a_port_where_nobody_listens_is_one_line(server, target):
    assert "refused" in refusal_of("http://127.0.0.1:1/net.pt", target)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("net.pt", "unknown url type: 'net.pt'"),
        ("gopher://127.0.0.1/net.pt", "unknown url type: gopher"),
        ("http:///net.pt", "no host given"),
        ("http://127.0.0.1:port/net.pt", "nonnumeric port: 'port'"),
        ("http://127.0.0.1/a net.pt", "URL can't contain control characters"),
        ("http://[::1/net.pt", "Invalid IPv6 URL"),
    ],
)
def test_an_address_that_is_none_is_one_line(target, url, reason):
    assert refusal_of(url, target).startswith(reason)


def test_a_server_that_speaks_another_protocol_is_one_line(server, target, monkeypatch):
    class Nonsense(BaseHTTPRequestHandler):
        def handle(self):
            self.rfile.readline()
            self.wfile.write(b"SSH-2.0 is spoken here\r\nand nothing else\r\n")

    with ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as listening:
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        reason = refusal_of(f"http://127.0.0.1:{listening.server_port}/net.pt", target)
        listening.shutdown()
    assert reason == "SSH-2.0 is spoken here"


def test_a_folder_that_cannot_be_made_is_named_in_one_line(server, target):
    blocked = target.parent.parent
    blocked.write_text("a file where a folder should be")
    reason = refusal_of(server.url(), target)
    assert reason == f"{target.parent}: {os.strerror(errno.ENOTDIR)}"
    assert server.asked == []


# Several at once


def test_of_two_that_want_a_file_at_once_one_fetches_it_and_the_other_waits_for_it(server, target):
    server.before_answering = threading.Event()
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(download, server.url(), target, Silent()) for _ in range(2)]
        assert wait(runs, timeout=0.3).done == set()
        server.before_answering.set()
        for run in runs:
            run.result(20)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None]


# Snapshots


@pytest.fixture
def hub(monkeypatch):
    """The hub's own download, replaced: what it was asked for, and what it raises."""
    huggingface_hub = pytest.importorskip("huggingface_hub")

    hub = SimpleNamespace(asked=[], error=None, bars=True)

    def hf_hub_download(*arguments, **options):
        hub.asked.append((arguments, options))
        if hub.error:
            raise hub.error

    def disable_progress_bars():
        hub.bars = False

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    monkeypatch.setattr("huggingface_hub.utils.disable_progress_bars", disable_progress_bars)
    return hub


def test_the_files_of_a_snapshot_are_asked_for_by_repository_name_and_revision(hub):
    HubSnapshot("someone/net", "0123abc", ("model.safetensors", "config.json")).pull(Noted())
    assert hub.asked == [
        (("someone/net", "model.safetensors"), {"revision": "0123abc"}),
        (("someone/net", "config.json"), {"revision": "0123abc"}),
    ]
    assert hub.bars


def test_the_hub_draws_no_bar_where_progress_is_silent(hub):
    download_snapshot("someone/net", "0123abc", ["model.safetensors"], Silent())
    assert not hub.bars


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("\nno such revision\n\nsee the manual"), "no such revision"),
        (ValueError("404 Client Error.\r\nRequest ID: 1"), "404 Client Error."),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_whatever_the_hub_raises_is_one_line_that_names_the_repository(hub, error, reason):
    hub.error = error
    with pytest.raises(CheckpointError) as refused:
        download_snapshot("someone/net", "0123abc", ["model.safetensors", "config.json"], Silent())
    assert str(refused.value) == f"someone/net: {reason}"
    assert len(hub.asked) == 1


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed")
def test_a_snapshot_that_is_not_there_is_one_line_where_the_hub_is_offline(tmp_path):
    code = """
from audioscan_host.errors import CheckpointError
from audioscan_host.progress import Silent
from audioscan_host.models.weights import HubSnapshot
try:
    HubSnapshot("someone/net", "0" * 40, ("model.safetensors",)).pull(Silent())
except CheckpointError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path)},
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert line.startswith("someone/net: ")
    assert len(line) > len("someone/net: ")
