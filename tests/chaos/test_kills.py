"""Killed at any moment, Relance loses no letter and sends none twice: in doubt is at most what was between its final dot and the answer.

RELANCE_KILLS says how many kills (default 20), RELANCE_SEED which ones; both are printed. `make chaos` is the long form.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.chaos.fleet import ALL_IN_ONE, SPLIT, Fleet
from tests.chaos.installation import Place, crowd
from tests.chaos.mail_server import MailServer, Taken
from tests.chaos.reckoning import reckon

KILLS = int(os.environ.get("RELANCE_KILLS", "20"))
SEED = int(os.environ.get("RELANCE_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
A_SECOND = 0.02  # seconds the mail server thinks about each letter


@dataclass
class Leaving:
    """Readers who have had their first letter and unsubscribe by its link, while the second may be on its way. Each with when they were told."""

    chance: random.Random
    told: dict[str, float] = field(default_factory=dict)

    def one_leaves(self, taken: list[Taken]) -> None:
        chosen = self.chance.choice(taken) if taken else None
        if chosen is None or chosen.address in self.told:
            return
        try:
            answer = httpx.post(chosen.unsubscribe, data=ONE_CLICK, timeout=10)
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            self.told[chosen.address] = time.time()


@pytest.mark.timeout(300 + 20 * KILLS)
@pytest.mark.parametrize(("parts", "in_doubt"), [(ALL_IN_ONE, "hold"), (SPLIT, "resend")], ids=["run, hold", "split, resend"])
def test_after_kills_everyone_has_their_letters_once(tmp_path: Path, parts: tuple[tuple[str, ...], ...], in_doubt: str) -> None:
    kills, chance = KILLS // 2, random.Random(SEED)
    print(f"chaos: RELANCE_KILLS={KILLS} RELANCE_SEED={SEED}")
    with MailServer(tmp_path) as mail:
        mail.tell("pause", A_SECOND)
        place = Place.made(tmp_path, mail.port, in_doubt=in_doubt)
        place.bring(crowd("reader", 40 * kills))
        leaving = Leaving(chance)
        with Fleet(place, parts) as fleet:
            while fleet.kills < kills:
                _wait_for_some_letters(mail, chance)
                fleet.tend()
                leaving.one_leaves(mail.taken())
                fleet.kill(chance.randrange(len(parts)))
            fleet.finish(200 + 5 * kills)
        assert fleet.ended_by_themselves == []
        reckoning = reckon(place, mail.taken(), leaving.told)
    print(f"{reckoning.line(kills)} ({in_doubt})")
    assert reckoning.people == 40 * kills


def _wait_for_some_letters(mail: MailServer, chance: random.Random) -> None:
    """Mostly until letters leave again, and an instant more; else any instant, so that what is only just starting is killed too."""
    before = len(mail.taken())
    if chance.random() < 0.75:
        end = time.monotonic() + 8
        while len(mail.taken()) == before and time.monotonic() < end:
            time.sleep(0.02)
    time.sleep(chance.uniform(0, 0.5))
