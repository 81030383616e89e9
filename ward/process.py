"""What a process asks of the system: to end with its parent, to give way, many connections, whether its clock is right.

Linux mostly; elsewhere it does nothing.
"""

import ctypes
import os
import platform
import signal
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1
_TIMEX_BYTES = 512  # more than any kernel's struct timex
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised to a reliable server


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


def first_to_go() -> None:
    """Ask the kernel to end this process before any other where memory runs out; best effort."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:
        return


def name() -> str:
    """Return what this process is called among those of its service: where it runs, and as what."""
    return f"{platform.node()}-{os.getpid()}"


def clock_in_step() -> bool | None:
    """Tell whether the kernel says that its clock follows a time source; None where it does not say."""
    if sys.platform != "linux":
        return None
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR
