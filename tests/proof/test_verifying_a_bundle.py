"""An auditor holds one person's bundle: what it proves, what it does not, and what is said of
it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.proof import verify
from engine.proof.bundle import zipped
from engine.proof.signing import NoteSigner
from tests.proof.handed import (
    ANNA,
    BRUNO,
    COMMITMENT,
    DAY,
    ORIGIN,
    SIGNER,
    Book,
    begin_letter,
    bundle_of,
    judged,
    ledger_of,
    signed_again,
    small_book,
    summed,
    unpack,
    verified,
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "anna.zip"
    path.write_bytes(zipped(bundle_of(small_book())))
    return path


def test_a_whole_bundle_is_proved_by_a_program_that_has_nothing_but_openssl(bundle: Path) -> None:
    found = verified(bundle)
    assert found.status == 0 and found.said["verified"] is True
    said = "\n".join(found.said["proved"])
    for part in (
        "signed with the key",
        "20 entries are in the tree",
        "12 facts are all here",
        "3 letters begun had a live ground",
        "3 texts",
    ):
        assert part in said


def test_an_unpacked_bundle_is_proved_as_the_zip_is(tmp_path: Path, bundle: Path) -> None:
    folder = unpack(bundle_of(small_book()), tmp_path / "unpacked")
    assert verified(folder).said == verified(bundle).said


def test_what_is_not_proved_is_said(bundle: Path) -> None:
    said = "\n".join(verified(bundle).said["not_proved"])
    for part in (
        "attested by the operator alone",
        "stream.note",
        "anna@lecteurs.example",
        "both dates of an entry are the operator's",
        "--vkey",
    ):
        assert part in said


def test_it_speaks_french_in_plain_words(bundle: Path) -> None:
    found = verified(bundle, lang="fr", plain=True)
    assert found.status == 0
    assert (
        "Prouvé :" in found.out
        and "attesté par l'exploitant seul" in found.out
        and "tout ce qui peut être vérifié est juste" in found.out
    )


def test_the_facts_are_listed_with_both_dates(bundle: Path) -> None:
    found = verified(bundle, "--facts", plain=True)
    assert (
        "2026-03-02T11:22:00.000Z  2026-03-02T11:22:00.005Z  consent-withdrawn  act=rfc8058"
        " purpose=conseils" in found.out
    )


def test_the_same_checkpoint_gives_the_same_bytes() -> None:
    assert zipped(bundle_of(small_book())) == zipped(
        dict(reversed(bundle_of(small_book()).items()))
    )


def test_a_bundle_ends_where_its_checkpoint_does(tmp_path: Path) -> None:
    book = small_book()
    path = unpack(bundle_of(book, size=16), tmp_path / "earlier")
    found = judged(path)
    assert found.status == 0 and "6 facts" in "\n".join(found.said["proved"])


def test_an_erased_person_s_bundle_verifies_and_says_what_is_gone(tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "subscriber-erased", basis="asked")
    files = bundle_of(book)
    gone = {"person.json", f"evidence/{COMMITMENT}.json", f"evidence/{COMMITMENT}.salt"}
    path = unpack(
        signed_again({name: data for name, data in files.items() if name not in gone}),
        tmp_path / "erased",
    )
    found = judged(path)
    assert found.status == 0
    assert "who this is: the person is not known any more" in "\n".join(found.said["not_proved"])
    assert f"({COMMITMENT[:16]}) is not held any more" in "\n".join(found.said["not_proved"])


def test_evidence_of_a_consent_that_is_gone_for_no_reason_is_named(tmp_path: Path) -> None:
    files = bundle_of(small_book())
    gone = {f"evidence/{COMMITMENT}.json", f"evidence/{COMMITMENT}.salt"}
    kept = {name: data for name, data in files.items() if name not in gone}
    found = judged(unpack(signed_again(kept), tmp_path / "lost"))
    assert found.names("entries/0000000011.json", "is not here, and no fact says why")


def test_a_bundle_handed_over_before_erasure_still_verifies_and_agrees_with_the_ledger_after_it(
    tmp_path: Path,
) -> None:
    book = small_book()
    before = unpack(bundle_of(book), tmp_path / "before")
    book.write(ANNA, "subscriber-erased", basis="asked")
    ledger = unpack(ledger_of(book), tmp_path / "ledger")
    found = judged(before, "--with", ledger)
    assert found.status == 0
    assert "1 later facts about this person: subscriber-erased (24)" in "\n".join(
        found.said["to_know"]
    )


def test_the_key_is_held_against_the_published_one(tmp_path: Path, bundle: Path) -> None:
    assert "the key is the published one" in "\n".join(
        judged(bundle, "--vkey", SIGNER.vkey).said["proved"]
    )
    other = NoteSigner(ORIGIN, bytes(32)).vkey
    assert judged(bundle, "--vkey", other).names("vkey.txt", "is not the published key")
    (tmp_path / "published").write_text(SIGNER.vkey + "\n")
    assert judged(bundle, "--vkey", tmp_path / "published").status == 0


def test_a_rotated_key_is_one_that_the_former_key_has_named(tmp_path: Path) -> None:
    book, later = small_book(), NoteSigner(ORIGIN, bytes(range(32)))
    note = SIGNER.sign(f"{ORIGIN}\nnext key\n{later.vkey}\n").decode()
    before = unpack(bundle_of(book), tmp_path / "before")
    book.write(
        "00000000-0000-4000-8000-000000000001", "signing-key-changed", vkey=later.vkey, note=note
    )
    after = unpack(bundle_of(book, signer=later), tmp_path / "after")
    assert judged(before, "--vkey", SIGNER.vkey).status == 0
    assert judged(after, "--vkey", SIGNER.vkey).status == 0
    assert judged(after, "--vkey", later.vkey).status == 0


def test_a_key_that_was_replaced_signs_nothing_that_covers_its_replacement(tmp_path: Path) -> None:
    """Whoever kept the former key signs with it on: in a bundle, in a ledger, for those who hold
    checkpoints.
    """
    book, later = small_book(), NoteSigner(ORIGIN, bytes(range(32)))
    note = SIGNER.sign(f"{ORIGIN}\nnext key\n{later.vkey}\n").decode()
    book.write(verify.INSTALLATION, "signing-key-changed", vkey=later.vkey, note=note)
    retired = "with a key in whose place the entries it covers name another"
    assert judged(unpack(bundle_of(book), tmp_path / "bundle")).names("checkpoint", retired)
    assert judged(unpack(ledger_of(book), tmp_path / "ledger")).names("checkpoint", retired)
    honest = ledger_of(book, signer=later)
    unpack(summed(honest | {"checkpoints/1-23": book.checkpoint(23)}), tmp_path / "honest")
    unpack(summed(honest | {"checkpoints/1-24": book.checkpoint(24)}), tmp_path / "both")
    (tmp_path / "held before").write_bytes(book.checkpoint(23))
    (tmp_path / "held after").write_bytes(book.checkpoint(24))
    found = judged(tmp_path / "honest", "--checkpoint", tmp_path / "held before")
    assert found.status == 0, found.wrong
    assert judged(tmp_path / "both").names("checkpoints/1-24", retired)
    found = judged(tmp_path / "honest", "--checkpoint", tmp_path / "held after")
    assert found.names("held after", retired)


def test_a_key_that_nobody_has_named_signs_nothing(tmp_path: Path) -> None:
    thief = NoteSigner(ORIGIN, bytes(range(32)))
    found = judged(unpack(bundle_of(small_book(), signer=thief), tmp_path / "stolen"))
    assert found.names("vkey.txt", "the ledger does not name as its own")
    book = small_book()
    note = thief.sign(f"{ORIGIN}\n{thief.vkey}\n").decode()
    book.write(
        "00000000-0000-4000-8000-000000000001", "signing-key-changed", vkey=thief.vkey, note=note
    )
    found = judged(unpack(bundle_of(book, signer=thief), tmp_path / "named by itself"))
    assert found.names("00024.json", "is not signed with the key")


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (lambda book: begin_letter(book, ANNA, "l3", "m3"), "a letter without a live ground"),
        (
            lambda book: book.write(ANNA, "consent-confirmed", purpose="conseils", request="r9"),
            "a confirmation of nothing",
        ),
        (
            lambda book: book.write(ANNA, "list-left", list=10, run=7, why="asked"),
            "someone left where they did not stand",
        ),
    ],
)
def test_what_may_never_be_in_a_life_is_named_with_its_entry(
    tmp_path: Path, happened: object, reason: str
) -> None:
    book = small_book()
    assert callable(happened)
    happened(book)
    found = judged(unpack(bundle_of(book), tmp_path / "life"))
    assert found.names("entries/0000000024.json", reason)


def test_a_stranger_s_facts_have_no_place_in_a_bundle(tmp_path: Path) -> None:
    book = small_book()
    files = bundle_of(book)
    bruno = bundle_of(book, stream=BRUNO)
    theirs = {
        name: data
        for name, data in bruno.items()
        if name.startswith("entries/") and name not in files
    }
    found = judged(unpack(signed_again(files | theirs), tmp_path / "mixed"))
    assert found.names("entries/0000000010.json", "is about somebody else")


def test_a_fact_of_a_kind_not_known_yet_is_said_not_passed_over(tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "segment-burned", segment="x")
    found = judged(unpack(bundle_of(book), tmp_path / "newer"))
    assert found.status == 0 and "what segment-burned (entries/0000000024.json) means" in "\n".join(
        found.said["not_proved"]
    )


def test_evidence_of_evidence_belongs_to_the_fact_behind_it(tmp_path: Path) -> None:
    """A piece with a shorter life, the visitor's address for one, is committed to by the piece that
    lives longer.
    """
    import hashlib

    from engine.ledger.codec import canonical

    visitor, salt = canonical({"ip": "192.0.2.7"}), bytes(32)
    inner = hashlib.sha256(b"commit/v1\0" + salt + visitor).hexdigest()
    act = canonical({"act": "agreed", "visitor": inner})
    outer = hashlib.sha256(b"commit/v1\0" + salt + act).hexdigest()
    book = small_book()
    book.write(ANNA, "contact-noted", contacted_at=book.at, evidence=outer)
    pieces = {f"evidence/{outer}.json": act, f"evidence/{inner}.json": visitor}
    salts = {f"evidence/{each}.salt": f"{salt.hex()}\n".encode() for each in (outer, inner)}
    found = judged(unpack(signed_again(bundle_of(book) | pieces | salts), tmp_path / "nested"))
    assert found.status == 0 and "held (3)" in "\n".join(found.said["proved"])


def test_a_bundle_of_a_long_life_is_verified_too(tmp_path: Path) -> None:
    book = Book()
    book.write(
        "00000000-0000-4000-8000-000000000001", "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey
    )
    for n in range(300):
        book.at += DAY
        book.write(ANNA if n % 3 else BRUNO, "contact-noted", contacted_at=book.at)
    assert judged(unpack(bundle_of(book), tmp_path / "long")).status == 0
