"""Long work: started, watched and cancelled."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.api.json_body import json_body
from audioscan_ui.review import review_of


async def start(request: Request) -> Response:
    """Start a job; it waits where another one runs."""
    asked = await json_body(request)
    job = await run_in_threadpool(review_of(request).jobs.start, asked)
    return JsonAnswer({"job": job.facts()})


async def cancel(request: Request) -> Response:
    """End a job."""
    job = await run_in_threadpool(review_of(request).jobs.cancel, request.path_params["number"])
    return JsonAnswer({"job": job.facts()})


async def jobs(request: Request) -> Response:
    """All jobs of the session, in their order."""
    return JsonAnswer({"jobs": [job.facts() for job in review_of(request).jobs.jobs]})


routes = [
    Route("/api/jobs", jobs, methods=["GET"]),
    Route("/api/jobs", start, methods=["POST"]),
    Route("/api/jobs/{number:int}/cancel", cancel, methods=["POST"]),
]
