"""The actor of Ray that a worker is. It needs nothing but Python until it is asked whether it suits."""

from typing import Any


def actor_class() -> type[Any]:
    """The class; it travels by value, so that a node without this package can say so."""

    class WorkerProcess:
        """A process that holds encoders: `audioscan_ray.desk.Desk`, behind values that are pickled by us."""

        def __init__(self) -> None:
            self._desk: Any = None

        def begin(self, terms: bytes, facts: bytes) -> tuple[str, str, str]:
            """Where it is, as people call it and as Ray does, and why it does not suit; empty where it does."""
            import pickle
            import socket

            import ray

            address = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
            node = f"{socket.gethostname()} ({address})"
            number = ray.get_runtime_context().get_node_id()
            try:
                from audioscan_ray.desk import Desk
            except ImportError as error:
                lacks = (error.name or str(error)).partition(".")[0]
                package = lacks.replace("_", "-") if lacks.startswith("audioscan") else "audioscan-ray"
                return node, number, f"cannot import {lacks}: install {package} there"
            try:
                self._desk = Desk(pickle.loads(terms), node)  # noqa: S301 - of the driver
                return node, number, self._desk.unfit(pickle.loads(facts))  # noqa: S301
            except (ImportError, AttributeError) as error:
                return node, number, f"has another version of what is installed here: {error}"

        def compute(self, order: bytes) -> bytes:
            """As `Desk.compute`."""
            import pickle

            return pickle.dumps(self._desk.compute(pickle.loads(order)))  # noqa: S301

        def measure(self, trial: bytes, facts: bytes) -> bytes:
            """As `Desk.measure`."""
            import pickle

            return pickle.dumps(self._desk.measure(pickle.loads(trial), pickle.loads(facts)))  # noqa: S301

        def news(self) -> bytes:
            """As `Desk.news`."""
            import pickle

            return pickle.dumps(self._desk.news())

        def leave(self) -> None:
            """As `Desk.leave`."""
            if self._desk is not None:
                self._desk.leave()

    return WorkerProcess
