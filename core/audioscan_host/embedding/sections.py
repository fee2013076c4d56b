"""A stream of samples in sections: long digital silences, and what lies before, between and after them.

A network that hears all of a stretch hears a silence in it everywhere. Each section is therefore read as a recording of its
own: what lies before appended zeros, or beside a hole, is as if the recording ended or began there.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audioscan_host.silence import CONSTANT, SHORTEST
from audioscan_host.windows import GRID

LONG = 2
"""Stretches; a silence as long as these is a section. Of shorter ones a gate that opens for moments could make recordings cost
more than twice as much, since every section has a last stretch that is not full."""

Samples = npt.NDArray[np.float32]


def sections(chunks: Iterable[Samples], sample_rate: int, stretch: float) -> Iterator[tuple[int, Samples]]:
    """The stream once more, and of each piece the section that it is in.

    A silence that lasts `LONG` stretches is a section. So is a shorter one that ends the recording, where the section before is
    a stretch long: a clip that was filled up with zeros does not cost two stretches. What is silence, and how long, is as
    `SilenceMeter` has it, in blocks of the 10 ms grid, here at the rate of the chunks. Where it begins and ends is to the
    sample. How the stream is cut into chunks changes nothing.

    Args:
        chunks: consecutive (samples,) float32 pieces of one recording.
        sample_rate: of the chunks, Hz.
        stretch: seconds.

    Yields:
        Where the section begins, in samples from the recording's beginning, and a (samples,) piece of it.
    """
    splitter = _Splitter(round(stretch * sample_rate), round(SHORTEST * sample_rate))
    for blocks in _of_whole_blocks(chunks, max(1, sample_rate // GRID)):
        yield from splitter.feed(blocks)
    yield from splitter.end()


def _of_whole_blocks(chunks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """(blocks, size) of the stream; its rest is (1, rest)."""
    rest = np.empty(0, np.float32)
    for chunk in chunks:
        joined = np.concatenate([rest, chunk]) if len(rest) else chunk
        whole = len(joined) // size * size
        rest = joined[whole:]
        if whole:
            yield joined[:whole].reshape(-1, size)
    if len(rest):
        yield rest[None]


class _Splitter:
    """Holds back what may become a section of silence, and the block of sound before it, in which that may begin."""

    def __init__(self, stretch: int, shortest: int) -> None:
        self._stretch = stretch
        self._shortest = shortest
        self._begin = 0  # of the section
        self._given = 0  # samples
        self._before = np.empty(0, np.float32)  # the last block of sound
        self._silence: list[Samples] = []  # since then
        self._level = np.float32("nan")  # of the last block; NaN of sound
        self._apart = False  # whether the silence that goes on has become a section

    def feed(self, blocks: Samples) -> Iterator[tuple[int, Samples]]:
        """Take (blocks, samples)."""
        levels = np.append(self._level, _levels(blocks))
        silent = ~np.isnan(levels[1:])
        if not silent.any():
            yield from self._sound(blocks.ravel(), blocks.shape[1])
            return
        goes_on = np.abs(np.diff(levels)) <= CONSTANT  # not where either is sound
        changes = silent[1:] & ~goes_on[1:] | (silent[1:] != silent[:-1])
        for begin, end in pairwise([0, *(np.flatnonzero(changes) + 1).tolist(), len(blocks)]):
            piece = blocks[begin:end].ravel()
            if not silent[begin]:
                yield from self._sound(piece, blocks.shape[1])
            else:
                if not goes_on[begin] and (self._silence or self._apart):
                    yield from self._end_silence()
                self._level = levels[end]
                yield from self._more_silence(piece)

    def end(self) -> Iterator[tuple[int, Samples]]:
        """What is left."""
        section = self._given + len(self._before) - self._begin
        if section >= self._stretch and sum(map(len, self._silence)) >= self._shortest:
            yield from self._set_apart()
        yield from self._end_silence()

    def _more_silence(self, piece: Samples) -> Iterator[tuple[int, Samples]]:
        if self._apart:
            yield from self._give(piece)
            return
        self._silence.append(piece)
        if sum(map(len, self._silence)) >= LONG * self._stretch:
            yield from self._set_apart()

    def _set_apart(self) -> Iterator[tuple[int, Samples]]:
        """Make a section of the silence."""
        kept = len(self._before) - _alike(self._before[::-1], self._silence[0][0])
        silence = [self._before[kept:], *self._silence]
        yield from self._give(self._before[:kept])
        self._before, self._silence = self._before[:0], []
        self._begin, self._apart = self._given, True
        for piece in silence:
            yield from self._give(piece)

    def _end_silence(self) -> Iterator[tuple[int, Samples]]:
        """What was held back is of the section, or a new one begins."""
        for piece in (self._before, *self._silence):
            yield from self._give(piece)
        self._before, self._silence = self._before[:0], []
        if self._apart:
            self._begin, self._apart = self._given, False

    def _sound(self, piece: Samples, size: int) -> Iterator[tuple[int, Samples]]:
        if self._apart:
            more = _alike(piece, self._level)
            yield from self._give(piece[:more])
            piece = piece[more:]
        yield from self._end_silence()
        yield from self._give(piece[:-size])
        self._before, self._level = piece[-size:], np.float32("nan")

    def _give(self, piece: Samples) -> Iterator[tuple[int, Samples]]:
        if len(piece):
            self._given += len(piece)
            yield self._begin, piece


def _levels(blocks: Samples) -> Samples:
    """(blocks,) the lowest sample of each that is constant, NaN of all others."""
    levels = np.full(len(blocks), np.nan, np.float32)
    # Where a few samples differ the others need not be looked at.
    few = np.ascontiguousarray(blocks.T[:: max(1, blocks.shape[1] // 4)])
    (perhaps,) = np.nonzero(few.max(axis=0) - few.min(axis=0) <= CONSTANT)
    if not len(perhaps):
        return levels
    low = blocks[perhaps].min(axis=1)
    constant = blocks[perhaps].max(axis=1) - low <= CONSTANT
    levels[perhaps[constant]] = low[constant]
    return levels


def _alike(samples: Samples, level: np.float32) -> int:
    """How many samples, from the first one on, are at this level."""
    (differ,) = np.nonzero(np.abs(samples - level) > CONSTANT)
    return int(differ[0]) if len(differ) else len(samples)
