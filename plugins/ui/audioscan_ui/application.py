"""Everything that the server answers, put together."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from audioscan_host import AudioscanError
from audioscan_ui.api import actions, annotations, events, jobs, media, models, results, scans, state
from audioscan_ui.guards import Guards
from audioscan_ui.problems import Problem, answer_failure, answer_host_error, answer_problem, problem_response
from audioscan_ui.review import Review
from audioscan_ui.static_files import static_routes

_PARTS = (state, actions, annotations, events, models, jobs, scans, media, results)


def application(review: Review, token: str, hosts: Iterable[str] = ()) -> ASGIApp:
    """The page and its interface, guarded.

    Args:
        review: what is served.
        token: the first segment of every path.
        hosts: names by which the server may be called, beside those of this machine.
    """
    app = Starlette(
        routes=[*static_routes(), *(route for part in _PARTS for route in part.routes)],
        exception_handlers={
            Problem: answer_problem,
            AudioscanError: answer_host_error,
            HTTPException: _answer_http,
            Exception: answer_failure,
        },
    )
    app.router.redirect_slashes = False
    app.state.review = review
    return Guards(app, token, hosts)


async def _answer_http(_request: Request, error: Exception) -> Response:
    """What the routes themselves refuse: a path that there is not, a method that it does not have."""
    if not isinstance(error, HTTPException):
        raise error
    sentence = {404: "there is nothing of that name here", 405: "that cannot be done here"}
    answer = problem_response(error.status_code, sentence.get(error.status_code, error.detail))
    answer.headers.update(error.headers or {})
    return answer
