"""How much memory this process ever held, its own and nobody else's."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def peak_megabytes() -> int:
    """The peak of this program, in MiB.

    On Linux not `getrusage`: its peak survives `exec`, so a program started by a large test process
    would be charged with that one's memory.
    """
    if sys.platform == "linux":
        held = next(
            line
            for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
            if line.startswith("VmHWM:")
        )
        return int(held.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024**2
