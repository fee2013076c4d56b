"""Has the tasks of a run computed by Ray: on the cores of this machine, or on a cluster."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audioscan_host import hookimpl

if TYPE_CHECKING:
    from audioscan_host import ExecutorKind, Resources

OWN = "ray"
"""The address of a Ray on this machine, which is started for a run and stopped after it."""

RUNNING = "auto"
"""The address of the cluster that this machine is a node of."""

CLIENT = "ray://"
"""Beginning of the address of a cluster that this machine is no node of."""


def understands(address: str) -> bool:
    """Whether an address is of a Ray."""
    return address in (OWN, RUNNING) or address.startswith(CLIENT)


def connect(address: str, resources: "Resources") -> Any:
    """The executor; Ray itself is imported and asked when the first task has to be computed."""
    from audioscan_ray.executor import RayExecutor

    return RayExecutor(address, resources)


@hookimpl
def register_executors() -> Sequence["ExecutorKind"]:
    """The addresses of Ray."""
    from audioscan_host import ExecutorKind

    kind = ExecutorKind(
        name="Ray",
        addresses=(OWN, f"{CLIENT}HOST:PORT", RUNNING),
        description="the cores of this machine, a cluster far away, the cluster that this machine is in",
        understands=understands,
        connect=connect,
    )
    return [kind]
