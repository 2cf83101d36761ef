"""What an installation hands over from its own database, and what the verifier says of it; also
once somebody has been at the database.
"""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.proof.bundle import Head, zipped
from engine.proof.bundle_sources import Stores, head_of
from engine.proof.handover import earlier, hand_over
from engine.proof.store import SignedCheckpoint
from engine.sequence.delay import HOUR
from engine.subscriber import commands as c
from engine.subscriber.events import Cause
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite
from tests.proof.handed import bundle, judged, unpack, verified
from tests.running_installation import Installations

MakeContext = Callable[..., AppContext]
DIALOGUE = """title = "Semis"
purpose = "conseils"

[[list]]
id = 10
name = "semis"

  [[list.letter]]
  id = "welcome"
  after = "0 minutes"
  subject = "Bienvenue"
  body = "welcome.md"
"""
FILES = {"semis.toml": DIALOGUE, "welcome.md": "Bonjour, voici de quoi semer.\n"}
SAID = {"ip": "192.0.2.7", "order": "CMD-2026-0117", "words": "Je suis d'accord"}


def live(context: AppContext, address: str) -> str:
    """Somebody joins, gets a letter and leaves; their id."""
    now = context.clock.now()
    piece = evidence(bytes(range(32)), SAID | {"who": address})
    cause = Cause("form", "f1", evidence=piece.commitment.hex())
    vault_write = VaultWrite("", now, fields={"first_name": "Anna"}, evidence=(piece,))
    stream = context.command_handler.execute_one(
        CommandRequest(
            c.Subscribe(now, cause, 10, "consent", "single", own_act=True),
            address=address,
            vault_write=vault_write,
        )
    ).stream
    message = f"{stream[:8]}@potager.example"
    context.command_handler.execute_one(
        CommandRequest(c.Perform(now, Cause("engine"), "list:10", message, "s1"), stream=stream)
    )
    context.command_handler.execute_one(
        CommandRequest(c.RecordOutcome(now, Cause("relay"), message, "sent", 250), stream=stream)
    )
    context.command_handler.execute_one(
        CommandRequest(c.Withdraw(now, Cause("one-click"), "conseils", "rfc8058"), stream=stream)
    )
    return stream


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    context = make_context(FILES)
    live(context, "bruno@lecteurs.example")
    return context


def ledger(context: AppContext, target: Path, signed: SignedCheckpoint | None = None) -> Path:
    stores = Stores(context.ledger, context.vault, context.tree, context.installation_stream)
    signed = signed or context.tree.sign_now()
    target.mkdir()
    hand_over(context.database, head_of(stores, signed), context.tree.all_checkpoints(), target)
    return target


def test_a_person_s_proof_and_the_ledger_verify_and_agree(
    context: AppContext, tmp_path: Path
) -> None:
    anna = live(context, "anna@lecteurs.example")
    path = tmp_path / "anna.zip"
    path.write_bytes(zipped(bundle(context, anna)))
    whole = ledger(context, tmp_path / "ledger")
    found = verified(path, "--with", whole)
    assert found.status == 0, found.wrong
    said = "\n".join(found.said["proved"])
    assert (
        "7 facts are all here" in said
        and "each of 1 letters begun had a live ground" in said
        and "nothing else about this person" in said
    )
    found = verified(whole)
    assert found.status == 0, found.wrong
    assert "facts of each of 2 people" in "\n".join(found.said["proved"])


def test_the_bundle_holds_the_words_the_evidence_and_the_person(
    context: AppContext, tmp_path: Path
) -> None:
    files = bundle(context, live(context, "anna@lecteurs.example"))
    words = [data for name, data in files.items() if name.startswith("words/")]
    assert FILES["welcome.md"].encode() in words and DIALOGUE.encode() in words
    held = b"".join(data for name, data in files.items() if name.startswith("evidence/"))
    assert b"CMD-2026-0117" in held and b"192.0.2.7" in held
    assert (
        b"anna@lecteurs.example" in files["person.json"]
        and b'"first_name":"Anna"' in files["person.json"]
    )


def test_the_ledger_handed_over_names_nobody(context: AppContext, tmp_path: Path) -> None:
    live(context, "anna@lecteurs.example")
    whole = ledger(context, tmp_path / "ledger")
    everything = b"".join(path.read_bytes() for path in sorted(whole.rglob("*")) if path.is_file())
    for personal in (b"lecteurs", b"Anna", b"bruno", b"192.0.2.7", b"CMD-2026", b"suis d'accord"):
        assert personal not in everything


