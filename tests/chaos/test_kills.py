"""Killed at any moment, Relance loses no letter and sends none twice: in doubt is at most what was
between its final dot and the answer.

RELANCE_KILLS says how many kills (default 8, or 20 at full size), RELANCE_SEED which ones; both
are printed. `make chaos` makes hundreds.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType

import httpx
import pytest

from tests.chaos import found
from tests.chaos.fleet import ALL_IN_ONE, SPLIT, Fleet
from tests.chaos.installation import CONNECTIONS, DIRECT, LETTERS, ZONE, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.dns.stub import StubDns
from tests.sizes import sized

KILLS = int(os.environ.get("RELANCE_KILLS", sized(8, 20)))
SEED = int(os.environ.get("RELANCE_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
A_SECOND = 0.02  # seconds the mail server thinks about each letter


class Leaving:
    """Readers who have had their first letter and unsubscribe by its link, while the second is on
    its way: now and then one, in a thread of its own. `told` is when each was told that it is done.
    """

    def __init__(self, mail: MailServer, chance: random.Random) -> None:
        self.mail, self.chance = mail, chance
        self.told: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._leave, name="leaving")

    def __enter__(self) -> Leaving:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _leave(self) -> None:
        while not self._over.wait(self.chance.uniform(0.1, 0.6)):
            letters = Counter(each.address for each in self.mail.taken())
            half_way = [
                each
                for each in self.mail.taken()
                if letters[each.address] < len(LETTERS) and each.address not in self.told
            ]
            if not half_way:
                continue
            chosen = self.chance.choice(half_way)
            with contextlib.suppress(httpx.TransportError):
                if httpx.post(chosen.unsubscribe, data=ONE_CLICK, timeout=10).status_code == 200:
                    self.told[chosen.address] = time.time()


@pytest.mark.timeout(300 + 20 * KILLS)
@pytest.mark.parametrize(
    ("parts", "in_doubt", "direct"),
    [(ALL_IN_ONE, "hold", False), (SPLIT, "resend", True)],
    ids=["run, hold, relay", "split, resend, direct"],
)
def test_after_kills_everyone_has_their_letters_once(
    tmp_path: Path, parts: tuple[tuple[str, ...], ...], in_doubt: str, direct: bool
) -> None:
    kills, chance = KILLS // 2, random.Random(SEED)
    print(f"chaos: RELANCE_KILLS={KILLS} RELANCE_SEED={SEED}")
    with MailServer(tmp_path) as mail, StubDns(ZONE) as dns:
        mail.tell("pause", A_SECOND)
        straight = DIRECT.format(port=mail.port, dns=dns.port, connections=CONNECTIONS)
        place = Place.made(tmp_path, straight if direct else mail.port, in_doubt=in_doubt)
        place.bring(crowd("reader", 40 * kills))
        with Fleet(place, parts) as fleet, Leaving(mail, random.Random(SEED)) as leaving:
            while fleet.kills < kills:
                _wait_for_some_letters(mail, chance)
                fleet.tend()
                fleet.kill(chance.randrange(len(parts)))
            fleet.finish(200 + 5 * kills)
        assert fleet.ended_by_themselves == []
        reckoning = reckon(place, mail.taken(), leaving.told)
    print(f"{reckoning.line(kills)} ({in_doubt})")
    assert reckoning.people == 40 * kills
    found.keep(kills, reckoning.doubles)


def _wait_for_some_letters(mail: MailServer, chance: random.Random) -> None:
    """Mostly until letters leave again, and an instant more; else any instant, so that what is only
    just starting is killed too.
    """
    before = len(mail.taken())
    if chance.random() < 0.75:
        end = time.monotonic() + 8
        while len(mail.taken()) == before and time.monotonic() < end:
            time.sleep(0.02)
    time.sleep(chance.uniform(0, 0.5))
