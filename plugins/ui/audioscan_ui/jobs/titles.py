"""What a job is called, for people."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from audioscan_ui.jobs.order import Order

_MOST_NAMES = 3


def title_of(order: Order) -> str:
    """One line that says what is done, to what."""
    request, count = order.request, len(order.recordings)
    several = f"{count} recording{'s' * (count != 1)}"
    detector = f"detector {order.detector.number}" if order.detector else ""
    titles: dict[str, Callable[[], str]] = {
        "train": lambda: (
            f"Train a detector of {_named(request.get('labels'), 'all labels')} by {request['model']}"
        ),
        "evaluate": lambda: f"Compare {_named(request['models'], '')}",
        "scan": lambda: f"Scan {several} with {detector}",
        "suggest": lambda: f"Choose {request.get('n', 10)} places in {several} to judge next",
        "search": lambda: f"Find places like {_place(request['like'], order)}",
        "pull": lambda: f"Fetch the weights of {_named(request['models'], '')}",
        "clips": lambda: f"Cut clips out of {several}",
        "demo": lambda: "Make the demo's recordings",
        "counts": lambda: "Count the windows to learn from",
    }
    return titles[order.kind]()


def _named(names: list[str] | None, none: str) -> str:
    if not names:
        return none
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _place(like: Mapping[str, Any], order: Order) -> str:
    label = like.get("label")
    minutes, seconds = divmod(float(like["start"]), 60)
    at = f"{Path(order.example).name} at {minutes:.0f}:{seconds:04.1f}"
    return f"{label} in {at}" if label else at
