"""What the label files say of a recording."""

from dataclasses import asdict
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.review import review_of
from audioscan_ui.session.labelled_spans import labelled_spans


async def annotations(request: Request) -> Response:
    """The sounds that label files have in a recording, by their start."""
    session = review_of(request).session
    recording = session.recording(request.path_params["number"])
    spans = await run_in_threadpool(
        labelled_spans,
        [Path(each.path) for each in session.recordings],
        [Path(each.path) for each in session.label_files if not each.problem],
        Path(recording.path),
    )
    return JsonAnswer({"spans": [asdict(span) for span in spans]})


routes = [Route("/api/recordings/{number:int}/annotations", annotations)]
