"""How a network reads a recording: each window by itself, or the recording once, in stretches."""

from audioscan_host.choices import Choice


class Reading(Choice):
    """How the vectors of windows come about."""

    AUTO = "auto"
    """In stretches where the checkpoint can and windows overlap; windows where files of 8-cut are read."""
    WINDOWS = "windows"
    """The network is given each window by itself: an overlap is encoded as often as windows lie over it."""
    STRETCHES = "stretches"
    """The network is given the recording once, in long stretches, and a window is made of the time steps in it."""
