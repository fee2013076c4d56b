"""How a URL is reached: in one line where it cannot be."""

import logging
import sys

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from audioscan_host.errors import SettingError
from audioscan_host.remote.filesystem import as_os_errors, filesystem_of


@pytest.mark.parametrize(
    ("missing", "url", "said"),
    [
        ("fsspec", "s3://b/a.wav", "s3://b/a.wav: to reach it, install s3fs"),
        ("s3fs", "s3://b/a.wav", "s3://b/a.wav: to reach it, install s3fs"),
        ("gcsfs", "gs://b/a.wav", "gs://b/a.wav: to reach it, install gcsfs"),
        (
            "fsspec.implementations.http",
            "https://me:pw@h/a.wav",
            "https://h/a.wav: to reach it, install 'fsspec[http]'",
        ),
    ],
)
def test_a_package_that_is_missing_is_named(monkeypatch, missing, url, said):
    loaded = sys.modules["fsspec.registry"]._registry
    monkeypatch.delitem(loaded, url.partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SettingError) as raised:
        filesystem_of(url)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_a_kind_of_url_that_nobody_knows_is_told():
    with pytest.raises(SettingError, match=r"^ftpp://h/a.wav: cannot be reached: Protocol not known: ftpp"):
        filesystem_of("ftpp://h/a.wav")


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (FileNotFoundError("b/a.wav"), FileNotFoundError, "No such file or directory"),
        (PermissionError("Access Denied"), PermissionError, "Access Denied"),
        (TimeoutError(), TimeoutError, "Connection timed out"),
        (RuntimeError("two\nlines"), OSError, "two lines"),
        (ValueError("at https://me:pw@h/a"), OSError, "at https://h/a"),
        (OSError("Forbidden: b/o\nno right to list"), PermissionError, "Forbidden: b/o no right to list"),
        (RuntimeError("No container.\nRequestId:1\nContent: <Error>"), OSError, "No container."),
    ],
)
def test_whatever_a_backend_raises_becomes_an_error_of_the_system_in_one_line(raised, kind, said):
    with pytest.raises(kind) as found, as_os_errors("s3://b/a.wav"):
        raise raised
    assert (found.value.strerror, found.value.filename) == (said, "s3://b/a.wav")
    assert found.value.errno


def test_a_web_server_that_did_not_answer_in_time_is_not_a_file_that_is_not_there():
    missing = FileNotFoundError("https://h/a.wav")
    missing.__cause__ = TimeoutError()
    with pytest.raises(TimeoutError, match="timed out"), as_os_errors("https://h/a.wav"):
        raise missing


def test_what_a_library_raises_it_does_not_print_as_well_unless_it_is_told_to(caplog):
    class LogsToo(MemoryFileSystem):
        protocol = "logs-too"
        __module__ = "logs_too.core"

        def info(self, path, **_):
            logging.getLogger("logs_too").error("out of tries")
            raise RuntimeError("out of tries")

    fsspec.register_implementation("logs-too", LogsToo, clobber=True)
    filesystem, place = filesystem_of("logs-too://b/a.wav")
    with pytest.raises(OSError, match="out of tries"), as_os_errors("logs-too://b/a.wav"):
        filesystem.info(place)
    assert [record.name for record in caplog.records] == ["logs_too"]  # whoever set up logging
    heard = logging.getLogger("logs_too").handlers
    assert [type(handler) for handler in heard] == [logging.NullHandler]


@pytest.mark.parametrize(
    ("told", "expected"), [({}, 64), ({"max_pool_connections": 5, "read_timeout": 3}, 5)]
)
def test_an_s3_has_more_connections_than_ten_unless_it_is_told_how_many(monkeypatch, told, expected):
    pytest.importorskip("s3fs")
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": told, "skip_instance_cache": True})
    filesystem, _ = filesystem_of("s3://bucket/a.wav")
    assert filesystem.config_kwargs == {**told, "max_pool_connections": expected}
    assert "max_pool_connections" not in told or told["max_pool_connections"] == 5
