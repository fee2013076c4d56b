"""The step scores of what was scanned, as the page forms regions of them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.problems import Problem
from audioscan_ui.review import review_of
from audioscan_ui.scans.store import Scan, ScanStore

BYTES = "application/octet-stream"

AT_ONCE = 32
"""Recordings that are read before they are sent: a thread for each of thousands takes longer than reading them."""


async def overview(request: Request) -> Response:
    """What a detector has scanned: labels, hop, and each recording with its steps; nothing where it has scanned nothing."""
    review, number = review_of(request), request.path_params["detector"]
    detector = review.session.detector(number)
    scan = await run_in_threadpool(ScanStore(review.session.folder).scan, detector.sha256)
    if scan is None:
        scan = Scan(detector.sha256, tuple(detector.labels), detector.window, detector.hop, {})
    return JsonAnswer(
        {
            "detector": number,
            "labels": scan.labels,
            "hop": scan.hop,
            "window": scan.window,
            "recordings": [asdict(each) for each in scan.recordings.values()],
        }
    )


async def scores(request: Request) -> Response:
    """The scores of one recording and label: little-endian float64, one a step."""
    store, scan, label = await _asked_for(request)
    recording = request.path_params["recording"]
    if recording not in scan.recordings or scan.recordings[recording].problem is not None:
        raise Problem(404, f"Recording {recording} has no scores by this detector: scan it.")
    return Response(await run_in_threadpool(_bytes, store, scan, recording, label), media_type=BYTES)


async def all_scores(request: Request) -> Response:
    """The scores of all recordings by a label, one after the other in the order of the overview."""
    store, scan, label = await _asked_for(request)
    there = [each for each in scan.recordings.values() if each.problem is None]

    async def pieces() -> AsyncIterator[bytes]:
        for first in range(0, len(there), AT_ONCE):
            some = [each.number for each in there[first : first + AT_ONCE]]
            yield await run_in_threadpool(_joined, store, scan, some, label)

    length = 8 * sum(each.steps for each in there)
    return StreamingResponse(pieces(), media_type=BYTES, headers={"Content-Length": str(length)})


async def _asked_for(request: Request) -> tuple[ScanStore, Scan, int]:
    review, label = review_of(request), request.path_params["label"]
    detector = review.session.detector(request.path_params["detector"])
    store = ScanStore(review.session.folder)
    scan = await run_in_threadpool(store.scan, detector.sha256)
    if scan is None:
        raise Problem(404, "This detector has scanned nothing yet.")
    if label >= len(scan.labels):
        raise Problem(
            404, f"This detector has {len(scan.labels)} labels, counted from 0; there is no {label}."
        )
    return store, scan, label


def _joined(store: ScanStore, scan: Scan, recordings: Sequence[int], label: int) -> bytes:
    return b"".join(_bytes(store, scan, each, label) for each in recordings)


def _bytes(store: ScanStore, scan: Scan, recording: int, label: int) -> bytes:
    try:
        found = store.scores(scan.detector, recording, label)
    except (OSError, ValueError) as error:
        raise Problem(
            404, f"The scores of recording {recording} are gone or damaged: scan it again."
        ) from error
    if len(found) != scan.recordings[recording].steps:
        raise Problem(409, "It is being scanned anew: ask again.")
    return found.astype("<f8").tobytes()


routes = [
    Route("/api/scans/{detector:int}", overview),
    Route("/api/scans/{detector:int}/all/{label:int}", all_scores),
    Route("/api/scans/{detector:int}/{recording:int}/{label:int}", scores),
]
