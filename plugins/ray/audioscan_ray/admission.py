"""Whether a Ray answers, and lets this process in: Ray itself tries for half a minute, and tells of each try."""

import os
import socket
from importlib.util import find_spec
from pathlib import Path

from audioscan_host.errors import ExecutorError
from audioscan_ray.addresses import CLIENT, RUNNING

ANSWER = 10.0
"""Seconds that a cluster has to answer."""

_OF_HEAD = ("/ray.rpc.NodeInfoGcsService/GetClusterId", b"")
_OF_CLIENT_SERVER = ("/ray.rpc.RayletDriver/ClusterInfo", b"\x08\x06")  # a ping

_ADVICE = "give that of the cluster by RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"


def admitted_to(address: str) -> str:
    """What Ray is to connect to, by an address of the plugin; whoever is there has answered and takes the token.

    Raises:
        ExecutorError: nobody answers there, or the token is another.
    """
    place = address if address != RUNNING else os.environ.get("RAY_ADDRESS", "") or _found()
    host, colon, port = place.removeprefix(CLIENT).rstrip("/").rpartition(":")
    if not (colon and port.isdigit()):
        if address == RUNNING:
            return address  # Ray says what it makes of that
        raise ExecutorError(
            f"{address}: expected {CLIENT}HOST:PORT, where the port is that of Ray's client server, such as 10001"
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER):
            pass
    except OSError as error:
        raise ExecutorError(why_not(address, error)) from error
    _require_token(f"{host}:{port}", _OF_CLIENT_SERVER if place.startswith(CLIENT) else _OF_HEAD)
    return place


def why_not(address: str, error: Exception) -> str:
    """Why a running Ray cannot be reached, in one line."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if address == RUNNING:
        return f"no Ray runs on this machine ({reason}); start one: ray start --head, or name another: --on {CLIENT}HOST:PORT"
    return f"{address}: no Ray can be reached there: {reason}"


def _found() -> str:
    """Where the Ray is that Ray itself finds on this machine; empty where it has to look once more."""
    try:
        from ray._private.services import canonicalize_bootstrap_address

        return canonicalize_bootstrap_address(RUNNING) or ""
    except ConnectionError as error:
        raise ExecutorError(why_not(RUNNING, error)) from error
    except (ImportError, AttributeError):  # another version of Ray has it elsewhere
        return ""


def _require_token(place: str, question: tuple[str, bytes]) -> None:
    if os.environ.get("RAY_AUTH_MODE", "token") != "token" or os.environ.get("RAY_USE_TLS", "0") != "0":
        return
    token = _token()
    if _is_refused(place, question, ""):
        if not token:
            raise ExecutorError(f"the Ray at {place} wants a token, which this machine lacks: {_ADVICE}")
        if _is_refused(place, question, token):
            raise ExecutorError(f"the Ray at {place} refuses the token of this machine: {_ADVICE}")
    elif token and find_spec("ray._private.authentication"):  # its workers die of a driver that shows one
        raise ExecutorError(
            f"the Ray at {place} is open to everybody, and this machine has a token: start it with that token, or say "
            "that there is to be none: RAY_AUTH_MODE=disabled"
        )


def _is_refused(place: str, question: tuple[str, bytes], token: str) -> bool:
    import grpc

    method, request = question
    says_who = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(place, options=(("grpc.enable_http_proxy", 0),)) as channel:
        try:
            channel.unary_unary(method)(request, timeout=ANSWER, metadata=says_who)
        except grpc.RpcError as error:  # what else it says, Ray understands better
            if question is _OF_CLIENT_SERVER and error.code() is grpc.StatusCode.UNIMPLEMENTED:
                raise ExecutorError(
                    f"{CLIENT}{place}: another port of Ray than that of its client server, which is 10001 unless said otherwise"
                ) from error
            return bool(error.code() is grpc.StatusCode.UNAUTHENTICATED)
    return False


def _token() -> str:
    """The token that Ray would take: of the environment, else of the user."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token.strip()
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token"
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
