"""`audioscan-host scan --format parquet`: regions, and scores, into folders that grow as recordings finish."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from audioscan_host.cli import reporting
from audioscan_host.cli.failures import end_batch


def scan_to_dataset(
    recordings: Sequence[Path],
    detector: Path,
    out: Path | None,
    *,
    scores: Path | None,
    summary: Path | None,
    asked: Mapping[str, Any],
) -> None:
    """Scan what is not there yet, and say what was added.

    Raises:
        UsageError: no folder is named, or a summary is asked for.
    """
    if out is None:
        raise click.UsageError("--format parquet is a folder: name it by --out")
    if summary is not None:
        raise click.UsageError(
            "--summary counts what one run scans, and a dataset may be of several: leave it out, and count in the dataset"
        )
    from audioscan_host.journeys.scan_to_dataset import scan_to_dataset as add_to_dataset

    result = add_to_dataset(recordings, detector, out, scores=scores, **asked)
    regions = reporting.counted(result.regions, "region")
    scanned = reporting.counted(result.recordings, "recording")
    there = f"; {reporting.counted(result.already, 'recording')} there already" if result.already else ""
    reporting.note(f"{regions} in {scanned}{there}: {out}")
    end_batch(result.failures, result.recordings + result.already + len(result.failures))
