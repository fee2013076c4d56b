"""Who may ask the server what: only this machine, only the page's own address, only what was named."""

import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ADDRESSES = ["", "static/main.js", "api/state", "api/events", "api/jobs", "api/recordings/1/audio.wav"]
FOREIGN_ORIGINS = [
    {"Origin": "https://example.com"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
POLICY = {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"}


@pytest.fixture(scope="module")
def server(scene, tmp_path_factory, start_server):
    """One for all questions of this file: none of them changes anything."""
    folder = tmp_path_factory.mktemp("asked")
    running = start_server([scene.recordings[0]], cwd=folder, session=folder / "it.review", cache=scene.cache)
    yield running
    running.stop()


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_token_leads_in(server, address):
    status, _, _ = server.ask("GET", address)
    assert status == 200


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("token", ["", "x" * 43, "api", "static"], ids=["none", "wrong", "api", "static"])
def test_without_the_token_there_is_nothing(server, address, token):
    path = f"/{token}/{address}" if token else f"/{address}"
    for method in ("GET", "POST"):
        status, _, body = server.ask_plainly(method, path)
        assert status in {403, 404}
        assert server.token.encode() not in body


def test_the_token_cannot_be_guessed(server):
    assert len(server.token) >= 43  # 256 bits, six in a character
    assert not re.fullmatch(r"(.)\1*", server.token)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("host", ["example.com", "example.com:80", "127.0.0.1.example.com", "[::1", ""])
def test_another_host_is_misdirected(server, address, host):
    for method in ("GET", "POST"):
        assert server.ask(method, address, headers={"Host": host})[0] == 421


def test_a_foreign_host_is_told_nothing_of_the_token(server):
    paths = ["/", f"/{server.token}/", "/x/"]
    answers = {server.ask_plainly("GET", path, headers={"Host": "example.com"})[::2] for path in paths}
    assert len(answers) == 1
    assert next(iter(answers))[0] == 421


def test_the_names_of_this_machine_are_hosts(server):
    for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}"):
        assert server.ask("GET", "api/state", headers={"Host": host})[0] == 200


@pytest.mark.parametrize("headers", FOREIGN_ORIGINS, ids=lambda each: " ".join(next(iter(each.items()))))
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_of_another_origin_is_refused(server, address, headers):
    for method in ("GET", "POST"):
        assert server.ask(method, address, headers=headers)[0] == 403


def test_the_page_itself_is_no_foreigner(server):
    for headers in (
        {"Origin": f"http://127.0.0.1:{server.port}"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert server.ask("GET", "api/state", headers=headers)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "static/../command.py",
        "static/../../pyproject.toml",
        "static/%2e%2e/command.py",
        "static/%2e%2e%2fcommand.py",
        "static/..%5ccommand.py",
        "static//etc/passwd",
        "static/%2fetc%2fpasswd",
        r"static/\\host\share",
        "static/%5c%5chost%5cshare",
        "static/C:/Windows/win.ini",
        "static/main.js%00.css",
        "static/",
        "static",
        "../../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        r"\\host\share",
        "api/recordings/../../../etc/passwd",
        "api/recordings/%2fetc%2fpasswd/audio.wav",
        "api/recordings/..%2f..%2f1/audio.wav",
        "api/recordings/0/audio.wav",
        "api/recordings/-1/audio.wav",
        "api/recordings/2/audio.wav",
        "api/recordings/1e0/audio.wav",
        "api/scans/..%2f..%2fsession.json/1/0",
    ],
)
def test_what_was_not_named_is_not_found(server, path):
    status, headers, body = server.ask("GET", path)
    assert status == 404
    assert b"root:" not in body
    assert "location" not in headers


@pytest.mark.parametrize("address", [*ADDRESSES, "nothing", "static/nothing.js"])
def test_every_answer_forbids_what_a_page_of_its_own_files_does_not_need(server, address):
    _, headers, _ = server.ask("GET", address)
    policy = {each.strip() for each in headers["content-security-policy"].split(";")}
    assert policy >= POLICY
    assert "unsafe" not in headers["content-security-policy"]
    assert "*" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    assert "set-cookie" not in headers


def test_refusals_forbid_the_same(server):
    for path, sent in (("/", {}), (f"/{server.token}/", {"Host": "example.com"})):
        _, headers, _ = server.ask_plainly("GET", path, headers=sent)
        assert "default-src 'self'" in headers["content-security-policy"]


def test_nobody_but_this_machine_can_connect(server):
    for address in _other_addresses():
        with pytest.raises(OSError), socket.create_connection((address, server.port), timeout=2):  # noqa: PT011
            pass


def _other_addresses():
    """Addresses of this machine that are not of the loopback, and one of it that is not 127.0.0.1."""
    found = {"127.0.0.2"} if sys.platform == "linux" else set()
    with contextlib.suppress(OSError):
        found |= {str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return sorted(found - {"127.0.0.1"})


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_one_port_listens_and_only_on_127_0_0_1(server):
    inodes = set()
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes |= set(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    listening = []
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        listening += [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
    assert listening == [f"0100007F:{server.port:04X}"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_to_listen_elsewhere_must_be_asked_for_by_name(scene, tmp_path, host):
    command = [
        sys.executable,
        "-m",
        "audioscan_host",
        "ui",
        "--host",
        host,
        "--no-browser",
        "--session",
        "x.review",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "--allow-host" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.review").exists()


def test_nothing_can_be_uploaded(server):
    for method in ("PUT", "PATCH", "DELETE"):
        for address in ("", "api/state", "static/main.js", "api/recordings/1/audio.wav"):
            assert server.ask(method, address)[0] in {404, 405}


@pytest.mark.parametrize("body", [[], "x", 7, {"kind": "nonsense"}, {"kind": "judge", "add": [{}]}])
def test_an_action_that_is_none_is_refused_in_a_sentence(server, body):
    status, _, answer = server.ask("POST", "api/actions", body)
    assert 400 <= status < 500
    assert b'"problem"' in answer
    assert b"Traceback" not in answer


def test_a_body_without_end_is_refused(server):
    huge = {"Content-Length": str(10**12), "Content-Type": "application/json"}
    status, _, _ = server.ask("POST", "api/actions", headers=huge)
    assert status in {400, 411, 413}


MARKUP = "<img src=x onerror=alert(1)>"


def test_a_label_of_markup_is_shown_as_text(serve, visit, scene, tmp_path, wait_until):
    labels = tmp_path / "labels.csv"
    labels.write_text(f"file,start,end,label\n{scene.recordings[0].name},5,6,{MARKUP}\n", encoding="utf-8")
    recording = tmp_path / "<b>bold<b>&amp;.wav"
    recording.write_bytes(scene.recordings[0].read_bytes())
    seen = visit(serve(scene.recordings[0], recording, "--labels", labels))
    alerts = []
    seen.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    seen.until(f"document.body.innerText.includes({MARKUP!r})")
    seen.until(f"document.body.innerText.includes({recording.name!r})")
    assert seen.page.evaluate("document.querySelectorAll('img[src=x], b').length") == 0
    assert alerts == []
