"""The review page as people use it: a server in a process of its own, real Chromium, and recordings to look at."""

import contextlib
import csv
import http.client
import json
import logging
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/([\w-]+)/")
LABELS = ("knock", "chirp")


@dataclass
class Server:
    """A running `audioscan-host ui`.

    Attributes:
        process: of the server.
        folder: of its session.
        address: of the page, with the token, ending in a slash.
        port: that it listens on.
        token: first part of every path.
        errors: what it printed on standard error so far, line by line.
    """

    process: subprocess.Popen[str]
    folder: Path
    address: str = ""
    port: int = 0
    token: str = ""
    errors: list[str] = field(default_factory=list)

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of what it answers to a path below the token."""
        return self.ask_plainly(method, f"/{self.token}/{path}", body, headers=headers)

    def ask_plainly(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """The same for a whole path, which is sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = None if body is None else json.dumps(body)
        with contextlib.closing(connection):
            connection.putrequest(
                method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True
            )
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if sent is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(sent.encode())))
            connection.endheaders(None if sent is None else sent.encode())
            with contextlib.closing(connection.getresponse()) as answer:
                facts = {name.lower(): value for name, value in answer.getheaders()}
                is_stream = facts.get("content-type", "").startswith("text/event-stream")
                return answer.status, facts, b"" if is_stream else answer.read()

    def json(self, path: str, body: Any = None) -> Any:
        """What a GET answers, or a POST where there is a body; it must succeed."""
        status, _, answer = self.ask("GET" if body is None else "POST", path, body)
        assert status == 200, (path, status, answer)
        return json.loads(answer)

    def start_job(self, **request: Any) -> dict[str, Any]:
        """Start long work: `start_job(kind="scan", detector=1, recordings="all")`."""
        facts: dict[str, Any] = self.json("api/jobs", request)["job"]
        return facts

    def job(self, number: int) -> dict[str, Any]:
        """The facts of a job."""
        (facts,) = [each for each in self.json("api/jobs")["jobs"] if each["number"] == number]
        return dict(facts)

    def finish_job(self, seconds: float = 90, **request: Any) -> dict[str, Any]:
        """Start long work and wait until it is done."""
        number = self.start_job(**request)["number"]
        facts = wait_until(
            lambda: (now := self.job(number))["state"] not in {"waiting", "running"} and now, seconds
        )
        assert facts["state"] == "done", facts
        return dict(facts)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Visit:
    """A page that is open in Chromium.

    Attributes:
        page: Playwright's.
        requests: addresses of all requests so far.
        faults: errors on the console, exceptions, and what the content security policy forbade.
        expected: patterns of faults that the test brings about itself.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        """The faults that no pattern fits."""
        return [fault for fault in self.faults if not any(re.search(each, fault) for each in self.expected)]

    def until(self, expression: str, seconds: float = 15) -> Any:
        """Wait until an expression is true in the page; its value. Where that fails, what the page shows is told."""
        try:
            return wait_until(lambda: self.page.evaluate(expression), seconds, what=expression)
        except AssertionError as error:
            shown = " ".join(self.page.evaluate("document.body.innerText").split())
            raise AssertionError(f"{error}\n{self.faults}\n{shown}") from None

    def module(self, path: str, expression: str) -> Any:
        """Value of an expression in which `m` is one of the page's own modules: `module("store.js", "m.store.view")`."""
        return self.page.evaluate(
            f"import(new URL('static/{path}', location.href).href).then(async (m) => ({expression}))"
        )


@dataclass(frozen=True)
class Scene:
    """Recordings with known sounds.

    Attributes:
        recordings: the last was not learned from.
        labels: a label file of them all.
        detector: of two labels.
        cache: their embeddings.
    """

    recordings: tuple[Path, ...]
    labels: Path
    detector: Path
    cache: Path


def wait_until(ask: Callable[[], Any], seconds: float = 15, what: str = "") -> Any:
    """The first true answer; fails after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {what or ask}"
        time.sleep(0.05)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Note figures: `measured(shown_after=0.3)`; they are in the report of JUnit, and shown by --log-cli-level=INFO."""

    def note(**figures: object) -> None:
        for name, value in figures.items():
            rounded = round(value, 4) if isinstance(value, float) else value
            record_property(name, rounded)
            logging.getLogger("tests.ui").info("%s: %s", name, rounded)

    return note


@pytest.fixture(name="wait_until", scope="session")
def _wait_until() -> Callable[..., Any]:
    """`wait_until(ask, seconds)`: the first true answer."""
    return wait_until


@pytest.fixture(name="start_server", scope="session")
def _start_server() -> Callable[..., Server]:
    """`start_server([recording], cwd=folder, session=folder, cache=folder)`; the test ends it."""
    return start_server


