"""What the page is answered on jobs, scans and models."""

import asyncio
import sys

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from audioscan_ui.api import jobs, models, scans
from audioscan_ui.problems import Problem, answer_problem
from audioscan_ui.review import Review
from audioscan_ui.scans.store import ScanStore

pytestmark = pytest.mark.slow


@pytest.fixture
def ask():
    """Ask a bench: `ask(bench, "GET", "/api/jobs", json)` gives the answer."""

    def asked(bench, method, path, json=None):
        app = Starlette(
            routes=[*jobs.routes, *scans.routes, *models.routes], exception_handlers={Problem: answer_problem}
        )
        app.state.review = Review(bench.session, bench.jobs, None, None)

        async def one():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, json=json, timeout=60)

        return asyncio.run(one())

    return asked


def test_a_job_is_started_shown_and_cancelled(bench, ask):
    started = ask(bench, "POST", "/api/jobs", {"kind": "train", "model": "MEL"})
    number = started.json()["job"]["number"]
    assert started.json()["job"]["title"] == "Train a detector of all labels by MEL"

    cancelled = ask(bench, "POST", f"/api/jobs/{number}/cancel").json()["job"]

    assert cancelled["state"] == "cancelled"
    assert ask(bench, "GET", "/api/jobs").json()["jobs"] == [cancelled]
    assert ask(bench, "POST", "/api/jobs/99/cancel").status_code == 404
    assert "Choose a detector" in ask(bench, "POST", "/api/jobs", {"kind": "scan"}).json()["problem"]


def test_scores_are_little_endian_doubles_one_a_step(scanner, ask):
    nothing = ask(scanner, "GET", "/api/scans/1").json()
    assert (nothing["labels"], nothing["recordings"]) == (["beep"], [])
    assert ask(scanner, "GET", "/api/scans/1/1/0").status_code == 404

    scanner.done({"kind": "scan", "detector": 1, "recordings": "all"})

    overview = ask(scanner, "GET", "/api/scans/1").json()
    assert (overview["labels"], overview["hop"], overview["window"]) == (["beep"], 0.25, 1.0)
    assert [each["number"] for each in overview["recordings"]] == [1, 2, 3]
    one = np.frombuffer(ask(scanner, "GET", "/api/scans/1/2/0").content, "<f8")
    store, sha256 = ScanStore(scanner.folder), overview["recordings"]
    assert len(one) == sha256[1]["steps"] == 96
    np.testing.assert_array_equal(one, store.scores(scanner.session.detector(1).sha256, 2, 0))
    whole = np.frombuffer(ask(scanner, "GET", "/api/scans/1/all/0").content, "<f8")
    np.testing.assert_array_equal(whole[96:192], one)
    assert len(whole) == 3 * 96
    assert ask(scanner, "GET", "/api/scans/1/1/1").status_code == 404
    assert ask(scanner, "GET", "/api/scans/2").status_code == 404


def test_damaged_scores_are_told_and_a_new_scan_mends_them(scanner, ask):
    scanner.done({"kind": "scan", "detector": 1, "recordings": [1]})
    (file,) = (scanner.folder / "scans").glob("*/1.npz")
    file.write_bytes(b"no scores")
    assert "scan it again" in ask(scanner, "GET", "/api/scans/1/1/0").json()["problem"]

    scanner.done({"kind": "scan", "detector": 1, "recordings": [1]})

    assert ask(scanner, "GET", "/api/scans/1/1/0").status_code == 200


def test_models_are_those_of_a_fresh_process(bench, ask):
    found = ask(bench, "GET", "/api/models").json()

    mel = next(each for each in found["models"] if each["name"] == "MEL")
    assert mel["weights"] == "none"
    assert mel["family"] == mel["plugin"]
    assert {"dim", "description", "parameters", "licence"} <= set(mel)
    assert found["devices"][:2] == ["auto", "cpu"]


def test_a_python_that_cannot_list_models_says_why(bench, ask, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text(f"#!{sys.executable}\nraise SystemExit('no such thing')\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))

    answer = ask(bench, "GET", "/api/models")

    assert (answer.status_code, answer.json()["problem"]) == (
        503,
        "The installed models could not be read: no such thing",
    )
