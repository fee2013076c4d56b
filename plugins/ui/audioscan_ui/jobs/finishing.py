"""What the session takes over from a job that is done."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audioscan_ui.jobs.order import Order
from audioscan_ui.session.review_session import ReviewSession


def taken_over(session: ReviewSession, order: Order, result: Mapping[str, Any]) -> dict[str, Any]:
    """Add to the session what a job made, and give the result with numbers of the session.

    Args:
        session: of the job.
        order: what it was told to do.
        result: what came of it.
    """
    result = dict(result)
    if order.kind == "train":
        assert order.out is not None  # noqa: S101 - ordering sees to it
        made = session.add_detector(Path(order.out), made_by=order.request)
        return {"detector": made.number, **result}
    if order.kind == "demo":
        session.add_recordings([Path(path) for path in result.pop("recording_paths")])
        session.add_label_files([Path(path) for path in result.pop("label_paths")])
    return result
