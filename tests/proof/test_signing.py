"""A checkpoint is signed over the ledger as it is, and never one that contradicts an earlier one
(F07, F13).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.context import House
from engine.installation.events import STREAM, LedgerRestored, OriginBegun, SigningKeyChanged
from engine.installation.state import Installation
from engine.proof import store
from engine.proof.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import parse_note, verified
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.signing_refused import SigningRefused
from engine.proof.store import SignedCheckpoint
from engine.proof.tree import leaf_hash, root_of, verify_consistency
from engine.secret_files import NEXT, SIGNING, SecretMissing
from engine.sequence.delay import Delay
from engine.subscriber.events import Cause
from tests.installation import Installations
from tests.proof.growing_ledger import states, write
from tests.proof.test_growing import by_hand

MakeHouse = Callable[..., House]


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    house = make_house()
    write(house, 300)
    return house


def last_file(house: House) -> Path:
    return house.config.data / "proof" / "last-checkpoint"


def facts(house: House, kind: type) -> list[object]:
    return [entry.event for entry in house.ledger.stream(STREAM) if isinstance(entry.event, kind)]


def test_a_checkpoint_is_signed_over_the_exact_bytes_and_kept_in_both_places(house: House) -> None:
    signed = house.tree.sign_now()
    assert signed.size == house.ledger.head() == 301
    assert signed.root == root_of(map(leaf_hash, states(house)))
    assert open_checkpoint(signed.note, [read_vkey(house.tree.vkey)]) == Checkpoint(
        house.tree.origin, 301, signed.root
    )
    assert last_file(house).read_bytes() == signed.note
    assert last_file(house).stat().st_mode & 0o777 == 0o600
    assert house.tree.latest() == signed
    assert house.tree.all_checkpoints() == [signed]


def test_the_first_one_begins_an_origin_named_after_the_site_and_a_random_number(
    house: House,
) -> None:
    signed = house.tree.sign_now()
    host, room, end = signed.origin.split("/")
    assert (host, room, len(end)) == ("lettres.potager.example", "relance", 16)
    (begun,) = facts(house, OriginBegun)
    assert isinstance(begun, OriginBegun)
    assert (begun.origin, begun.vkey, begun.previous, begun.size, begun.root) == (
        signed.origin,
        house.tree.vkey,
        "",
        0,
        "",
    )


def test_where_nothing_has_come_the_last_one_is_given_again(house: House) -> None:
    assert house.tree.sign_now() == house.tree.sign_now()
    assert len(house.tree.all_checkpoints()) == 1


def test_each_continues_the_one_before(house: House) -> None:
    signed = [house.tree.sign_now()]
    for count in (1, 255, 256, 17):
        write(house, count)
        signed.append(house.tree.sign_now())
        before, now = signed[-2:]
        verify_consistency(
            before.size,
            now.size,
            house.tree.consistency(before.size, now.size),
            before.root,
            now.root,
        )
    assert house.tree.all_checkpoints() == signed


def test_an_empty_ledger_is_not_signed(make_house: MakeHouse) -> None:
    house = make_house()
    with pytest.raises(SigningRefused, match="empty"):
        house.tree.sign_now()
    assert house.tree.sign_when_due(Delay()) is None
    assert house.tree.trouble == ""


def test_many_at_once_sign_one_history(house: House) -> None:
    found: list[SignedCheckpoint] = []

    def sign() -> None:
        for _ in range(3):
            write(house, 3)
            found.append(house.tree.sign_now())

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({each.origin for each in found}) == 1
    bytes_of = list(map(leaf_hash, states(house)))
    assert {each.size: each.root for each in found} == {
        each.size: root_of(bytes_of[: each.size]) for each in found
    }
    assert sorted({each.size for each in found}) == sorted(
        each.size for each in house.tree.all_checkpoints()
    )


def test_a_ledger_that_has_lost_the_very_beginning_of_its_origin_is_not_signed(
    installations: Installations, house: House
) -> None:
    before = house.tree.sign_now()
    by_hand(installations, house, "DELETE FROM ledger.events WHERE notification_id > 299")
    as_a_new_process(house)
    house.tree.anew()
    with pytest.raises(SigningRefused, match="of which the ledger knows nothing"):
        house.tree.sign_now()
    assert last_file(house).read_bytes() == before.note
    assert facts(house, OriginBegun) == []


def as_a_new_process(house: House) -> None:
    """What was folded before somebody was at the ledger is forgotten."""
    house.publications._state = Installation()


def seed(house: House) -> bytes:
    return bytes.fromhex((house.config.secrets / SIGNING).read_text())


def test_a_ledger_that_is_shorter_than_what_was_signed_is_not_signed(
    installations: Installations, house: House
) -> None:
    house.tree.sign_now()
    write(house, 20)
    house.tree.sign_now()
    by_hand(installations, house, "DELETE FROM ledger.events WHERE notification_id > 310")
    house.tree.anew()
    with pytest.raises(
        SigningRefused,
        match=(
            r"the ledger has 310 entries, and a checkpoint of 321 was signed.*relance audit"
            r" restored.*others hold"
        ),
    ):
        house.tree.sign_now()
    assert len(house.tree.all_checkpoints()) == 2


@pytest.mark.parametrize("forget", ["", "DELETE FROM proof.checkpoint"])
def test_a_ledger_whose_signed_entries_have_changed_is_not_signed(
    installations: Installations, house: House, forget: str
) -> None:
    house.tree.sign_now()
    by_hand(
        installations,
        house,
        f"UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 7; {forget}",
    )
    house.tree.anew()
    write(house, 5)
    with pytest.raises(
        SigningRefused, match=r"the first 301 entries are no longer those.*relance audit replay"
    ):
        house.tree.sign_now()


def test_the_database_still_knows_what_a_machine_has_forgotten(
    installations: Installations, house: House
) -> None:
    house.tree.sign_now()
    last_file(house).unlink()
    by_hand(
        installations,
        house,
        "UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 7",
    )
    house.tree.anew()
    with pytest.raises(SigningRefused, match="no longer those"):
        house.tree.sign_now()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAAA\n", b"x" * 2_000_000]
)
def test_a_last_checkpoint_that_cannot_be_read_is_said_and_not_passed_over(
    house: House, content: bytes
) -> None:
    house.tree.sign_now()
    last_file(house).write_bytes(content)
    write(house, 1)
    with pytest.raises(
        SigningRefused, match=r"last-checkpoint cannot be read.*put your saved copy back"
    ):
        house.tree.sign_now()


def test_a_last_checkpoint_that_somebody_else_has_signed_is_not_believed(house: House) -> None:
    signed = house.tree.sign_now()
    other = NoteSigner(signed.origin, b"o" * 32)
    last_file(house).write_bytes(other.sign(parse_note(signed.note).text))
    write(house, 1)
    with pytest.raises(SigningRefused, match="none of the keys"):
        house.tree.sign_now()


def test_what_was_signed_and_not_yet_recorded_is_recorded_with_the_next(house: House) -> None:
    """As after a crash between file and database."""
    house.tree.sign_now()
    write(house, 9)
    size, origin = house.tree.grow(), house.tree.origin
    note = NoteSigner(origin, seed(house)).sign(
        str(Checkpoint(origin, size, house.tree.root_at(size)))
    )
    last_file(house).write_bytes(note)
    write(house, 9)
    house.tree.sign_now()
    assert [each.size for each in house.tree.all_checkpoints()] == [301, 310, 319] or sorted(
        each.size for each in house.tree.all_checkpoints()
    ) == [301, 310, 319]
    assert note in [each.note for each in house.tree.all_checkpoints()]


def test_another_key_than_the_one_the_ledger_names_does_not_sign(house: House) -> None:
    house.tree.sign_now()
    (house.config.secrets / SIGNING).write_text((b"x" * 32).hex())
    write(house, 1)
    with pytest.raises(SigningRefused, match=r"proof\.key is not the one the ledger names"):
        house.tree.sign_now()


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_key_that_is_none_is_said(house: House, content: str) -> None:
    (house.config.secrets / SIGNING).write_text(content)
    with pytest.raises(SecretMissing, match=r"proof\.key"):
        house.tree.sign_now()
    assert house.tree.sign_when_due(Delay()) is None
    assert "proof.key" in house.tree.trouble


def test_after_a_ledger_was_put_back_a_new_origin_names_the_last_checkpoint(house: House) -> None:
    first = house.tree.sign_now()
    now = house.clock.now()
    house.publications.execute(lambda state: [LedgerRestored(now, 200)], Cause("engine"), now)
    assert house.tree.latest() is None and house.tree.origin == ""
    second = house.tree.sign_now()
    assert second.origin != first.origin
    begun = facts(house, OriginBegun)[-1]
    assert isinstance(begun, OriginBegun)
    assert (begun.previous, begun.size, begun.root) == (first.origin, first.size, first.root.hex())
    assert house.tree.sign_now() == second
    assert [each.origin for each in house.tree.all_checkpoints()] == [first.origin, second.origin]


def test_a_checkpoint_that_only_the_file_remembers_is_named_and_given_back_to_the_database(
    installations: Installations, house: House
) -> None:
    """As when the database is put back from a copy that is older than the origin."""
    first = house.tree.sign_now()
    by_hand(
        installations,
        house,
        "DELETE FROM ledger.events WHERE notification_id > 250; DELETE FROM proof.checkpoint",
    )
    as_a_new_process(house)
    house.tree.anew()
    assert house.tree.lost() == 301
    now = house.clock.now()
    house.publications.execute(lambda state: [LedgerRestored(now, 250)], Cause("engine"), now)
    second = house.tree.sign_now()
    (begun,) = facts(house, OriginBegun)
    assert isinstance(begun, OriginBegun)
    assert (begun.previous, begun.size, begun.root) == (first.origin, 301, first.root.hex())
    assert [each.note for each in house.tree.all_checkpoints()] == [first.note, second.note]
    assert house.tree.lost() is None


def test_a_new_key_is_named_by_the_former_and_signs_in_the_same_name(house: House) -> None:
    before, old_vkey = house.tree.sign_now(), house.tree.vkey
    after = house.tree.rotate_key()
    assert house.tree.vkey != old_vkey
    assert after.origin == before.origin
    assert open_checkpoint(after.note, [read_vkey(house.tree.vkey)]).size == house.ledger.head()
    (changed,) = facts(house, SigningKeyChanged)
    assert isinstance(changed, SigningKeyChanged)
    note = parse_note(changed.note.encode())
    assert verified(note, [read_vkey(old_vkey)])
    assert note.text == f"{before.origin}\nnext key\n{house.tree.vkey}\n"
    # What was signed before is still believed by the former key, and by it alone.
    assert open_checkpoint(before.note, [read_vkey(old_vkey)]).size == before.size
    with pytest.raises(ProofRefused):
        open_checkpoint(after.note, [read_vkey(old_vkey)])
    assert not (house.config.secrets / NEXT).exists()
    assert (house.config.secrets / SIGNING).stat().st_mode & 0o777 == 0o600


def test_a_key_that_comes_from_the_environment_is_not_changed_behind_its_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_PROOF_KEY", (b"e" * 32).hex())
    with pytest.raises(SecretMissing, match="comes from the environment"):
        house.tree.rotate_key()
    assert facts(house, SigningKeyChanged) == []


def test_a_note_of_another_kind_is_signed_but_no_checkpoint_in_passing(house: House) -> None:
    signed = house.tree.sign_now()
    note = parse_note(house.tree.sign(f"{signed.origin}\nstream x\nversions 3\n"))
    assert verified(note, [read_vkey(house.tree.vkey)])
    with pytest.raises(ProofRefused, match="only over the ledger itself"):
        house.tree.sign(str(Checkpoint(signed.origin, 5, bytes(32))))


def test_one_is_signed_when_it_is_due_by_the_wall_clock_and_something_has_come(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house.tree.sign_when_due(Delay(minutes=60))
    assert first is not None
    write(house, 1)
    assert house.tree.sign_when_due(Delay(minutes=60)) is None
    wall = house.tree._wall
    monkeypatch.setattr(house.tree, "_wall", lambda: wall() + 3_600_000)
    assert house.tree.sign_when_due(Delay(minutes=60)) is not None
    assert house.tree.sign_when_due(Delay()) is None


def test_why_nothing_is_signed_is_kept_until_it_is_signed(house: House) -> None:
    kept = (house.config.secrets / SIGNING).read_text()
    house.tree.sign_now()
    write(house, 1)
    (house.config.secrets / SIGNING).write_text((b"x" * 32).hex())
    assert house.tree.sign_when_due(Delay()) is None
    assert "proof.key is not the one" in house.tree.trouble
    (house.config.secrets / SIGNING).write_text(kept)
    assert house.tree.sign_when_due(Delay()) is not None
    assert house.tree.trouble == ""


def test_a_disk_that_takes_no_file_stops_the_signature_before_anybody_sees_it(house: House) -> None:
    house.tree.sign_now()
    write(house, 1)
    last_file(house).unlink()
    last_file(house).parent.rmdir()
    last_file(house).parent.write_text("in the way")
    with pytest.raises((OSError, SigningRefused)):
        house.tree.sign_now()
    assert len(house.tree.all_checkpoints()) == 1


def test_a_row_that_says_something_else_than_what_is_signed_is_not_added_twice(
    house: House,
) -> None:
    signed = house.tree.sign_now()
    with house.database.transaction() as connection, connection.cursor() as cursor:
        assert not store.add(cursor, replace(signed, root=bytes(32)))
    assert read_checkpoint(house.tree.all_checkpoints()[0].note).root == signed.root
