"""How many parts a slow scan writes, and what merging them takes: results that are made up, and a clock that goes on by itself.

A recording of a minute has windows of 8 s every second of two labels, and up to six regions.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from unittest.mock import patch

import machine
import numpy as np

from audioscan_host.output.dataset.dataset import Dataset, opened
from audioscan_host.output.dataset.journal import Description
from audioscan_host.output.dataset.places import place_at
from audioscan_host.output.dataset.rows import REGIONS, SCORES, Kind
from audioscan_host.regions import Region
from audioscan_host.remote_path import path_of

LABELS = ["call", "song"]
BEGAN = datetime(2024, 5, 1)
TIMES = np.arange(53.0)


def recording(number: int, random: np.random.Generator) -> SimpleNamespace:
    """What a scan would give of the minute of that number."""
    began = BEGAN + timedelta(minutes=number)
    regions = [Region(9.0 * i, 9.0 * i + 4, LABELS[0], random.random()) for i in range(random.integers(0, 7))]
    return SimpleNamespace(
        path=Path(f"/season/site1/{began:%Y%m%d_%H%M%S}.wav"),
        digest=f"{number:064x}",
        duration=60.0,
        recorded_at=began,
        channel=None,
        times=TIMES,
        window=8.0,
        probabilities={label: random.random(len(TIMES)) for label in LABELS},
        regions=regions,
    )


def parts(folder: Path) -> Mapping[str, int]:
    """The parts, and their bytes."""
    return {name: size for name, size in place_at(folder).sizes().items() if name.endswith(".parquet")}


def told(of: Mapping[str, int]) -> str:
    """Of parts, in words."""
    return f"{len(of)}, {sum(of.values()) / 1e6:.2f} MB, median {np.median(list(of.values())) / 1e3:.0f} kB"


def scanned(kind: Kind, folder: Path, count: int, seconds: float) -> list[tuple[str, str]]:
    """What is there before and after the parts are merged, and how long that takes."""
    rows: list[tuple[str, str]] = []
    name = kind.format.rpartition(" ")[2]
    merge: Callable[[Dataset], None] = Dataset.merge

    def timed(dataset: Dataset) -> None:
        rows.append((f"{name}: parts as they were written", told(parts(folder))))
        begun = time.perf_counter()
        merge(dataset)
        rows.append(("merging them", f"{time.perf_counter() - begun:.2f} s"))
        rows.append(("parts after that", told(parts(folder))))

    now = 0.0
    clock: AbstractContextManager[object] = patch(
        "audioscan_host.output.dataset.dataset.time",
        SimpleNamespace(monotonic=lambda: now, strftime=time.strftime, gmtime=time.gmtime),
    )
    random = np.random.default_rng(0)
    description = Description(kind.format, {"detector": ""}, {})
    with clock, patch.object(Dataset, "merge", timed), opened(folder, kind, description, LABELS) as dataset:
        for number in range(count):
            now += seconds
            dataset.add(recording(number, random))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=9.04, help="that a scan takes for each")
    parser.add_argument(
        "--url", help="of a new folder, such as s3://bucket/parts; a folder of this machine unless given"
    )
    arguments = parser.parse_args()
    rows = []
    for kind in (REGIONS, SCORES):
        with TemporaryDirectory() as local:
            folder = path_of(
                f"{arguments.url.rstrip('/')}-{kind.value}" if arguments.url else f"{local}/found"
            )
            rows += scanned(kind, folder, arguments.recordings, arguments.seconds)
    machine.report(f"{arguments.recordings} recordings of a minute, {arguments.seconds:g} s each", rows)


if __name__ == "__main__":
    main()
