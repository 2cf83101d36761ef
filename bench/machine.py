"""What a table was measured on, in two lines: without them its figures say nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

import psutil


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> str:
    """How many processes wanted a core during the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def described(before: str, server: Mapping[str, str]) -> str:
    """`before` is the load when the run began; `server` what PostgreSQL says of its settings, where
    a measure asked it.
    """
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GB"
    lines = [
        f"{cores()} cores, {memory}, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}; load {before} to {load()}"
    ]
    if server:
        lines.append(
            "PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in server.items())
        )
    return "\n".join(lines)
