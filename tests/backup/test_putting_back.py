"""A copy put back: whole or not at all, paused, and nobody who left or was erased since is in it
any more (E04).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.app import opening_of
from engine.backup import copy_streams as programs
from engine.backup.manifest import CopyRefused, read_manifest
from engine.cli.audit_checks import rebuild
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext, DatabaseContext
from engine.desk.awaited_orders import Awaited
from engine.desk.desk import VisitCell
from engine.i18n.user_error import UserError
from engine.installation.events import LedgerRestored
from engine.privacy.erasure import erase
from engine.runtime.startup import make_ready
from engine.store.database import program_role_of
from engine.store.sql import _CHECKED
from engine.subscriber.commands import (
    Confirm,
    RequestConsent,
    Restrict,
    Resubscribe,
    SetPreferences,
    Suppress,
    WithdrawEverything,
)
from engine.subscriber.events import Cause
from engine.subscriber.person import Preferences
from engine.vault.vault import VaultWrite
from engine.views import FIRST_WEEK, LAST_WEEK, ViewBroken
from tests.backup.database_context import backup, database_context_of, restore
from tests.cli.asking import join, send, withdraw
from tests.privacy.garden import Anna, Everything
from tests.running_installation import Installations, publish

pytestmark = pytest.mark.timeout(240)
SHOP, CLICK = Cause("operator", "o1"), Cause("click", evidence="e" * 64)


class People:
    def __init__(self) -> None:
        self.streams: list[str] = []
        self.anna: str = ""
        self.address = ""

    def __call__(self, context: AppContext) -> None:
        anna = Anna(context).joins()
        anna.changes()
        self.anna, self.address, self.words = anna.stream, anna.address, anna.words
        self.streams = join(context, 6)
        context.views.catch_up()


REFUND = Awaited(
    number=b"\1" * 32,
    identity="0" * 32,
    kind="refund",
    trust="signed",
    amount=1250,
    currency="EUR",
    products=(),
    occurred_at=1_790_000_000_000,
)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def database_context(installations: Installations, people: People) -> Iterator[DatabaseContext]:
    with database_context_of(installations, people) as found:
        yield found


def test_a_copy_is_made_and_tried_and_views_are_made_anew_though_one_of_them_is_broken(
    database_context: DatabaseContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_context.owner, autocommit=True) as connection:
        connection.execute("DROP TABLE view_members_2.standing")
        connection.execute("ALTER TABLE view_letters_5.tally DROP COLUMN amount")
    _CHECKED.clear()
    with pytest.raises(ViewBroken, match="`relance rebuild members`"):
        database_context.open_context().__enter__()
    assert backup(database_context, tmp_path / "copy") == 0
    assert restore(database_context, tmp_path / "copy", "--try") == 0
    assert rebuild(database_context, argparse.Namespace(view=[])) == 0
    _CHECKED.clear()
    with database_context.open_context() as context:
        assert sum(context.views.standing().values()) > 0
        assert context.views.compare(lambda done, total: None) == []


def test_a_copy_holds_everything_and_no_secret(
    database_context: DatabaseContext,
    people: People,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "copy"
    assert backup(database_context, target) == 0
    assert {path.name for path in target.iterdir()} == {
        "manifest.json",
        "ledger.dump",
        "vault.dump",
        "desk.dump",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (target, *target.iterdir())} == {
        0o700,
        0o600,
    }
    said = capsys.readouterr().out
    assert "data/secrets" in said and "stop.journal" in said and "vault.dump" in said
    octets = b"".join(path.read_bytes() for path in target.iterdir())
    secrets = database_context.secrets
    for secret in (secrets.pepper, secrets.link_key, secrets.nonce_key):
        assert secret not in octets and secret.hex().encode() not in octets
    plain = gzip.decompress(target.joinpath("ledger.dump").read_bytes())
    assert not [word for word in people.words if word.encode() in plain]
    assert b"subscriber-registered" in plain
    with pytest.raises(UserError, match="is there already"):
        backup(database_context, target)


def test_figures_that_nothing_can_make_anew_are_in_a_copy(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    """Visits to letters' links, how many were in a segment on a day, and a refund whose purchase
    has not come yet name nobody.
    """
    cell, day = (
        VisitCell("list:10/welcome", "link", "https://example.org", 20_000),
        date(2026, 11, 1),
    )
    with database_context.open_context() as context:
        context.desk.count_visits([(cell, 3, 2)])
        context.desk.keep_segment_counts(day, {"lyon": 7})
        context.awaited_orders.wait(REFUND)
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        context.desk.count_visits([(cell, 5, 5)])
        context.awaited_orders.settle(REFUND.identity)
    assert restore(database_context, tmp_path / "copy") == 0
    with database_context.open_context() as context:
        assert context.desk.visited([""], FIRST_WEEK, LAST_WEEK) == [(cell, 3, 2)]
        assert context.desk.segment_counts() == {"lyon": {day: 7}}
        assert context.awaited_orders.of([REFUND.number]) == [REFUND]


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_was_copied_is_there_again_and_nothing_leaves(
    database_context: DatabaseContext, people: People, tmp_path: Path, name: str
) -> None:
    backup(database_context, tmp_path / name)
    with database_context.open_context() as context:
        head, key = context.ledger.head(), context.desk.new_key("boutique", frozenset({"read"}))[1]
        join(context, 3)
        context.rollback_detection.note()
    assert restore(database_context, tmp_path / name) == 0
    with database_context.open_context() as context:
        restored = [
            entry.event
            for batch in context.ledger.all()
            for entry in batch
            if isinstance(entry.event, LedgerRestored)
        ]
        assert [event.position for event in restored] == [head]
        assert context.installation_stream.current().paused == {0: "restored"}
        assert context.vault.find(people.address) == people.anna
        assert context.desk.find_key(key) is None
        make_ready(context, 0)
        assert context.views.compare(lambda done, total: None) == []
        assert (
            len(
                [
                    entry
                    for batch in context.ledger.all()
                    for entry in batch
                    if isinstance(entry.event, LedgerRestored)
                ]
            )
            == 1
        )
        assert len(join(context, 1)) == 1


def test_who_was_erased_or_left_since_stays_gone(
    database_context: DatabaseContext, people: People, installations: Installations, tmp_path: Path
) -> None:
    left, objected, frozen, complained, back, stays = people.streams
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert erase(context, people.anna, SHOP, context.command_handler.execute_one)[1] is not None
        withdraw(context, left)
        now = context.clock.now()
        context.command_handler.execute_one(
            CommandRequest(WithdrawEverything(now, CLICK), stream=objected)
        )
        context.command_handler.execute_one(CommandRequest(Restrict(now, SHOP, "q"), stream=frozen))
        context.command_handler.execute_one(
            CommandRequest(Suppress(now, SHOP, "complained"), stream=complained)
        )
        withdraw(context, back)
        context.clock.jump(60_000)
        context.command_handler.execute_one(
            CommandRequest(
                Resubscribe(context.clock.now(), CLICK, "conseils", "human_button", list=10),
                stream=back,
            )
        )
        context.vault.suppress({context.vault.hash("stranger@lecteurs.example"): "objected"}, now)
        hashed = context.vault.hash(people.address)
    restore(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert Everything.of(installations, context).found(*people.words) == set()
        found = context.command_handler.load([people.anna, *people.streams])
        assert found[people.anna].erased and context.vault.find(people.address) is None
        assert context.vault.suppressed([hashed]) == {hashed: "erased"}
        assert (
            found[left].grounds["conseils"].status == "withdrawn"
            and found[objected].objected
            and not found[left].memberships
        )
        assert found[frozen].restricted and found[complained].suppressed == "complained"
        assert list(found[stays].memberships) == [10]
        # Coming back is lost with the copy; not writing to somebody who wants it harms less than
        # the reverse.
        assert found[back].grounds["conseils"].status == "withdrawn"
        assert context.vault.suppressed([context.vault.hash("stranger@lecteurs.example")])
        applied = [entry for entry in context.ledger.stream(left) if entry.cause.door == "journal"]
        assert [entry.name for entry in applied] == ["consent-withdrawn", "list-left"] and applied[
            0
        ].at < applied[0].recorded_at
        assert set(send(context, [stays])) == {stays}
        context.views.catch_up()
        assert context.views.compare(lambda done, total: None) == []


def test_a_pause_since_the_copy_holds_and_one_that_was_over_by_then_does_not(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    pauses, over = people.streams[:2]

    def pause(context: AppContext, stream: str, days: int) -> int:
        context.clock.jump(60_000)
        now = context.clock.now()
        until = now + days * 86_400_000 if days else 0
        choice = SetPreferences(now, CLICK, frequency="weekly", paused_until=until)
        context.command_handler.execute_one(
            CommandRequest(replace(choice, act="human_button"), stream=stream)
        )
        return until

    with database_context.open_context() as context:
        pause(context, over, 9)
        pause(context, over, 0)
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        until = pause(context, pauses, 9)
    restore(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        found = context.command_handler.load([pauses, over])
        assert found[pauses].preferences == Preferences(paused_until=until)
        assert found[over].preferences.paused_until <= context.clock.now()
        names = [entry.name for entry in context.ledger.stream(over)]
        assert names.count("preferences-set") == 2


def test_whoever_came_back_before_the_copy_was_made_stays(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    back = people.streams[0]
    with database_context.open_context() as context:
        withdraw(context, back)
        context.clock.jump(60_000)
        context.command_handler.execute_one(
            CommandRequest(
                Resubscribe(context.clock.now(), CLICK, "conseils", "human_button", list=10),
                stream=back,
            )
        )
    backup(database_context, tmp_path / "copy")
    restore(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert list(context.command_handler.load([back])[back].memberships) == [10]


def test_who_joined_and_left_after_the_copy_is_barred_by_the_hash(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        (stream,) = join(context, 1)
        address = context.vault.people([stream])[stream].address
        withdraw(context, stream)
    restore(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        hashed = context.vault.hash(address)
        assert context.ledger.stream(stream) == [] and context.vault.suppressed([hashed]) == {
            hashed: "objected"
        }
        # Their own confirmed act brings them back, as it does anybody.
        now = context.clock.now()
        asked = context.command_handler.execute_one(
            CommandRequest(
                RequestConsent(now, Cause("form"), (10,), "r1"),
                address=address,
                vault_write=VaultWrite("", now),
            )
        )
        context.command_handler.execute_one(
            CommandRequest(
                Confirm(now, CLICK, "conseils", "r1", "human_button"),
                stream=asked.stream,
                vault_write=VaultWrite("", now, lift=True, address_hash=hashed),
            )
        )
        assert context.vault.suppressed([hashed]) == {}


def test_journals_of_other_machines_are_applied_too(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    here, there = database_context.config.data / "stop.journal", tmp_path / "other.journal"
    with database_context.open_context() as context:
        withdraw(context, people.streams[0])
        shutil.move(here, there)
        withdraw(context, people.streams[1])
    restore(database_context, tmp_path / "copy", "--journal", str(there))
    with database_context.open_context() as context:
        found = context.command_handler.load(people.streams[:2])
        assert [bool(person.memberships) for person in found.values()] == [False, False]
    assert len(set(here.read_text().splitlines())) == 2


def test_a_journal_that_is_not_there_is_found_out_before_anything_is_touched(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        join(context, 1)
        head = context.ledger.head()
    with pytest.raises(FileNotFoundError):
        restore(database_context, tmp_path / "copy", "--journal", str(tmp_path / "nowhere"))
    with database_context.open_context() as context:
        assert context.ledger.head() == head


def test_a_line_whose_commit_never_happened_says_that_somebody_asked(
    database_context: DatabaseContext, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine dies between the journal and the commit: at the next start the wish is carried
    out.
    """
    with database_context.open_context() as context:
        context.clock.jump(1000)
        with monkeypatch.context() as dying:
            dying.setattr(
                context.ledger, "append", lambda *_: (_ for _ in ()).throw(ConnectionError())
            )
            with pytest.raises(ConnectionError):
                withdraw(context, people.streams[0])
        assert context.command_handler.load(people.streams[:1])[people.streams[0]].memberships
    with database_context.open_context() as context:
        make_ready(context, 0)
        assert not context.command_handler.load(people.streams[:1])[people.streams[0]].memberships
        assert context.installation_stream.current().paused == {}
        head = context.ledger.head()
        make_ready(context, 0)
        assert context.ledger.head() == head


