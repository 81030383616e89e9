"""Children that do not outlive their parent: one system call, Linux only, nothing elsewhere."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send this process `number` when its parent ends; call it between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
