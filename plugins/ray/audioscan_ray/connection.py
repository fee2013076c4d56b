"""A Ray that tasks are sent to: one of our own, which we stop, or one that runs already."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from audioscan_host.errors import ExecutorError
from audioscan_ray.addresses import OWN
from audioscan_ray.admission import admitted_to, why_not

OBJECT_STORE = 100_000_000
"""Bytes of shared memory that our own Ray may take: what is sent are tasks and what came of them, not embeddings."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns of what a later version will do
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


logger = logging.getLogger(__name__)


class Connection:
    """Ray, from the first call on until it is closed.

    Args:
        address: one that the plugin understands.

    Raises:
        ExecutorError: nothing can be reached there, or Ray cannot be started.
    """

    def __init__(self, address: str) -> None:
        import ray

        self._printing = ExitStack()
        self._is_ours = not ray.is_initialized()
        if not self._is_ours:
            return
        facts: dict[str, Any] = {
            "address": "local",
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
        }
        with _quiet():
            if address != OWN:
                facts = {"address": admitted_to(address)}
                _show_token()
            try:
                ray.init(**facts, log_to_driver=False, logging_level=logging.ERROR, namespace="audioscan")
            # Whatever goes wrong with it: a refused connection, another version of Python, no room in /dev/shm.
            except Exception as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                own = f"Ray cannot be started on this machine: {reason}"
                raise ExecutorError(own if address == OWN else why_not(address, error)) from error
        self._printing = _hushed()

    @property
    def nodes(self) -> Sequence[Mapping[str, float]]:
        """`CPU` and `GPU` of each node that is alive."""
        return [node["Resources"] for node in _nodes() if node["Alive"]]

    def has_lost(self, node: str) -> bool:
        """Whether a node is known not to be alive any more."""
        return not any(each["NodeID"] == node and each["Alive"] for each in _nodes())

    def close(self) -> None:
        """Leave it, and stop it where it was started for us."""
        import ray

        if self._is_ours:
            self._is_ours = False
            ray.shutdown()
            self._printing.close()


def _nodes() -> list[dict[str, Any]]:
    from ray import nodes

    listed: list[dict[str, Any]] = nodes()  # type: ignore[no-untyped-call]
    return listed


def _hushed() -> ExitStack:
    """Keep out of stdout, where results go, what Ray says of nodes that die and of their logs; until this is closed."""
    from ray._private import worker
    from ray.util.client import ray as client

    def say(data: Mapping[str, Any], *_: object, **__: object) -> None:
        logger.debug("Ray says: %s", "; ".join(data["lines"]))

    ending = ExitStack()
    if client.is_connected():  # type: ignore[no-untyped-call]
        client.worker.log_client.disable_logs()
    elif hasattr(worker, "print_to_stdstream"):
        ending.callback(setattr, worker, "print_to_stdstream", worker.print_to_stdstream)
        worker.print_to_stdstream = say
    return ending


def _show_token() -> None:
    """Let Ray show the token that there is: of itself it does so for `auto` alone."""
    try:
        from ray._private.authentication import authentication_token_setup as setup

        setup.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    except (ImportError, AttributeError):  # versions without tokens, or that show theirs anyway
        logger.debug("Ray shows no token of itself")


@contextmanager
def _quiet() -> Iterator[None]:
    """Ray reads its environment as it starts, and its processes have it from us."""
    before = dict(os.environ)
    loggers = [logging.getLogger(name) for name in ("ray", "ray._private.authentication")]
    levels = [each.level for each in loggers]
    os.environ.update({name: value for name, value in _QUIET.items() if name not in before})
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
        for name in _QUIET:
            if name not in before:
                os.environ.pop(name, None)
