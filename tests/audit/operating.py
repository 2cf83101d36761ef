"""Somebody with the database, the files and the key in hand: one installation, edits past every
wall, what the verbs say of them, and everything as it was before the next.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest

from engine.cli import arguments_of_trust, dispatch
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM
from engine.installation.state import Installation
from engine.ledger.codec import EntryRefused
from engine.letter.link_token import CONFIRM
from engine.sequence.timing import to_local
from engine.subscriber.commands import Withdraw
from engine.subscriber.events import Cause
from tests.audit.contesting import FILES, Mail, sent, subscribed, wished
from tests.proof.growing_ledger import write
from tests.running_installation import Installations
from tests.web.correspondence import press
from tests.web.visiting import Site, behind_a_proxy

ANNA, BRUNO = "anna@lecteurs.example", "bruno@lecteurs.example"
SAVED = ("ledger.events", "proof.tile", "proof.checkpoint", "vault.evidence", "vault.person")
REMEMBERED = ("ledger-position.json", "proof/last-checkpoint")


@dataclass(frozen=True)
class Heard:
    """`out` and `err` as printed, a refusal's words among the latter."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Operated:
    """`mail` is the letter Anna got; she has withdrawn since."""

    site: Site
    owner: psycopg.Connection[tuple[object, ...]]
    mail: Mail

    @property
    def context(self) -> AppContext:
        return self.site.context

    @property
    def today(self) -> str:
        zone = self.context.config.site.timezone
        return to_local(self.context.clock.now(), zone).strftime("%Y-%m-%d")

    def position(self, name: str, address: str = ANNA) -> int:
        """Where the last fact of this name about a person stands."""
        stream = self.site.stream(address)
        return [
            entry.position for entry in self.context.ledger.stream(stream) if entry.name == name
        ][-1]

    def evidence(self, name: str, address: str = ANNA) -> str:
        """The commitment of the last fact of this name about a person."""
        entry = self.context.ledger.at(self.position(name, address))
        assert entry is not None and entry.cause.evidence
        return entry.cause.evidence

    def words(self, digest: str) -> int:
        """Where the (first piece of the) words of a digest stand."""
        return next(
            entry.position
            for entry in self.context.ledger.stream(STREAM)
            if entry.name == "words-published" and getattr(entry.event, "digest", "") == digest
        )

    def edit(self, statement: str, **values: object) -> None:
        """As the owner of the database, past its triggers."""
        self.owner.execute(statement.encode(), values)
        self.forget()

    def forget(self) -> None:
        """The next verb is another process."""
        self.context.installation_stream._state = Installation()
        self.context.rollback_detection._written = None

    def changed(self, position: int, old: str, new: str) -> None:
        """One entry's bytes, its columns as they were."""
        self.edit(
            "UPDATE ledger.events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
            " %(old)s, %(new)s), 'UTF8') WHERE notification_id = %(position)s",
            old=old,
            new=new,
            position=position,
        )
        with_it = self.owner.execute(
            "SELECT position(convert_to(%s, 'UTF8') IN state) FROM ledger.events"
            " WHERE notification_id = %s",
            (new, position),
        ).fetchone()
        assert with_it != (0,), "the edit changed nothing"

    def with_its_leaf(self, position: int) -> None:
        """The leaf hash in its tile, made anew from the entry as it now is."""
        self.edit(
            "UPDATE proof.tile SET hashes = overlay(hashes PLACING (SELECT sha256('\\x00'::bytea ||"
            " state) FROM ledger.events WHERE notification_id = %(at)s)"
            " FROM ((%(at)s - 1) %% 256)::integer * 32 + 1) WHERE level = 0 AND number ="
            " (%(at)s - 1) / 256",
            at=position,
        )


@dataclass(frozen=True)
class Asking:
    operated: Operated
    capture: pytest.CaptureFixture[str]

    def __call__(self, *typed: str) -> Heard:
        """`relance audit …`, in English."""
        context = self.operated.context
        context = replace(
            context,
            config=replace(context.config, site=replace(context.config.site, language="en")),
        )
        parser = argparse.ArgumentParser()
        arguments_of_trust.audit_arguments(parser)
        said = [*typed, "--lang", "en"] if typed[0] in ("story", "letter", "as-of") else [*typed]
        self.capture.readouterr()
        try:
            status, refused = dispatch.audit(context, parser.parse_args(said)), ""
        except UserError as error:
            status, refused = error.status, str(error)
        except EntryRefused as error:  # as the program's start says it
            status, refused = 1, str(error)
        told = self.capture.readouterr()
        return Heard(status, told.out, told.err + refused)


