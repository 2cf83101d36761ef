"""A copy put back: whole or not at all, paused, and nobody who left or was erased since is in it
any more (E04).
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.app import furnished
from engine.backup.manifest import CopyRefused, read_manifest
from engine.commands.command_handler import Wish
from engine.context import House, Premises
from engine.i18n.refusal import Refusal
from engine.installation.events import LedgerRestored
from engine.privacy.erasure import erase
from engine.runtime.startup import make_ready
from engine.store import copying as programs
from engine.store.database import program_role_of
from engine.subscriber.commands import (
    Confirm,
    RequestConsent,
    Restrict,
    Resubscribe,
    Suppress,
    Withdraw,
)
from engine.subscriber.events import Cause
from engine.vault.vault import Keep
from tests.backup.premises import backup, premises_of, restore
from tests.cli.asking import join, send, withdraw
from tests.installation import Installations, publish
from tests.privacy.garden import Anna, Everything

pytestmark = pytest.mark.timeout(240)
SHOP, CLICK = Cause("operator", "o1"), Cause("click")


class People:
    def __init__(self) -> None:
        self.streams: list[str] = []
        self.anna: str = ""
        self.address = ""

    def __call__(self, house: House) -> None:
        anna = Anna(house).joins()
        anna.changes()
        self.anna, self.address, self.words = anna.stream, anna.address, anna.words
        self.streams = join(house, 6)
        house.views.catch_up()


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def premises(installations: Installations, people: People) -> Iterator[Premises]:
    with premises_of(installations, people) as found:
        yield found


def test_a_copy_holds_everything_and_no_secret(
    premises: Premises, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "copy"
    assert backup(premises, target) == 0
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
    secrets = premises.secrets
    for secret in (secrets.pepper, secrets.link_key, secrets.nonce_key):
        assert secret not in octets and secret.hex().encode() not in octets
    plain = gzip.decompress(target.joinpath("ledger.dump").read_bytes())
    assert not [word for word in people.words if word.encode() in plain]
    assert b"subscriber-registered" in plain
    with pytest.raises(Refusal, match="is there already"):
        backup(premises, target)


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_was_copied_is_there_again_and_nothing_leaves(
    premises: Premises, people: People, tmp_path: Path, name: str
) -> None:
    backup(premises, tmp_path / name)
    with premises.furnish() as house:
        head, key = house.ledger.head(), house.desk.new_key("boutique", frozenset({"read"}))[1]
        join(house, 3)
        house.memory.note()
    assert restore(premises, tmp_path / name) == 0
    with premises.furnish() as house:
        restored = [
            entry.event
            for batch in house.ledger.all()
            for entry in batch
            if isinstance(entry.event, LedgerRestored)
        ]
        assert [event.position for event in restored] == [head]
        assert house.publications.current().paused == {0: "restored"}
        assert house.vault.find(people.address) == people.anna
        assert house.desk.find_key(key) is None
        make_ready(house, 0)
        assert house.views.compare(lambda done, total: None) == []
        assert (
            len(
                [
                    entry
                    for batch in house.ledger.all()
                    for entry in batch
                    if isinstance(entry.event, LedgerRestored)
                ]
            )
            == 1
        )
        assert len(join(house, 1)) == 1


def test_who_was_erased_or_left_since_stays_gone(
    premises: Premises, people: People, installations: Installations, tmp_path: Path
) -> None:
    left, objected, frozen, complained, back, stays = people.streams
    backup(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert erase(house, people.anna, SHOP, house.decisions.one)[1] is not None
        withdraw(house, left)
        now = house.clock.now()
        house.decisions.one(Wish(Withdraw(now, CLICK, "*"), stream=objected))
        house.decisions.one(Wish(Restrict(now, SHOP, "q"), stream=frozen))
        house.decisions.one(Wish(Suppress(now, SHOP, "complained"), stream=complained))
        withdraw(house, back)
        house.clock.jump(60_000)
        house.decisions.one(
            Wish(Resubscribe(house.clock.now(), CLICK, "conseils", list=10), stream=back)
        )
        house.vault.suppress({house.vault.hash("stranger@lecteurs.example"): "objected"}, now)
        hashed = house.vault.hash(people.address)
    restore(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert Everything.of(installations, house).found(*people.words) == set()
        found = house.decisions.load([people.anna, *people.streams])
        assert found[people.anna].erased and house.vault.find(people.address) is None
        assert house.vault.suppressed([hashed]) == {hashed: "erased"}
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
        assert house.vault.suppressed([house.vault.hash("stranger@lecteurs.example")])
        applied = [entry for entry in house.ledger.stream(left) if entry.cause.door == "journal"]
        assert [entry.name for entry in applied] == ["consent-withdrawn", "list-left"] and applied[
            0
        ].at < applied[0].recorded_at
        assert set(send(house, [stays])) == {stays}
        house.views.catch_up()
        assert house.views.compare(lambda done, total: None) == []


def test_whoever_came_back_before_the_copy_was_made_stays(
    premises: Premises, people: People, tmp_path: Path
) -> None:
    back = people.streams[0]
    with premises.furnish() as house:
        withdraw(house, back)
        house.clock.jump(60_000)
        house.decisions.one(
            Wish(Resubscribe(house.clock.now(), CLICK, "conseils", list=10), stream=back)
        )
    backup(premises, tmp_path / "copy")
    restore(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert list(house.decisions.load([back])[back].memberships) == [10]


def test_who_joined_and_left_after_the_copy_is_barred_by_the_hash(
    premises: Premises, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
    with premises.furnish() as house:
        (stream,) = join(house, 1)
        address = house.vault.people([stream])[stream].address
        withdraw(house, stream)
    restore(premises, tmp_path / "copy")
    with premises.furnish() as house:
        hashed = house.vault.hash(address)
        assert house.ledger.stream(stream) == [] and house.vault.suppressed([hashed]) == {
            hashed: "objected"
        }
        # Their own confirmed act brings them back, as it does anybody.
        now = house.clock.now()
        asked = house.decisions.one(
            Wish(
                RequestConsent(now, Cause("form"), (10,), "r1"), address=address, keep=Keep("", now)
            )
        )
        house.decisions.one(
            Wish(
                Confirm(now, CLICK, "conseils", "r1"),
                stream=asked.stream,
                keep=Keep("", now, lift=True, address_hash=hashed),
            )
        )
        assert house.vault.suppressed([hashed]) == {}


def test_journals_of_other_machines_are_applied_too(
    premises: Premises, people: People, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
    here, there = premises.config.data / "stop.journal", tmp_path / "other.journal"
    with premises.furnish() as house:
        withdraw(house, people.streams[0])
        shutil.move(here, there)
        withdraw(house, people.streams[1])
    restore(premises, tmp_path / "copy", "--journal", str(there))
    with premises.furnish() as house:
        found = house.decisions.load(people.streams[:2])
        assert [bool(person.memberships) for person in found.values()] == [False, False]
    assert len(set(here.read_text().splitlines())) == 2


def test_a_journal_that_is_not_there_is_found_out_before_anything_is_touched(
    premises: Premises, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
    with premises.furnish() as house:
        join(house, 1)
        head = house.ledger.head()
    with pytest.raises(FileNotFoundError):
        restore(premises, tmp_path / "copy", "--journal", str(tmp_path / "nowhere"))
    with premises.furnish() as house:
        assert house.ledger.head() == head


def test_a_line_whose_commit_never_happened_says_that_somebody_asked(
    premises: Premises, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine dies between the journal and the commit: at the next start the wish is carried
    out.
    """
    with premises.furnish() as house:
        house.clock.jump(1000)
        with monkeypatch.context() as dying:
            dying.setattr(
                house.ledger, "append", lambda *_: (_ for _ in ()).throw(ConnectionError())
            )
            with pytest.raises(ConnectionError):
                withdraw(house, people.streams[0])
        assert house.decisions.load(people.streams[:1])[people.streams[0]].memberships
    with premises.furnish() as house:
        make_ready(house, 0)
        assert not house.decisions.load(people.streams[:1])[people.streams[0]].memberships
        assert house.publications.current().paused == {}
        head = house.ledger.head()
        make_ready(house, 0)
        assert house.ledger.head() == head


