"""The page's own files: an allow-list of names, made when the server starts."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.problems import Problem

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
        "png": "image/png",
        "woff2": "font/woff2",
    }
)
_PAGE = "index.html"


def static_routes() -> list[Route]:
    """The page at the root, and everything that it loads below `static/`."""
    names = dict(_names(files("audioscan_ui") / "static", ""))
    return [
        Route("/", _answers(names, lambda _request: _PAGE)),
        Route("/static/{name:path}", _answers(names, lambda request: str(request.path_params["name"]))),
    ]


def _answers(
    names: Mapping[str, Traversable], name_of: Callable[[Request], str]
) -> "Callable[[Request], Response]":
    def answer(request: Request) -> Response:
        name = name_of(request)
        if name not in names:
            raise Problem(404, "the page has no file of that name")
        # Read each time, so that a page is the installed one after an update.
        return Response(names[name].read_bytes(), headers={"Content-Type": _TYPES[name.rpartition(".")[2]]})

    return answer


def _names(folder: Traversable, before: str) -> "list[tuple[str, Traversable]]":
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        name = f"{before}{each.name}"
        if each.is_dir():
            found += _names(each, f"{name}/")
        elif name.rpartition(".")[2] in _TYPES:
            found.append((name, each))
    return found
