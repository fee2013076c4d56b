"""A process that decodes, as the one that started it sees it."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from io import BufferedIOBase
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.decoder_wire import Ended, Failed, Ready, Request, receive
from audioscan_host.audio.opening import AudioInfo
from audioscan_host.notes import Note, Tell
from audioscan_host.silence import Spans

_BEGIN = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from audioscan_host.audio.decoder_process import serve; serve()"
)
"""Not `multiprocessing`: that runs the user's script once more, and a fork would copy threads' locks."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Libraries of linear algebra, which decoding does not call, begin a thread for each core otherwise."""

_FOREIGN = f"{sys.executable} does not run Python code"

_ENDING = 5.0  # seconds; a process that closed its pipes is gone by then


class DecoderError(Exception):
    """The process did not come up, or it ended."""


class Decoder:
    """A process that decodes one recording after the other; for one thread at a time.

    Attributes:
        is_idle: whether all that was asked of it was answered.

    Raises:
        DecoderError: no process can be started here.
    """

    def __init__(self) -> None:
        self.is_idle = True
        if getattr(sys, "frozen", False) or not sys.executable:
            raise DecoderError(
                "this program has no Python interpreter of its own"
            )  # or it would start itself
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this package, by this interpreter
                [sys.executable, "-P", "-c", _BEGIN],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ONE_THREAD, "PYTHONUTF8": str(sys.flags.utf8_mode)},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise DecoderError(str(error)) from error
        if self._process.stdin is None or not isinstance(self._process.stdout, BufferedIOBase):
            raise TypeError("Popen was asked for two pipes")
        self._questions: IO[bytes] = self._process.stdin
        self._answers: BufferedIOBase = self._process.stdout

    def await_ready(self) -> None:
        """Wait until it has come up.

        Raises:
            DecoderError: it does not.
        """
        self._send([each for each in sys.path if isinstance(each, str)])
        try:
            said = self._receive()
        except (ValueError, MemoryError, OverflowError, pickle.UnpicklingError) as error:
            raise DecoderError(_FOREIGN) from error
        if not isinstance(said, Ready):
            raise DecoderError(_FOREIGN)

    def decode(
        self, request: Request, on_open: Callable[[AudioInfo], None] | None, tell: Tell
    ) -> Generator[npt.NDArray[np.float32], None, Spans | None]:
        """The chunks of a request, as `audio.decode` gives them, and its silence in the end.

        Whoever leaves before the end has to `close` it, since what was not read is still in the pipe.

        Raises:
            RecordingError: as `audio.decode`.
            DecoderError: the process ended.
        """
        self.is_idle = False
        self._send(request)
        while not isinstance(answer := self._receive(), Ended):
            if isinstance(answer, np.ndarray):
                yield answer
            elif isinstance(answer, Note):
                tell(answer)
            elif isinstance(answer, Failed):
                self.is_idle = True
                raise answer.error
            elif on_open is not None:
                on_open(answer)
            del answer  # while the next one is waited for
        self.is_idle = True
        return answer.silence

    def end(self) -> None:
        """End the process, whatever it does; in any thread."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and let go of its pipes."""
        self.end()
        self._process.wait()
        for pipe in (self._questions, self._answers):
            with suppress(OSError):  # what it did not read is of no use
                pipe.close()

    def _send(self, question: object) -> None:
        try:
            pickle.dump(question, self._questions)
            self._questions.flush()
        except OSError as error:
            raise DecoderError(self._how_it_ended()) from error

    def _receive(self) -> Any:
        try:
            return receive(self._answers)
        except (EOFError, OSError) as error:
            raise DecoderError(self._how_it_ended()) from error

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            return "it says nothing any more"
        if code < 0:
            with suppress(ValueError):  # a signal without a name
                return f"it was ended by {signal.Signals(-code).name}"
        return f"it ended with code {code}"
