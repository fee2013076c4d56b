"""Score recordings by a detector, and keep the scores in the session's folder."""

from pathlib import Path

from audioscan_ui.jobs.work import Result, Work
from audioscan_ui.scans.store import ScanStore


def run(work: Work) -> Result:
    """Scan, and store the score of every step."""
    from audioscan_host import scan

    order = work.order
    assert order.detector is not None  # noqa: S101 - ordering sees to it
    rate = order.request.get("rate")
    result = scan(order.paths, Path(order.detector.path), rate=rate, **work.options())
    numbers = order.numbers()
    failures = work.failures(result.failures)
    store = ScanStore(Path(order.folder))
    written = len(result.recordings)
    with (
        work.progress.track("keeping the scores", written, "recordings") as advance,
        store.writing(order.detector.sha256, order.detector.window, rate) as kept,
    ):
        for each in result.recordings:
            kept.add(numbers[each.path], each)
            advance(1)
        for failure in failures:
            if failure["recording"] is not None:
                kept.add_failure(failure["recording"], failure["reason"])
    return {
        "detector": order.detector.number,
        "recordings": len(result.recordings),
        "failures": failures,
        "notes": work.notes(result.notes),
    }
