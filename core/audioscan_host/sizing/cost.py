"""What was measured of a checkpoint, and the clock that it was measured by."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What was measured of one checkpoint; seconds by the clock, unless it says of processors.

    Attributes:
        device: on which the encoder ran, as its library calls it.
        recordings: of which pieces were measured.
        pieces: that were embedded, but for the very first, which is part of `loading`.
        audio: seconds that were decoded for them.
        loading: the encoder: its library, its weights, and the first piece.
        opening: a recording, up to what its container declares.
        keeping: a recording, besides its pieces: claiming it, its file in the cache, and its silence, which wait for the disk or the
            store.
        decoding: a second of audio, in one thread.
        encoding: a window or a stretch: prepared, encoded, pooled, and kept as part of a block.
        processor_loading: as `loading`, of processors.
        processor_opening: as `opening`, of processors.
        processor_keeping: as `keeping`, of processors.
        processor_decoding: as `decoding`, of processors.
        processor_encoding: as `encoding`, of processors.
        processors: that were to be had, with what others do on the machine; at least what the encoder got.
        spread: of `encoding`, as a share of it, in the sense of `Total`; None where there was one piece.
    """

    device: str
    recordings: int
    pieces: int
    audio: float
    loading: float
    opening: float
    keeping: float
    decoding: float
    encoding: float
    processor_loading: float
    processor_opening: float
    processor_keeping: float
    processor_decoding: float
    processor_encoding: float
    processors: float
    spread: float | None

    @property
    def on_accelerator(self) -> bool:
        """Whether the encoder ran on something else than processors."""
        return not self.device.startswith("cpu")


@dataclass
class Clock:
    """What took how long, by the clock and of processors: a number for each time that it was done."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def started(self) -> Callable[[], None]:
        """Start it; what is given back stops it."""
        wall, processor = time.perf_counter(), time.process_time()

        def stop() -> None:
            self.wall.append(time.perf_counter() - wall)
            self.processor.append(time.process_time() - processor)

        return stop

    def add(self, other: "Clock") -> None:
        """What another one has taken."""
        self.wall += other.wall
        self.processor += other.processor

    def of(self, work: Callable[[], T]) -> T:
        """Do something, and take its time; what raises is not counted."""
        stop = self.started()
        result = work()
        stop()
        return result
