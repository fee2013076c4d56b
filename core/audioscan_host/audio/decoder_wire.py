"""What a process that decodes and the one that asked it say to each other, through two pipes.

Requests are pickles. An answer is a header, and then samples as they lie in memory, or a pickle: both are programs of
this package, one the child of the other.
"""

import pickle
import struct
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import AudioscanError
from audioscan_host.silence import Spans

_HEADER = struct.Struct("<?Q")  # whether samples follow, and how many bytes


@dataclass(frozen=True)
class Request:
    """A recording, or a part of it, that is to be decoded; the arguments of `decode`.

    Attributes:
        metered: whether its digital silence is asked for too.
    """

    path: Path
    sample_rate: int | None
    channel: str
    start: float = 0.0
    end: float | None = None
    metered: bool = False


@dataclass(frozen=True)
class Ready:
    """The process has come up."""


@dataclass(frozen=True)
class Ended:
    """All of a request was given.

    Attributes:
        silence: (spans, 2) seconds, where it was asked for.
    """

    silence: Spans | None


@dataclass(frozen=True)
class Failed:
    """A request cannot be answered.

    Attributes:
        error: to be raised.
    """

    error: Exception


def send(pipe: IO[bytes], answer: Any) -> None:
    """Write an answer: (samples,) float32, or anything that can be pickled."""
    if isinstance(answer, np.ndarray):
        samples = np.ascontiguousarray(answer)
        pipe.write(_HEADER.pack(True, samples.nbytes))
        pipe.write(samples.data.cast("B"))
    else:
        told = pickle.dumps(answer)
        pipe.write(_HEADER.pack(False, len(told)) + told)
    pipe.flush()


def receive(pipe: BufferedIOBase) -> Any:
    """The next answer, as it was sent.

    Raises:
        EOFError: the pipe ended.
    """
    of_samples, size = _HEADER.unpack(_filled(pipe, bytearray(_HEADER.size)))
    if not of_samples:
        return pickle.loads(_filled(pipe, bytearray(size)))  # noqa: S301 - from a child of this process
    samples: npt.NDArray[np.float32] = np.empty(size // 4, np.float32)
    if size:  # what is empty has no bytes that it could be cast to
        _filled(pipe, samples.data.cast("B"))
    return samples


def _filled(pipe: BufferedIOBase, buffer: bytearray | memoryview) -> bytearray | memoryview:
    view, filled = memoryview(buffer), 0
    while filled < len(view):
        count = pipe.readinto(view[filled:])
        if not count:
            raise EOFError
        filled += count
    return buffer


def portable(error: Exception) -> Exception:
    """An exception that can be sent, with where it was raised unless a user can mend it."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - its own
    except Exception:  # noqa: BLE001 - whatever its class does
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(error, AudioscanError) else _with_trace(error)


def _with_trace(error: Exception) -> Exception:
    import traceback

    error.add_note(f"In the process that decodes:\n{traceback.format_exc()}")
    return error
