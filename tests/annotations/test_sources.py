"""Recordings that share a source are one group; the column is read, and corrections keep it."""

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role, corrected, read_annotations
from audioscan_host.annotations.sources import groups_of


def of(*sources: str) -> list[Annotation]:
    return [Annotation("day.wav", i, i + 1, "cry", source=source) for i, source in enumerate(sources)]


@pytest.mark.parametrize(
    ("recordings", "groups"),
    [
        ([], []),
        ([of(), of(""), of("", "")], [0, 1, 2]),
        ([of("hill"), of("lake"), of("hill", "")], [0, 1, 0]),
        # Joined only by the last one, which names both.
        ([of("hill"), of("lake"), of("wood"), of("lake", "hill")], [0, 0, 1, 0]),
        # A chain, whose ends share nothing with each other.
        ([of("a", "b"), of("c", "d"), of("x"), of("d", "e"), of("b", "c")], [0, 0, 1, 0, 0]),
    ],
)
def test_recordings_that_are_connected_by_sources_are_one_group(recordings, groups):
    found = groups_of(recordings)
    assert found.tolist() == groups
    assert found.dtype == np.int64


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_the_connected_components(seed):
    rng = np.random.default_rng(seed)
    named = [{f"s{k}" for k in rng.integers(0, 12, rng.integers(0, 3))} for _ in range(15)]
    groups = groups_of([of(*names) for names in named])
    # By spreading along shared sources, step by step.
    reach = np.array([[i == j or bool(a & b) for j, b in enumerate(named)] for i, a in enumerate(named)])
    for _ in named:
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert (reach == (groups[:, np.newaxis] == groups)).all()


@pytest.mark.parametrize(("name", "delimiter"), [("labels.csv", ","), ("labels.tsv", "\t")])
def test_a_table_has_a_column_for_it(tmp_path, name, delimiter):
    rows = [
        "file,source,start,end,label,role",
        "a.wav,hill 3,1,2,cry,",
        "b.wav,,1,2,cry,",
        "c.wav,lake,0,60,,unlabelled",
    ]
    path = tmp_path / name
    path.write_text("\n".join(rows).replace(",", delimiter))
    assert [(a.file, a.source, a.role) for a in read_annotations(path)] == [
        ("a.wav", "hill 3", Role.POSITIVE),
        ("b.wav", "", Role.POSITIVE),
        ("c.wav", "lake", Role.UNLABELLED),
    ]


def test_corrections_do_not_take_a_recording_from_its_source():
    earlier = [Annotation("day.wav", 1, 2, "cry", source="hill")]
    later = [Annotation("day.wav", 1, 3, "cry"), Annotation("day.wav", 4, 5, "cry", source="lake")]
    assert [(a.start, a.end, a.source) for a in corrected(earlier, later)] == [(1, 3, "hill"), (4, 5, "lake")]


@pytest.mark.parametrize("first", [True, False])
def test_a_table_may_be_there_for_the_sources_alone(first):
    labelled = [Annotation("day.wav", 1, 2, "cry")]
    table = [Annotation("day.wav", 0, 60, "", Role.UNLABELLED, "hill")]
    assert corrected(*((table, labelled) if first else (labelled, table))) == [
        Annotation("day.wav", 1, 2, "cry", source="hill")
    ]
