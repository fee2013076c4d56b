"""Fetch the weights of models."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audioscan_host.progress import Advance, Progress
from audioscan_ui.jobs.work import Result, Work

if TYPE_CHECKING:
    from audioscan_host import Checkpoint

LOOK_SECONDS = 0.5
"""Between two looks at how much there is of a download."""


def run(work: Work) -> Result:
    """Fetch what is missing; what is there is checked, and an interrupted download goes on where it stopped."""
    from audioscan_host import load_registry
    from audioscan_host.models.checkpoints import obtain

    registry = load_registry()
    names = list(dict.fromkeys(work.order.request["models"]))
    for checkpoint in dict.fromkeys(registry.model(name).checkpoint for name in names):
        with _watched(checkpoint, work.progress):
            obtain(checkpoint, work.progress)
    return {"models": names}


@contextmanager
def _watched(checkpoint: "Checkpoint", progress: Progress) -> Iterator[None]:
    """Show how much there is, where the download is that of the hub's client, which tells nobody but a terminal."""
    from audioscan_host.models.weights import HubSnapshot, missing

    weights = checkpoint.weights
    if not isinstance(weights, HubSnapshot) or not missing(weights):
        yield
        return
    folder = weights.path.parents[1] / "blobs"
    with progress.track(f"downloading {checkpoint.name}", None, "MB") as advance, growth(folder, advance):
        yield


@contextmanager
def growth(folder: Path, advance: Advance, every: float = LOOK_SECONDS) -> Iterator[None]:
    """Advance by the megabytes that come into a folder.

    Args:
        folder: it may not be there yet.
        advance: called from a thread of its own, which ends with the block.
        every: seconds from look to look.
    """
    over = threading.Event()
    at_first = _bytes_in(folder)

    def look() -> None:
        before = at_first
        while not over.wait(every):
            now = _bytes_in(folder)
            if now > before:
                advance((now - before) / 1e6)
                before = now

    thread = threading.Thread(target=look, name="growth", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _bytes_in(folder: Path) -> int:
    try:
        return sum(each.stat().st_size for each in folder.iterdir())
    except OSError:  # it is not there yet, or a file has just got its name
        return 0
