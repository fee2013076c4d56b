"""The traceback of what a plugin's code raised."""

import traceback

from audioscan_host.errors import AudioscanError
from audioscan_host.plugins.failing_hooks import CALLERS, package_of
from audioscan_host.testing.finding import ConformanceError


def whole_traceback(error: BaseException) -> str:
    """The traceback of the exception of a plugin that led to this one, from the hook on; empty where none did."""
    cause: BaseException | None = error
    while isinstance(cause, ConformanceError | AudioscanError):
        cause = cause.__cause__
    if cause is None:
        return ""
    begin = cause.__traceback__
    while begin is not None and package_of(begin.tb_frame) in CALLERS:
        begin = begin.tb_next
    return "".join(traceback.format_exception(cause.with_traceback(begin or cause.__traceback__)))
