"""How the C library hands out the large arrays that pass from layer to layer on a CPU."""

import ctypes
import platform

# From glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3

LARGEST = 1 << 30  # bytes; above what a layer of any encoder here takes for a batch


def keep_freed_memory() -> None:
    """Let the next layer have the memory that the last one freed.

    glibc gives an array above 32 MB back to the system at once, which hands the next layer pages
    that have to be mapped and zeroed again: a fifth of the time of an encoder on a CPU. The
    process then keeps its largest batch's memory until it ends. Other C libraries are left alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    library = ctypes.CDLL(None)
    library.mallopt(M_MMAP_THRESHOLD, LARGEST)
    library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
