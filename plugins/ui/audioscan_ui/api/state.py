"""Everything that a page shows at first: recordings, label files, detectors, verdicts, settings and jobs."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.review import Review, review_of
from audioscan_ui.session.detectors import SessionDetector
from audioscan_ui.session.label_files import SessionLabelFile
from audioscan_ui.session.recordings import SessionRecording
from audioscan_ui.session.verdicts import Verdict


async def state(request: Request) -> Response:
    """The whole state of the session."""
    return await asyncio.to_thread(lambda: JsonAnswer(_state(review_of(request))))


def _state(review: Review) -> dict[str, Any]:
    session = review.session
    seen = session.now()
    by_recording: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in seen.verdicts.values():
        by_recording[verdict.recording].append(verdict)
    scanned = _scanned(review)
    return {
        "name": session.name,
        "folder": str(session.folder.absolute()).encode("utf-8", "replace").decode(),
        "seq": seen.seq,
        "recordings": [_recording(each, by_recording[each.number]) for each in session.recordings],
        "label_files": [_label_file(each) for each in session.label_files],
        "labels": _labels(session.label_files, session.detectors, seen.verdicts.values()),
        "detectors": [_detector(each, scanned.get(each.sha256, 0)) for each in session.detectors],
        "verdicts": [verdict.to_json() for verdict in seen.verdicts.values()],
        "undo": seen.undo,
        "redo": seen.redo,
        "settings": seen.settings,
        "jobs": [job.facts() for job in review.jobs.jobs],
        "demo": not session.recordings,
    }


def _recording(recording: SessionRecording, verdicts: list[Verdict]) -> dict[str, Any]:
    return {
        "number": recording.number,
        "name": recording.name,
        "duration": recording.duration,
        "problem": recording.problem,
        "embedded": list(recording.embedded),
        "annotated": recording.annotated,
        "reviewed": len(verdicts),
        "labels": Counter(verdict.label for verdict in verdicts),
    }


def _label_file(label_file: SessionLabelFile) -> dict[str, Any]:
    return {
        "number": label_file.number,
        "name": label_file.name,
        "counts": label_file.counts,
        "labels": list(label_file.labels),
        "problem": label_file.problem,
    }


def _detector(detector: SessionDetector, scanned: int) -> dict[str, Any]:
    return {
        "number": detector.number,
        "name": detector.name,
        "model": detector.model,
        "labels": list(detector.labels),
        "window": detector.window,
        "hop": detector.hop,
        "sha256": detector.sha256,
        "figures": detector.figures,
        "dropped": detector.dropped,
        "problem": detector.problem,
        "scanned": scanned,
        "made_by": detector.made_by,
    }


def _scanned(review: Review) -> dict[str, int]:
    """SHA-256 of a detector -> recordings that have its scores."""
    from audioscan_ui.scans.store import ScanStore

    store = ScanStore(review.session.folder)
    return {each.sha256: store.scanned(each.sha256) for each in review.session.detectors}


def _labels(
    label_files: Iterable[SessionLabelFile], detectors: Iterable[SessionDetector], verdicts: Iterable[Verdict]
) -> list[str]:
    known = {label for label_file in label_files for label in label_file.labels}
    known |= {label for detector in detectors for label in detector.labels}
    return sorted(known | {verdict.label for verdict in verdicts})


routes = [Route("/api/state", state)]
