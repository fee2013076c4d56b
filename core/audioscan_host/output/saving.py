"""Where results go: stdout, a file, or a folder with a file for each recording."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audioscan_host.atomic_write import atomic_write
from audioscan_host.errors import OutputError

if TYPE_CHECKING:
    from audioscan_host.output import Format, Item


def save_regions(regions: Mapping[str, Sequence[Item]], form: Format[Item], out: Path | None) -> None:
    """Write the regions or annotations of recordings.

    Args:
        regions: or annotations; for each recording, by its path.
        form: the format.
        out: a file; where the format holds one recording a file and there are several, a folder,
            in which the files lie as the recordings do; None for stdout.

    Raises:
        OutputError: several recordings need several files but `out` is none or a file, or
            a file cannot be written.
    """
    if form.one_file or len(regions) == 1:
        save_text(_text(regions, form), out)
        return
    if out is None or out.is_file():
        found = "stdout" if out is None else f"the file {out}"
        raise OutputError(
            f"{form.name} is one file a recording: --out must be a folder for {len(regions)} recordings, not {found}"
        )
    for name, place in _places([Path(name) for name in regions], form.suffix).items():
        save_text(_text({str(name): regions[str(name)]}, form), out / place)


def _places(recordings: Sequence[Path], suffix: str) -> dict[Path, Path]:
    """Where the file of each recording lies in the folder; it has the name of its recording.

    Recordings that differ only in their suffix (`day.wav`, `day.mp4`) keep it.
    """
    common = os.path.commonpath([path.absolute().parent for path in recordings])
    below = {path: path.absolute().relative_to(common) for path in recordings}
    shared = Counter(place.with_suffix("") for place in below.values())
    return {
        path: place.with_name((place.name if shared[place.with_suffix("")] > 1 else place.stem) + suffix)
        for path, place in below.items()
    }


def save_text(text: str, out: Path | None) -> None:
    """Write UTF-8 text to a file, whole or not at all, or to stdout.

    Raises:
        OutputError: the file cannot be written.
    """
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with atomic_write(out) as file:
            file.write(text.encode())
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error


def _text(regions: Mapping[str, Sequence[Item]], form: Format[Item]) -> str:
    stream = io.StringIO(newline="")
    form.write(stream, regions)
    return stream.getvalue()
