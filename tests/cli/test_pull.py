"""`audioscan-host pull`: weights ahead of time, each checkpoint once, and what cannot be had in one line."""

import hashlib
import logging
from dataclasses import replace

import pytest
from click.testing import CliRunner

from audioscan_host.cli.main import main
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins import discovery

CONTENT = b"published weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def pull(tmp_path, monkeypatch):
    """Pull in an empty folder; the exit code is checked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    logger = logging.getLogger("audioscan_host")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)

    def invoke(*names, options=(), expect=0):
        done = CliRunner().invoke(main, [*options, "pull", *names])
        assert done.exit_code == expect, done.output
        return done

    return invoke


@pytest.fixture
def install(make_plugin, monkeypatch):
    """Make a plugin the first of the installed ones: models `NAME` and `NAME_ML` of checkpoint `NAME-net`."""
    points = []
    monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed(points, []))

    def install(name, weights=None):
        plugin = make_plugin(name)
        checkpoint = replace(plugin.checkpoint, name=f"{name}-net", weights=weights)
        plugin.models = [replace(model, checkpoint=checkpoint) for model in plugin.models]
        point = {"name": name.lower(), "value": name, "dist": None, "load": staticmethod(lambda: plugin)}
        points.append(type("Point", (), point))
        return checkpoint

    return install


@pytest.fixture
def publish(tmp_path):
    """Write a file where it can be fetched from."""

    def publish(name="net.pt", sha256=None, content=CONTENT):
        file = tmp_path / "published" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return TorchHubFile(file.as_uri(), sha256)

    return publish


@pytest.fixture
def unreachable():
    return TorchHubFile("http://127.0.0.1:1/gone.pt")


def rows_of(done):
    """The cells of the table, without its head."""
    return [line.split(maxsplit=1) for line in done.stdout.splitlines()[2:]]


def test_what_is_missing_is_fetched_and_said_to_be(pull, install, publish):
    checkpoint = install("TINY", publish(sha256=SHA256))
    done = pull("TINY")
    assert done.stdout.splitlines()[0].split() == ["checkpoint", "state", "path"]
    assert rows_of(done) == [["TINY-net", f"fetched  {checkpoint.path}"]]
    assert checkpoint.path.read_bytes() == CONTENT


def test_progress_is_told_on_stderr_unless_quiet(pull, install, publish):
    checkpoint = install("TINY", publish())
    assert "downloading net.pt: 1.7e-05 MB" in pull("TINY").stderr
    checkpoint.path.unlink()
    assert pull("TINY", options=["-q"]).stderr == ""
    assert checkpoint.path.read_bytes() == CONTENT


def test_what_is_there_is_not_fetched_again(pull, install, publish):
    checkpoint = install("TINY", publish())
    checkpoint.path.parent.mkdir(parents=True)
    checkpoint.path.write_bytes(b"brought by hand")
    done = pull("TINY")
    assert rows_of(done) == [["TINY-net", f"was there  {checkpoint.path}"]]
    assert done.stderr == ""
    assert checkpoint.path.read_bytes() == b"brought by hand"


def test_what_is_there_is_checked(pull, install, publish):
    checkpoint = install("TINY", publish(sha256=SHA256))
    checkpoint.path.parent.mkdir(parents=True)
    checkpoint.path.write_bytes(b"damaged")
    done = pull("TINY", expect=1)
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: TINY-net: {checkpoint.path}: its SHA-256 is ")
    assert done.stderr.count("\n") == 1


def test_a_model_that_needs_no_weights_is_said_to(pull, install):
    install("PLAIN")
    assert rows_of(pull("PLAIN")) == [["PLAIN-net", "needs no weights"]]


@pytest.mark.parametrize(
    "names", [["TINY-net"], ["TINY_ML"], ["TINY", "TINY_ML"], ["TINY-net", "TINY", "TINY"]]
)
def test_models_and_their_checkpoint_are_one_row(pull, install, publish, names):
    checkpoint = install("TINY", publish())
    assert rows_of(pull(*names)) == [["TINY-net", f"fetched  {checkpoint.path}"]]


def test_rows_are_in_the_order_of_the_names(pull, install, publish):
    for name in ("A", "B", "C"):
        install(name, publish(f"{name}.pt"))
    assert [row[0] for row in rows_of(pull("C", "A-net", "B"))] == ["C-net", "A-net", "B-net"]


def test_an_unknown_name_is_wrong_usage_and_nothing_is_fetched(pull, install, publish):
    checkpoint = install("TINY", publish())
    done = pull("TINY", "WHISPER", expect=2)
    assert done.stderr == "Error: unknown model 'WHISPER'; installed: TINY, TINY_ML\n"
    assert not checkpoint.path.exists()


def test_no_name_is_wrong_usage(pull, install):
    assert "Missing argument 'MODEL...'" in pull(expect=2).stderr


def test_one_that_cannot_be_fetched_does_not_stop_the_others(pull, install, publish, unreachable):
    install("GONE", unreachable)
    tiny = install("TINY", publish())
    lost = install("LOST", replace(unreachable, url="http://127.0.0.1:1/lost.pt"))
    done = pull("GONE", "TINY", "LOST", options=["-q"], expect=1)
    assert rows_of(done) == [["TINY-net", f"fetched  {tiny.path}"]]
    first, second = done.stderr.splitlines()
    assert first.startswith("Error: GONE-net: gone.pt is not in ")
    assert second.startswith(
        f"Error: LOST-net: lost.pt is not in {lost.path.parent} and could not be fetched"
    )
    assert "--checkpoint LOST-net=PATH or AUDIOSCAN_LOST_NET=PATH" in second


def test_a_file_that_the_user_named_was_there(pull, install, unreachable, monkeypatch, tmp_path):
    install("TINY", unreachable)
    own = tmp_path / "own.pt"
    own.write_bytes(CONTENT)
    monkeypatch.setenv("AUDIOSCAN_TINY_NET", str(own))
    for name in ("TINY", "TINY-net"):
        assert rows_of(pull(name)) == [["TINY-net", f"was there  {own}"]]


def test_a_file_that_the_user_named_and_that_is_gone_is_one_line_and_stops_no_other(
    pull, install, publish, monkeypatch, tmp_path
):
    install("TINY", publish())
    other = install("OTHER", publish("other.pt"))
    gone = tmp_path / "gone.pt"
    monkeypatch.setenv("AUDIOSCAN_TINY_NET", str(gone))
    done = pull("TINY", "TINY_ML", "OTHER", options=["-q"], expect=1)
    assert rows_of(done) == [["OTHER-net", f"fetched  {other.path}"]]
    assert done.stderr == f"Error: TINY-net: {gone}: there is no such file or folder\n"
