"""On a cluster of two nodes: the same embeddings and results as in one process, in parts where they are long."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from audioscan_host import Windowing, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.reading import Reading

pytestmark = pytest.mark.slow


def test_embed_on_a_cluster_gives_the_very_files_that_this_process_does(host, noise, content, tmp_path):
    paths = [noise(f"{i}.wav", 20 + i, seed=i) for i in range(6)]
    (tmp_path / "damaged.wav").write_bytes(b"no recording")
    paths.append(Path(shutil.copy2(paths[0], tmp_path / "copy.wav")))
    embed = ["embed", *(path.name for path in paths), "damaged.wav", "--model", "MEL", "--model", "DROWSY"]
    here = host(*embed, "--cache-dir", "cache-h", expect=1)
    there = host(*embed, "--cache-dir", "cache-t", "--on", "auto", "--workers", 2, expect=1)
    assert there.stdout == here.stdout.replace("cache-h", "cache-t")
    assert content(tmp_path / "cache-t") == content(tmp_path / "cache-h") != {}
    # Nothing of Ray's own is among what is told.
    said = [
        [line for line in each.stderr.splitlines() if not line.startswith("embedding")]
        for each in (here, there)
    ]
    assert said[0] == said[1] != []
    done = [re.search(r"embedding: (\S+) s of audio in", each.stderr)[1] for each in (here, there)]
    assert done[0] == done[1]


def test_a_plan_asks_the_cluster_how_many_workers_it_has_and_has_one_measure(cluster, host, noise, tmp_path):
    noise("a.wav", 60)
    plan = ["plan", "a.wav", "--model", "MEL", "--seconds", 0.2, "--json", "--cache-dir", "cache"]
    told = [json.loads(host(*plan, "--on", "auto", *asked).stdout) for asked in ([], ["--workers", 7])]
    assert [each["place"]["workers"] for each in told] == [2, 7]
    for each in told:
        (of_mel,) = each["checkpoints"]
        assert of_mel["measured_where_it_would_run"] is True
        assert re.fullmatch(r"\S+ \([\d.]+\)", of_mel["measured_on"])
        assert of_mel["measured"]["device"] == "cpu"
        assert of_mel["computed"]["seconds"]["value"] > 0
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_train_and_scan_by_a_client_give_the_very_results_that_this_process_does(
    cluster, host, noise, tmp_path
):
    paths = [noise(f"{i}.wav", 40, seed=i) for i in range(4)]
    (tmp_path / "labels.csv").write_text(
        "file,start,end,label\n"
        + "".join(f"{i}.wav,{at},{at + 3},hiss\n" for i in range(3) for at in (5, 20, 30))
    )
    train = ["train", *paths[:3], "--labels", "labels.csv", "--model", "MEL", "--window", 2, "--hop", 1]
    scan = ["scan", *paths, "--format", "json"]
    found = []
    for name, where in {"h": [], "t": ["--on", cluster.client, "--workers", 2]}.items():
        cache = ["--cache-dir", f"cache-{name}", *where]
        host(*train, "--out", f"{name}.detector", *cache)
        found.append(host(*scan, "--detector", f"{name}.detector", *cache).stdout)
        assert list((tmp_path / f"cache-{name}" / "unfinished").glob("workers*")) == []
    assert (tmp_path / "h.detector").read_bytes() == (tmp_path / "t.detector").read_bytes()
    assert found[0] == found[1]
    assert json.loads(found[0])


def test_evaluate_search_and_suggest_give_the_very_results_that_this_process_does(
    host, noise, wait, tmp_path
):
    paths = [noise(f"{i}.wav", 30, seed=i).name for i in range(5)]
    (tmp_path / "labels.csv").write_text(
        "file,start,end,label\n"
        + "".join(f"{i}.wav,{at},{at + 3},hiss\n" for i in range(4) for at in (5, 20))
    )
    windows = ["--model", "MEL", "--window", 2, "--hop", 1]
    labels = ["--labels", "labels.csv"]
    commands = [
        ["evaluate", *paths, *labels, *windows, "--json"],
        ["search", *paths, "--like", "0.wav@5-7", *windows],
        ["suggest", *paths, "--detector", "a.detector", *labels],
    ]
    host("train", *paths[:4], *labels, *windows, "--out", "a.detector", "--cache-dir", "of-training")
    for command in commands:
        runs = [
            host.start(*command, "--cache-dir", f"{command[0]}-h"),
            host.start(*command, "--cache-dir", f"{command[0]}-t", "--on", "auto", "--workers", 2),
        ]
        (here, _), (there, err) = map(wait, runs)
        assert [run.returncode for run in runs] == [0, 0], err
        assert there == here != ""
        assert len(list((tmp_path / f"{command[0]}-t" / "w2v").glob("*.npz"))) >= 4


def test_a_long_recording_is_computed_by_several_workers_and_is_the_same(
    cluster, host, noise, content, tmp_path
):
    path = noise("long.wav", 1200)
    embed = ["embed", path, "--model", "DROWSY"]
    host(*embed, "--cache-dir", "here")
    blocks = len(cluster.encoded())
    assert blocks == 10
    cluster.forget()
    host(*embed, "--cache-dir", "there", "--on", "auto", "--workers", 2)
    assert content(tmp_path / "there") == content(tmp_path / "here") != {}
    assert cluster.workers() == 2
    assert blocks <= len(cluster.encoded()) <= blocks + 2  # two may come to the same block at once
    assert list((tmp_path / "there" / "unfinished").rglob("*.npz")) == []


def test_no_more_tasks_are_taken_than_workers_have_hands_for(cluster, noise, tmp_path):
    paths = [noise(f"{i}.wav", 5, seed=i) for i in range(14)]
    script = tmp_path / "taking.py"
    script.write_text(TAKING)
    done = cluster.python(script, tmp_path / "cache", *paths)
    ahead = json.loads(done.stdout.splitlines()[-1])
    assert len(ahead) == 14
    assert max(ahead) <= 2 * 2 + 1  # two tasks of each worker, and one that is just being put down


TAKING = """
import json
import sys
from pathlib import Path

