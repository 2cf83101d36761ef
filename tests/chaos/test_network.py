"""The network is cut, or swallows everything, between the engine and the mail server, or the engine
and its database: what was lost comes later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.runtime.shutdown import GRACE_SECONDS
from engine.store import postmaster
from engine.store.database import ensure_database
from engine.store.embedded import Embedded
from tests.chaos.fleet import IN_A_HURRY, Fleet
from tests.chaos.installation import CONNECTIONS, IMPATIENT, IN_DOUBT, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.proxy import Proxy
from tests.chaos.reckoning import reckon
from tests.running import wait_for

pytestmark = pytest.mark.timeout(400)

PEOPLE = 100
DRAIN = 3  # seconds: the mail server answers in a tenth of that
SLOW = 0.15  # seconds the mail server thinks about each letter, while the network is bad
# seconds: a dozen until the silence is noticed and asked after, and what a busy machine adds
ANSWERED_WITHIN = 40
CUTS: tuple[Callable[[Proxy], None], ...] = (Proxy.cut, Proxy.silence)


def test_the_way_to_the_mail_server_is_cut_and_falls_silent(tmp_path: Path) -> None:
    """A letter whose dot went into the silence is in doubt, and with "resend" it is sent again: at
    most one for each connection and time.
    """
    with MailServer(tmp_path) as mail, Proxy(mail.port) as network:
        mail.tell("pause", SLOW)
        place = Place.made(tmp_path, network.port, in_doubt="resend", more=IMPATIENT)
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, IN_A_HURRY) as fleet:
            for interrupt in CUTS:
                some_letters_leave(mail)
                interrupt(network)
                time.sleep(1.5)
                network.mend()
            mail.tell("pause", 0)
            fleet.finish()
        assert fleet.ended_by_themselves == []
        reckoning = reckon(place, mail.taken(), connections=len(CUTS) * CONNECTIONS)
    assert reckoning.people == PEOPLE and reckoning.doubles <= reckoning.in_doubt


def test_the_way_to_a_database_elsewhere_is_cut_and_falls_silent(tmp_path: Path) -> None:
    """A PostgreSQL that is not ours to start: what is on the wire is finished, and recorded when
    the way is open again. Lines that stay open and lead to nobody are left; SIGTERM ends a process
    that waits on one, and what it left is settled by the next.
    """
    elsewhere = Embedded(tmp_path / "elsewhere" / "postgres", tmp_path / "elsewhere" / "secrets")
    with MailServer(tmp_path) as mail, elsewhere as server:
        owner = ensure_database(server.attach(), "relance")
        socket = Path(str(conninfo_to_dict(owner)["host"]))
        (tmp_path / "way").mkdir()
        with Proxy(socket / postmaster.NAME, tmp_path / "way" / postmaster.NAME) as network:
            mail.tell("pause", SLOW)
            place = Place.made(
                tmp_path,
                mail.port,
                store=_url(make_conninfo(owner, host=str(tmp_path / "way"))),
                more=f'drain = "{DRAIN} seconds"',
            )
            place.bring(crowd("reader", PEOPLE))
            with Fleet(place) as fleet:
                for interrupt in CUTS:
                    some_letters_leave(mail)
                    interrupt(network)
                    time.sleep(1.5)
                    network.mend()
                some_letters_leave(mail)
                network.swallow()
                lost = time.monotonic()
                some_letters_leave(mail)
                assert time.monotonic() - lost < ANSWERED_WITHIN
                network.silence()
                told = time.monotonic()
                fleet.stop()
                assert time.monotonic() - told < DRAIN + GRACE_SECONDS + 5
            assert fleet.ended_by_themselves == []
            network.mend()
            mail.tell("pause", 0)
            with Fleet(place) as fleet:
                fleet.finish()
                assert place.counted(IN_DOUBT) == 0
            reckoning = reckon(place, mail.taken())
    assert (reckoning.people, reckoning.letters, reckoning.in_doubt) == (PEOPLE, 2 * PEOPLE, 0)


def some_letters_leave(mail: MailServer) -> None:
    before = len(mail.taken())
    wait_for(lambda: len(mail.taken()) > before + 6)


def _url(conninfo: str) -> str:
    host, *who = (
        str(conninfo_to_dict(conninfo)[part]) for part in ("host", "user", "password", "dbname")
    )
    return postmaster.url(Path(host), *who)
