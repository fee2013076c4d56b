"""Nodes, drivers and workers that die, recordings that kill, and interrupts: what is finished is kept, and the rest goes on."""

import os
import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("AUDIOSCAN_KILLS", "1"))
"""Nodes that are killed, one after the other, each in a run of its own."""


def wait_for(what, seconds=120):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def finished(cache):
    return len(list(cache.glob("w2v/*.npz")))


def test_a_node_that_is_killed_loses_nothing_but_its_tasks_in_flight(
    cluster, host, noise, content, wait, tmp_path
):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(40)]
    here = host("embed", *paths, "--model", "DROWSY", "--cache-dir", "unkilled").stdout
    expected = content(tmp_path / "unkilled")
    for kill in range(KILLS):
        node = cluster.add()
        cluster.forget()
        cache = f"killed-{kill}"
        run = host.start(
            "embed", *paths, "--model", "DROWSY", "--cache-dir", cache, "--on", "auto", "--workers", 3
        )
        enough = 2 + kill % 5
        wait_for(
            lambda node=node, enough=enough, run=run: (
                len(cluster.encoded(node)) > enough or run.poll() is not None
            )
        )
        assert run.poll() is None
        node.kill()
        out, err = wait(run)
        assert run.returncode == 0, out + err
        assert content(tmp_path / cache) == expected
        assert out == here.replace("unkilled", cache)  # nothing of Ray's own is among the results
        again = len(cluster.encoded()) - len(paths)
        assert 0 <= again <= 4, again  # of two workers of the node, two tasks each


def test_a_driver_that_is_killed_goes_on_from_where_it_was(cluster, host, noise, content, wait, tmp_path):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(30)]
    embed = ["embed", *paths, "--model", "DROWSY"]
    host(*embed, "--cache-dir", "here")
    cluster.forget()
    there = [*embed, "--cache-dir", "there", "--on", "auto", "--workers", 2]
    run = host.start(*there)
    wait_for(lambda: finished(tmp_path / "there") >= 8)
    os.killpg(run.pid, signal.SIGKILL)
    wait(run)
    kept = finished(tmp_path / "there")
    assert kept < 30
    host(*there)
    assert content(tmp_path / "there") == content(tmp_path / "here")
    assert len(cluster.encoded()) <= 30 + 4


def test_a_recording_that_kills_its_worker_is_reported_and_the_rest_goes_on(host, noise, tmp_path):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(8)]
    poison = noise("poison.wav", 12, seed=9, first=12345)
    embed = ["embed", *paths[:3], poison, *paths[3:], "--model", "DROWSY", "--cache-dir", "cache"]
    done = host(*embed, "--on", "auto", "--workers", 2, expect=1)
    (line,) = {line for line in done.stderr.splitlines() if "poison" in line}
    assert "poison.wav: 3 processes died while they computed it, the last on node " in line
    assert "left out" in line
    assert finished(tmp_path / "cache") == 8


def test_an_interrupt_keeps_what_is_finished_and_stops_the_ray_that_was_started(host, noise, wait, tmp_path):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(40)]
    embed = ["embed", *paths, "--model", "DROWSY", "--cache-dir", "cache", "--on", "ray"]
    mark = {"AUDIOSCAN_TEST_MARK": str(tmp_path), "AUDIOSCAN_TEST_SLEEP": "0.3"}
    run = host.start(*embed, **mark)
    wait_for(lambda: finished(tmp_path / "cache") >= 4)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does it: to all processes in the foreground
    out, err = wait(run)
    assert run.returncode == 130, out + err
    assert "interrupted; what was finished is kept" in err
    assert "Traceback" not in err
    assert 4 <= finished(tmp_path / "cache") < 40
    wait_for(lambda: marked(f"AUDIOSCAN_TEST_MARK={tmp_path}") == {}, 20)
    assert list((tmp_path / "cache" / "unfinished").glob("workers*")) == []


def test_a_ray_that_dies_as_a_whole_ends_the_command_in_one_line_and_the_same_command_goes_on(
    host, noise, wait, tmp_path
):
    paths = [noise(f"{i}.wav", 12, seed=i) for i in range(12)]
    embed = ["embed", *paths, "--model", "DROWSY", "--cache-dir", "cache"]
    mark = {"AUDIOSCAN_TEST_MARK": str(tmp_path), "AUDIOSCAN_TEST_SLEEP": "0.5"}
    run = host.start(*embed, "--on", "ray", **mark)
    wait_for(lambda: finished(tmp_path / "cache") >= 2)
    for number, command in marked(f"AUDIOSCAN_TEST_MARK={tmp_path}").items():
        if b"/raylet/raylet" in command:
            os.kill(number, signal.SIGKILL)
    out, err = wait(run)
    assert run.returncode == 1, out + err
    assert "Error: the Ray has died that computed: " in err
    assert "Traceback" not in err
    assert 2 <= finished(tmp_path / "cache") < 12
    host(*embed)
    assert finished(tmp_path / "cache") == 12


def marked(mark):
    """Id of each process that was started with a variable -> its command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes()
            except OSError:
                continue
    return found