def test_the_same_checkpoint_gives_the_same_bytes_whatever_came_since(
    context: AppContext, tmp_path: Path
) -> None:
    anna = live(context, "anna@lecteurs.example")
    signed = context.tree.sign_now()
    before = zipped(bundle(context, anna, signed))
    live(context, "carla@lecteurs.example")
    context.tree.sign_now()
    assert zipped(bundle(context, anna, signed)) == before


def test_after_a_change_of_key_earlier_bundles_verify_and_later_ones_too(
    context: AppContext, tmp_path: Path
) -> None:
    anna = live(context, "anna@lecteurs.example")
    first = context.tree.sign_now()
    published = context.tree.vkey
    before = bundle(context, anna, first)
    context.tree.rotate_key()
    for n, files in enumerate((before, bundle(context, anna))):
        found = judged(unpack(files, tmp_path / f"bundle{n}"), "--vkey", published)
        assert found.status == 0, found.wrong
    assert judged(ledger(context, tmp_path / "ledger"), "--vkey", published).status == 0


def test_lists_are_what_the_views_say(context: AppContext, tmp_path: Path) -> None:
    now = context.clock.now()
    for n in range(5):
        command = c.Subscribe(now, Cause("form"), 10, "consent", "single", own_act=True)
        context.command_handler.execute_one(
            CommandRequest(
                command, address=f"lecteur{n}@lecteurs.example", vault_write=VaultWrite("", now)
            )
        )
    context.views.catch_up()
    found = judged(ledger(context, tmp_path / "ledger"), "--members", tmp_path / "members")
    assert found.said["lists"] == {
        str(number): people for number, people in context.views.standing().items()
    }
    assert len((tmp_path / "members").read_text().splitlines()) == 5


def test_somebody_erased_is_proved_by_their_id_and_named_by_nothing(
    context: AppContext, tmp_path: Path
) -> None:
    anna = live(context, "anna@lecteurs.example")
    kept = unpack(bundle(context, anna), tmp_path / "kept")
    erase = c.Erase(context.clock.now(), Cause("operator"), "q1", "asked")
    context.command_handler.execute_one(CommandRequest(erase, stream=anna))
    with context.database.transaction() as connection:
        connection.execute("DELETE FROM vault.evidence WHERE subscriber = %s", (anna,))
        connection.execute("DELETE FROM vault.person WHERE subscriber = %s", (anna,))
    after = bundle(context, anna)
    assert "person.json" not in after and not any(name.startswith("evidence/") for name in after)
    found = judged(unpack(after, tmp_path / "after"))
    assert found.status == 0 and "is not held any more" in "\n".join(found.said["not_proved"])
    assert judged(kept, "--with", ledger(context, tmp_path / "ledger")).status == 0


@contextmanager
def at_the_database(
    installations: Installations, context: AppContext
) -> Iterator[psycopg.Connection[Any]]:
    """As its owner, with the guard taken away."""
    with psycopg.connect(
        make_conninfo(installations.admin, dbname=context.config.folder.name), autocommit=True
    ) as connection:
        connection.execute("DROP TRIGGER events_are_immutable ON ledger.events")
        yield connection


