"""An installation made for being ill-treated, and a look into its database from outside, whatever
state that is in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from engine.store import postmaster
from engine.store.embedded import Embedded
from projections.agenda import Agenda
from projections.letters import Letters
from tests.clusters import new_cluster
from tests.dns.stub import Zone
from tests.running import GROUND, Installed, free_port, write
from tests.running_installation import LAYOUT

CONFIG = """
[site]
name = "Le Potager"
url = "{url}"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"
timezone = "Europe/Paris"
language = "en"

[web]
port = {port}

[store]
url = "{store}"

{way}
[console]
port = 0

[sending]
in_doubt = "{in_doubt}"
pause_after_outage = "300 days"
{more}

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[consent]
declared = "write"
"""
RELAY = """[smtp]
host = "127.0.0.1"
port = {port}
sink = true
tls = "none"
connections = {connections}
"""
TWO_LETTERS = """
title = "Deux lettres"
purpose = "conseils"

[[list]]
id = 10
name = "deux"
min_gap = "0 minutes"

  [[list.letter]]
  id = "first"
  after = "0 minutes"
  subject = "Bonjour"
  body = "question.md"

  [[list.letter]]
  id = "second"
  wait = "0 minutes"
  subject = "Encore bonjour"
  body = "question.md"

[[list]]
id = 11
name = "oui"

[[list]]
id = 12
name = "non"
"""
DIRECT = """[smtp]
host = "direct"
sink = true
connections = {connections}

[direct]
helo = "mail.potager.example"
port = {port}

[dns]
servers = ["127.0.0.1"]
port = {dns}
"""
ZONE: Zone = {
    "lecteurs.example": {"MX": ["10 away.lecteurs.example.", "20 mx.lecteurs.example."]},
    "away.lecteurs.example": {"A": ["127.0.9.200"]},
    "mx.lecteurs.example": {"A": ["127.0.0.1"]},
}
"""Where the crowd's mail goes without a relay: the best of its servers is always away."""
IMPATIENT = "\n[smtp.timeouts]\n" + "".join(
    f'{step} = "1 second"\n' for step in ("connect", "mail", "rcpt", "data", "block", "dot")
)
"""The relay's answers are awaited for a second, where the standard says minutes."""
CONNECTIONS = 2
LETTERS = ("first", "second")
UNFINISHED = f"""
SELECT (SELECT count(*) FROM view_agenda_{Agenda.version}.agenda WHERE due > 0)
     + (SELECT max(notification_id) FROM ledger.events)
     - (SELECT position FROM view_agenda_{Agenda.version}.position)
"""
IN_DOUBT = f"SELECT count(*) FROM view_letters_{Letters.version}.letter WHERE status = 'doubt'"


@dataclass
class Place(Installed):
    store: str = "embedded"

    @classmethod
    def made(
        cls,
        folder: Path,
        way: int | str,
        *,
        in_doubt: str = "hold",
        connections: int = CONNECTIONS,
        store: str = "embedded",
        more: str = "",
        dialogue: str = TWO_LETTERS,
    ) -> Self:
        """Published, and armed: sending will not wait for `resume`. `way`: the port of its relay,
        or what its configuration says of the way out. `more` stands in it below [sending].
        """
        place = cls(folder, free_port(), store)
        chosen = {
            "store": store,
            "way": way if isinstance(way, str) else RELAY.format(port=way, connections=connections),
            "in_doubt": in_doubt,
            "more": more,
        }
        config = CONFIG.format(url=place.url, port=place.port, **chosen)
        words = {
            "sequences/a.toml": dialogue,
            "sequences/layout.html": LAYOUT,
            "config.toml": config,
        }
        write(
            folder,
            words | {"sequences/question.md": "Alors ?\n\n[Oui](===11===)\n\n[Non](===12===)\n"},
        )
        with place.held():
            place.verb("publish", "--yes")
            place.verb("resume", "--yes")
        return place

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Its PostgreSQL stays meanwhile, so that no verb has to start it; made if it is new."""
        if self.store != "embedded":
            yield
            return
        secrets = self.folder / "data" / "secrets"
        new_cluster(self.data, secrets)
        with Embedded(self.data, secrets):
            yield

    def bring(self, addresses: Iterable[str]) -> list[str]:
        """Put people on list 10, who are due at once."""
        brought = list(addresses)
        write(
            self.folder, {"people.csv": "email\n" + "".join(f"{address}\n" for address in brought)}
        )
        people = str(self.folder / "people.csv")
        self.verb("import", people, "--list", "10", *GROUND, "--start", "welcome")
        return brought

    @property
    def data(self) -> Path:
        return (self.folder / "data" / "postgres").resolve()

    def conninfo(self, database: str = "relance") -> str:
        """Of the database of the configuration; the embedded one's is its superuser's, and nothing
        is started by it.
        """
        if self.store != "embedded":
            return self.store
        password = (self.folder / "data" / "secrets" / "postgres.password").read_text().strip()
        return postmaster.url(
            postmaster.folder_for(self.data, self.data.stat().st_uid),
            "postgres",
            password,
            database,
        )

    def counted(self, statement: str) -> int | None:
        """A number from the database; None while there is none to be had."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.conninfo(), connect_timeout=5) as connection,
        ):
            row = connection.execute(statement.encode()).fetchone()
            return None if row is None or row[0] is None else int(row[0])
        return None

    def finished(self) -> bool:
        """Everyone has what they are due, as far as the engine can tell; what is in doubt and held
        waits for a person.
        """
        return self.counted(UNFINISHED) == 0


def crowd(name: str, people: int) -> list[str]:
    return [f"{name}{number}@lecteurs.example" for number in range(people)]
