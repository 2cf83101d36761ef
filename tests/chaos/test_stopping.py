"""SIGTERM finishes what is on the wire and leaves nothing in doubt; in several processes here, in
one in tests/cli.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.chaos.fleet import ALL_IN_ONE, SPLIT, Fleet
from tests.chaos.installation import Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.running import wait_for

pytestmark = pytest.mark.timeout(400)

PEOPLE = 40
SLOW = 0.3  # seconds the mail server thinks about each letter


def test_sigterm_in_the_middle_of_a_delivery_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    with MailServer(tmp_path) as mail:
        mail.tell("pause", SLOW)
        place = Place.made(tmp_path, mail.port)
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, SPLIT) as fleet:
            wait_for(lambda: len(mail.taken()) > 3)
            assert fleet.stop() == [0] * len(SPLIT)
        assert 3 < len(mail.taken()) < 2 * PEOPLE
        assert place.verb("in-doubt") == "0 letters in doubt\n"
        mail.tell("pause", 0)
        with Fleet(place, SPLIT) as fleet:
            fleet.finish()
        reckoning = reckon(place, mail.taken())
    assert (reckoning.people, reckoning.letters, reckoning.doubles, reckoning.in_doubt) == (
        PEOPLE,
        2 * PEOPLE,
        0,
        0,
    )


def test_a_server_that_never_answers_a_dot_is_left_after_the_drain_and_that_letter_is_in_doubt(
    tmp_path: Path,
) -> None:
    with MailServer(tmp_path) as mail:
        mail.tell("stall", "dot", 1)
        place = Place.made(tmp_path, mail.port, connections=1, more='drain = "2 seconds"')
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, ALL_IN_ONE) as fleet:
            wait_for(lambda: mail.tell("unspent") == 0)
            told = time.monotonic()
            assert fleet.stop() == [0]
            assert time.monotonic() - told < 30
        [line, total] = place.verb("in-doubt").splitlines()
        assert (total, mail.taken()) == ("1 letter in doubt", [])
        assert place.verb("in-doubt", "--resend", line.split()[0]) == "it will be sent again\n"
        with Fleet(place, ALL_IN_ONE) as fleet:
            fleet.finish()
        reckoning = reckon(place, mail.taken())
    assert (reckoning.people, reckoning.letters, reckoning.doubles) == (PEOPLE, 2 * PEOPLE, 0)