@contextmanager
def operated(installations: Installations) -> Iterator[Operated]:
    """Anna confirmed by a form, got a letter and withdrew; Bruno was brought; so much more that the
    first tile is full; all of it signed.
    """
    with behind_a_proxy(installations, FILES) as site:
        context = site.context
        assert site.post("inscription", {"email": ANNA}).status_code == 200
        assert press(site.client, site.asked(ANNA).token(CONFIRM)).status_code == 200
        mail = sent(context, ANNA, "list:10")
        subscribed(context, BRUNO)
        now = context.clock.now()
        wished(context, Withdraw(now, Cause("one-click"), "conseils", "rfc8058"), ANNA)
        write(context, 300)
        context.tree.sign_now()
        context.views.catch_up()
        with context.database.connection() as connection:
            name = connection.info.dbname
        conninfo = psycopg.conninfo.make_conninfo(installations.admin, dbname=name)
        with psycopg.connect(conninfo, autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("CREATE SCHEMA saved")
            for table in SAVED:
                owner.execute(
                    f"CREATE TABLE saved.{table.replace('.', '_')} AS TABLE {table}".encode()
                )
            yield Operated(site, owner, mail)


@contextmanager
def put_right(operated: Operated) -> Iterator[Operated]:
    """For one test; afterwards everything is as it was."""
    data = operated.context.config.data
    files = {data / name: (data / name).read_bytes() for name in REMEMBERED}
    operated.forget()
    try:
        yield operated
    finally:
        for table in SAVED:
            operated.owner.execute(f"DELETE FROM {table}".encode())
            operated.owner.execute(
                f"INSERT INTO {table} SELECT * FROM saved.{table.replace('.', '_')}".encode()
            )
        for path, octets in files.items():
            path.write_bytes(octets)
        operated.forget()


BYTE = "set_byte({0}, %(n)s %% octet_length({0}), get_byte({0}, %(n)s %% octet_length({0})) # 1)"
"""One bit of a column, anywhere in it."""
AN_ENTRY = " WHERE notification_id = %(entry)s"
A_PIECE = " WHERE commitment = (SELECT min(commitment) FROM vault.evidence WHERE kind = %(kind)s)"
FAULTS = {
    "a bit of an entry": f"UPDATE ledger.events SET state = {BYTE.format('state')}{AN_ENTRY}",
    "an entry removed": f"DELETE FROM ledger.events{AN_ENTRY}",
    "everything from an entry on removed": (
        "DELETE FROM ledger.events WHERE notification_id >= %(entry)s"
    ),
    "two entries exchanged": (
        "UPDATE ledger.events SET state = (SELECT state FROM ledger.events WHERE notification_id ="
        f" %(entry)s %% 300 + 2){AN_ENTRY}"
    ),
    "an entry given to another": (
        f"UPDATE ledger.events SET originator_id = gen_random_uuid(){AN_ENTRY}"
    ),
    "an entry of another number": (
        f"UPDATE ledger.events SET originator_version = originator_version + 1000{AN_ENTRY}"
    ),
    "an entry called otherwise": f"UPDATE ledger.events SET topic = 'letter-sent-'{AN_ENTRY}",
    "a bit of a tile": (
        f"UPDATE proof.tile SET hashes = {BYTE.format('hashes')} WHERE level = 0 AND number = %(n)s"
        " %% 2"
    ),
    "a bit of a tile above": (
        f"UPDATE proof.tile SET hashes = {BYTE.format('hashes')} WHERE level = 1"
    ),
    "a tile removed": "DELETE FROM proof.tile WHERE level = 0 AND number = 0",
    "a bit of a signed root": f"UPDATE proof.checkpoint SET root = {BYTE.format('root')}",
    "a bit of a signed note": f"UPDATE proof.checkpoint SET note = {BYTE.format('note')}",
    "a checkpoint of more": "UPDATE proof.checkpoint SET size = size + 1",
    "a bit of evidence": f"UPDATE vault.evidence SET payload = {BYTE.format('payload')}{A_PIECE}",
    "a bit of a salt": f"UPDATE vault.evidence SET salt = {BYTE.format('salt')}{A_PIECE}",
    "evidence under another commitment": (
        f"UPDATE vault.evidence SET commitment = {BYTE.format('commitment')}{A_PIECE}"
    ),
    "evidence of another person": (
        f"UPDATE vault.evidence SET subscriber = gen_random_uuid(){A_PIECE}"
    ),
    "evidence removed": f"DELETE FROM vault.evidence{A_PIECE}",
}
NO_FAULTS = {
    "when a checkpoint was signed": "UPDATE proof.checkpoint SET signed_at = signed_at + 1",
    "a person's fields": """UPDATE vault.person SET fields = '{"first_name": "Anna"}'""",
    "how old evidence is": "UPDATE vault.evidence SET at = at - 1000",
}
