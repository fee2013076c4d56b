"""Small parts of a dataset become large ones: in a folder and behind a URL."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import fsspec
import numpy as np
import pyarrow.dataset as ds
import pytest

from audioscan_host.output.dataset import dataset, places
from audioscan_host.output.dataset.journal import Description
from audioscan_host.output.dataset.merging import FEWEST, Part, groups
from audioscan_host.output.dataset.rows import REGIONS
from audioscan_host.regions import Region
from audioscan_host.remote_path import path_of

NOON = datetime(2024, 5, 1, 12)
OF_ONE_SCAN = Description(REGIONS.format, {"detector": "d"}, {"model": "MEL"})


@pytest.fixture(params=["folder", "memory"])
def folder(request, tmp_path):
    if request.param == "folder":
        yield tmp_path / "found"
        return
    if request.param == "s3":
        yield path_of(f"{request.getfixturevalue('s3')}/found")
        return
    yield path_of(f"memory://{tmp_path.name}/found")
    memory = fsspec.filesystem("memory")
    if memory.exists(f"/{tmp_path.name}"):
        memory.rm(f"/{tmp_path.name}", recursive=True)


@pytest.fixture
def a_part_for_each(monkeypatch):
    monkeypatch.setattr(dataset, "LIMITS", dataset.Limits(seconds=0))


def recording(number, regions=3):
    return SimpleNamespace(
        path=Path(f"{number}.wav"),
        digest=f"digest {number}",
        duration=60.0,
        recorded_at=NOON + timedelta(minutes=number),
        channel=None,
        times=np.array([]),
        window=2.0,
        probabilities={},
        regions=[Region(float(n), n + 1.5, "cry", 0.5) for n in range(regions)],
    )


def added(folder, numbers):
    with dataset.opened(folder, REGIONS, OF_ONE_SCAN, ["cry"]) as there:
        for number in numbers:
            there.add(recording(number, regions=number % 4))


def rows(folder):
    """What readers see."""
    filesystem, place = fsspec.url_to_fs(str(folder))
    if not filesystem.exists(place):
        return []
    table = ds.dataset(place, filesystem=filesystem, format="parquet", partitioning="hive").to_table()
    return sorted((row["file"], row["start"]) for row in table.to_pylist()) if table.num_columns else []


def parts(folder):
    return sorted(name for name in places.place_at(folder).sizes() if name.endswith(".parquet"))


def expected(numbers):
    return sorted((f"{number}.wav", float(row)) for number in numbers for row in range(number % 4))


def holds(folder, numbers):
    with dataset.opened(folder, REGIONS, OF_ONE_SCAN, ["cry"]) as there:
        return all(there.holds(f"{number}.wav", f"digest {number}", None) for number in numbers)


# --- merging


@pytest.mark.parametrize("folder", ["folder", "memory", "s3"], indirect=True)
def test_small_parts_become_one_with_all_rows_and_all_recordings(folder, a_part_for_each):
    added(folder, range(12))
    (part,) = parts(folder)
    assert part.startswith("month=2024-05/")
    assert rows(folder) == expected(range(12))
    assert holds(folder, range(12))  # those without a row among them
    there = {name for name in places.place_at(folder).sizes() if name != places.LOCK}
    assert there == {"_scan.json", part, f"_scanned/{Path(part).stem}.jsonl"}


def test_a_few_parts_are_left_as_they_are(folder, a_part_for_each):
    added(folder, range(FEWEST - 1))
    before = parts(folder)
    assert len(before) == FEWEST - 1
    added(folder, [])
    assert parts(folder) == before
    added(folder, [FEWEST])
    assert len(parts(folder)) == 1


def test_a_merged_part_says_what_its_parts_did_and_has_their_columns(tmp_path, a_part_for_each):
    import pyarrow.parquet as pq

    added(tmp_path / "one", [3])
    added(tmp_path / "many", range(12))
    one, merged = (pq.ParquetFile(tmp_path / name / parts(tmp_path / name)[0]) for name in ("one", "many"))
    assert merged.schema_arrow.equals(one.schema_arrow, check_metadata=True)
    assert merged.metadata.metadata == one.metadata.metadata


def test_parts_are_merged_by_month_and_up_to_what_a_part_may_hold():
    def part(number, rows, month="2024-05", recordings=1):
        return Part(f"r{number}", f"month={month}/{number:02d}.parquet", rows, recordings)

    small = [part(number, 30) for number in range(10)]
    halves = [part(number, 50) for number in range(20, 30)]
    others = [part(number, 1, "2024-06") for number in range(40, 40 + FEWEST - 1)]
    of_many = [part(number, 0, "2024-07", 40) for number in range(60, 69)]
    found = groups([*others, *small, *halves, *of_many], 100, 100)
    assert [[each.name[14:16] for each in group] for group in found] == [
        ["00", "01", "02"],
        ["03", "04", "05"],
        ["06", "07", "08"],
        *([str(number), str(number + 1)] for number in range(60, 68, 2)),
    ]


class KilledError(BaseException):
    pass


def killed_at(monkeypatch, kind, moment):
    """What is written, moved or removed from then on does not happen."""
    count = 0
    for name in ("write", "move", "remove"):
        genuine = getattr(kind, name)

        def counted(self, *arguments, genuine=genuine):
            nonlocal count
            for one in arguments[0] if genuine.__name__ == "remove" else [None]:
                count += 1
                if count >= moment:
                    raise KilledError
                genuine(self, *([[one]] if one is not None else arguments))

        monkeypatch.setattr(kind, name, counted)


def test_a_merge_that_is_killed_anywhere_loses_nothing_and_shows_nothing_twice(folder, monkeypatch):
    numbers = range(FEWEST + 1)
    monkeypatch.setattr(os, "fsync", lambda _file: None)  # the machine itself does not fail here
    with monkeypatch.context() as patch:
        patch.setattr(dataset, "LIMITS", dataset.Limits(seconds=0))
        patch.setattr(dataset, "groups", lambda *_: [])
        added(folder, numbers)
    before = {name: content for name, content in everything(folder).items() if name != places.LOCK}
    seen, moment, is_killed = set(), 0, True
    while is_killed:
        moment += 1
        restore(folder, before)
        with monkeypatch.context() as patch:
            killed_at(patch, type(places.place_at(folder)), moment)
            try:
                added(folder, [])
                is_killed = False
            except KilledError:
                pass
        now = rows(folder)
        assert len(set(now)) == len(now)
        assert set(now) <= set(expected(numbers))
        seen.add(len(now))
        assert holds(folder, numbers)
        assert rows(folder) == expected(numbers)
        assert not [name for name in everything(folder) if name.startswith(("_merging", "_unfinished"))]
    assert moment > 2 * len(numbers)
    assert 0 in seen  # it was killed where all parts were gone, too


def everything(folder):
    place = places.place_at(folder)
    return dict(place.read(list(place.sizes())))


def restore(folder, contents):
    place = places.place_at(folder)
    place.remove(list(place.sizes()))
    for name, content in contents.items():
        place.write(name, content)


def test_a_plan_whose_rows_were_lost_has_its_recordings_scanned_again(folder, monkeypatch, a_part_for_each):
    added(folder, range(12))
    place = places.place_at(folder)
    (part,), record = parts(folder), f"_scanned/{Path(parts(folder)[0]).stem}.jsonl"
    ((_, lines),) = place.read([record])
    first = json.dumps({"parts": ["month=2024-05/gone.parquet"], "records": [record]})
    place.write("_merging/x.jsonl", f"{first}\n".encode() + lines.replace(b".parquet", b"x.parquet"))
    place.write("_merging/y.jsonl", b"{")
    assert holds(folder, range(12))  # it is no plan of rows that are there
    assert parts(folder) == [part]
    assert not [name for name in place.sizes() if name.startswith("_merging")]


def test_a_damaged_part_is_left_and_the_others_stay_as_they_are(folder, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr(dataset, "LIMITS", dataset.Limits(seconds=0))
        patch.setattr(dataset, "groups", lambda *_: [])
        added(folder, range(12))
    before = parts(folder)
    place = places.place_at(folder)
    ((_, content),) = place.read([before[5]])
    place.write(
        before[5],
        bytes(
            [
                *content[: len(content) // 2],
                255 ^ content[len(content) // 2],
                *content[len(content) // 2 + 1 :],
            ]
        ),
    )
    added(folder, [])
    assert parts(folder) == before
    assert "is not merged" in caplog.text
