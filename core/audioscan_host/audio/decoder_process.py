"""A process that decodes what it is asked for: it ends when whoever started it closes its pipe, or ends itself."""

import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any, NoReturn

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.decoder_wire import Ended, Failed, Ready, Request, portable, send
from audioscan_host.audio.decoding import decode
from audioscan_host.audio.opening import AudioInfo
from audioscan_host.notes import Tell
from audioscan_host.silence import SilenceMeter


def serve() -> NoReturn:
    """Answer the requests that come through the standard input, one after the other; does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    _tell(answers, Ready())
    while True:
        _answer(requests.get(), answers)


def _listen(pipe: IO[bytes], requests: "queue.SimpleQueue[Request]") -> None:
    """Take requests until the pipe ends: then nobody wants an answer any more, in the midst of one neither."""
    try:
        while True:
            requests.put(pickle.load(pipe))  # noqa: S301 - from the process that started this one
    finally:
        os._exit(0)


def _answer(request: Request, answers: IO[bytes]) -> None:
    meter = SilenceMeter() if request.metered else None

    def tell(answer: Any) -> None:
        _tell(answers, answer)

    try:
        for chunk in decode_here(request, meter, tell, tell):
            tell(chunk)
    except Exception as error:  # noqa: BLE001 - raised again in the process that asked
        tell(Failed(portable(error)))
    else:
        tell(Ended(None if meter is None else meter.spans()))


def decode_here(
    request: Request, meter: SilenceMeter | None, on_open: Callable[[AudioInfo], None] | None, tell: Tell
) -> Iterator[npt.NDArray[np.float32]]:
    """What is asked for, decoded in this process, whichever it is; raises as `audio.decode` does."""
    return decode(
        request.path,
        request.sample_rate,
        start=request.start,
        end=request.end,
        channel=request.channel,
        meter=meter,
        on_open=on_open,
        tell=tell,
    )


def _tell(answers: IO[bytes], answer: Any) -> None:
    try:
        send(answers, answer)
    except OSError:  # nobody listens
        os._exit(0)
