"""H06, the erasure drill, with the real program, a real database and a real mail server: created,
consented, written to, clicked, bounced, erased; an old copy put back; and nothing of her is there,
nobody who has left is written to, and everybody else is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.cli.commanding import DIALOGUE, SMTP, Installation, embedded, stop
from tests.privacy.garden import Everything
from tests.proof.handed import verified
from tests.running import MailServer, link, press, wait_for, write

pytestmark = pytest.mark.timeout(300)
ANNA, BRUNO, CHLOE = (f"{name}@lecteurs.example" for name in ("anna", "bruno", "chloe"))
NAME = "Anastasie"
ORDER = "commande-77421"
ELEVEN = 'name = "seme"\ngroup = "prospects"\n'
THANKS = """
  [[list.letter]]
  id = "merci"
  after = "0 minutes"
  subject = "Merci"
  body = "merci.md"
"""
WORDS = (ANNA, "anna@", NAME, ORDER)


def test_an_old_copy_brings_nobody_back(tmp_path: Path) -> None:
    relance = Installation(tmp_path / "installation")
    copy = tmp_path / "copy"
    with embedded(relance) as server, MailServer() as mail:
        write(
            relance.folder,
            {
                "sequences/semis.toml": DIALOGUE.replace(ELEVEN, ELEVEN + THANKS),
                "sequences/merci.md": "Bravo !\n",
            },
        )
        relance.configure(SMTP.format(port=mail.sink.port))
        relance.done("publish", "--yes")
        table = (
            f"email;first_name;source\n{ANNA};{NAME};{ORDER}\n"
            f"{BRUNO};Bruno;salon\n{CHLOE};Chloé;salon\n"
        )
        write(relance.folder, {"people.csv": table})
        said = (
            "--basis",
            "consent",
            "--source",
            "salon",
            "--collected",
            "2026-01-05",
            "--start",
            "welcome",
        )
        relance.done("import", str(relance.folder / "people.csv"), "--list", "10", *said)
        (relance.folder / "people.csv").unlink()
        relance.done("resume", "--yes")
        database = Everything(make_conninfo(server.attach(), dbname="relance"))
        with relance.running() as process:
            wait_for(lambda: len(mail.sink.messages) == 3)
            relance.done("backup", "-o", str(copy))
            # She clicks; her next letter bounces, with her address in the server's words.
            mail.sink.answer("rcpt", f"550 5.1.1 <{ANNA}>: no such user {NAME}", ANNA)
            press(link(mail.letters(ANNA)[0], "Oui"))
            wait_for(lambda: "mail-bounced" in relance.done("show", ANNA, "--json"))
            identifier = json.loads(relance.done("person", "export", ANNA))["person"]["subscriber"]
            relance.done("audit", "prove", ANNA, "-o", str(tmp_path / "anna.zip"))
            receipt = relance.done("person", "erase", ANNA, "--yes")
            assert identifier in receipt
            relance.done("unsubscribe", BRUNO)
            assert database.found(*WORDS) == set()
            assert stop(process).status == 0
        before = len(mail.sink.messages)
        assert "1 erasures, 1 withdrawals" in relance.done("restore", str(copy), "--yes")
        # E05, E07: nothing of her in any column, nor in what PostgreSQL keeps beside; her facts
        # tell an opaque id.
        assert database.found(*WORDS) == set()
        facts = [fact["event"] for fact in json.loads(relance.done("show", identifier, "--json"))]
        assert (
            facts[0] == "subscriber-registered"
            and facts[-1] == "subscriber-erased"
            and "letter-sent" in facts
        )
        gone = relance("show", ANNA)
        assert gone.status == 1 and "on the suppression list (bounced)" in gone.err
        # E04, D15: neither comes back by an import, and the one who stays is still there.
        write(relance.folder, {"again.csv": f"email\n{ANNA}\n{BRUNO}\n"})
        relance("import", str(relance.folder / "again.csv"), "--list", "10", *said)
        story = relance.done("show", BRUNO)
        assert "Withdrew from everything" in story and "stop journal, after a restore" in story
        assert "On list 10" in relance.done("show", CHLOE)
        # E09: the views are what the ledger says. Nothing leaves until somebody has looked, and
        # then to neither of them.
        assert relance.done("audit", "replay") == "equal\n"
        with relance.running() as process:
            wait_for(lambda: "agenda: up to date" in relance("status").out)
            assert (
                "sending is paused (restored)" in relance("status").out
                and len(mail.sink.messages) == before
            )
            relance.done("resume", "--yes")
            press(link(mail.letters(CHLOE)[0], "Oui"))
            wait_for(lambda: len(mail.letters(CHLOE)) == 2)
            logs = stop(process)
        assert not [
            each for each in mail.sink.messages[before:] if {ANNA, BRUNO} & set(each.recipients)
        ]
        assert not [word for word in WORDS if word in logs.out + logs.err]
        # E08: what she was handed before still proves what it proved, and agrees with the ledger
        # that was put back as far as the copy reached.
        assert verified(tmp_path / "anna.zip").status == 0
        relance.done("audit", "ledger", "-o", str(tmp_path / "ledger"))
        assert (
            verified(tmp_path / "ledger").status == 0
            and relance.done("audit", "replay") == "equal\n"
        )
        against = verified(tmp_path / "anna.zip", "--with", tmp_path / "ledger")
        assert against.status == 0, against.out
        assert "the ledger was put back from a copy" in str(against.said["not_proved"])
        handed = b"".join(
            each.read_bytes() for each in (tmp_path / "ledger").rglob("*") if each.is_file()
        )
        assert not [word for word in WORDS if word.encode() in handed]
        # E01, E06: the ledger names nobody, and what it commits to is gone for ever.
        with psycopg.connect(database.conninfo) as connection:
            commitments = connection.execute(
                "SELECT count(*) FROM vault.evidence WHERE subscriber = %s", (identifier,)
            ).fetchone()
        assert commitments == (0,)
        assert not re.search("anna", relance.done("show", identifier), re.IGNORECASE)
