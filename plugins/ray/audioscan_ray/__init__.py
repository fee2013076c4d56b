"""Has the tasks of a run computed by Ray: on the cores of this machine, or on a cluster."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audioscan_host import hookimpl
from audioscan_ray.addresses import CLIENT, OWN, RUNNING, understands

if TYPE_CHECKING:
    from audioscan_host import ExecutorKind, Resources


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
