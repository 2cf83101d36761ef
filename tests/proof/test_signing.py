"""A checkpoint is signed over the ledger as it is, and never one that contradicts an earlier one
(F07, F13).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.installation.events import STREAM, LedgerRestored, OriginBegun, SigningKeyChanged
from engine.installation.state import Installation
from engine.proof import store
from engine.proof.checkpoint import Checkpoint, check_statement, open_checkpoint, read_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import parse_note, verified
from engine.proof.signer import SigningRefused
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.store import SignedCheckpoint
from engine.proof.tree import leaf_hash, root_of, verify_consistency
from engine.secret_files import NEXT, SIGNING, SecretMissing
from engine.sequence.delay import Delay
from engine.subscriber.events import Cause
from tests.proof.growing_ledger import states, write
from tests.proof.test_growing import by_hand
from tests.running_installation import Installations

MakeContext = Callable[..., AppContext]


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    context = make_context()
    write(context, 300)
    return context


def last_file(context: AppContext) -> Path:
    return context.config.data / "proof" / "last-checkpoint"


def facts(context: AppContext, kind: type) -> list[object]:
    return [entry.event for entry in context.ledger.stream(STREAM) if isinstance(entry.event, kind)]


def test_a_checkpoint_is_signed_over_the_exact_bytes_and_kept_in_both_places(
    context: AppContext,
) -> None:
    signed = context.tree.sign_now()
    assert signed.size == context.ledger.head() == 301
    assert signed.root == root_of(map(leaf_hash, states(context)))
    assert open_checkpoint(signed.note, [read_vkey(context.tree.vkey)]) == Checkpoint(
        context.tree.origin, 301, signed.root
    )
    assert last_file(context).read_bytes() == signed.note
    assert last_file(context).stat().st_mode & 0o777 == 0o600
    assert context.tree.latest() == signed
    assert context.tree.all_checkpoints() == [signed]


def test_the_first_one_begins_an_origin_named_after_the_site_and_a_random_number(
    context: AppContext,
) -> None:
    signed = context.tree.sign_now()
    host, room, end = signed.origin.split("/")
    assert (host, room, len(end)) == ("lettres.potager.example", "relance", 16)
    (begun,) = facts(context, OriginBegun)
    assert isinstance(begun, OriginBegun)
    assert (begun.origin, begun.vkey, begun.previous, begun.size, begun.root) == (
        signed.origin,
        context.tree.vkey,
        "",
        0,
        "",
    )


def test_where_nothing_has_come_the_last_one_is_given_again(context: AppContext) -> None:
    assert context.tree.sign_now() == context.tree.sign_now()
    assert len(context.tree.all_checkpoints()) == 1


def test_each_continues_the_one_before(context: AppContext) -> None:
    signed = [context.tree.sign_now()]
    for count in (1, 255, 256, 17):
        write(context, count)
        signed.append(context.tree.sign_now())
        before, now = signed[-2:]
        verify_consistency(
            before.size,
            now.size,
            context.tree.consistency(before.size, now.size),
            before.root,
            now.root,
        )
    assert context.tree.all_checkpoints() == signed


def test_an_empty_ledger_is_not_signed(make_context: MakeContext) -> None:
    context = make_context()
    with pytest.raises(SigningRefused, match="empty"):
        context.tree.sign_now()
    assert context.tree.sign_when_due(Delay()) is None
    assert context.tree.trouble == ""


def test_many_at_once_sign_one_history(context: AppContext) -> None:
    found: list[SignedCheckpoint] = []

    def sign() -> None:
        for _ in range(3):
            write(context, 3)
            found.append(context.tree.sign_now())

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({each.origin for each in found}) == 1
    bytes_of = list(map(leaf_hash, states(context)))
    assert {each.size: each.root for each in found} == {
        each.size: root_of(bytes_of[: each.size]) for each in found
    }
    assert sorted({each.size for each in found}) == sorted(
        each.size for each in context.tree.all_checkpoints()
    )


def test_a_ledger_that_has_lost_the_very_beginning_of_its_origin_is_not_signed(
    installations: Installations, context: AppContext
) -> None:
    before = context.tree.sign_now()
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id > 299")
    as_a_new_process(context)
    context.tree.anew()
    with pytest.raises(SigningRefused, match="of which the ledger knows nothing"):
        context.tree.sign_now()
    assert last_file(context).read_bytes() == before.note
    assert facts(context, OriginBegun) == []


def as_a_new_process(context: AppContext) -> None:
    """What was folded before somebody was at the ledger is forgotten."""
    context.installation_stream._state = Installation()


def seed(context: AppContext) -> bytes:
    return bytes.fromhex((context.config.secrets / SIGNING).read_text())


def test_a_ledger_that_is_shorter_than_what_was_signed_is_not_signed(
    installations: Installations, context: AppContext
) -> None:
    context.tree.sign_now()
    write(context, 20)
    context.tree.sign_now()
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id > 310")
    context.tree.anew()
    with pytest.raises(
        SigningRefused,
        match=(
            r"the ledger has 310 entries, and a checkpoint of 321 was signed.*relance audit"
            r" restored.*others hold"
        ),
    ):
        context.tree.sign_now()
    assert len(context.tree.all_checkpoints()) == 2


@pytest.mark.parametrize("forget", ["", "DELETE FROM proof.checkpoint"])
def test_a_ledger_whose_signed_entries_have_changed_is_not_signed(
    installations: Installations, context: AppContext, forget: str
) -> None:
    context.tree.sign_now()
    by_hand(
        installations,
        context,
        f"UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 7; {forget}",
    )
    context.tree.anew()
    write(context, 5)
    with pytest.raises(
        SigningRefused, match=r"the first 301 entries are no longer those.*relance audit replay"
    ):
        context.tree.sign_now()


def test_the_database_still_knows_what_a_machine_has_forgotten(
    installations: Installations, context: AppContext
) -> None:
    context.tree.sign_now()
    last_file(context).unlink()
    by_hand(
        installations,
        context,
        "UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 7",
    )
    context.tree.anew()
    with pytest.raises(SigningRefused, match="no longer those"):
        context.tree.sign_now()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAAA\n", b"x" * 2_000_000]
)
def test_a_last_checkpoint_that_cannot_be_read_is_said_and_not_passed_over(
    context: AppContext, content: bytes
) -> None:
    context.tree.sign_now()
    last_file(context).write_bytes(content)
    write(context, 1)
    with pytest.raises(
        SigningRefused, match=r"last-checkpoint cannot be read.*put your saved copy back"
    ):
        context.tree.sign_now()


def test_a_last_checkpoint_that_somebody_else_has_signed_is_not_believed(
    context: AppContext,
) -> None:
    signed = context.tree.sign_now()
    other = NoteSigner(signed.origin, b"o" * 32)
    last_file(context).write_bytes(other.sign(parse_note(signed.note).text))
    write(context, 1)
    with pytest.raises(SigningRefused, match="none of the keys"):
        context.tree.sign_now()


def test_what_was_signed_and_not_yet_recorded_is_recorded_with_the_next(
    context: AppContext,
) -> None:
    """As after a crash between file and database."""
    context.tree.sign_now()
    write(context, 9)
    size, origin = context.tree.grow(), context.tree.origin
    note = NoteSigner(origin, seed(context)).sign(
        str(Checkpoint(origin, size, context.tree.root_at(size)))
    )
    last_file(context).write_bytes(note)
    write(context, 9)
    context.tree.sign_now()
    assert [each.size for each in context.tree.all_checkpoints()] == [301, 310, 319] or sorted(
        each.size for each in context.tree.all_checkpoints()
    ) == [301, 310, 319]
    assert note in [each.note for each in context.tree.all_checkpoints()]


def test_another_key_than_the_one_the_ledger_names_does_not_sign(context: AppContext) -> None:
    context.tree.sign_now()
    (context.config.secrets / SIGNING).write_text((b"x" * 32).hex())
    write(context, 1)
    with pytest.raises(SigningRefused, match=r"proof\.key is not the one the ledger names"):
        context.tree.sign_now()


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_key_that_is_none_is_said(context: AppContext, content: str) -> None:
    (context.config.secrets / SIGNING).write_text(content)
    with pytest.raises(SecretMissing, match=r"proof\.key"):
        context.tree.sign_now()
    assert context.tree.sign_when_due(Delay()) is None
    assert "proof.key" in context.tree.trouble


def test_after_a_ledger_was_put_back_a_new_origin_names_the_last_checkpoint(
    context: AppContext,
) -> None:
    first = context.tree.sign_now()
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [LedgerRestored(now, 200)], Cause("engine"), now
    )
    assert context.tree.latest() is None and context.tree.origin == ""
    second = context.tree.sign_now()
    assert second.origin != first.origin
    begun = facts(context, OriginBegun)[-1]
    assert isinstance(begun, OriginBegun)
    assert (begun.previous, begun.size, begun.root) == (first.origin, first.size, first.root.hex())
    assert context.tree.sign_now() == second
    assert [each.origin for each in context.tree.all_checkpoints()] == [first.origin, second.origin]


def test_a_checkpoint_that_only_the_file_remembers_is_named_and_given_back_to_the_database(
    installations: Installations, context: AppContext
) -> None:
    """As when the database is put back from a copy that is older than the origin."""
    first = context.tree.sign_now()
    by_hand(
        installations,
        context,
        "DELETE FROM ledger.events WHERE notification_id > 250; DELETE FROM proof.checkpoint",
    )
    as_a_new_process(context)
    context.tree.anew()
    assert context.tree.lost() == 301
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [LedgerRestored(now, 250)], Cause("engine"), now
    )
    second = context.tree.sign_now()
    (begun,) = facts(context, OriginBegun)
    assert isinstance(begun, OriginBegun)
    assert (begun.previous, begun.size, begun.root) == (first.origin, 301, first.root.hex())
    assert [each.note for each in context.tree.all_checkpoints()] == [first.note, second.note]
    assert context.tree.lost() is None


def test_a_new_key_is_named_by_the_former_and_signs_in_the_same_name(context: AppContext) -> None:
    before, old_vkey = context.tree.sign_now(), context.tree.vkey
    after = context.tree.rotate_key()
    assert context.tree.vkey != old_vkey
    assert after.origin == before.origin
    assert open_checkpoint(after.note, [read_vkey(context.tree.vkey)]).size == context.ledger.head()
    (changed,) = facts(context, SigningKeyChanged)
    assert isinstance(changed, SigningKeyChanged)
    check_statement(parse_note(changed.note.encode()).text, context.tree.origin)
    note = parse_note(changed.note.encode())
    assert verified(note, [read_vkey(old_vkey)])
    assert note.text == f"{before.origin}\nnext key\n{context.tree.vkey}\n"
    # What was signed before is still believed by the former key, and by it alone.
    assert open_checkpoint(before.note, [read_vkey(old_vkey)]).size == before.size
    with pytest.raises(ProofRefused):
        open_checkpoint(after.note, [read_vkey(old_vkey)])
    assert not (context.config.secrets / NEXT).exists()
    assert (context.config.secrets / SIGNING).stat().st_mode & 0o777 == 0o600


def test_a_key_that_comes_from_the_environment_is_not_changed_behind_its_back(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_PROOF_KEY", (b"e" * 32).hex())
    with pytest.raises(SecretMissing, match="comes from the environment"):
        context.tree.rotate_key()
    assert facts(context, SigningKeyChanged) == []


def test_a_note_of_another_kind_is_signed_but_no_checkpoint_in_passing(context: AppContext) -> None:
    signed = context.tree.sign_now()
    note = parse_note(context.tree.sign(f"{signed.origin}\nstream x\nversions 3\n"))
    assert verified(note, [read_vkey(context.tree.vkey)])
    with pytest.raises(ProofRefused, match="a statement begins"):
        context.tree.sign(str(Checkpoint(signed.origin, 5, bytes(32))))


def test_one_is_signed_when_it_is_due_by_the_wall_clock_and_something_has_come(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = context.tree.sign_when_due(Delay(minutes=60))
    assert first is not None
    write(context, 1)
    assert context.tree.sign_when_due(Delay(minutes=60)) is None
    wall = context.tree._wall
    monkeypatch.setattr(context.tree, "_wall", lambda: wall() + 3_600_000)
    assert context.tree.sign_when_due(Delay(minutes=60)) is not None
    assert context.tree.sign_when_due(Delay()) is None


def test_why_nothing_is_signed_is_kept_until_it_is_signed(context: AppContext) -> None:
    kept = (context.config.secrets / SIGNING).read_text()
    context.tree.sign_now()
    write(context, 1)
    (context.config.secrets / SIGNING).write_text((b"x" * 32).hex())
    assert context.tree.sign_when_due(Delay()) is None
    assert "proof.key is not the one" in context.tree.trouble
    (context.config.secrets / SIGNING).write_text(kept)
    assert context.tree.sign_when_due(Delay()) is not None
    assert context.tree.trouble == ""


def test_a_disk_that_takes_no_file_stops_the_signature_before_anybody_sees_it(
    context: AppContext,
) -> None:
    context.tree.sign_now()
    write(context, 1)
    last_file(context).unlink()
    last_file(context).parent.rmdir()
    last_file(context).parent.write_text("in the way")
    with pytest.raises((OSError, SigningRefused)):
        context.tree.sign_now()
    assert len(context.tree.all_checkpoints()) == 1


def test_a_row_that_says_something_else_than_what_is_signed_is_not_added_twice(
    context: AppContext,
) -> None:
    signed = context.tree.sign_now()
    with context.database.transaction() as connection, connection.cursor() as cursor:
        assert not store.add(cursor, replace(signed, root=bytes(32)))
    assert read_checkpoint(context.tree.all_checkpoints()[0].note).root == signed.root
