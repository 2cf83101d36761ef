"""How a verb is typed for an installation, in whatever folder and shell: what a page or a verb
tells somebody to do works as it stands there.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def command(folder: Path, *words: str) -> str:
    """Of the program as it is installed; where it is not, of the interpreter that runs it."""
    installed = Path(sys.executable).with_name("relance")
    program = [str(installed)] if installed.exists() else [sys.executable, "-m", "engine"]
    return shlex.join([*program, "-C", str(folder.resolve()), *words])
