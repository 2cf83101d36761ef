"""A person with everything that can be known of one, in a real installation: joined with evidence,
written to, clicked; and how to look for them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests
from engine.context import AppContext
from engine.desk.desk import PageOpening
from engine.intake.orders import PlacedOrder
from engine.subscriber.commands import ChangeProfile, Perform, RecordOutcome, Subscribe
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.outcome import Done
from engine.subscriber.terms import LetterVerdict
from engine.vault.evidence import evidence
from engine.vault.measured import Measured, keep_measured
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES, answer
from tests.running_installation import Installations

__all__ = ["FILES", "Anna", "Everything"]
ENGINE, RELAY = Cause("engine"), "relay"


@dataclass
class Anna:
    """`words` are what went in and may never be found again once she is erased."""

    context: AppContext
    address: str = "anna.gentil@lecteurs.example"
    name: str = "Anastasie"
    ip: str = "203.0.113.77"
    order: str = "commande-77421"
    said: str = "<anna.gentil@lecteurs.example>: mailbox of Anastasie is full"
    stream: str = ""
    letters: list[LetterBegun] = field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        return (self.address, "anna.gentil", self.name, self.ip, self.order, self.said)

    def cause(self, door: str, **said: object) -> tuple[Cause, VaultWrite]:
        kept = evidence(secrets.token_bytes(32), said)
        return Cause(door, secrets.token_hex(16), evidence=kept.commitment.hex()), VaultWrite(
            "", self.context.clock.now(), evidence=(kept,)
        )

    def joins(self, number: int = 10) -> Anna:
        now = self.context.clock.now()
        cause, vault_write = self.cause(
            "api", ip=self.ip, order=self.order, source="boutique", email=self.address
        )
        command = Subscribe(
            now,
            cause,
            number,
            "consent",
            "declared-with-proof",
            now,
            fields=("first_name",),
            own_act=True,
        )
        vault_write = VaultWrite(
            "", now, fields={"first_name": self.name}, evidence=vault_write.evidence
        )
        result = self.context.command_handler.execute_one(
            CommandRequest(command, address=self.address, vault_write=vault_write)
        )
        assert isinstance(result.outcome, Done), result
        self.stream = result.stream
        return self

    def is_begun(self, key: str = "list:10") -> LetterBegun:
        request = CommandRequest(
            Perform(
                self.context.clock.now(), ENGINE, key, secrets.token_hex(16), self.context.sender
            ),
            stream=self.stream,
        )
        outcome = self.context.command_handler.execute_one(request).outcome
        assert isinstance(outcome, Done), outcome
        (begun,) = outcome.events
        assert isinstance(begun, LetterBegun), begun
        self.letters.append(begun)
        return begun

    def outcome(self, begun: LetterBegun, verdict: LetterVerdict, code: int = 250) -> None:
        """As the sender records it, with the server's words for the vault."""
        cause, vault_write = self.cause(RELAY, words=self.said)
        command = RecordOutcome(self.context.clock.now(), cause, begun.message, verdict, code)
        assert isinstance(
            self.context.command_handler.execute_one(
                CommandRequest(command, stream=self.stream, vault_write=vault_write)
            ).outcome,
            Done,
        )

    def is_sent(self, key: str = "list:10") -> LetterBegun:
        begun = self.is_begun(key)
        self.outcome(begun, "sent")
        return begun

    def clicks(self, begun: LetterBegun, link: int, target: int) -> None:
        answer(self.context, self.stream, begun, link, target)

    def changes(self) -> None:
        cause, vault_write = self.cause("operator", operator="martine", words=self.said)
        command = ChangeProfile(self.context.clock.now(), cause, ("first_name",))
        assert isinstance(
            self.context.command_handler.execute_one(
                CommandRequest(command, stream=self.stream, vault_write=vault_write)
            ).outcome,
            Done,
        )

    def buys(self) -> None:
        cause, vault_write = self.cause("api", order=self.order)
        placed = PlacedOrder(self.address, self.order, 4990, "EUR", ("coffret",))
        [request] = record_requests(
            self.context.vault,
            [placed],
            self.context.clock.now(),
            lambda order: (cause, vault_write.evidence),
        )
        assert isinstance(request, CommandRequest)
        assert isinstance(self.context.command_handler.execute_one(request).outcome, Done)

    def leaves_traces(self) -> None:
        """On the desk: set aside with words about her, her links opened, her address limited."""
        desk = self.context.desk
        desk.stick(self.stream, "list:10", f"cannot be rendered for {self.name}")
        desk.note_shown([PageOpening((begun.message, 0), asked=True) for begun in self.letters])
        desk.spend_nonces([secrets.token_hex(8)])
        link = f"https://boutique.example/{self.name}"
        clicked = Measured("list:10/welcome", "clicked", link, self.context.clock.now())
        keep_measured(
            self.context.database, [(self.stream, clicked)], lambda _who: {self.stream: 1}
        )


@dataclass(frozen=True)
class Everything:
    """A database as its superuser sees it."""

    conninfo: str

    @classmethod
    def of(cls, installations: Installations, context: AppContext) -> Everything:
        with context.database.connection() as connection:
            return cls(make_conninfo(installations.admin, dbname=connection.info.dbname))

    def analyze(self) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("ANALYZE")

    def columns(self) -> list[tuple[str, str]]:
        with psycopg.connect(self.conninfo) as connection:
            return [
                (f"{schema}.{table}", column)
                for schema, table, column, _kind in connection.execute(COLUMNS).fetchall()
            ]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """(table, column, content) of every row of every table, and of the samples PostgreSQL keeps
        of them; a bytea as hexadecimal and as text.
        """
        with psycopg.connect(self.conninfo) as connection:
            for schema, table, column, _kind in connection.execute(COLUMNS).fetchall():
                for (value,) in connection.execute(
                    sql.SQL("SELECT {} FROM {}").format(
                        sql.Identifier(column), sql.Identifier(schema, table)
                    )
                ):
                    if isinstance(value, bytes):
                        yield (
                            f"{schema}.{table}",
                            column,
                            value.hex() + " " + value.decode("utf-8", "replace"),
                        )
                    elif value is not None:
                        yield f"{schema}.{table}", column, str(value)
            for place, column, samples in connection.execute(SAMPLES):
                yield f"samples of {place}", column, samples

    def found(self, *words: str) -> set[tuple[str, str]]:
        """Where any of these words stands, in clear, in capitals, as hexadecimal, or as the octets
        of an id.
        """
        wanted = [
            form
            for word in words
            for form in (
                word.lower(),
                word.encode().hex(),
                word.replace("-", "") if len(word) == 36 else word.lower(),
            )
        ]
        return {
            (table, column)
            for table, column, content in self.rows()
            if any(form in content.lower() for form in wanted)
        }


COLUMNS = """
SELECT c.table_schema::text, c.table_name::text, c.column_name::text, c.data_type::text
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND t.table_type = 'BASE TABLE'
ORDER BY c.table_schema, c.table_name, c.ordinal_position
"""
SAMPLES = """
SELECT schemaname || '.' || tablename, attname::text,
concat(most_common_vals::text, ' ', histogram_bounds::text) FROM pg_stats
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def put_into_mailbox(folder: Path, number: int, recipient: str, mail: str) -> None:
    """A letter as the built-in mailbox keeps it: its envelope, and the mail."""
    envelope = {
        "at": "2026-03-02T12:00:00+00:00",
        "sender": "x@y.example",
        "recipient": recipient,
        "subject": "x",
    }
    (folder / f"{number:010}.json").write_text(json.dumps(envelope))
    (folder / f"{number:010}.eml").write_bytes(mail.encode())
