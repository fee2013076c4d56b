"""What is heard and seen of a recording: its facts, its sound as a WAV, tiles of its spectrogram."""

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from audioscan_ui.media.reader import Sound
from audioscan_ui.media.virtual_wav import ByteRange, UnsatisfiableRangeError, VirtualWav, range_of
from audioscan_ui.problems import Problem
from audioscan_ui.review import review_of

if TYPE_CHECKING:
    from audioscan_ui.media.tiles import Tile

logger = logging.getLogger(__name__)

T = TypeVar("T")

_GONE = 499
"""Nobody reads this answer: the client has gone."""


async def media(request: Request) -> Response:
    """Facts of a recording; where it cannot be read, the reason in place of them."""
    from audioscan_host import AudioscanError
    from audioscan_ui.media.tiles import HIGHEST

    try:
        sound = await review_of(request).media.sound(request.path_params["number"])
    except AudioscanError as error:
        nothing = dict.fromkeys(("duration", "rate", "channels", "playing_rate", "top_frequency"))
        return JSONResponse({**nothing, "problem": str(error)})
    facts = {
        "duration": sound.duration,
        "rate": sound.rate,
        "channels": sound.channels,
        "playing_rate": sound.playing_rate,
        "top_frequency": min(sound.rate / 2, HIGHEST),
        "problem": None,
    }
    return JSONResponse(facts)


async def audio(request: Request) -> Response:
    """The sound as a WAV, or a range of its bytes."""
    reader, number = review_of(request).media, request.path_params["number"]
    sound = await reader.sound(number)
    wav = VirtualWav(sound.samples, sound.playing_rate, partial(reader.samples, number))
    tag = f'"{sha256(sound.version.encode("utf-8", "surrogateescape")).hexdigest()[:16]}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Type": "audio/wav"}
    unchanged = request.headers.get("if-range", tag) == tag
    try:
        part = range_of(request.headers.get("range"), wav.size) if unchanged else None
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{wav.size}"})
    sent = part or ByteRange(0, wav.size)
    headers["Content-Length"] = str(sent.after - sent.first)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.after - 1}/{wav.size}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return _Sound(wav.bytes_of(sent), status, headers)


class _Sound(StreamingResponse):
    """Ends where the recording can be read no more: a player tells of that, where silence would mislead."""

    async def stream_response(self, send: Send) -> None:
        """Send what there is."""
        from audioscan_host import AudioscanError

        try:
            await super().stream_response(send)
        except AudioscanError as error:
            logger.warning("%s", error)


async def tile(request: Request) -> Response:
    """A tile of the spectrogram, 128 rows of 512 bytes; row 0 has the highest frequencies."""
    from audioscan_ui.media.spectrogram import FLOOR, RANGE

    reader, number = review_of(request).media, request.path_params["number"]
    sound = await _until_gone(request, reader.sound(number))
    if sound is None:
        return Response(status_code=_GONE)
    asked = _tile_asked_for(request, sound)
    drawn = await _until_gone(request, reader.tile(number, asked))
    if drawn is None:
        return Response(status_code=_GONE)
    headers = {
        "X-Start": repr(asked.start),
        "X-Seconds": repr(asked.seconds),
        "X-Top-Frequency": repr(asked.top),
        "X-Decibels": f"{FLOOR:g} {FLOOR + RANGE:g}",
    }
    return Response(drawn, headers=headers, media_type="application/octet-stream")


def _tile_asked_for(request: Request, sound: Sound) -> "Tile":
    from audioscan_ui.media.tiles import HIGHEST, SCALES, Tile

    highest = sound.rate / 2
    try:
        scale = int(request.query_params.get("scale", "0"))
        top = float(request.query_params.get("top", min(highest, HIGHEST)))
    except ValueError as error:
        raise Problem(
            422, "the scale of a tile is a whole number, its top frequency a number in Hz"
        ) from error
    if scale not in SCALES:
        raise Problem(422, f"the scale of a tile is from {SCALES[0]} to {SCALES[-1]}, not {scale}")
    if not highest / 256 <= top <= highest:
        raise Problem(422, f"the top frequency of this recording is from {highest / 256:g} to {highest:g} Hz")
    asked = Tile(request.path_params["tile"], scale, top)
    if asked.start >= sound.duration:
        raise Problem(404, f"this recording ends at {sound.duration:.3f} s, before this tile")
    return asked


async def _until_gone(request: Request, work: Awaitable[T]) -> T | None:
    """What is awaited; None, and the work is dropped, where the client goes before."""
    doing, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


routes = [
    Route("/api/recordings/{number:int}/media", media),
    Route("/api/recordings/{number:int}/audio.wav", audio),
    Route("/api/recordings/{number:int}/tiles/{tile:int}", tile),
]
