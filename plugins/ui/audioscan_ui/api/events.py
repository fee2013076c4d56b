"""The stream by which a page hears of what others did, and of long work."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from audioscan_ui.events import Event, Listener
from audioscan_ui.review import review_of

_SECONDS_OF_SILENCE = 15.0
"""After which a comment is sent, by which a page that has gone is noticed."""


class EventStream(StreamingResponse):
    """Events as a page reads them; nothing is missed from the moment on in which it sees the answer begin."""

    media_type = "text/event-stream"

    def __init__(self, listener: Listener, *, came_back: bool) -> None:
        super().__init__(_lines(listener, came_back=came_back))
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them until the page has gone, or the server stops."""
        with self._listener:
            await super().__call__(scope, receive, send)


async def events(request: Request) -> Response:
    """Everything that changes from now on; a page that comes back is told to fetch the state anew."""
    return EventStream(Listener(review_of(request).events), came_back="last-event-id" in request.headers)


async def _lines(listener: Listener, *, came_back: bool) -> AsyncIterator[str]:
    # The id makes a browser that connects again say so.
    yield "retry: 1000\nid: 1\n" + _data({"kind": "state"}) if came_back else "retry: 1000\nid: 1\n\n"
    while True:
        try:
            event = await listener.next(_SECONDS_OF_SILENCE)
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if event is None:
            return
        yield _data(event)


def _data(event: Event) -> str:
    return f"data: {json.dumps(event)}\n\n"


routes = [Route("/api/events", events)]
