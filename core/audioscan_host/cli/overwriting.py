"""Results are not written over what a command reads: nobody could get that back."""

from collections.abc import Iterable
from pathlib import Path

from audioscan_host.errors import SettingError
from audioscan_host.recordings import SUFFIXES, place_of
from audioscan_host.remote_path import RemotePath, is_url


def refuse_overwriting(
    *outputs: Path | None, recordings: Iterable[Path] = (), files: Iterable[Path] = ()
) -> None:
    """Refuse an output that is an input, or another output.

    Args:
        outputs: where results go; None for those that go elsewhere.
        recordings: media files, or folders of them.
        files: label files, detectors and results, or folders of label files.

    Raises:
        SettingError: one of the outputs is one of those.
    """
    written = [out for out in outputs if out is not None]
    if len({place_of(out) for out in written}) < len(written):
        raise SettingError(f"{written[0]}: is asked for twice: give each result a file of its own")
    for out in written:
        if is_url(str(out)) or not out.is_file():  # a dataset looks for itself at what its folder holds
            continue
        media = out.suffix.lower() in SUFFIXES
        if any(_is(out, path, within=media) for path in recordings):
            raise SettingError(f"{out}: is one of the recordings: choose another file for the result")
        if any(_is(out, path, within=True) for path in files):
            raise SettingError(f"{out}: is read by this command: choose another file for the result")


def refuse_urls(*outputs: Path | None) -> None:
    """Refuse URLs, where a result is a file.

    Raises:
        SettingError: one of the outputs is a URL.
    """
    for out in outputs:
        if out is not None and is_url(str(out)):
            raise SettingError(
                f"{out}: only --format parquet goes to a URL: write the result here, and copy it"
            )


def _is(out: Path, path: Path, *, within: bool) -> bool:
    """Whether it is this file, whatever the spelling, or `within` this folder."""
    if isinstance(path, RemotePath):  # nothing is written there
        return False
    place = place_of(path)
    return place_of(out) == place or (within and place.is_dir() and place_of(out).is_relative_to(place))
