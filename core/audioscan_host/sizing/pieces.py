"""Decodes the beginning of recordings, in turn with whoever embeds it, so that both can be timed apart."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from audioscan_host.audio import AudioInfo, Decoders, decode
from audioscan_host.audio.decoders import Waveform
from audioscan_host.channels import LOUDEST, MIX
from audioscan_host.notes import Tell, log
from audioscan_host.silence import SilenceMeter
from audioscan_host.sizing.cost import Clock


class Pieces(Decoders):
    """Decodes in the thread that asks, while nobody embeds, and ends a recording where enough of it was measured.

    Attributes:
        enough: says whether it was.
        opening: what it took to open each recording.
        audio: seconds that were decoded of all.
        is_cut: whether the last recording was ended before its end: a piece that comes after that is shorter than it should be.
    """

    def __init__(self) -> None:
        super().__init__(1)
        self.enough: Callable[[], bool] = lambda: False
        self.opening = Clock()
        self.audio, self.is_cut = 0.0, False
        self._turn = Lock()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nothing is decoded meanwhile."""
        with self._turn:
            yield

    def are_worth(self, _path: Path, _size: int) -> bool:
        """All of them are decoded here."""
        return True

    def decode(
        self,
        path: Path,
        sample_rate: int | None,
        *,
        channel: str = MIX,
        meter: SilenceMeter | None = None,
        on_open: Callable[[AudioInfo], None] | None = None,
        tell: Tell = log,
    ) -> Generator[Waveform, None, None]:
        """As `audio.decode`, up to where it is enough."""
        rate, self.is_cut = 0, False

        def opened(info: AudioInfo) -> None:
            nonlocal rate
            rate = sample_rate or info.sample_rate
            stop()
            if on_open is not None:
                on_open(info)

        # The loudest is found by decoding all of it once before, which who takes the time has to count.
        channel = MIX if channel == LOUDEST else channel
        chunks = decode(path, sample_rate, channel=channel, meter=meter, on_open=opened, tell=tell)
        with self._turn:
            stop = self.opening.started()
            chunk = next(chunks, None)
        while chunk is not None:
            self.audio += len(chunk) / rate
            yield chunk
            with self._turn:
                self.is_cut = self.enough()
                chunk = None if self.is_cut else next(chunks, None)