from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.worker import Worker
from audioscan_host.journeys.session import Session
from audioscan_host.windows import Windowing

session = Session.of(cache_dir=sys.argv[1], on="auto", workers=2)
embedder = session.embedder([session.registry.model("DROWSY")], Windowing())
taken, ahead = 0, []


def tasks():
    global taken
    for path in map(Path, sys.argv[2:]):
        taken += 1
        ahead.append(taken - len(list(Path(sys.argv[1]).glob("w2v/*.npz"))))
        yield from embedder.tasks(path)


worker = Worker(session.registry, session.cache, session.runtime, session.progress)
reports = Reports(lambda task, info: None, lambda seconds: None, print)
for outcome in session.executor.run(tasks(), worker, reports):
    assert outcome.failure is None, outcome.failure
session.executor.close()
print(json.dumps(ahead))
"""


def test_what_another_process_works_on_comes_last_and_is_waited_for(host, noise, wait, tmp_path):
    paths = [noise(f"{i}.wav", 20, seed=i) for i in range(3)]
    registry, cache = load_registry(), Cache(tmp_path / "cache")
    model = registry.model("MEL")
    readings = {model: Reading.STRETCHES}
    (task,) = Embedder(registry, [model], Windowing(), cache, readings=readings).tasks(paths[0])
    with task.claim(cache, wait=False):
        run = host.start(
            "embed", *paths, "--model", "MEL", "--cache-dir", "cache", "--on", "auto", "--workers", 2
        )
        while len(list((tmp_path / "cache" / "w2v").glob("*.npz"))) < 2:
            assert run.poll() is None
            time.sleep(0.1)
        time.sleep(1.5)
        assert run.poll() is None
    out, err = wait(run)
    assert run.returncode == 0, err
    assert len(list((tmp_path / "cache" / "w2v").glob("*.npz"))) == 3
    assert out.count("MEL") == 3


def test_what_the_cache_has_starts_no_ray(host, noise):
    path = noise("a.wav", 10)
    embed = ["embed", path, "--model", "DROWSY", "--cache-dir", "cache"]
    first = host(*embed)
    # There is no Ray at that address: it would be told.
    again = host(*embed, "--on", "ray://127.0.0.1:1")
    assert again.stdout == first.stdout


def test_another_token_than_that_of_the_cluster_is_told_in_one_line(cluster, host, noise):
    embed = ["embed", noise("a.wav", 10), "--model", "DROWSY", "--cache-dir", "cache"]
    for address in ("auto", cluster.client):
        done = host(*embed, "--on", address, expect=1, RAY_AUTH_TOKEN="0" * 64)
        assert [line for line in done.stderr.splitlines() if not line.startswith("embedding")] == [
            f"Error: the Ray at {cluster.address if address == 'auto' else cluster.client.removeprefix('ray://')} refuses the "
            "token of this machine: give that of the cluster by RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
        ]


def test_where_no_ray_answers_one_line_says_so(host, noise):
    embed = ["embed", noise("a.wav", 10), "--model", "DROWSY", "--cache-dir", "cache"]
    done = host(*embed, "--on", "auto", expect=1, RAY_ADDRESS="127.0.0.1:1")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert "no Ray runs on this machine" in line
    assert "ray start --head" in line
    assert "Traceback" not in done.stderr
