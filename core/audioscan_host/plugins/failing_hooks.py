"""What a plugin's hook raised, in one line, and where in the plugin's code it comes from."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from audioscan_host.errors import AudioscanError, EmbeddingError, PluginError, RecordingError

CALLERS = {"audioscan_host", "pluggy"}
"""The packages through which a hook is called."""


@contextmanager
def costing_the_recording(plugin: str, module: Any, models: str, hook: str) -> Iterator[None]:
    """What goes wrong in here is of the recording that is embedded; what the user can mend for all goes through.

    Args:
        plugin: its name.
        module: that holds its hooks.
        models: names of those that are read.
        hook: that is called.

    Raises:
        EmbeddingError: in place of `PluginError`, `RecordingError`, and whatever else a plugin may raise.
    """
    try:
        # numpy would warn of an overflow line by line; whether what comes out is finite, the host looks itself.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (PluginError, RecordingError) as error:
        raise EmbeddingError(str(error)) from error
    except AudioscanError:
        raise  # a setting or weights: it would be so with every recording
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # an exit as well: it is somebody else's code
        raise EmbeddingError(f"plugin {plugin!r}: {models}: {hook} {raised(error, module)}") from error


def raised(error: BaseException, module: Any) -> str:
    """`raised ValueError: no sound (audioscan_shape/encoder.py, line 41)`; the arguments as of `place`."""
    where = place(error, module)
    return f"raised {last_line(error)}{where and f' ({where})'}"


def in_one_line(error: BaseException) -> str:
    """Its message."""
    return " ".join(str(error).split())


def last_line(error: BaseException) -> str:
    """The line that ends a traceback of this error."""
    text = in_one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place(error: BaseException, module: Any) -> str:
    """`audioscan_shape/encoder.py, line 41`: the innermost line of the plugin's own, or else of what it calls first.

    Args:
        error: as a hook raised it.
        module: that holds the plugin's hooks, or an object of it. What is in its package belongs to it, and so do
            modules that lie beside it and are called like it: `audioscan_shape_encoder` to `audioscan_shape`.

    Returns:
        Empty where nothing but the host was at work.
    """
    own = _package(getattr(module, "__name__", type(module).__module__))
    frames = list(traceback.walk_tb(error.__traceback__))
    within = [found for found in frames if _belongs(found[0], own)]
    beyond = [found for found in frames if package_of(found[0]) not in CALLERS]
    if not within and not beyond:
        return ""
    frame, line = within[-1] if within else beyond[0]
    return f"{_file_of(frame)}, line {line}"


def package_of(frame: FrameType) -> str:
    """The package of the code that a frame runs."""
    return _package(frame.f_globals.get("__name__", ""))


def _file_of(frame: FrameType) -> str:
    """`audioscan_shape/encoder.py`: from the folder of the outermost package on; of a module in none, its name alone."""
    file = Path(frame.f_code.co_filename)
    packages = frame.f_globals.get("__package__") or ""
    depth = packages.count(".") + 1 if packages else 0
    return "/".join(file.parts[-1 - depth :])


def _belongs(frame: FrameType, own: str) -> bool:
    package = package_of(frame)
    return package == own or package.startswith(f"{own}_")


def _package(module: str) -> str:
    return module.partition(".")[0]
