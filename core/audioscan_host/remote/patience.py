"""For how long a request to a server is waited for, and tried again: the one place that says so, for recordings and caches.

The libraries for S3 and HTTP are told to try once (`filesystem_of`), since tries within tries add up to minutes. Those for
other stores try again in their own way, and nothing does so around them where a recording is read.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from audioscan_host.remote.request_errors import Trouble, reason_of, trouble_of

T = TypeVar("T")

CONNECT_TIMEOUT = 5.0
"""Seconds in which a connection is made: the way around the world takes less than one. It is s3fs's own."""

READ_TIMEOUT = 18.0
"""Seconds without a byte: a server that is busy, or fetches from slow disks, may take 15 until the first one."""

LONGEST_TRY = 300.0
"""Seconds of one request of HTTP: aiohttp's own. 4 MiB come in it at 14 kB/s."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds between tries: each pause is twice the one before, and up to half of it shorter by chance, so that many who failed
at once do not come again at once."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Seconds from the first try on, within which another may begin; the last one may end later.

    Attributes:
        busy: where the server answers that it cannot now (5xx, 429).
        silent: where it does not answer, or breaks off: two time-outs, so that the first may have been bad luck.
        refused: where no connection is made, as of a server that is not there.
    """

    busy: float
    silent: float
    refused: float

    def within(self, seconds: float) -> "Patience":
        """The same, and none of it longer than that."""
        return Patience(min(self.busy, seconds), min(self.silent, seconds), min(self.refused, seconds))

    def of(self, error: BaseException, *, has_answered: bool = False) -> float:
        """Seconds for which an error is put up with; less than none where it does not pass.

        Args:
            error: of the request.
            has_answered: whether the server is known to be there: then one that refuses is being started again, and that
                takes longer than to see that nobody listens.
        """
        trouble = trouble_of(error)
        if trouble is None:
            return -1.0
        if trouble is Trouble.REFUSED:
            return max(self.refused, self.silent) if has_answered else self.refused
        return self.busy if trouble is Trouble.BUSY else self.silent


OF_A_CACHE = Patience(busy=60.0, silent=2 * READ_TIMEOUT, refused=8.0)
"""All of a run rests on it: a minute, in which a server that was busy or was started again is back."""

OF_A_RECORDING = Patience(busy=30.0, silent=2 * READ_TIMEOUT, refused=8.0)
"""One recording of many: the others wait for it."""

NONE = Patience(-1.0, -1.0, -1.0)
"""What is tried once."""


def tried(action: Callable[[], T], limit: Callable[[OSError], float]) -> T:
    """What an action gives, at the first try at which it does not raise.

    Args:
        action: makes a request.
        limit: seconds for which an error is put up with, as of `Patience.of`.

    Raises:
        OSError: that of the last try.
    """
    begun = time.monotonic()
    for pause in pauses():
        try:
            return action()
        except OSError as error:
            if time.monotonic() - begun + pause > limit(error):
                raise
            logger.info("%s: %s; tried again in %.1f s", error.filename, reason_of(error), pause)
        time.sleep(pause)
    raise AssertionError("pauses do not end")


def pauses() -> Iterator[float]:
    """Seconds before each further try."""
    longest = (min(LONGEST_PAUSE, FIRST_PAUSE * 2**number) for number in count())
    return (each * random.uniform(0.5, 1) for each in longest)  # noqa: S311 - no secret
