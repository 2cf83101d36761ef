"""A disk that fills up stops the engine, not the reckoning: once there is room again it goes on by
itself, and nobody has missed a letter.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.fleet import IN_A_HURRY, Fleet
from tests.chaos.installation import Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.running import wait_for

PEOPLE = 150
A_SECOND = 0.02
FULL = 3.0  # seconds


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own for `folder`, where this machine lets us have one; where it does not, that
    is said in the last lines of the run.
    """
    if os.geteuid() != 0:
        pytest.skip("a full disk: needs root to mount a small one")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300m", "none", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a full disk: this machine does not let us mount a small one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Take what room there is, to the last octet."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


@pytest.mark.timeout(400)
def test_a_disk_that_was_full_for_a_while_costs_nobody_a_letter(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"), MailServer(tmp_path) as mail:
        mail.tell("pause", A_SECOND)
        place = Place.made(tmp_path, mail.port, in_doubt="resend")
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, IN_A_HURRY) as fleet:
            wait_for(lambda: len(mail.taken()) > 20)
            ballast = fill(tmp_path / "data")
            until = time.monotonic() + FULL
            wait_for(lambda: fleet.tend() or time.monotonic() > until)
            ballast.unlink()
            fleet.finish()
        reckoning = reckon(place, mail.taken())
    assert reckoning.people == PEOPLE
