"""Who may ask: the name of this server, pages of its own, and those who know its token. Comes before all else."""

import hmac
from collections.abc import Collection, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names of this machine. Their port is not looked at: a tunnel (`ssh -L`) has another at its other end."""

_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_FOREIGN = "Only the page of this server may ask it. If you followed a link to it, copy the address into the browser's address bar.\n"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Guards:
    """Let through only what comes from the page itself.

    Whoever makes a browser of this machine ask by another name (DNS rebinding) gets 421; a page of another origin,
    403 for every method; whoever does not know the token, 404. Every answer says what the page may load, and that
    no other page may use it.

    Args:
        app: what is guarded; it sees its paths without the token.
        token: first segment of every path.
        names: that the server is called by in the header Host, beside those of this machine.
    """

    def __init__(self, app: ASGIApp, token: str, names: Iterable[str] = ()) -> None:
        self._app = app
        self._token = token.encode()
        self._names = LOOPBACK | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no web sockets here: the connection is refused

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
            return
        await self._app({**scope, "root_path": f"/{self._token.decode()}"}, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _is_called(hosts[0], self._names):
            return PlainTextResponse("This server is not called so. Open the address that it printed.\n", 421)
        if not _is_own_page(headers, hosts[0]):
            return PlainTextResponse(_FOREIGN, 403)
        first = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not hmac.compare_digest(first.encode("utf-8", "replace"), self._token):
            return PlainTextResponse(
                "Nothing is here. Open the whole address that the server printed.\n", 404
            )
        if scope["path"] == f"/{first}":  # the page's own addresses are relative to one that ends in a slash
            return RedirectResponse(f"/{first}/")
        return None


def _is_called(host: str, names: Collection[str]) -> bool:
    name, colon, port = host.lower().rpartition(":")
    if not colon or host.endswith("]"):  # without a port; or an address of IPv6, in whose brackets are colons
        return host.lower() in names
    return name in names and port.isdecimal()


def _is_own_page(headers: Headers, host: str) -> bool:
    if any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
        return False
    return all(_is_origin(origin, host) for origin in headers.getlist("origin"))


def _is_origin(origin: str, host: str) -> bool:
    scheme, separator, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    return bool(separator and port) and place.removesuffix(f":{port}") == host.lower().removesuffix(
        f":{port}"
    )
