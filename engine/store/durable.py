"""Names that are on the disk when a call returns.

A file of its own because five rooms write files that must survive a power cut, and most of them
know nothing of databases.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """After a file was made, renamed or removed in it. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
