"""A process that receives one call, and kills itself at a moment of following it. What is done
there is the program's own code.
"""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Sequence

from engine.app import open_context_in
from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.config import read_config
from engine.secret_files import read_secrets
from tests.webhooks.receiving_calls import Senders

BEFORE, AFTER = "before the commit", "after the commit"


def main(folder: str, owner: str, moment: str, which: str, name: str, address: str) -> None:
    """At its `which`-th transaction."""
    config, execute, times = read_config(pathlib.Path(folder)), CommandHandler.execute, 0

    def lethal(handler: CommandHandler, requests: Sequence[CommandRequest]) -> list[Result]:
        nonlocal times
        times += 1
        if times == int(which) and moment == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        results = execute(handler, requests)
        if times == int(which):
            os.kill(os.getpid(), signal.SIGKILL)
        return results

    with open_context_in(config, owner, read_secrets(config.secrets)) as context:
        CommandHandler.execute = lethal  # type: ignore[method-assign, assignment]
        senders = Senders(context)
        senders.comes(senders.call(name, address))
