"""Where in a plugin's code an exception comes from."""

import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from audioscan_host.errors import AudioscanError
from audioscan_host.testing.finding import ConformanceError

_CALLERS = {"audioscan_host", "pluggy"}
"""The packages through which a hook is called."""


def place(error: BaseException, module: Any) -> str:
    """`audioscan_shape_encoder.py, line 41`: the innermost line of the plugin's own, or else of what it calls first.

    Args:
        error: as a hook raised it.
        module: that holds the plugin's hooks, or an object of it. What is called like it belongs to it:
            `audioscan_shape_encoder` to `audioscan_shape`.

    Returns:
        Empty where nothing but the host was at work.
    """
    own = _package(getattr(module, "__name__", type(module).__module__))
    frames = list(traceback.walk_tb(error.__traceback__))
    within = [found for found in frames if _belongs(found[0], own)]
    beyond = [found for found in frames if _package_of(found[0]) not in _CALLERS]
    if not within and not beyond:
        return ""
    frame, line = within[-1] if within else beyond[0]
    return f"{Path(frame.f_code.co_filename).name}, line {line}"


def whole_traceback(error: BaseException) -> str:
    """The traceback of the exception of a plugin that led to this one, from the hook on; empty where none did."""
    cause: BaseException | None = error
    while isinstance(cause, ConformanceError | AudioscanError):
        cause = cause.__cause__
    if cause is None:
        return ""
    begin = cause.__traceback__
    while begin is not None and _package_of(begin.tb_frame) in _CALLERS:
        begin = begin.tb_next
    return "".join(traceback.format_exception(cause.with_traceback(begin or cause.__traceback__)))


def _belongs(frame: FrameType, own: str) -> bool:
    package = _package_of(frame)
    return package == own or package.startswith(f"{own}_")


def _package_of(frame: FrameType) -> str:
    return _package(frame.f_globals.get("__name__", ""))


def _package(module: str) -> str:
    return module.partition(".")[0]
