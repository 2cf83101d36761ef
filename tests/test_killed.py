"""Killed at any moment, Relance loses no letter and sends none twice: in doubt is at most what was between its final dot and the answer."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.store.embedded import Embedded
from tests.installation import LAYOUT
from tests.running import MailServer, Relance, free_port, wait_for, write
from tests.test_story import CONFIG

PEOPLE = 400
KILLS = int(os.environ.get("RELANCE_KILLS", "4"))
LIST = """
title = "Une lettre"
purpose = "conseils"

[[list]]
id = 10
name = "une"

  [[list.letter]]
  id = "seule"
  after = "0 minutes"
  subject = "Bonjour"
  body = "plain.md"
"""


@pytest.mark.timeout(300)
def test_after_kills_everyone_has_their_letter_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("killed")
    with MailServer() as mail:
        mail.sink.pause = 0.03
        port = free_port()
        relance = Relance(folder, port, mail)
        config = CONFIG.format(url=relance.url, port=port, smtp=mail.sink.port)
        write(folder, {"sequences/a.toml": LIST, "sequences/layout.html": LAYOUT, "sequences/plain.md": "Bonjour.\n", "config.toml": config})
        rows = "".join(f"p{n}@lecteurs.example\n" for n in range(PEOPLE))
        write(folder, {"people.csv": "email\n" + rows})
        with relance.run():
            pass
        relance.verb("resume", "--yes")
        relance.verb(
            "import", str(folder / "people.csv"), "--list", "10", "--source", "foire", "--collected", "2026-01-05", "--basis", "consent",
            "--start", "welcome",
        )  # fmt: skip
        chance = random.Random(20261122)
        for _ in range(KILLS):
            _kill_while_sending(relance, chance)
        with relance.run():
            wait_for(lambda: len(_received(mail)) + _in_doubt(relance) >= PEOPLE)
        received = _received(mail)
        doubtful = _in_doubt(relance)
        assert max(received.values()) == 1, "somebody got their letter twice"
        assert len(received) + doubtful >= PEOPLE, "somebody got no letter, and it is not in doubt"
        assert doubtful <= 2 * KILLS, "more in doubt than connections were open at the kills"
        assert relance.verb("audit", "replay").strip().endswith("equal")
        assert _positions_are_dense(relance)


def _kill_while_sending(relance: Relance, chance: random.Random) -> None:
    before = len(relance.mail.sink.messages)
    with relance.run() as process:
        wait_for(lambda: len(relance.mail.sink.messages) > before or process.poll() is not None)
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def _received(mail: MailServer) -> Counter[str]:
    return Counter(address for message in list(mail.sink.messages) for address in message.recipients)


def _in_doubt(relance: Relance) -> int:
    return int(relance.verb("in-doubt").strip().splitlines()[-1].split()[0])


def _positions_are_dense(relance: Relance) -> bool:
    embedded = Embedded(relance.folder / "data" / "postgres", relance.folder / "data" / "secrets")
    with embedded, psycopg.connect(make_conninfo(embedded.attach(), dbname="relance")) as connection:
        row = connection.execute("SELECT count(*), min(notification_id), max(notification_id) FROM ledger.events").fetchone()
    assert row is not None
    return bool(row[0] == row[2] and row[1] == 1)
