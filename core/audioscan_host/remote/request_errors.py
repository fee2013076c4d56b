"""What an error of a request to an object store tells, whichever library raised it."""

import errno
from collections.abc import Iterator

_ANSWERED = ("Timeout", "Connect", "Disconnect", "IncompleteRead", "Payload", "HTTPClientError", "Parser")
"""Of which one is in the name of what libraries raise where a server did not answer, or broke off."""

_BUSY = {408, 425, 429}
ANOTHERS = {409, 412}
_NOT_IMPLEMENTED = 501
EMPTY_RANGE = 416
_SERVER_ERROR = 500
_NOT_SO = {errno.EBUSY, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED, errno.EPIPE}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what caused it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def status_of(error: BaseException) -> int | None:
    """The status of HTTP that an error tells, by the words of the libraries for S3, Google and Azure."""
    for each in _chain(error):
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


def may_pass(error: BaseException) -> bool:
    status = status_of(error)
    if status is not None:
        return (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED) or status in _BUSY
    return any(
        isinstance(each, TimeoutError | ConnectionError)
        or getattr(each, "errno", None) in _NOT_SO
        or any(word in type(each).__name__ for word in _ANSWERED)
        for each in _chain(error)
    )


def reason_of(error: OSError) -> str:
    """In one line, without the place, which the message has."""
    last = error.__cause__ if error.strerror is None and error.__cause__ is not None else error
    return " ".join(str(getattr(last, "strerror", None) or last).split()) or type(last).__name__
