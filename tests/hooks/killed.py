"""A process that tells the targets of an installation, and kills itself at a moment of recording
what came of a message. What is done there is the program's own code.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
from collections.abc import Callable

from engine.app import open_context_in
from engine.config import read_config
from engine.desk.hooks import HookDesk
from engine.runtime.hooks import telling_targets
from engine.secret_files import read_secrets

BEFORE, AFTER = "before the record", "after the record"


def lethal(record: Callable[..., bool], moment: str, which: int) -> Callable[..., bool]:
    """Recording, which kills at its `which`-th time."""
    times = 0

    def recorded(*arguments: object, **named: object) -> bool:
        nonlocal times
        times += 1
        if times == which and moment == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        done = record(*arguments, **named)
        if times == which:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return recorded


def main(folder: str, owner: str, moment: str, which: str) -> None:
    config = read_config(pathlib.Path(folder))
    with open_context_in(config, owner, read_secrets(config.secrets)) as context:
        HookDesk.record = lethal(HookDesk.record, moment, int(which))  # type: ignore[method-assign]
        asyncio.run(telling_targets(context, asyncio.Event(), {}))
