"""One pass over a recording, and the sound of all its clips."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host.cutting.span import Span

Samples = npt.NDArray[np.int16]
"""(samples, channels)."""


@dataclass(frozen=True)
class Sound:
    """The sound of a clip.

    Attributes:
        number: of the span among those that were wanted.
        start: seconds in the recording, of the first sample.
        end: seconds, behind the last one.
        samples: (samples, channels).
    """

    number: int
    start: float
    end: float
    samples: Samples


@dataclass
class _Wanted:
    number: int
    span: Span
    first: int
    last: int


def sounds(chunks: Iterable[npt.NDArray[np.float32]], rate: int, spans: Sequence[Span]) -> Iterator[Sound]:
    """The sound of each span, as soon as it is there; of spans that begin behind the recording's end nothing.

    From sample `round(start * rate)` up to `round(end * rate)`, or to the recording's end. A span of fixed length
    has as many samples as its length, and at the recording's end lies before it. Only what some span may still need
    is held, with 16 bits a sample. What is beyond full scale is clipped.

    Args:
        chunks: (samples, channels) each, from the recording's beginning; no more are asked for than are needed.
        rate: theirs, Hz.
        spans: in any order.
    """
    waiting = deque(sorted((_wanted(*each, rate) for each in enumerate(spans)), key=lambda each: each.first))
    lookback = max((each.last - each.first for each in waiting if each.span.fixed), default=0)
    begun: list[_Wanted] = []
    held: deque[tuple[int, Samples]] = deque()  # each with the place of its first sample
    position = 0
    for chunk in chunks:
        held.append((position, _of_16_bits(chunk)))
        position += len(chunk)
        while waiting and waiting[0].first < position:
            begun.append(waiting.popleft())
        for each in begun:
            if each.last <= position:
                yield _sound(each, held, rate)
        begun = [each for each in begun if each.last > position]
        if not (begun or waiting):
            return
        needed = min([position, *(each.first for each in begun)]) - lookback
        while held and held[0][0] + len(held[0][1]) <= needed:
            held.popleft()
    for each in [*begun, *waiting]:
        if round(each.span.place * rate) < position:
            length = each.last - each.first
            each.last = min(each.last, position)
            each.first = max(each.last - length, 0) if each.span.fixed else each.first
            yield _sound(each, held, rate)


def _wanted(number: int, span: Span, rate: int) -> _Wanted:
    first = round(span.start * rate)
    length = round((span.end - span.start) * rate) if span.fixed else round(span.end * rate) - first
    return _Wanted(number, span, first, first + max(length, 1))


def _of_16_bits(chunk: npt.NDArray[np.float32]) -> Samples:
    scaled: Samples = np.clip(np.rint(chunk * np.float32(2**15)), -(2**15), 2**15 - 1).astype(np.int16)
    return scaled


def _sound(wanted: _Wanted, held: Iterable[tuple[int, Samples]], rate: int) -> Sound:
    parts = [
        samples[max(wanted.first - begin, 0) : max(wanted.last - begin, 0)]
        for begin, samples in held
        if begin < wanted.last
    ]
    return Sound(wanted.number, wanted.first / rate, wanted.last / rate, np.concatenate(parts))
