"""How long the windows of the trials are: seconds, on the grid of windows, what the checkpoint takes."""

import math

from audioscan_host.models.model import Checkpoint
from audioscan_host.windows import GRID, Windowing

USUAL = 1.13
"""Not a round number, so that a network that works on whole seconds has to pad."""

STEPS = 8
"""Time steps that a window should have at least."""

LONGEST = 30.0
"""A longer window would take minutes on a CPU."""


def usual(checkpoint: Checkpoint) -> float:
    """Short, so that a trial is quick, but of several time steps where the checkpoint allows it."""
    several = checkpoint.shortest_window + STEPS * checkpoint.step
    return taken(checkpoint, min(max(USUAL, several), LONGEST))


def tried(checkpoint: Checkpoint) -> list[float]:
    """Different lengths: the usual one, twice that, the default of `--window`, and the longest if a trial can have it."""
    window = usual(checkpoint)
    longest = checkpoint.longest_window
    wanted = [window, 2 * window, Windowing().window, *([longest] if longest <= LONGEST else [])]
    lengths = {taken(checkpoint, length) for length in wanted}
    if len(lengths) == 1:  # the usual length is the longest
        lengths.add(taken(checkpoint, window / 2))
    return sorted(lengths)


def taken(checkpoint: Checkpoint, seconds: float) -> float:
    """The length on the grid that is next to this one, and that the checkpoint takes where it takes any."""
    fitting = min(max(seconds, checkpoint.shortest_window), checkpoint.longest_window)
    # Rounded, since 1.13 * 100 is not 113.
    above = math.ceil(round(fitting * GRID, 6)) / GRID
    below = math.floor(round(fitting * GRID, 6)) / GRID
    return above if above <= checkpoint.longest_window else below
