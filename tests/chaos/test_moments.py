"""Moments that chance would seldom hit: a kill between dot and answer, a withdrawal behind a long
round, a sender that starts beside another.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.chaos.fleet import Fleet
from tests.chaos.installation import CONNECTIONS, DIRECT, IN_DOUBT, ZONE, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.dns.stub import StubDns
from tests.running import wait_for

pytestmark = pytest.mark.timeout(400)

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("direct", [False, True], ids=["relay", "direct"])
def test_a_kill_between_dot_and_answer_leaves_one_letter_in_doubt_for_each_connection(
    tmp_path: Path, direct: bool
) -> None:
    """The server has them: sent again, each comes twice, under one Message-ID."""
    with MailServer(tmp_path) as mail, StubDns(ZONE) as dns:
        mail.tell("pause", 3)
        straight = DIRECT.format(port=mail.port, dns=dns.port, connections=CONNECTIONS)
        place = Place.made(tmp_path, straight if direct else mail.port, in_doubt="resend")
        place.bring(crowd("reader", 8))
        with Fleet(place) as fleet:
            wait_for(lambda: len(mail.taken()) >= CONNECTIONS, 150)
            time.sleep(1)
            fleet.kill(0)
            mail.tell("pause", 0)
            fleet.finish()
        reckoning = reckon(place, mail.taken())
    assert (reckoning.letters, reckoning.doubles, reckoning.in_doubt) == (
        16 + CONNECTIONS,
        CONNECTIONS,
        CONNECTIONS,
    )


def test_who_withdraws_behind_a_long_round_gets_nothing_of_it(tmp_path: Path) -> None:
    people, told = 60, dict[str, float]()
    with MailServer(tmp_path) as mail:
        place = Place.made(tmp_path, mail.port, connections=1)
        place.bring(crowd("reader", people))
        with Fleet(place) as fleet:
            wait_for(lambda: len(mail.taken()) >= people // 2, 150)
            mail.tell("pause", 0.2)
            wait_for(lambda: len(mail.taken()) >= people + 2, 150)
            mail.tell("pause", 1)  # the round goes on while they withdraw
            letters = Counter(each.address for each in mail.taken())
            half_way = [each for each in mail.taken() if letters[each.address] == 1]
            for each in random.Random(1).sample(half_way, min(30, len(half_way))):
                assert httpx.post(each.unsubscribe, data=ONE_CLICK, timeout=30).status_code == 200
                told[each.address] = time.time()
            mail.tell("pause", 0)
            fleet.finish()
        reckoning = reckon(place, mail.taken(), told)
    assert reckoning.letters < 2 * people, "nobody's letter was held back"


def test_a_sender_that_starts_beside_another_leaves_it_its_letters(tmp_path: Path) -> None:
    with MailServer(tmp_path) as mail:
        mail.tell("pause", 0.2)
        place = Place.made(tmp_path, mail.port)
        place.bring(crowd("reader", 40))
        with Fleet(place, [("send",), ("follow",), ("web",)]) as first:
            wait_for(lambda: len(mail.taken()) >= CONNECTIONS, 150)
            with Fleet(place, [("send",)]) as second:
                time.sleep(4)
                mail.tell("pause", 0)
                first.finish()
                assert place.counted(IN_DOUBT) == 0
            assert second.ended_by_themselves == []
        reckoning = reckon(place, mail.taken())
    assert (reckoning.letters, reckoning.in_doubt) == (80, 0)
