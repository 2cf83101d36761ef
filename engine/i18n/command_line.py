"""How a command is typed for an installation, in any folder and shell, so that it can be copied as
a page or a verb shows it.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def command(folder: Path, *words: str) -> str:
    """The installed program's name; where it is not installed, a call of the interpreter."""
    installed = Path(sys.executable).with_name("relance")
    program = [str(installed)] if installed.exists() else [sys.executable, "-m", "engine"]
    return shlex.join([*program, "-C", str(folder.resolve()), *words])
