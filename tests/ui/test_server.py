"""The server as other programs see it: what it answers, what it survives, and how it ends."""

import contextlib
import http.client
import json
import random
import re
import socket
import time

import pytest

pytestmark = pytest.mark.slow


def verdict(number, **facts):
    plain = {"recording": 1, "start": 1.0, "end": 2.0, "label": "knock", "role": "positive", "score": None}
    return {"id": f"{number:032x}"} | plain | {"detector": None, "origin": "drawn", "found": None} | facts


def judging(number, **facts):
    return {"id": f"a{number}", "kind": "judge", "add": [verdict(number, **facts)], "remove": []}


def test_the_state_has_everything_that_was_named(serve, scene, wait_until):
    server = serve(*scene.recordings, "--detector", scene.detector, "--labels", scene.labels)
    wait_until(lambda: all(each["embedded"] for each in server.json("api/state")["recordings"][:3]))
    state = server.json("api/state")
    assert [each["name"] for each in state["recordings"]] == [path.name for path in scene.recordings]
    assert [each["duration"] for each in state["recordings"]] == [180.0] * 4
    assert [each["annotated"] > 0 for each in state["recordings"]] == [True] * 4
    assert state["label_files"][0]["counts"].keys() == {"positive"}
    assert (state["detectors"][0]["model"], set(state["detectors"][0]["labels"])) == (
        "MEL",
        {"knock", "chirp"},
    )
    assert {"knock", "chirp"} <= set(state["labels"])
    assert (state["seq"], state["verdicts"], state["undo"], state["demo"]) == (0, [], 0, False)


def test_without_recordings_the_demo_is_offered(serve):
    assert serve().json("api/state")["demo"] is True


def test_a_detector_is_put_aside_and_taken_back(serve, scene):
    server = serve(scene.recordings[0], "--detector", scene.detector)
    server.json("api/detectors/1/drop", {"dropped": True})
    assert server.json("api/state")["detectors"][0]["dropped"] is True
    assert server.ask("POST", "api/detectors/2/drop", {"dropped": True})[0] == 404
    assert server.ask("POST", "api/detectors/1/drop", {"dropped": "yes"})[0] == 422


def test_what_one_does_the_others_hear(serve, scene):
    server = serve(scene.recordings[0])
    with listening(server) as lines:
        change = server.json("api/actions", judging(1))
        heard = [json.loads(line[6:]) for line in until(lines, '"change"') if line.startswith("data: ")]
    assert heard[-1] == {"kind": "change", **change}


def test_who_comes_back_is_told_to_fetch_everything(serve, scene):
    with listening(serve(scene.recordings[0]), {"Last-Event-ID": "1"}) as lines:
        assert until(lines, "data: ")[-1] == 'data: {"kind": "state"}'


def test_it_ends_in_order_while_a_page_listens(serve, scene):
    server = serve(scene.recordings[0])
    with listening(server):
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 5
    assert server.errors[-1].startswith("Ended.")


def test_no_acknowledged_action_is_lost_where_the_server_is_killed(serve, scene, tmp_path):
    chance = random.Random(20)  # noqa: S311 - no secret
    acknowledged, number = [], 0
    for _ in range(6):
        server = serve(scene.recordings[0])
        assert [each["id"] for each in server.json("api/state")["verdicts"]][
            : len(acknowledged)
        ] == acknowledged
        end = time.monotonic() + chance.uniform(0, 0.05)
        while time.monotonic() < end:
            number += 1
            acknowledged.append(server.json("api/actions", judging(number))["add"][0]["id"])
        number += 1
        asked = unanswered(server, judging(number))  # it may be kept or not, and is no trouble either way
        server.kill()
        asked.close()
        acknowledged = kept(tmp_path / "it.review" / "journal.jsonl", acknowledged)


def test_small_answers_are_not_held_back(serve, scene, measured):
    server = serve(scene.recordings[0])
    seconds = []
    with contextlib.closing(socket.create_connection(("127.0.0.1", server.port))) as asking:
        for _ in range(40):
            begin = time.perf_counter()
            asking.sendall(f"GET /{server.token}/static/main.js HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head, _, body = asking.recv(65536).partition(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            while len(body) < length:
                body += asking.recv(65536)
            seconds.append(time.perf_counter() - begin)
    median = sorted(seconds)[20]
    measured(answered_after=median)
    assert median < 0.035


def test_it_is_served_where_it_was_before_so_that_a_page_finds_what_it_could_not_send(serve, scene):
    first = serve(scene.recordings[0])
    first.stop()
    again = serve()
    assert (again.port, again.token == first.token) == (first.port, False)


def test_an_action_that_the_disk_does_not_take_is_to_be_sent_again(serve, scene, tmp_path):
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits the files of another process")
    server = serve(scene.recordings[0])
    server.json("api/actions", judging(1))
    limit = (tmp_path / "it.review" / "journal.jsonl").stat().st_size + 100
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    status, _, answer = server.ask("POST", "api/actions", judging(2))
    assert status == 507
    assert "make room" in json.loads(answer)["problem"]
    assert len(server.json("api/state")["verdicts"]) == 1


def unanswered(server, action):
    """A request whose answer nobody waits for."""
    body = json.dumps(action).encode()
    asked = socket.create_connection(("127.0.0.1", server.port))
    head = (
        f"POST /{server.token}/api/actions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    asked.sendall(head.encode() + body)
    return asked


def kept(journal, acknowledged):
    """The verdicts in a journal, which begin with those that were acknowledged."""
    whole = [line for line in journal.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    found = [json.loads(line)["action"]["add"][0]["id"] for line in whole]
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) <= len(acknowledged) + 1
    return found


@pytest.mark.parametrize("count", [10_000])
def test_ten_thousand_verdicts_are_read_and_shown_quickly(serve, scene, measured, count):
    server = serve(scene.recordings[0])
    many = [verdict(number, start=number, end=number + 0.5) for number in range(count)]
    begin = time.monotonic()
    change = server.json("api/actions", {"id": "many", "kind": "judge", "add": many, "remove": []})
    kept_after = time.monotonic() - begin
    assert len(change["add"]) == count
    server.kill()
    begin = time.monotonic()
    server = serve(scene.recordings[0])
    started_after = time.monotonic() - begin
    begin = time.monotonic()
    assert len(server.json("api/state")["verdicts"]) == count
    measured(kept_after=kept_after, started_after=started_after, state_after=time.monotonic() - begin)
    assert server.json("api/actions", {"id": "back", "kind": "undo"})["remove"][0] == many[0]["id"]


@contextlib.contextmanager
def listening(server, headers=()):
    """The lines of the event stream, from its beginning on."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", f"/{server.token}/api/events", headers=dict(headers))
        answer = connection.getresponse()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield (line.decode().rstrip("\n") for line in answer)


def until(lines, text):
    """The lines up to the first that has a text."""
    found = []
    for line in lines:
        found.append(line)
        if text in line:
            return found
    raise AssertionError(found)
