"""No two runs write to a dataset behind a URL, and one that was killed keeps nobody out for long."""

from pathlib import Path
from types import SimpleNamespace

import fsspec
import pyarrow.dataset as ds
import pytest

from audioscan_host.errors import OutputError
from audioscan_host.output.dataset import dataset, places
from audioscan_host.output.dataset.journal import Description
from audioscan_host.output.dataset.rows import REGIONS
from audioscan_host.regions import Region
from audioscan_host.remote.claims import Claims
from audioscan_host.remote_path import path_of

OF_ONE_SCAN = Description(REGIONS.format, {"detector": "d"}, {"model": "MEL"})


@pytest.fixture
def url(tmp_path):
    yield path_of(f"memory://{tmp_path.name}/found")
    fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)


def recording(number):
    return SimpleNamespace(
        path=Path(f"{number}.wav"),
        digest=f"digest {number}",
        duration=60.0,
        recorded_at=None,
        channel=None,
        regions=[Region(0.0, 1.0, "cry", 0.5)],
    )


def added(url, numbers):
    with dataset.opened(url, REGIONS, OF_ONE_SCAN, ["cry"]) as there:
        for number in numbers:
            there.add(recording(number))


def names(url):
    return list(places.place_at(url).sizes())


def files(url):
    """Of which readers see a row, in order; as often as they see one."""
    filesystem, place = fsspec.url_to_fs(str(url))
    table = ds.dataset(place, filesystem=filesystem, format="parquet", partitioning="hive").to_table()
    return sorted(table["file"].to_pylist()) if table.num_columns else []


def test_a_second_run_is_refused_in_one_line_while_the_first_is_at_work(url, monkeypatch, caplog):
    monkeypatch.setattr(places, "EXPIRY", 0.3)
    with dataset.opened(url, REGIONS, OF_ONE_SCAN, ["cry"]) as first:
        with pytest.raises(
            OutputError, match=r"found: another run is writing there: wait for it, or name another folder$"
        ):
            added(url, [1])
        first.add(recording(2))
    assert "another run is writing there, or was killed just now" in caplog.text
    assert files(url) == ["2.wav"]
    added(url, [1])
    assert files(url) == ["1.wav", "2.wav"]
    assert not [name for name in names(url) if name.startswith("_writing")]


def test_a_run_that_was_killed_is_waited_for_and_gone_on_with(url, monkeypatch):
    monkeypatch.setattr(places, "EXPIRY", 0.1)
    monkeypatch.setattr("audioscan_host.remote.claims._RESOLUTION", 0.1)
    with monkeypatch.context() as killed:
        killed.setattr(Claims, "_renewed", lambda *_: None)
        killed.setattr(type(places.place_at(url)._objects), "remove", lambda *_: None)
        added(url, [1])
    assert [name for name in names(url) if name.startswith("_writing/run")]
    added(url, [2])
    assert files(url) == ["1.wav", "2.wav"]
    assert not [name for name in names(url) if name.startswith("_writing")]


def test_a_run_whose_claim_was_lost_writes_nothing_more(url):
    def run():
        with dataset.opened(url, REGIONS, OF_ONE_SCAN, ["cry"]) as there:
            there.add(recording(3))
            place = places.place_at(url)
            place.remove([name for name in place.sizes() if name.startswith("_writing/")])

    with pytest.raises(OutputError, match="out of reach for so long that another run may have written there"):
        run()
    assert files(url) == []


def test_where_nothing_may_be_removed_parts_are_added_and_none_is_merged(url, monkeypatch):
    def refused(*_, **__):
        raise PermissionError("no deleting here")

    monkeypatch.setattr(dataset, "LIMITS", dataset.Limits(seconds=0))
    monkeypatch.setattr(places, "EXPIRY", 0.05)
    monkeypatch.setattr("audioscan_host.remote.claims._RESOLUTION", 0.0)
    with monkeypatch.context() as account:
        for name in ("rm", "rm_file"):
            account.setattr(fsspec.get_filesystem_class("memory"), name, refused)
        added(url, range(9))
        added(url, [9])
    assert files(url) == sorted(f"{number}.wav" for number in range(10))
    assert len([name for name in names(url) if name.endswith(".parquet")]) == 10
    added(url, [])
    assert len([name for name in names(url) if name.endswith(".parquet")]) == 1
