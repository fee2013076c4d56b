"""Servers of recordings that fail: what may pass is asked for again, in bounded time, and what does not is one line."""

import socket
import time

import pytest

from audioscan_host.remote.filesystem import filesystem_of
from audioscan_host.remote.patience import Patience
from audioscan_host.remote.reading import facts_of, open_ranged, pieces_of

PATIENT = Patience(busy=10.0, silent=10.0, refused=10.0)
SHORT = Patience(busy=1.2, silent=1.2, refused=1.2)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr("audioscan_host.remote.patience.FIRST_PAUSE", 0.02)


@pytest.mark.parametrize("fate", ["503", "500", "429", "reset", "hang"])
def test_what_passes_is_asked_again_of_a_web_server(web, fate):
    web.script.extend([fate] * (2 if fate == "hang" else 4))  # fsspec asks by HEAD, and then by GET
    assert facts_of(f"{web.url}/a.wav", patience=PATIENT).size == len(web.content)
    web.script.append(fate)
    ranges = [(10, 20), (100, 200)]
    pieces = pieces_of(f"{web.url}/a.wav", ranges, patience=PATIENT)
    assert pieces == [web.content[begin:end] for begin, end in ranges]
    assert not web.script


@pytest.mark.parametrize("fate", ["503", "reset", "hang", "half"])
def test_a_range_that_broke_off_is_read_again_from_where_it_was(web, fate):
    with open_ranged(f"{web.url}/a.wav", "a.wav", patience=PATIENT) as file:
        first = file.read(70_000)
        web.requests.clear()
        web.script.append(fate)
        assert first + file.read() == web.content
    (failed, again, *_) = [wanted for _, wanted in web.requests]
    assert failed == again != "bytes=0-65535"


@pytest.mark.parametrize(
    ("fate", "reason"), [("503", "503"), ("reset", "disconnected"), ("hang", "[Tt]imeout")]
)
def test_what_does_not_pass_is_one_line_in_bounded_time(web, fate, reason):
    web.always = fate
    begun = time.monotonic()
    with pytest.raises(OSError, match=reason) as raised:
        facts_of(f"{web.url}/a.wav", patience=SHORT)
    assert time.monotonic() - begun < 12
    assert len(web.requests) > 2 or fate == "hang"
    assert not isinstance(raised.value, FileNotFoundError)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("status", "requests"), [("404", 2), ("403", 2), ("501", 2)])
def test_an_answer_that_stays_the_same_is_not_asked_for_again(web, status, requests):
    web.always = status
    with pytest.raises(OSError, match="No such file" if status == "404" else status):
        facts_of(f"{web.url}/a.wav", patience=PATIENT)
    assert len(web.requests) == requests


@pytest.mark.parametrize("kind", ["http", "s3"])
def test_a_server_that_is_not_there_costs_what_its_patience_says(kind, s3, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    url = f"{nobody}/a.wav" if kind == "http" else f"{s3}/a.wav"
    patience = Patience(busy=30.0, silent=30.0, refused=0.1)
    begun = time.monotonic()
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        facts_of(url, patience=patience)
    assert time.monotonic() - begun < 15


def test_the_library_of_s3_tries_once_where_we_try_again_and_keeps_its_own_tries_elsewhere(s3):
    ours, _ = filesystem_of(f"{s3}/a.wav", once=True)
    users, _ = filesystem_of(f"{s3}/a.wav")
    assert (ours.retries, ours.config_kwargs["retries"]) == (1, {"total_max_attempts": 1})
    assert ours.config_kwargs["read_timeout"] > 15  # seconds that a slow server may take
    assert users is not ours
    assert users.retries > 1
    assert "retries" not in users.config_kwargs


def test_what_a_user_set_for_the_library_of_s3_stays(s3, monkeypatch):
    from fsspec.config import conf

    monkeypatch.setitem(conf, "s3", {"config_kwargs": {"read_timeout": 3, "retries": {"max_attempts": 7}}})
    settings = filesystem_of(f"{s3}/a.wav", once=True)[0].config_kwargs
    assert (settings["read_timeout"], settings["retries"]) == (3, {"max_attempts": 7})
