"""Recordings are looked at, all or some, and nothing of them is decoded."""

import pytest

from audioscan_host.audio import decoding
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.sizing.survey import survey
from audioscan_host.windows import Windowing


@pytest.fixture
def tasks(tiny_registry, tmp_path):
    return Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(tmp_path / "c")).tasks


def seconds(looked):
    return looked.seconds


def test_a_small_set_is_looked_at_as_a_whole_and_its_hours_are_exact(tasks, make_wav, monkeypatch):
    monkeypatch.setattr(decoding, "pieces", None)  # whoever decodes calls it
    paths = [make_wav(f"{i}.wav", 10 + i) for i in range(5)]
    counted = []
    seen = survey(paths, tasks, counted.append, most=5, seed=0)
    assert not seen.is_sample
    assert [each.path for each in seen.looked] == paths
    assert seen.size == sum(path.stat().st_size for path in paths)
    assert seen.total(seconds).value == pytest.approx(10 + 11 + 12 + 13 + 14)
    assert seen.total(seconds).is_exact
    assert len(counted) == 5


def test_a_large_set_is_looked_at_in_a_sample_that_its_seed_says(tasks, make_wav):
    paths = [make_wav(f"{i}.wav", 1 + i % 7) for i in range(30)]
    first, again, other = (survey(paths, tasks, lambda _one: None, most=6, seed=seed) for seed in (1, 1, 2))
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
    seen = survey([gone[0], good, *gone[1:], damaged], tasks, lambda _one: None, most=2, seed=0)
    assert [failure.path for failure in seen.failures] == [*gone, damaged]
    assert seen.count == 2
    assert seen.total(seconds).value == 10
