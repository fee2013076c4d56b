"""Whether recordings are read in windows or in stretches, where that is left to be chosen."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from audioscan_host.cache import Cache
from audioscan_host.errors import SettingError
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing


def reading_of(
    asked: Reading,
    model: Model,
    windowing: Windowing,
    paths: Iterable[Path],
    *,
    cache: Cache | None,
    wrappers: Sequence[str],
    tell: Tell,
) -> Reading:
    """How a model reads recordings.

    Stretches are read where the checkpoint can, where windows overlap, and where a window is a multiple of the hop, of which
    its grains are made. Left to be chosen, they are not where the cache has files of 8-cut of one of the recordings, which are
    of windows, and that is told.

    Args:
        asked: what was asked for.
        model: that reads them.
        windowing: window and hop.
        paths: of the recordings.
        cache: where it may hold files of 8-cut of them.
        wrappers: what other plugins do to the model's numbers.
        tell: is told.

    Raises:
        SettingError: stretches were asked for, and cannot be read.
    """
    if asked == Reading.WINDOWS:
        return Reading.WINDOWS
    hindrance = _hindrance(model, windowing)
    if asked == Reading.STRETCHES:
        if hindrance:
            raise SettingError(f"{model.name} cannot read stretches here: {hindrance}")
        return Reading.STRETCHES
    if hindrance or windowing.hop == windowing.window:  # where nothing overlaps, nothing is encoded twice
        return Reading.WINDOWS
    for path in paths if cache is not None else ():
        name = cache and cache.eight_cut_name(path, model, windowing, wrappers)
        if not name:
            break  # 8-cut has none of this model
        if cache and cache.store.find(name):
            message = (
                f"{path}: the cache has 8-cut's embeddings of its windows, so {model.name} reads windows; --reading stretches "
                "encodes each second once"
            )
            tell(Note(About.EIGHT_CUT, message, path))
            return Reading.WINDOWS
    return Reading.STRETCHES


def _hindrance(model: Model, windowing: Windowing) -> str:
    if model.checkpoint.stretch is None:
        return "its checkpoint declares no stretch; leave --reading out"
    if round(windowing.window * 100) % windowing.hop_steps:
        return (
            f"a window of {windowing.window:g} s is no multiple of the hop of {windowing.hop:g} s, of which it is made: change "
            "one of them, or take --reading windows"
        )
    return ""