def start_server(
    arguments: Sequence[object],
    *,
    cwd: Path,
    session: Path,
    cache: Path,
    command: Sequence[str] = (sys.executable, "-m", "audioscan_host"),
    environment: Mapping[str, str] = os.environ,
) -> Server:
    """Start `audioscan-host ui`, and wait for its address."""
    program = [*command, "ui", *map(str, arguments)]
    options = ["--session", str(session), "--cache-dir", str(cache), "--no-browser"]
    process = subprocess.Popen(
        [*program, *options],
        cwd=cwd,
        env={**environment, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", "AUDIOSCAN_PLUGINS": "mel,ui"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process, session)
    said: list[str] = []
    for stream, lines in ((process.stdout, said), (process.stderr, server.errors)):
        threading.Thread(target=_keep, args=(stream, lines), daemon=True).start()
    found = wait_until(
        lambda: ADDRESS.search("".join(said)) or process.poll() is not None, 30, "the server's address"
    )
    assert found is not True, "".join(server.errors)
    server.address, server.port, server.token = found[0], int(found[1]), found[2]
    return server


def _keep(stream: Any, lines: list[str]) -> None:
    for line in stream:
        lines.append(line)  # noqa: PERF402 - each as it comes
    stream.close()


@pytest.fixture
def serve(tmp_path: Path, scene: Scene) -> Iterator[Callable[..., Server]]:
    """Start a server: `serve("a.wav", "--labels", "labels.csv", session=folder)`; it ends with the test."""
    started: list[Server] = []

    def start(*arguments: object, session: Path | None = None, **options: Any) -> Server:
        options = {"cwd": tmp_path, "cache": scene.cache} | options
        server = start_server(arguments, session=session or tmp_path / "it.review", **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
    for server in started:
        assert not [line for line in server.errors if "Traceback" in line], "".join(server.errors)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Where Chromium is; without it the test is skipped, or fails where AUDIOSCAN_NEED_BROWSER or AUDIOSCAN_NEED_ALL is set."""
    browser = runpy.run_path(str(ROOT / "tools" / "browser.py"))
    if path := browser["find"]():
        return str(path)
    if browser["is_needed"]():
        pytest.fail(browser["ADVICE"])
    pytest.skip(browser["ADVICE"])


@pytest.fixture(scope="module")
def chromium(browser_path: str) -> Iterator[Any]:
    """A browser, for the tests of one file: Playwright's loop must not outlive them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Open a server's page: `visit(server, width=1024, height=600, scheme="dark")`; faults fail the test."""
    visits: list[Visit] = []

    def open_page(
        server: Server, *, width: int = 1280, height: int = 800, scheme: str = "light", scale: float = 1
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale
        )
        context.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error("
            "`policy: ${event.violatedDirective} forbids ${event.blockedURI}`))"
        )
        seen = Visit(context.new_page())
        seen.page.on("console", lambda said: said.type == "error" and seen.faults.append(said.text))
        seen.page.on("pageerror", lambda error: seen.faults.append(f"{error.message}\n{error.stack}"))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto(server.address)
        visits.append(seen)
        seen.until("!!document.querySelector('[role=tab][aria-selected=true]')")
        return seen

    yield open_page
    for each in visits:
        each.page.context.close()
    assert [fault for each in visits for fault in each.unexpected()] == []


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Four synthesised recordings of three minutes, their labels, and a MEL detector of two of the sounds."""
    # Most tests of this folder do without what this imports.
    from audioscan_host import train
    from audioscan_host.demo.synthesis import synthesise

    folder = tmp_path_factory.mktemp("scene")
    rows: list[tuple[object, ...]] = [("file", "start", "end", "label")]
    recordings = []
    for index in range(4):
        made = synthesise(index)
        path = folder / f"recording-{index + 1}.wav"
        path.write_bytes(made.wav())
        recordings.append(path)
        rows += [(path.name, event.start, event.end, event.label) for event in made.events]
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    scene = Scene(tuple(recordings), folder / "labels.csv", folder / "sounds.detector", folder / "cache")
    train(
        scene.recordings[:3],
        [scene.labels],
        "MEL",
        out=scene.detector,
        only=LABELS,
        cache_dir=scene.cache,
    )
    return scene


@pytest.fixture(scope="session")
def scanned(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session's folder in which the last two recordings of the scene are scanned; never served itself."""
    folder = tmp_path_factory.mktemp("scanned") / "scanned.review"
    arguments = [*scene.recordings[2:], "--detector", scene.detector, "--labels", scene.labels]
    server = start_server(arguments, cwd=folder.parent, session=folder, cache=scene.cache)
    try:
        server.finish_job(kind="scan", detector=1, recordings="all")
    finally:
        server.stop()
    return folder


@pytest.fixture
def review(serve: Callable[..., Server], scanned: Path, tmp_path: Path) -> Callable[..., Server]:
    """Serve a copy of the scanned session: recording 1 was learned from, recording 2 was not."""

    def start(**options: Any) -> Server:
        folder = tmp_path / "it.review"
        if not folder.exists():
            shutil.copytree(scanned, folder)
        return serve(session=folder, **options)

    return start
