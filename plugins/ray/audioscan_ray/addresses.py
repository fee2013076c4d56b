"""The addresses of Ray."""

OWN = "ray"
"""A Ray on this machine, which is started for a run and stopped after it."""

RUNNING = "auto"
"""The cluster that this machine is a node of."""

CLIENT = "ray://"
"""Beginning of the address of a cluster that this machine is no node of."""


def understands(address: str) -> bool:
    """Whether an address is of a Ray."""
    return address in (OWN, RUNNING) or address.startswith(CLIENT)
