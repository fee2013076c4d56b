"""Several recordings decoded at once, each in a process of its own; in this process where none can be had, or none is worth it."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.decoder import Decoder, DecoderError
from audioscan_host.audio.decoder_process import decode_here
from audioscan_host.audio.decoder_wire import Request
from audioscan_host.audio.decoding_in_parts import Parts, decode_in_parts, parts_of
from audioscan_host.audio.opening import AudioInfo
from audioscan_host.audio.resampling import resampled
from audioscan_host.channels import MIX
from audioscan_host.errors import RecordingError
from audioscan_host.notes import Tell, log
from audioscan_host.remote_path import RemotePath
from audioscan_host.silence import SilenceMeter

logger = logging.getLogger(__name__)

WORTH = 2**24
"""Bytes of recordings that are decoded in this process first: 16 MB of AAC are decoded in a second, and a process
comes up in a fifth of one."""

_PLAIN, _LOSSLESS = 1 / 16, 1 / 4
_COUNTED = {
    **dict.fromkeys(
        (".aif", ".aifc", ".aiff", ".au", ".caf", ".rf64", ".snd", ".w64", ".wav", ".wave"), _PLAIN
    ),
    ".flac": _LOSSLESS,
}
"""How much a byte counts of files that are decoded at several hundred and at a hundred megabytes a second."""

PATIENCE = 60.0
"""Seconds in which a process has to come up, on a machine that is busy with other work too."""

Waveform = npt.NDArray[np.float32]


class Decoders:
    """Processes that decode; each is started when it is wanted for the first time, and kept until `close`.

    Args:
        count: of processes at the most.
    """

    def __init__(self, count: int) -> None:
        self._most = count
        self._up: set[Decoder] = set()
        self._idle: list[Decoder] = []
        self._change = threading.Condition()
        self._bytes = 0.0
        self._closed = False

    def are_worth(self, path: Path, size: int) -> bool:
        """Whether a recording of so many bytes, with all that were asked for before, pays the start of a process."""
        with self._change:
            self._bytes += size * _COUNTED.get(path.suffix.lower(), 1.0)
            return self._most > 0 and self._bytes >= WORTH

    def decode(
        self,
        path: Path,
        sample_rate: int | None,
        *,
        channel: str = MIX,
        meter: SilenceMeter | None = None,
        on_open: Callable[[AudioInfo], None] | None = None,
        tell: Tell = log,
    ) -> Iterator[Waveform]:
        """As `audio.decode`, to the bit; `meter` has all silence in the end, and none before.

        Raises:
            RecordingError: as `audio.decode`; or the process ended in the midst of it.
        """
        request = Request(path, sample_rate, channel, metered=meter is not None)
        parts = self._parts_of(path, sample_rate, channel)
        if parts is None:
            yield from self._decoded(request, tell, on_open, meter)
            return
        if on_open is not None:
            on_open(parts.info)
        rate = parts.info.sample_rate
        pieces = decode_in_parts(request, parts, self._decoded, self._is_spare, tell)
        yield from resampled(_metered(pieces, rate, meter), sample_rate or rate)

    def _parts_of(self, path: Path, sample_rate: int | None, channel: str) -> Parts | None:
        if not self._is_spare(2):
            return None  # other recordings are under way: this one is decoded beside them
        try:
            return parts_of(path, sample_rate, channel)
        except RecordingError:
            return None  # it is told when it is decoded

    def _is_spare(self, wanted: int = 1) -> bool:
        with self._change:
            return len(self._idle) + self._most - len(self._up) >= wanted

    def _decoded(
        self,
        request: Request,
        tell: Tell,
        on_open: Callable[[AudioInfo], None] | None = None,
        meter: SilenceMeter | None = None,
    ) -> Iterator[Waveform]:
        begun = False

        def opened(info: AudioInfo) -> None:
            nonlocal begun
            begun = True
            if on_open is not None:
                on_open(info)

        with self.lent() as decoder:
            if decoder is not None:
                try:
                    silence = yield from decoder.decode(request, opened, tell)
                except DecoderError as error:
                    raise _lost(request.path, error) from error
                except RecordingError:
                    # What this program was told of a store, another process does not know.
                    if begun or not isinstance(request.path, RemotePath):
                        raise
                else:
                    if meter is not None and silence is not None:
                        meter.adopt(silence)
                    return
        yield from decode_here(request, meter, on_open, tell)

    @contextmanager
    def lent(self) -> Generator[Decoder | None, None, None]:
        """A process for one request, as soon as one is idle; None where there can be none.

        One that is given back in the midst of a request is ended, and another is started when it is wanted.
        """
        decoder = self._lend()
        try:
            yield decoder
        finally:
            if decoder is not None:
                self._take_back(decoder)

    def close(self) -> None:
        """End all of them, whatever they do."""
        with self._change:
            self._closed, self._most = True, 0
            for decoder in self._up - set(self._idle):
                decoder.end()  # whoever reads from it lets go of it
            idle, self._idle = self._idle, []
            self._change.notify_all()
        for decoder in idle:
            decoder.close()

    def _lend(self) -> Decoder | None:
        with self._change:
            while not self._idle:
                if self._closed:
                    raise RecordingError("the processes that decode were closed")  # nobody waits for it
                if len(self._up) < self._most:
                    decoder = self._started()
                    break
                if not self._most:
                    return None
                self._change.wait()
            else:
                return self._idle.pop()
        return decoder if decoder is None or self._comes_up(decoder) else None

    def _started(self) -> Decoder | None:
        try:
            decoder = Decoder()
        except DecoderError as error:
            self._do_without(error)
            return None
        self._up.add(decoder)
        return decoder

    def _comes_up(self, decoder: Decoder) -> bool:
        too_late = threading.Timer(PATIENCE, decoder.end)
        too_late.start()
        try:
            decoder.await_ready()
        except DecoderError as error:
            with self._change:
                self._up.discard(decoder)
                self._do_without(error)
            decoder.close()
            return False
        finally:
            too_late.cancel()
        return True

    def _do_without(self, error: DecoderError) -> None:
        """No more than there are: where one cannot be had, the next one cannot either."""
        if self._most:
            logger.warning("no process to decode in, which makes it slower: %s", error)
        self._most = len(self._up)
        self._change.notify_all()

    def _take_back(self, decoder: Decoder) -> None:
        with self._change:
            kept = decoder.is_idle and self._most > 0
            if kept:
                self._idle.append(decoder)
            else:
                self._up.discard(decoder)
            self._change.notify()
        if not kept:
            decoder.close()


def _metered(
    chunks: Iterator[Waveform], rate: int, meter: SilenceMeter | None
) -> Iterator[tuple[int, Waveform]]:
    for chunk in chunks:
        if meter is not None:
            meter.feed(rate, chunk)
        yield rate, chunk


def _lost(path: Path, error: DecoderError) -> RecordingError:
    return RecordingError(
        f"{path}: the process that decoded it is gone ({error}); convert the recording, or run again if memory was short"
    )
