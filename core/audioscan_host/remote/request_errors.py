"""What an error of a request to a server tells, whichever library raised it."""

import errno
import socket
from collections.abc import Iterator
from enum import Enum

_ANSWERED = ("Timeout", "Connect", "Disconnect", "IncompleteRead", "Payload", "HTTPClientError", "Parser")
"""Of which one is in the name of what libraries raise where a server did not answer, or broke off."""

_UNCONNECTED = ("ClientConnector", "NewConnectionError")
"""Of which one is in the name of what they raise where there is no connection: nobody listens, or there is no such host."""

_PARSER = "aiohttp.http_exceptions"
"""Where what it raises has a status of its own, 400, which no server told: of an answer that broke off."""

_BUSY = {408, 425, 429}
ANOTHERS = {409, 412}
_NOT_IMPLEMENTED = 501
EMPTY_RANGE = 416
_SERVER_ERROR = 500
_CUT_OFF = {"RequestTimeout", "BadDigest"}
"""What S3 answers with a status of 400 where a request did not come whole."""

_NOT_SO = {errno.EBUSY, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED, errno.EPIPE}


class Trouble(Enum):
    """Why a request failed, where another may not."""

    BUSY = "it answered that it cannot now"
    SILENT = "it did not answer in time, or broke off"
    REFUSED = "no connection was made"


def trouble_of(error: BaseException) -> Trouble | None:
    """Why a request failed; None where the same request would fail again."""
    status = status_of(error)
    if status is not None:
        server = status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED
        return Trouble.BUSY if server or status in _BUSY or _code_of(error) in _CUT_OFF else None
    chain = list(_chain(error))
    if any(
        isinstance(each, ConnectionRefusedError | socket.gaierror) or _is_named(each, _UNCONNECTED)
        for each in chain
    ):
        return Trouble.REFUSED
    silent = any(
        isinstance(each, TimeoutError | ConnectionError)
        or getattr(each, "errno", None) in _NOT_SO
        or _is_named(each, _ANSWERED)
        for each in chain
    )
    return Trouble.SILENT if silent else None


def is_unanswered(error: BaseException) -> bool:
    """Whether nothing came from the server, or not all of it."""
    return trouble_of(error) in {Trouble.SILENT, Trouble.REFUSED}


def status_of(error: BaseException) -> int | None:
    """The status of HTTP that an error tells, by the words of the libraries for S3, Google and Azure."""
    for each in _chain(error):
        if type(each).__module__ == _PARSER:
            continue
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        else:
            found = next(
                filter(None, (getattr(each, word, None) for word in ("status", "status_code", "code"))), 0
            )
        if str(found).isdigit() and int(found):
            return int(found)
    return None


def knows_no_condition(error: BaseException) -> bool:
    return isinstance(error, TypeError | NotImplementedError) or status_of(error) == _NOT_IMPLEMENTED


def reason_of(error: OSError) -> str:
    """In one line, without the place, which the message has."""
    last = error.__cause__ if error.strerror is None and error.__cause__ is not None else error
    return " ".join(str(getattr(last, "strerror", None) or last).split()) or type(last).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what caused it; S3's library hands on the error of the connection as a part of its own."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        parts = getattr(seen, "kwargs", None)
        within = parts.get("error") if isinstance(parts, dict) else None
        seen = within if isinstance(within, BaseException) else seen.__cause__


def _is_named(error: BaseException, words: tuple[str, ...]) -> bool:
    return any(word in type(error).__name__ for word in words)


def _code_of(error: BaseException) -> str | None:
    responses = (getattr(each, "response", None) for each in _chain(error))
    return next((each.get("Error", {}).get("Code") for each in responses if isinstance(each, dict)), None)
