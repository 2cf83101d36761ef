"""The database dies under the engine, which starts it again and goes on: nobody misses a letter,
and nothing is in doubt that was not on the wire.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.store import postmaster
from tests.chaos.fleet import ALL_IN_ONE, SPLIT, Fleet
from tests.chaos.installation import Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.running import wait_for

pytestmark = pytest.mark.timeout(400)

PEOPLE = 120
SLOW = 0.15  # seconds the mail server thinks about each letter, while the database is being killed
LONG = int(os.environ.get("RELANCE_KILLS", "20")) > 20


def postmaster_of(place: Place) -> int:
    note = postmaster.read_note(place.data)
    assert note is not None and postmaster.is_server_of(place.data, note.pid)
    return note.pid


def dies(place: Place, number: int) -> None:
    """SIGQUIT is PostgreSQL's immediate shutdown; SIGKILL leaves its children to notice by
    themselves.
    """
    pid = postmaster_of(place)
    os.kill(pid, number)
    wait_for(lambda: not postmaster.is_server_of(place.data, pid))


def some_letters_leave(place: Place, mail: MailServer) -> None:
    """With the database there: those whose turn it is already leave without."""
    wait_for(lambda: place.counted("SELECT 1"))
    before = len(mail.taken())
    wait_for(lambda: len(mail.taken()) > before + 6)


@pytest.mark.parametrize("parts", [ALL_IN_ONE, SPLIT] if LONG else [ALL_IN_ONE])
def test_postgresql_dies_under_a_run_that_goes_on(
    tmp_path: Path, parts: tuple[tuple[str, ...], ...]
) -> None:
    with MailServer(tmp_path) as mail:
        mail.tell("pause", SLOW)
        place = Place.made(tmp_path, mail.port)
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, parts) as fleet:
            for number in (signal.SIGQUIT, signal.SIGKILL):
                some_letters_leave(place, mail)
                dies(place, number)
            mail.tell("pause", 0)
            fleet.finish()
        assert fleet.ended_by_themselves == []
        reckoning = reckon(place, mail.taken())
    assert (reckoning.people, reckoning.letters, reckoning.in_doubt) == (PEOPLE, 2 * PEOPLE, 0)


def test_the_owner_of_the_embedded_postgresql_dies_alone_and_then_with_it(tmp_path: Path) -> None:
    """Alone: the server lives on and is found again. With it: what it leaves names a living
    stranger, as after a container's restart.
    """
    with MailServer(tmp_path) as mail, stranger() as somebody:
        mail.tell("pause", SLOW)
        place = Place.made(tmp_path, mail.port)
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place) as fleet:
            some_letters_leave(place, mail)
            server = postmaster_of(place)
            fleet.kill(0)
            some_letters_leave(place, mail)
            assert postmaster_of(place) == server
            fleet.processes[0].kill()
            fleet.processes[0].wait()
            note = place.data / "postmaster.pid"
            left = note.read_text().splitlines()
            dies(place, signal.SIGKILL)
            mail.tell("pause", 0)
            note.write_text("\n".join([str(somebody), *left[1:], ""]))
            wait_for(lambda: fleet.tend() or place.serves(), 150)
            fleet.finish()
        assert fleet.ended_by_themselves == [("run", -signal.SIGKILL)]
        reckoning = reckon(place, mail.taken())
    assert reckoning.people == PEOPLE


@contextmanager
def stranger() -> Iterator[int]:
    """A living process that has nothing to do with us; its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    try:
        yield process.pid
        assert process.poll() is None, "somebody else's process was ended"
    finally:
        process.communicate(timeout=10)