def test_a_database_put_back_by_other_means_has_the_journal_applied_when_it_is_recognised(
    premises: Premises, people: People, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
    with premises.furnish() as house:
        withdraw(house, people.streams[0])
        house.memory.note()
    put_back(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert house.decisions.load(people.streams[:1])[people.streams[0]].memberships
        make_ready(house, 0)
        assert not house.decisions.load(people.streams[:1])[people.streams[0]].memberships
        assert house.publications.current().paused == {0: "restored"}


def put_back(premises: Premises, copy: Path) -> None:
    """Without anything that `restore` looks at before."""
    manifest = read_manifest(copy / "manifest.json")
    role, head = program_role_of(premises.owner), (manifest.position, manifest.digest)
    programs.put_back(
        premises.owner,
        role,
        {part: copy / part for part in programs.PARTS},
        manifest.migrations,
        head,
    )


def refused(premises: Premises, copy: Path, *more: str) -> str:
    with pytest.raises(Refusal) as said:
        restore(premises, copy, *more)
    return str(said.value)


def test_a_running_engine_keeps_its_database(premises: Premises, tmp_path: Path) -> None:
    backup(premises, tmp_path / "copy")
    with premises.furnish():
        assert "stop it first" in refused(premises, tmp_path / "copy")


@pytest.mark.parametrize("part", ["ledger.dump", "vault.dump", "desk.dump", "manifest.json"])
def test_a_damaged_or_missing_part_is_named_and_nothing_is_touched(
    premises: Premises, people: People, tmp_path: Path, part: str
) -> None:
    backup(premises, tmp_path / "copy")
    path = tmp_path / "copy" / part
    octets = path.read_bytes()
    middle = len(octets) // 2
    path.write_bytes(octets[:middle] + bytes([octets[middle] ^ 0x80]) + octets[middle + 1 :])
    assert part in refused(premises, tmp_path / "copy")
    path.unlink()
    assert part in refused(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert house.vault.find(people.address) == people.anna


def test_a_vault_that_is_kept_apart_is_named(
    premises: Premises, people: People, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
    shutil.move(tmp_path / "copy" / "vault.dump", tmp_path / "apart.dump")
    assert "--vault FILE" in refused(premises, tmp_path / "copy")
    assert restore(premises, tmp_path / "copy", "--vault", str(tmp_path / "apart.dump")) == 0


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
    premises: Premises, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    backup(premises, tmp_path / "copy")
    path = tmp_path / "copy" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    if change.keys() <= {"program", "migrations", "parts"}:
        path.write_bytes(read_manifest(path).sealed(premises.secrets.pepper).written())
    assert said in refused(premises, tmp_path / "copy")


def test_a_file_that_is_no_copy_is_refused(premises: Premises, tmp_path: Path) -> None:
    (tmp_path / "notes.tar").write_text("just some words")
    assert "is no copy made by" in refused(premises, tmp_path / "notes.tar")
    (tmp_path / "empty").mkdir()
    assert "is no copy made by" in refused(premises, tmp_path / "empty")


def test_when_postgresql_fails_in_the_middle_everything_is_as_it_was(
    premises: Premises, people: People, tmp_path: Path
) -> None:
    backup(premises, tmp_path / "copy")
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
            put_back(premises, tmp_path / "copy")
    with premises.furnish() as house:
        assert (
            house.vault.find(people.address) == people.anna
            and house.views.compare(lambda done, total: None) == []
        )


def test_the_guard_of_the_ledger_comes_back_with_it(premises: Premises, tmp_path: Path) -> None:
    """G22: neither the program nor the owner changes an event in what was put back."""
    backup(premises, tmp_path / "copy")
    restore(premises, tmp_path / "copy")
    with (
        premises.furnish() as house,
        house.database.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE ledger.events SET topic = 'x'")
    with psycopg.connect(premises.owner) as owner, pytest.raises(psycopg.errors.RaiseException):
        owner.execute("DELETE FROM ledger.events")


def test_an_owner_who_is_no_superuser_can_do_it_too(
    installations: Installations, people: People, tmp_path: Path
) -> None:
    """PostgreSQL elsewhere: `[store] url` names the owner of one database. Views belong to the
    program's role.
    """
    with premises_of(installations) as usual:
        with psycopg.connect(installations.admin, autocommit=True) as admin:
            admin.execute("CREATE ROLE gardener LOGIN CREATEROLE PASSWORD 'secateur'")
            admin.execute("CREATE DATABASE garden OWNER gardener")
        try:
            owner = make_conninfo(
                installations.admin, user="gardener", password="secateur", dbname="garden"
            )
            (usual.config.secrets / "database.password").unlink()
            premises = replace(
                usual, owner=owner, furnish=lambda: furnished(usual.config, owner, usual.secrets)
            )
            with premises.furnish() as house:
                publish(house)
                people(house)
            backup(premises, tmp_path / "copy")
            with premises.furnish() as house:
                withdraw(house, people.streams[0])
                house.views.catch_up()
            assert restore(premises, tmp_path / "copy") == 0
            with premises.furnish() as house:
                assert not house.decisions.load(people.streams[:1])[people.streams[0]].memberships
                assert house.views.compare(lambda done, total: None) == []
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
