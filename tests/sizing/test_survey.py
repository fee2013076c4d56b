"""Recordings are looked at, all or some, and nothing of them is decoded."""

import threading
from contextlib import contextmanager

import fsspec
import pytest

from audioscan_host.audio import decoding
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.progress import Silent
from audioscan_host.remote_path import RemotePath
from audioscan_host.sizing.survey import survey
from audioscan_host.windows import Windowing


@pytest.fixture
def tasks(tiny_registry, tmp_path):
    return Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(tmp_path / "c")).tasks


def seconds(looked):
    return looked.seconds


class Counted:
    """Progress that notes what was done of each piece of work."""

    def __init__(self):
        self.works = []

    @contextmanager
    def track(self, what, total, unit):
        done = []
        yield done.append
        self.works.append((what, total, sum(done)))


@pytest.fixture
def behind_url(make_wav):
    """Eight recordings behind a URL, of which the third is damaged, and one that is not there."""
    memory = fsspec.filesystem("memory")
    for i in range(8):
        content = make_wav(f"{i}.wav", 10 + i, i).read_bytes() if i != 2 else b"no sound"
        memory.pipe(f"/survey/{i}.wav", content)
    yield [RemotePath(f"memory://survey/{name}.wav") for name in (*range(8), "gone")]
    memory.rm("/survey", recursive=True)


def test_a_small_set_is_looked_at_as_a_whole_and_its_hours_are_exact(tasks, make_wav, monkeypatch):
    monkeypatch.setattr(decoding, "pieces", None)  # whoever decodes calls it
    paths = [make_wav(f"{i}.wav", 10 + i) for i in range(5)]
    counted = Counted()
    seen = survey(paths, tasks, counted, most=5, seed=0)
    assert not seen.is_sample
    assert [each.path for each in seen.looked] == paths
    assert seen.size == sum(path.stat().st_size for path in paths)
    assert seen.total(seconds).value == pytest.approx(10 + 11 + 12 + 13 + 14)
    assert seen.total(seconds).is_exact
    assert counted.works == [("looking at", 5, 5)]


def test_a_large_set_is_looked_at_in_a_sample_that_its_seed_says(tasks, make_wav):
    paths = [make_wav(f"{i}.wav", 1 + i % 7) for i in range(30)]
    first, again, other = (survey(paths, tasks, Silent(), most=6, seed=seed) for seed in (1, 1, 2))
    assert [each.path for each in first.looked] == [each.path for each in again.looked]
    assert [each.path for each in first.looked] != [each.path for each in other.looked]
    total = first.total(seconds)
    assert not total.is_exact
    assert total.value == pytest.approx(sum(1 + i % 7 for i in range(30)), rel=1e-3)  # headers are bytes too


def test_what_is_not_there_is_named_whether_it_is_chosen_or_not_and_what_is_damaged_counts_no_hours(
    tasks, make_wav, tmp_path
):
    good = make_wav("good.wav", 10)
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"no sound")
    gone = [tmp_path / f"gone{i}.wav" for i in range(3)]
    seen = survey([gone[0], good, *gone[1:], damaged], tasks, Silent(), most=2, seed=0)
    assert [failure.path for failure in seen.failures] == [*gone, damaged]
    assert seen.count == 2
    assert seen.total(seconds).value == 10


def test_what_is_behind_a_url_is_asked_about_side_by_side_and_told_in_its_order(tasks, behind_url):
    under_way, counted = threading.Barrier(4), Counted()

    def together(path):
        if path.name in {"0.wav", "1.wav", "3.wav", "4.wav"}:
            under_way.wait(20)  # breaks where they come one after the other
        return tasks(path)

    seen = survey(behind_url, together, counted, most=8, seed=0, is_far=True)
    assert [each.path for each in seen.looked] == behind_url[:8]
    assert [seconds(each) for each in seen.looked] == pytest.approx([10, 11, 0, 13, 14, 15, 16, 17])
    assert [failure.path.name for failure in seen.failures] == ["gone.wav", "2.wav"]
    assert "gone.wav: cannot be read: No such file" in seen.failures[0].reason
    assert counted.works == [("asking for sizes", 9, 9), ("looking at", 8, 8)]


def test_sizes_that_a_listing_told_are_not_asked_for(tasks, behind_url, monkeypatch):
    asked = []
    genuine = fsspec.get_filesystem_class("memory").info
    below = sorted(behind_url[0].parent.files_below())
    monkeypatch.setattr(
        fsspec.get_filesystem_class("memory"),
        "info",
        lambda self, path, **options: asked.append(path) or genuine(self, path, **options),
    )
    counted = Counted()
    seen = survey(below, lambda _path: [], counted, most=0, seed=0, is_far=True)
    assert asked == []
    assert seen.count == 8
    assert seen.size == sum(path.stat().st_size for path in below)
    assert counted.works == [("looking at", 0, 0)]


def test_side_by_side_takes_no_more_requests_and_sees_the_same(
    tiny_registry, tmp_path, behind_url, monkeypatch
):
    asked = []
    for name in ("info", "cat_file", "cat_ranges", "_open", "find", "ls"):
        genuine = getattr(fsspec.get_filesystem_class("memory"), name)

        def noted(self, *args, name=name, genuine=genuine, **options):
            asked.append(name)
            return genuine(self, *args, **options)

        monkeypatch.setattr(fsspec.get_filesystem_class("memory"), name, noted)
    results = []
    for is_far in (False, True):
        tasks = Embedder(
            tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(tmp_path / "c")
        ).tasks
        seen = survey(behind_url, tasks, Silent(), most=5, seed=3, is_far=is_far)
        results.append((seen.looked, seen.failures, sorted(asked)))
        asked.clear()
    one_by_one, side_by_side = results
    assert side_by_side == one_by_one
    assert len(side_by_side[2]) > 20


def test_the_time_of_a_run_is_shared_by_those_that_it_asks_about_at_once(tasks, behind_url, monkeypatch):
    clock = iter(range(0, 10**6, 8)).__next__  # eight seconds from each look at it to the next
    monkeypatch.setattr("audioscan_host.sizing.survey.time.perf_counter", clock)
    monkeypatch.setattr(
        "audioscan_host.sizing.survey.answers", lambda question, items, _: map(question, items)
    )
    paths = [path for path in behind_url if path.name not in {"2.wav", "gone.wav"}]
    one_by_one, side_by_side = (
        survey(paths, tasks, Silent(), most=7, seed=0, is_far=far) for far in (False, True)
    )
    assert one_by_one.seconds_each == 8
    assert side_by_side.seconds_each == pytest.approx(8 / 7)
