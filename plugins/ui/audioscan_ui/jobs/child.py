"""The process of a job: `python -m audioscan_ui.jobs.child` reads its order from stdin, and tells on stdout.

Each line is an object: progress as `audioscan_host.progress.JsonLines` tells it, `{"event": "note", "message": ...}`, and
at the end `{"event": "result", "result": ...}` or `{"event": "error", "message": ...}`.
"""

import json
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

from audioscan_ui.jobs.order import Order
from audioscan_ui.jobs.plain_words import PlainWords
from audioscan_ui.jobs.work import Result, Work

MODULES = {
    "train": "training",
    "evaluate": "comparing",
    "scan": "scanning",
    "suggest": "suggesting",
    "search": "searching",
    "pull": "pulling",
    "clips": "cutting",
    "demo": "demonstrating",
    "counts": "counting",
}
"""Kind of work -> its module in `audioscan_ui.jobs.kinds`, whose function `run` does it."""

_POLITENESS = 5
"""How much later than the server it gets the processor."""


def main() -> NoReturn:
    """Do one order, and leave without waiting for anything that is not needed any more."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # it may have been ignored where the server began
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(os, "nice"):
        os.nice(_POLITENESS)
    tell = _stdout()
    order = Order.from_json(json.loads(_first_line(0)))
    threading.Thread(target=_leave_with_server, args=(0,), name="server", daemon=True).start()
    code = 1
    try:
        code = _do(order, tell)
    except KeyboardInterrupt:
        code = 128 + signal.SIGTERM
    except BaseException:  # noqa: BLE001 - its last line is what the server tells
        traceback.print_exc()
    sys.stderr.flush()
    # Not by sys.exit: a thread may be waiting for audio that nobody reads.
    os._exit(code)


def _do(order: Order, tell: Callable[[str], None]) -> int:
    from audioscan_host import AudioscanError
    from audioscan_host.progress import JsonLines

    names = {str(path): path.name for path in order.labels}
    if order.review_file:
        names[order.review_file] = "what was judged on this page"
    work = Work(order, JsonLines(tell), PlainWords(order.recordings, names), tell)
    _listen(work)
    run: Callable[[Work], Result]
    try:
        run = import_module(f"audioscan_ui.jobs.kinds.{MODULES[order.kind]}").run
        result = run(work)
    except AudioscanError as error:
        tell(json.dumps({"event": "error", "message": work.words.say(str(error))}))
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        sentence = f"{Path(os.fsdecode(error.filename))}: {error.strerror}"
        tell(json.dumps({"event": "error", "message": work.words.say(sentence)}))
        return 1
    except MemoryError:
        tell(json.dumps({"event": "error", "message": "There is not enough memory for this."}))
        return 1
    tell(json.dumps({"event": "result", "result": result}))
    return 0


def _stdout() -> Callable[[str], None]:
    """Where lines for the server go; what anything else prints goes to stderr from now on."""
    kept = os.dup(1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def tell(line: str) -> None:
        left = memoryview(line.encode() + b"\n")
        with lock:
            while left:
                left = left[os.write(kept, left) :]

    return tell


def _first_line(descriptor: int) -> bytes:
    content = bytearray()
    while not content.endswith(b"\n"):
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            break
        content += piece
    return bytes(content)


def _leave_with_server(descriptor: int) -> None:
    """Wait for the end of stdin, which comes however the server ends."""
    while os.read(descriptor, 1 << 16):
        pass
    os._exit(1)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # As Ctrl-C does: any other exception in a plugin is the plugin's fault to the host, which goes on without it.
    signal.raise_signal(signal.SIGINT)


def _listen(work: Work) -> None:
    """Send warnings of the host as notes."""
    logger = logging.getLogger("audioscan_host")
    logger.handlers = [_Notes(work)]
    logger.setLevel(logging.WARNING)
    logger.propagate = False


class _Notes(logging.Handler):
    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def emit(self, record: logging.LogRecord) -> None:
        note = getattr(record, "note", None)
        if note is None or not self._work.is_idle(note):
            self._work.note(record.getMessage())


if __name__ == "__main__":
    main()