OTHER = "replace(convert_from(state, 'UTF8'), 'conseils', 'offres')"
ATTACKS = {
    "changed": [
        f"UPDATE ledger.events SET state = convert_to({OTHER}, 'UTF8') WHERE topic ="
        " 'consent-withdrawn'"
    ],
    "removed, and the rest moved up": [
        "DELETE FROM ledger.events WHERE notification_id = %(place)s",
        (
            "UPDATE ledger.events SET notification_id = -notification_id WHERE notification_id >"
            " %(place)s"
        ),
        "UPDATE ledger.events SET notification_id = -notification_id - 1 WHERE notification_id < 0",
    ],
    "put into another order": [
        (
            "UPDATE ledger.events SET notification_id = -notification_id WHERE notification_id IN"
            " (%(place)s, %(place)s - 1)"
        ),
        (
            "UPDATE ledger.events SET notification_id = 2 * %(place)s - 1 + notification_id WHERE"
            " notification_id < 0"
        ),
    ],
    "inserted": [
        (
            "UPDATE ledger.events SET notification_id = -notification_id WHERE notification_id >="
            " %(place)s"
        ),
        (
            "INSERT INTO ledger.events (originator_id, originator_version, topic, state,"
            " notification_id) SELECT gen_random_uuid(), 1, topic, state, %(place)s FROM"
            " ledger.events WHERE notification_id = %(place)s - 1"
        ),
        "UPDATE ledger.events SET notification_id = 1 - notification_id WHERE notification_id < 0",
    ],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_event_changed_behind_the_application_s_back_is_caught(
    attack: str, context: AppContext, installations: Installations, tmp_path: Path
) -> None:
    """The checkpoint was signed before; what is handed over afterwards no longer leads to it."""
    live(context, "anna@lecteurs.example")
    signed = context.tree.sign_now()
    held = tmp_path / "held"
    held.write_bytes(signed.note)
    place = signed.size - 5
    with at_the_database(installations, context) as connection:
        for statement in ATTACKS[attack]:
            connection.execute(
                statement.encode(), {"place": place} if "%(place)s" in statement else None
            )
    if attack.startswith("removed"):
        # Nobody can hand over what is no longer there: the operator signs what is left, as if it
        # had been all.
        live(context, "carla@lecteurs.example")
    found = judged(ledger(context, tmp_path / "ledger", signed), "--checkpoint", held)
    assert found.status == 1
    assert found.names("checkpoint", "an entry has been changed, added, removed or moved"), (
        found.wrong
    )
    assert list(context.tree.replay())


def test_a_ledger_with_a_gap_is_not_handed_over(
    context: AppContext, installations: Installations, tmp_path: Path
) -> None:
    from engine.proof.handover import HandoverBroken

    signed = context.tree.sign_now()
    with at_the_database(installations, context) as connection:
        connection.execute("DELETE FROM ledger.events WHERE notification_id = 5")
    with pytest.raises(HandoverBroken, match="has a gap between positions"):
        ledger(context, tmp_path / "ledger", signed)


def test_what_is_written_for_the_auditor_s_hands_works_as_it_is_written(
    context: AppContext, tmp_path: Path
) -> None:
    """Every command of VERIFIER.md, run in a bundle that holds, and in one that does not."""
    files = bundle(context, live(context, "anna@lecteurs.example"))
    text = files["VERIFIER.md"].decode()
    commands = "\n".join(part.split("```")[0] for part in text.split("```bash\n")[1:])
    done = _by_hand(commands, unpack(files, tmp_path / "whole"))
    assert "NOT" not in done and "not there" not in done, done
    for said in (
        "files: as listed",
        "signed: checkpoint",
        "signed: stream.note",
        "facts: none is missing",
        "evidence: ",
    ):
        assert said in done, done
    assert done.count("in the tree: entries/") == sum(
        name.endswith(".tlog-proof") for name in files
    )
    assert done.count("words: ") == sum(name.startswith("words/") for name in files)
    entry = next(
        name
        for name in sorted(files, reverse=True)
        if name.startswith("entries/") and name.endswith(".json")
    )
    assert f"NOT in the tree: {entry}" in _by_hand(
        commands, unpack(files | {entry: files[entry] + b" "}, tmp_path / "altered")
    )


def _by_hand(commands: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", commands], cwd=folder, capture_output=True, text=True, timeout=100
    )
    return done.stdout + done.stderr


def test_the_zip_is_one_that_everybody_can_open(context: AppContext, tmp_path: Path) -> None:
    files = bundle(context, live(context, "anna@lecteurs.example"))
    (tmp_path / "a.zip").write_bytes(zipped(files))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None and archive.namelist() == sorted(files)


def test_of_the_checkpoints_of_an_hour_the_largest_is_handed_over() -> None:
    def signed(origin: str, size: int, at: int) -> SignedCheckpoint:
        return SignedCheckpoint(origin, size, bytes(32), b"%d" % size, at)

    former = [signed("a.example/x", 4, 0), signed("a.example/x", 9, HOUR - 1)]
    present = [
        signed("b.example/x", 12, HOUR - 1),
        signed("b.example/x", 20, HOUR),
        signed("b.example/x", 17, HOUR + 1),
        signed("b.example/x", 99, HOUR + 2),
    ]
    head = Head(b"", "b.example/x", 20, "", b"")
    assert set(earlier(head, [*former, *present])) == {
        "checkpoints/1-9",
        "checkpoints/2-12",
        "checkpoints/2-20",
    }
