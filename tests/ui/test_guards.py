"""Who may ask: decided before anything else looks at a request."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse

from audioscan_ui.guards import Guards

TOKEN = "t" * 43


def ask(*headers, path=f"/{TOKEN}/page", method="GET", names=(), kind="http"):
    """Status, headers and body of an answer, and the paths that were let through."""
    seen, sent = [], []

    async def inside(scope, receive, send):
        seen.append((scope["root_path"], scope["path"]))
        await PlainTextResponse("inside", headers={"Cache-Control": "private"})(scope, receive, send)

    async def send(message):
        sent.append(message)

    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "method": method, "path": path, "headers": fields, "query_string": b""}
    asyncio.run(Guards(inside, TOKEN, names)(scope, None, send))
    if not sent:
        return None, {}, b"", seen
    facts = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], facts, sent[1]["body"], seen


HOST = ("Host", "127.0.0.1:8000")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8000", "field-server:80"],
)
def test_this_machine_and_the_names_that_were_allowed_are_known(host):
    assert ask(("Host", host), names=["Field-Server"])[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "example.com:8000",
        "127.0.0.1.example.com",
        "127.0.0.1:8000@example.com",
        "127.0.0.1:",
        "127.0.0.1:80a",
        "127.0.0.2",
        "localhost.",
        "0.0.0.0",  # noqa: S104 - as a name, it is refused
        "::1",
        "[::1]:8000:8000",
        "field-server",
    ],
)
def test_any_other_name_is_misdirected_whatever_else_is_right(host):
    status, _, _, seen = ask(("Host", host), ("Sec-Fetch-Site", "same-origin"))
    assert (status, seen) == (421, [])


def test_a_request_without_a_host_or_with_two_is_misdirected():
    assert ask()[0] == 421
    assert ask(HOST, HOST)[0] == 421


def test_the_host_is_looked_at_first_then_the_origin_then_the_token():
    wrong = {"path": "/x/"}
    assert ask(("Host", "example.com"), ("Origin", "null"), **wrong)[0] == 421
    assert ask(HOST, ("Origin", "null"), **wrong)[0] == 403
    assert ask(HOST, **wrong)[0] == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "header",
    [
        ("Origin", "https://example.com"),
        ("Origin", "null"),
        ("Origin", ""),
        ("Origin", "http://127.0.0.1:8001"),
        ("Origin", "http://localhost:8000"),
        ("Origin", "http://127.0.0.1:8000.example.com"),
        ("Origin", "file://127.0.0.1:8000"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", ""),
    ],
)
def test_another_origin_is_forbidden_for_every_method(method, header):
    status, _, _, seen = ask(HOST, header, method=method)
    assert (status, seen) == (403, [])


def test_a_second_origin_does_not_hide_the_first():
    assert ask(HOST, ("Origin", "http://127.0.0.1:8000"), ("Origin", "http://example.com"))[0] == 403
    assert ask(HOST, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site"))[0] == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost"),
        ("localhost", "http://localhost:80"),
        ("localhost:80", "http://localhost"),
        ("field-server", "https://field-server"),
        ("field-server:443", "https://Field-Server"),
    ],
)
def test_the_page_itself_may_ask(host, origin):
    headers = ("Host", host), ("Origin", origin), ("Sec-Fetch-Site", "same-origin")
    assert ask(*headers, names=["field-server"])[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "//",
        f"//{TOKEN}/page",
        f"/{TOKEN[:-1]}/page",
        f"/{TOKEN}x/page",
        f"/x/{TOKEN}/page",
        "/é/",
        TOKEN,
    ],
)
def test_without_the_token_nothing_is_there(path):
    status, _, body, seen = ask(HOST, path=path)
    assert (status, seen) == (404, [])
    assert TOKEN.encode() not in body


def test_the_address_without_its_last_slash_leads_to_the_page():
    status, facts, _, _ = ask(HOST, path=f"/{TOKEN}")
    assert (status, facts["location"]) == (307, f"/{TOKEN}/")


def test_inside_the_token_is_no_part_of_the_path():
    assert ask(HOST)[3] == [(f"/{TOKEN}", f"/{TOKEN}/page")]


@pytest.mark.parametrize(
    "headers", [[HOST], [("Host", "x")], [HOST, ("Origin", "null")]], ids=["200", "421", "403"]
)
def test_every_answer_says_what_a_page_may_load_and_who_may_use_it(headers):
    _, facts, _, _ = ask(*headers)
    assert facts["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in facts["content-security-policy"]
    assert facts["x-content-type-options"] == "nosniff"
    assert facts["cross-origin-resource-policy"] == "same-origin"
    assert facts["referrer-policy"] == "no-referrer"


def test_nothing_is_stored_unless_the_answer_says_so():
    assert ask(HOST)[1]["cache-control"] == "private"
    assert ask(("Host", "x"))[1]["cache-control"] == "no-store"


def test_web_sockets_are_not_let_in():
    assert ask(HOST, kind="websocket")[3] == []