def test_a_database_put_back_by_other_means_has_the_journal_applied_when_it_is_recognised(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        withdraw(context, people.streams[0])
        context.rollback_detection.note()
    put_back(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert context.command_handler.load(people.streams[:1])[people.streams[0]].memberships
        make_ready(context, 0)
        assert not context.command_handler.load(people.streams[:1])[people.streams[0]].memberships
        assert context.installation_stream.current().paused == {0: "restored"}


def put_back(database_context: DatabaseContext, copy: Path) -> None:
    """Without anything that `restore` looks at before."""
    manifest = read_manifest(copy / "manifest.json")
    role, head = program_role_of(database_context.owner), (manifest.position, manifest.digest)
    programs.put_back(
        database_context.owner,
        role,
        {part: copy / part for part in programs.PARTS},
        manifest.migrations,
        head,
    )


def refused(database_context: DatabaseContext, copy: Path, *more: str) -> str:
    with pytest.raises(UserError) as said:
        restore(database_context, copy, *more)
    return str(said.value)


def test_a_running_engine_keeps_its_database(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    with database_context.open_context():
        assert "stop it first" in refused(database_context, tmp_path / "copy")


@pytest.mark.parametrize("part", ["ledger.dump", "vault.dump", "desk.dump", "manifest.json"])
def test_a_damaged_or_missing_part_is_named_and_nothing_is_touched(
    database_context: DatabaseContext, people: People, tmp_path: Path, part: str
) -> None:
    backup(database_context, tmp_path / "copy")
    path = tmp_path / "copy" / part
    octets = path.read_bytes()
    middle = len(octets) // 2
    path.write_bytes(octets[:middle] + bytes([octets[middle] ^ 0x80]) + octets[middle + 1 :])
    assert part in refused(database_context, tmp_path / "copy")
    path.unlink()
    assert part in refused(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert context.vault.find(people.address) == people.anna


def test_a_vault_that_is_kept_apart_is_named(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    shutil.move(tmp_path / "copy" / "vault.dump", tmp_path / "apart.dump")
    assert "--vault FILE" in refused(database_context, tmp_path / "copy")
    assert (
        restore(database_context, tmp_path / "copy", "--vault", str(tmp_path / "apart.dump")) == 0
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 3}, "use a newer Relance"),
        ({"program": "99.0"}, "use a newer Relance"),
        ({"migrations": ["0001_vault", "0099_unheard"]}, "0099_unheard"),
        ({"secrets": "00"}, "secrets in data/secrets are not those of this copy"),
        ({"parts": {}}, "use the Relance that made it"),
        ({"position": "x"}, "damaged"),
    ],
)
def test_what_this_program_cannot_put_back_is_refused(
    database_context: DatabaseContext, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    backup(database_context, tmp_path / "copy")
    path = tmp_path / "copy" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    if change.keys() <= {"program", "migrations", "parts"}:
        path.write_bytes(read_manifest(path).sealed(database_context.secrets.pepper).written())
    assert said in refused(database_context, tmp_path / "copy")


def test_a_file_that_is_no_copy_is_refused(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    (tmp_path / "notes.tar").write_text("just some words")
    assert "is no copy made by" in refused(database_context, tmp_path / "notes.tar")
    (tmp_path / "empty").mkdir()
    assert "is no copy made by" in refused(database_context, tmp_path / "empty")


def test_when_postgresql_fails_in_the_middle_everything_is_as_it_was(
    database_context: DatabaseContext, people: People, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "copy")
    vault = tmp_path / "copy" / "vault.dump"
    whole = gzip.decompress(vault.read_bytes())
    for broken, why in (
        (vault.read_bytes()[:300], "vault.dump is damaged"),
        (gzip.compress(whole[: len(whole) // 2]), "vault.dump"),
        (
            gzip.compress(whole.replace(b"COPY vault.person ", b"COPY ledger.events ")),
            "has no place there",
        ),
        (b"PGDMP and then nothing of the kind", "vault.dump: pg_restore: "),
        (b"words", "vault.dump is no part of a copy"),
    ):
        vault.write_bytes(broken)
        with pytest.raises(programs.CopyFailed, match=re.escape(why)):
            put_back(database_context, tmp_path / "copy")
    with database_context.open_context() as context:
        assert (
            context.vault.find(people.address) == people.anna
            and context.views.compare(lambda done, total: None) == []
        )


def test_the_guard_of_the_ledger_comes_back_with_it(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    """G22: neither the program nor the owner changes an event in what was put back."""
    backup(database_context, tmp_path / "copy")
    restore(database_context, tmp_path / "copy")
    with (
        database_context.open_context() as context,
        context.database.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE ledger.events SET topic = 'x'")
    with (
        psycopg.connect(database_context.owner) as owner,
        pytest.raises(psycopg.errors.RaiseException),
    ):
        owner.execute("DELETE FROM ledger.events")


def test_an_owner_who_is_no_superuser_can_do_it_too(
    installations: Installations, people: People, tmp_path: Path
) -> None:
    """PostgreSQL elsewhere: `[store] url` names the owner of one database. Views belong to the
    program's role.
    """
    with database_context_of(installations) as usual:
        with psycopg.connect(installations.admin, autocommit=True) as admin:
            admin.execute("CREATE ROLE gardener LOGIN CREATEROLE PASSWORD 'secateur'")
            admin.execute("CREATE DATABASE garden OWNER gardener")
        try:
            owner = make_conninfo(
                installations.admin, user="gardener", password="secateur", dbname="garden"
            )
            (usual.config.secrets / "database.password").unlink()
            database_context = replace(
                usual,
                owner=owner,
                open_context=opening_of(usual.config, owner, usual.secrets),
            )
            with database_context.open_context() as context:
                publish(context)
                people(context)
            backup(database_context, tmp_path / "copy")
            with database_context.open_context() as context:
                withdraw(context, people.streams[0])
                context.views.catch_up()
            assert restore(database_context, tmp_path / "copy") == 0
            with database_context.open_context() as context:
                assert not context.command_handler.load(people.streams[:1])[
                    people.streams[0]
                ].memberships
                assert context.views.compare(lambda done, total: None) == []
        finally:
            with psycopg.connect(installations.admin, autocommit=True) as admin:
                for statement in (
                    "DROP DATABASE garden WITH (FORCE)",
                    "DROP ROLE IF EXISTS garden_program",
                    "DROP ROLE gardener",
                ):
                    admin.execute(statement.encode())


def test_a_manifest_is_read_or_refused_whatever_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    for said in (
        "",
        "[]",
        "{}",
        "null",
        '{"format": "1"}',
        '{"format": 1}',
        '{"format": 1, "parts": []}',
        "9" * 5000,
    ):
        path.write_text(said)
        with pytest.raises(CopyRefused):
            read_manifest(path)
