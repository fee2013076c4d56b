"""What a person does on the page: verdicts, undo, redo, settings, and detectors that are put aside."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_host import OutputError
from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.api.json_body import json_body
from audioscan_ui.problems import Problem
from audioscan_ui.review import review_of


async def act(request: Request) -> Response:
    """Do an action; it is on the disk when this answers."""
    action = await json_body(request)
    try:
        # Waiting for a disk must not keep other requests waiting.
        return JsonAnswer(await asyncio.to_thread(review_of(request).session.act, action))
    except OutputError as error:
        # There is nothing wrong with the action: the page sends it again.
        raise Problem(507, str(error)) from error


async def drop_detector(request: Request) -> Response:
    """Put a detector aside, or take it back."""
    dropped = (await json_body(request)).get("dropped")
    if not isinstance(dropped, bool):
        raise Problem(422, "dropped must be true or false")
    number = request.path_params["number"]
    await asyncio.to_thread(review_of(request).session.drop_detector, number, dropped)
    return JsonAnswer({"number": number, "dropped": dropped})


routes = [
    Route("/api/actions", act, methods=["POST"]),
    Route("/api/detectors/{number:int}/drop", drop_detector, methods=["POST"]),
]
