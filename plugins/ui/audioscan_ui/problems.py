"""Problems that a user can mend, as one sentence; anything else is the server's fault."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Problem(Exception):  # noqa: N818 - not every problem is an error: a page may ask for what is gone
    """Something that a request cannot have, and why.

    Args:
        status: of HTTP.
        sentence: what was expected, what was found and what to do.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def problem_response(status: int, sentence: str) -> Response:
    """The answer that says what the problem is."""
    # Names of files may hold bytes that are no text; they must not make an answer impossible.
    return JSONResponse({"problem": sentence.encode("utf-8", "replace").decode()}, status)


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Tell a `Problem`."""
    if not isinstance(error, Problem):
        raise error
    return problem_response(error.status, error.sentence)


async def answer_host_error(_request: Request, error: Exception) -> Response:
    """Tell what the host says can be mended."""
    return problem_response(422, str(error))


async def answer_failure(_request: Request, error: Exception) -> Response:
    """Say that the server is at fault; it is logged with its traceback as the error goes on to whoever runs the server."""
    return problem_response(500, f"the server failed: {type(error).__name__}: {error}")
