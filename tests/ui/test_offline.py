"""Nothing leaves this machine: neither the page nor the server asks anybody else, as installed from the wheels too."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "plugins" / "ui" / "audioscan_ui" / "static"
TABS = ("Data", "Train", "Review", "Retrain", "Results")


def _walk_through(seen):
    """Look at every view, judge a region, and play a sound."""
    for tab in (*TABS, "Review"):
        seen.page.get_by_role("tab", name=re.compile(f"^{tab}")).click()
        seen.until(f"!document.querySelector('#panel-{tab.lower()}').hidden")
        seen.until(f"document.querySelector('#panel-{tab.lower()}').innerText.trim().length > 20")
    seen.until("document.querySelectorAll('[role=option]:not([hidden])').length > 3")
    for key in ("n", "a", "x", "s", " ", "?", "Escape"):
        seen.page.keyboard.press(key)
    seen.until(SAVED)


SAVED = "import(new URL('static/store.js', location.href).href).then((m) => m.store.saving === 'saved')"


def _other_places(requests, server):
    """Of the addresses that were asked, those that are not the server's own; `data:` and `blob:` ask nobody."""
    asked = {url for url in requests if urlsplit(url).scheme not in {"data", "blob"}}
    assert len(asked) > 20
    return {url for url in asked if not url.startswith(server.address)}


def test_a_whole_session_asks_this_server_alone(review, visit, wait_until):
    server = review()
    seen = visit(server)
    _walk_through(seen)
    assert _other_places(seen.requests, server) == set()
    wait_until(lambda: len(server.json("api/state")["verdicts"]) == 3, 5, "three verdicts are kept")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_server_is_connected_to_this_machine_alone(review, visit):
    server = review()
    _walk_through(visit(server))
    sockets = Path(f"/proc/{server.process.pid}/fd")
    inodes = {
        each.group(1) for path in sockets.iterdir() if (each := re.match(r"socket:\[(\d+)", _target(path)))
    }
    remote = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            row = line.split()
            if row[9] in inodes:
                remote.add(row[2].split(":")[0])
    assert remote <= {"00000000", "0100007F"}


def _target(path):
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


def test_no_file_of_the_page_names_another_place():
    files = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    assert len(files) > 30
    for path in files:
        text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        text = text.replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", text) == [], path
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", text
        ), path
        assert not re.search(r"<(script|style)>|\sstyle=|\son\w+=\"", text) or path.suffix == ".svg", path


@pytest.fixture
def installed(wheel_of, new_environment):
    """An environment with host, MEL and page, from their wheels."""
    return new_environment(wheel_of("."), wheel_of("plugins/mel"), wheel_of("plugins/ui"))


def test_the_installed_wheels_serve_the_page_and_the_demo(
    installed, start_server, visit, tmp_path, wait_until
):
    where = installed.run("python", "-c", "import audioscan_ui; print(audioscan_ui.__file__)")
    assert "site-packages" in where.stdout, where.stderr
    server = start_server(
        [],
        cwd=tmp_path,
        session=tmp_path / "first.review",
        cache=tmp_path / "cache",
        command=[installed.program("audioscan-host")],
        environment=installed.variables,
    )
    try:
        seen = visit(server)
        seen.page.get_by_role("button", name=re.compile("demo", re.IGNORECASE)).first.click()
        wait_until(
            lambda: len(server.json("api/state")["recordings"]) >= 5, 30, "the demo's recordings are there"
        )
        for tab in TABS:
            seen.page.get_by_role("tab", name=re.compile(f"^{tab}")).click()
            seen.until(f"!document.querySelector('#panel-{tab.lower()}').hidden")
        assert [each["name"] for each in server.json("api/models")["models"]] == ["MEL"]
        assert _other_places(seen.requests, server) == set()
        done = server.finish_job(
            kind="train", model="MEL", labels=["knock"], label_files="all", recordings="all"
        )
        assert done["result"]["detector"] == 1
        assert server.finish_job(kind="scan", detector=1, recordings=[1])["result"]["failures"] == []
        seen.page.context.close()  # before the server ends, which it would tell of
    finally:
        server.stop()
