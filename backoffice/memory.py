"""Tunes memory use: large freed blocks return to the system, garbage is collected less often."""

import ctypes
import gc

# An option of glibc's mallopt(3). Without it, glibc raises the threshold to the largest block that
# was ever freed, such as the 19 MiB of one Argon2 hash, and then keeps blocks of that size.
M_MMAP_THRESHOLD = -3
RETURNED = 1024 * 1024  # bytes; a freed block of at least this size goes back to the system
# The numbers of new objects, and of collections, after which the next generation is collected.
# With Python's 700, a sixth of the start is spent on checking imported modules, which stay anyway.
THRESHOLDS = (20_000, 20, 50)


def prepare() -> None:
    """Set the thresholds of the garbage collector and of glibc; call it before any large import.

    C libraries other than glibc do not have the option, or do not need it.
    """
    gc.set_threshold(*THRESHOLDS)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(M_MMAP_THRESHOLD, RETURNED)
