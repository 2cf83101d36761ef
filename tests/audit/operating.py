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
        context.views.catch_up()
        context.tree.sign_now()
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
