"""Who comes first on a machine with few cores: control, then the live view, then the browser and all else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def set_priority(nice: int) -> None:
    """Give this process its place among all others, as far as the system lets it; below 0 needs privileges.

    Linux shares the processor between login sessions first, and niceness counts only within one. So the process
    becomes a session of its own, which is told the same; without privileges that alone keeps a busy browser, however
    many threads it has, from taking more than its share.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setsid()
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def come_first() -> None:
    """Let the calling thread, which mostly sleeps, run whenever it wakes; threads that it starts get no such right.

    Without the privilege it stays what it is.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
