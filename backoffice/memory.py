"""Memory of the process: what was needed once goes back to the system, and collecting garbage takes less time."""

import ctypes
import gc

# mallopt(3) of glibc. By itself it raises the threshold to the largest block that was ever freed, such as the 19 MiB
# of one Argon2 hash, and then keeps blocks of that size.
M_MMAP_THRESHOLD = -3
RETURNED = 1024 * 1024  # bytes from which on a block is the system's again once it is freed
# The collector looks after so many new objects, and at older ones after so many looks. With Python's 700, a sixth of
# the time of a start is spent in looking at what is imported and stays.
THRESHOLDS = (20_000, 20, 50)


def prepare() -> None:
    """Called before anything large is imported. Other C libraries than glibc have no such option, or no such habit."""
    gc.set_threshold(*THRESHOLDS)
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(M_MMAP_THRESHOLD, RETURNED)
