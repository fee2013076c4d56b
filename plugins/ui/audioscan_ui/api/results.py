"""Results that can be taken along: `POST api/results` writes them, `GET api/results/precision` is the table of precision."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.api.json_body import json_body
from audioscan_ui.problems import Problem
from audioscan_ui.results.kinds import KINDS, write_results
from audioscan_ui.results.precision_table import precision_rows
from audioscan_ui.review import review_of


async def write(request: Request) -> Response:
    """Write results of a kind into the session's folder, and say what they are."""
    kind = (await json_body(request)).get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Problem(422, f"kind must be one of {', '.join(KINDS)}")
    written = await asyncio.to_thread(write_results, review_of(request).session, kind)
    return JsonAnswer({"files": list(written.files), "sentence": written.sentence})


async def precision(request: Request) -> Response:
    """The table of precision by detector, label and score."""
    return JsonAnswer({"rows": precision_rows(review_of(request).session)})


routes = [
    Route("/api/results", write, methods=["POST"]),
    Route("/api/results/precision", precision),
]
