"""Whether a Ray answers and lets this process in, asked of a server that knows nothing else."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from audioscan_host.errors import ExecutorError
from audioscan_ray.admission import admitted_to

TOKEN = "5" * 64


class Guard(grpc.GenericRpcHandler):
    """Answers one question, to who shows the token."""

    def __init__(self, method, token):
        self.method = method
        self.token = token

    def service(self, details):
        def answer(_request, context):
            shown = ("authorization", f"Bearer {self.token}") in context.invocation_metadata()
            if self.token and not shown:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer) if details.method == self.method else None


@pytest.fixture
def guarded():
    """The port of a server that answers one question."""
    servers = []

    def guarded(method, token=TOKEN):
        server = grpc.server(ThreadPoolExecutor(1), handlers=[Guard(method, token)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return port

    yield guarded
    for server in servers:
        server.stop(None)


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    """Of nobody who has a token."""
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_USE_TLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def client_server(guarded):
    return f"ray://127.0.0.1:{guarded('/ray.rpc.RayletDriver/ClusterInfo')}"


def test_a_client_server_takes_the_token_of_the_environment_of_a_file_and_of_the_user(
    client_server, monkeypatch, tmp_path
):
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    assert admitted_to(client_server) == client_server
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    assert admitted_to(client_server) == client_server
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text(TOKEN)
    assert admitted_to(client_server) == client_server


def test_the_head_that_the_environment_names_is_where_ray_connects_to(guarded, monkeypatch):
    place = f"127.0.0.1:{guarded('/ray.rpc.NodeInfoGcsService/GetClusterId')}"
    monkeypatch.setenv("RAY_ADDRESS", place)
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    assert admitted_to("auto") == place


def test_another_token_and_none_are_told_apart_and_neither_is_written(client_server, monkeypatch):
    with pytest.raises(ExecutorError, match=r"^the Ray at 127.* wants a token, which this machine lacks: "):
        admitted_to(client_server)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret" * 10)
    with pytest.raises(ExecutorError, match="refuses the token of this machine") as told:
        admitted_to(client_server)
    assert "secret" not in str(told.value)


def test_a_ray_that_is_open_is_told_to_who_has_a_token_and_taken_by_who_has_none(guarded, monkeypatch):
    address = f"ray://127.0.0.1:{guarded('/ray.rpc.RayletDriver/ClusterInfo', token='')}"
    assert admitted_to(address) == address
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    with pytest.raises(ExecutorError, match=r"is open to everybody, .*: RAY_AUTH_MODE=disabled$"):
        admitted_to(address)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert admitted_to(address) == address


def test_another_port_of_ray_is_said_to_be_no_client_server(guarded):
    with pytest.raises(ExecutorError, match=r"another port of Ray .* which is 10001 unless"):
        admitted_to(f"ray://127.0.0.1:{guarded('/ray.rpc.NodeInfoGcsService/GetClusterId')}")


@pytest.mark.parametrize("address", ["ray://127.0.0.1", "ray://", "ray://host:port"])
def test_an_address_without_a_port_is_refused(address):
    with pytest.raises(ExecutorError, match="expected ray://HOST:PORT"):
        admitted_to(address)


def test_where_nobody_listens_is_told(monkeypatch):
    with pytest.raises(ExecutorError, match=r"ray://127.0.0.1:1: no Ray can be reached there: .*refused"):
        admitted_to("ray://127.0.0.1:1")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ExecutorError, match="ray start --head"):
        admitted_to("auto")
