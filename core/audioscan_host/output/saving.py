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
from audioscan_host.printable import printable
from audioscan_host.remote_path import RemotePath, path_of

if TYPE_CHECKING:
    from audioscan_host.output import Format, Item


def save_regions(
    regions: Mapping[str, Sequence[Item]], form: Format[Item], out: Path | None
) -> tuple[str, ...]:
    """Write the regions or annotations of recordings.

    Args:
        regions: or annotations; for each recording, by its path.
        form: the format.
        out: a file; where the format holds one recording a file and there are several, or it is there already, a
            folder, in which the files lie as the recordings do; None for stdout.

    Returns:
        A sentence for each of several files that could not be written; the others are.

    Raises:
        OutputError: several recordings need several files but `out` is none or a file, or
            the only file cannot be written.
    """
    if form.one_file or (len(regions) == 1 and not (out and out.is_dir())):
        save_text(_text(regions, form), out)
        return ()
    if out is None or out.is_file():
        found = "stdout" if out is None else f"the file {out}"
        raise OutputError(
            f"{form.name} is one file a recording: --out must be a folder for {len(regions)} recordings, not {found}"
        )
    unwritten = []
    for name, place in places([path_of(name) for name in regions], form.suffix).items():
        try:
            save_text(_text({str(name): regions[str(name)]}, form), out / place)
        except OutputError as error:
            unwritten.append(str(error))
    return tuple(unwritten)


def places(recordings: Sequence[Path], suffix: str) -> dict[Path, Path]:
    """Where the file of each recording lies in the folder; it has the name of its recording.

    Recordings that differ only in their suffix (`day.wav`, `day.mp4`) keep it.
    """
    parts = {path: _parts(path.absolute()) for path in recordings}
    common = os.path.commonprefix([each[:-1] for each in parts.values()])  # noqa: RUF071 - of tuples of folders
    below = {path: Path(*each[len(common) :]) for path, each in parts.items()}
    shared = Counter(place.with_suffix("") for place in below.values())
    return {
        path: place.with_name((place.name if shared[place.with_suffix("")] > 1 else place.stem) + suffix)
        for path, place in below.items()
    }


def _parts(path: Path) -> tuple[str, ...]:
    """The parts of a path that a folder of results may have: not the root, and no colon behind the kind of a URL."""
    remote = isinstance(path, RemotePath)
    return tuple(part.rstrip(":") if remote else part for part in path.parts if part != path.anchor)


def save_text(text: str, out: Path | None) -> None:
    """Write UTF-8 text to a file, whole or not at all, or to stdout; what is no text on a terminal is written out there.

    Raises:
        OutputError: the file cannot be written.
    """
    if out is None:
        sys.stdout.write(printable(text, kept="\t\r\n") if sys.stdout.isatty() else text)
        return
    try:
        with atomic_write(out) as file:
            file.write(encoded(text))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error


def encoded(text: str) -> bytes:
    """The text as UTF-8; the bytes of a file's name that are not, as the file system has them."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # Windows has names of half a character
        return text.encode(errors="surrogatepass")


def _text(regions: Mapping[str, Sequence[Item]], form: Format[Item]) -> str:
    stream = io.StringIO(newline="")
    form.write(stream, regions)
    return stream.getvalue()
