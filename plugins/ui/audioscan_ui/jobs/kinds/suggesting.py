"""Choose the places whose labels would teach a detector most."""

from pathlib import Path

from audioscan_ui.jobs.work import Result, Work

WHY = {
    "uncertain": "the detector is least sure here",
    "novel": "scores high, but is unlike all that was learned from",
    "random": "drawn at random, so that what the detector misses is found too",
}
"""What the host calls a reason -> what people read."""


def run(work: Work) -> Result:
    """Choose `n` places over all recordings."""
    from audioscan_host import suggest

    order, request = work.order, work.order.request
    assert order.detector is not None  # noqa: S101 - ordering sees to it
    result = suggest(
        order.paths,
        Path(order.detector.path),
        n=request.get("n", 10),
        labels=order.labels,
        only=request.get("labels") or (),
        **work.options(),
    )
    numbers = order.numbers()
    return {
        "suggestions": [
            {
                "recording": numbers[each.path],
                "start": each.start,
                "end": each.end,
                "label": each.label,
                "probability": each.probability,
                "kind": each.kind,
                "why": WHY.get(each.kind, each.kind),
            }
            for each in result.suggestions
        ],
        "failures": work.failures(result.failures),
        "notes": work.notes(result.notes),
    }
