"""How large the pictures are that letters show: the one door to imagesize, which reads the head of
a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import imagesize  # type: ignore[import-untyped]

from engine.letter.source_folder import open_asset

# A camera's notes may stand before the size.
HEAD_BYTES = 1_000_000


def sizes_of(sequences: Path) -> Callable[[str], tuple[int, int] | None]:
    """Width and height in pixels of a picture by its name below `pictures/`; None for what is none,
    or none that is served.
    """

    def size_of(name: str) -> tuple[int, int] | None:
        opened = open_asset(sequences, "pictures", name)
        if opened is None:
            return None
        try:
            with os.fdopen(opened, "rb") as file:
                width, height = imagesize.get(BytesIO(file.read(HEAD_BYTES)))
        except (OSError, ValueError):
            return None
        return (int(width), int(height)) if width > 0 and height > 0 else None

    return size_of
