"""What a request says, as JSON."""

import json
from typing import Any, NoReturn

from starlette.requests import Request

from audioscan_ui.problems import Problem

MOST_BYTES = 8 * 2**20
"""Ten thousand verdicts at once have some three million bytes."""


async def json_body(request: Request, most: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object of a request.

    Args:
        request: whose body is read.
        most: bytes.

    Raises:
        Problem: it is too long (413), or no JSON object (422).
    """
    length = request.headers.get("content-length", "0")
    content = bytearray()
    if not length.isdecimal() or int(length) > most:
        raise _too_long(most)
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise _too_long(most)
    try:
        found = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(422, f"the request is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Problem(422, "the request must be a JSON object")
    return found


def _too_long(most: int) -> Problem:
    return Problem(413, f"the request is longer than {most // 2**20} MiB; send less at once")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
