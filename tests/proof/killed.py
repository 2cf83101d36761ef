"""A process that opens an installation, does one thing with its tree, and kills itself at a
moment.

What is done there is the program's own code; a moment is before or after one of its steps.
"""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Callable

from engine.app import open_context_in
from engine.config import read_config
from engine.installation.stream import InstallationStream
from engine.proof import signer, store
from engine.proof.signer import LastCheckpoint
from engine.secret_files import read_secrets

STEPS: dict[str, tuple[object, str]] = {
    "growing": (store, "write"),
    "the event": (InstallationStream, "execute"),
    "the file": (LastCheckpoint, "write"),
    "its name": (pathlib.Path, "replace"),
    "the row": (store, "add"),
    "the next key": (signer, "prepare_signing_seed"),
    "the key": (signer, "take_next_signing_seed"),
}
SIGN, ROTATE = "sign", "rotate"
MOMENTS = [
    (SIGN, "before growing"),
    (SIGN, "after growing"),
    (SIGN, "before the event"),
    (SIGN, "after the event"),
    (SIGN, "before the file"),
    (SIGN, "before its name"),
    (SIGN, "after its name"),
    (SIGN, "after the file"),
    (SIGN, "before the row"),
    (SIGN, "after the row"),
    (SIGN, "at the end"),
    (ROTATE, "before the next key"),
    (ROTATE, "after the next key"),
    (ROTATE, "before the event"),
    (ROTATE, "after the event"),
    (ROTATE, "after the key"),
    (ROTATE, "at the end"),
]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lethal(step: Callable[..., object], when: str) -> Callable[..., object]:
    def stepped(*arguments: object, **named: object) -> object:
        if when == "before":
            die()
        done = step(*arguments, **named)
        die()
        return done

    return stepped


def main(folder: str, owner: str, act: str, moment: str) -> None:
    config = read_config(pathlib.Path(folder))
    with open_context_in(config, owner, read_secrets(config.secrets)) as context:
        if act == ROTATE:
            context.tree.sign_now()
        when, _, step = moment.partition(" ")
        if step in STEPS:
            place, name = STEPS[step]
            setattr(place, name, lethal(getattr(place, name), when))
        if act == SIGN:
            context.tree.sign_now()
        else:
            context.tree.rotate_key()
        die()
