"""What a process asks of the system: to end with its parent, to give way, to hold many connections.

Linux mostly; elsewhere it does nothing.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send this process `number` when its parent ends; call it between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def many_files() -> int:
    """Allow this process as many open files, and so connections, as it may have; return how many (0: not known)."""
    if sys.platform == "win32":
        return 0
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def give_way(pid: int, niceness: int) -> None:
    """Lower the priority of the PostgreSQL process that serves a connection of ours, where it runs on this machine.

    Best effort: a server elsewhere, or one that is not ours to touch, keeps its priority; no other process is touched.
    """
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        if title.startswith(b"postgres:"):
            os.setpriority(os.PRIO_PROCESS, pid, niceness)
    except OSError:
        return
