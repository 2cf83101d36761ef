"""What an operator signs who holds the key, and would rather be believed: each thing is named, as
wrong or as what nobody proves.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.proof import verify
from engine.proof.signing import NoteSigner
from tests.proof.handed import (
    ANNA,
    DAY,
    ORIGIN,
    SIGNER,
    Book,
    Verdict,
    begin_letter,
    bundle_of,
    judged,
    ledger_of,
    signed_again,
    small_book,
    summed,
    unpack,
)

INSTALLATION = verify.INSTALLATION
LATER = NoteSigner(ORIGIN, bytes(range(32)))
HALF_A_CHARACTER = '"\\ud800"'


def both(book: Book, tmp_path: Path) -> list[Verdict]:
    """What is said of her bundle, and of the ledger."""
    return [
        judged(unpack(bundle_of(book), tmp_path / "bundle")),
        judged(unpack(ledger_of(book), tmp_path / "ledger")),
    ]


def another_key(text: str) -> Book:
    """A ledger whose key is changed by the signed `text`."""
    book = small_book()
    note = SIGNER.sign(text).decode()
    book.write(INSTALLATION, "signing-key-changed", vkey=LATER.vkey, note=note)
    return book


def test_a_retired_key_is_named_by_the_ledger_where_the_bundle_keeps_back_its_change(
    tmp_path: Path,
) -> None:
    book = another_key(f"{ORIGIN}\nnext key\n{LATER.vkey}\n")
    kept_back = {name: data for name, data in bundle_of(book).items() if "0000000024" not in name}
    bundle = unpack(signed_again(kept_back), tmp_path / "bundle")
    assert "nor a change of the key" in "\n".join(judged(bundle).said["not_proved"])
    found = judged(bundle, "--with", unpack(ledger_of(book, signer=LATER), tmp_path / "ledger"))
    assert found.names("checkpoint", "is signed with a key in whose place")


def test_a_checkpoint_names_no_key(tmp_path: Path) -> None:
    root = "A" * 43 + "="
    book = another_key(f"{ORIGIN}\n5\n{root}\n{LATER.vkey}\n")
    found = judged(unpack(bundle_of(book, signer=LATER), tmp_path / "bundle"))
    assert found.names("0000000024.json", "without the former key having named the new one")


@pytest.mark.parametrize(
    ("about", "name", "data"),
    [
        (INSTALLATION, "words-published", f'{{"digest":"ab","part":0,"text":{HALF_A_CHARACTER}}}'),
        (INSTALLATION, "signing-key-changed", f'{{"note":{HALF_A_CHARACTER},"vkey":"x"}}'),
        (ANNA, "contact-noted", f'{{"contacted_at":5,"notice":{HALF_A_CHARACTER}}}'),
        (ANNA, "contact-noted", '{"contacted_at": 5}'),
        (ANNA, "contact-noted", '{"contacted_at":5,"x":"\\u0065"}'),
        (ANNA, "contact-noted", '{"x":1,"contacted_at":5}'),
    ],
)
def test_an_entry_is_written_in_one_way_only(
    about: str, name: str, data: str, tmp_path: Path
) -> None:
    book = small_book()
    book.write(about, name)
    book.entries[-1] = book.entries[-1].replace(b'"data":{}', b'"data":' + data.encode())
    found = judged(unpack(ledger_of(book), tmp_path / "ledger"))
    assert [why for _, why in found.wrong] == [
        "is not JSON as it is written into the ledger"
        if "ud800" in data
        else "is not an entry of a ledger"
    ]


def test_a_promise_of_more_facts_than_memory_holds_is_refused_at_once(tmp_path: Path) -> None:
    book = small_book()
    files = bundle_of(book)
    note = files["stream.note"].partition("\n\n— ".encode())[0] + b"\n"
    many = note.replace(b"versions 12\n", b"versions 9999999999999999\n").decode()
    found = judged(unpack(summed(files | {"stream.note": SIGNER.sign(many)}), tmp_path / "bundle"))
    assert found.names("entries/", "fact number 13 of 9999999999999999 is missing")


def test_nobody_is_the_installation(tmp_path: Path) -> None:
    files = bundle_of(small_book())
    person = json.dumps({"stream": INSTALLATION, "address": "anna@lecteurs.example"}).encode()
    note = files["stream.note"].partition("\n\n— ".encode())[0].decode() + "\n"
    own = signed_again(files | {"person.json": person})
    note = own["stream.note"].partition("\n\n— ".encode())[0].decode() + "\n"
    signed = SIGNER.sign(note.replace(ANNA, INSTALLATION))
    found = judged(unpack(summed(own | {"stream.note": signed}), tmp_path / "bundle"))
    assert found.names("stream.note", "is not the note that belongs to this checkpoint")


def test_a_ledger_holds_no_other_files_either(tmp_path: Path) -> None:
    files = summed(ledger_of(small_book()) | {"entries/0000000001.json": b"{}", "README": b"x"})
    found = judged(unpack(files, tmp_path / "ledger"))
    assert [place for place, _ in found.wrong] == ["README", "entries/0000000001.json"]


LATE = "a letter sent long after a withdrawal"


def sent_a_month_after_withdrawal(*rates: int, afterwards: bool = False) -> Book:
    """The clock is said to have gone so many times faster, before the letter or afterwards."""
    book = small_book()
    book.entries, book.versions[ANNA] = book.entries[:-2], book.versions[ANNA] - 2
    for rate in () if afterwards else rates:
        book.write(INSTALLATION, "clock-changed", rate=rate)
    begin_letter(book, ANNA, "l3", "m3")
    book.write(ANNA, "consent-withdrawn", purpose="conseils", act="rfc8058")
    book.at += 30 * DAY
    book.write(ANNA, "letter-sent", message="m3", code=250)
    for rate in rates if afterwards else ():
        book.write(INSTALLATION, "clock-changed", rate=rate)
    return book


def test_a_clock_sped_up_afterwards_excuses_no_late_letter(tmp_path: Path) -> None:
    for found in both(sent_a_month_after_withdrawal(10**9, afterwards=True), tmp_path):
        assert any(LATE in why for _, why in found.wrong)


def test_times_by_a_clock_of_the_operators_making_are_not_proved(tmp_path: Path) -> None:
    for found in both(sent_a_month_after_withdrawal(10**9, 1), tmp_path):
        assert found.status == 0
        assert "went up to 1000000000 times as fast" in "\n".join(found.said["not_proved"])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("consent-withdrawn", {"purpose": "c\u043enseils"}),
        ("consent-withdrawn", {"purpose": ["conseils"]}),
        ("consent-withdrawn", {"purpose": "conseils "}),
        ("mail-bounced", {"kind": "Hard", "message": "m1"}),
        ("processing-restricted", {"lifted": 1}),
    ],
)
def test_a_stop_that_only_looks_like_one_is_none_that_may_be_told(
    name: str, data: dict[str, object], tmp_path: Path
) -> None:
    book = small_book()
    book.entries, book.versions[ANNA] = book.entries[:-2], book.versions[ANNA] - 2
    book.write(ANNA, name, **data)
    begin_letter(book, ANNA, "l3", "m3")
    for found in both(book, tmp_path):
        assert [why for _, why in found.wrong] == [
            "a field of another type than it has, or with a word that nobody declares"
        ]


def test_a_ground_that_was_declared_is_said_to_be(tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "consent-given", purpose="offres", proof="declared")
    for found in both(book, tmp_path):
        assert "\n".join(found.said["not_proved"]).count("that anybody agreed") == 1


def test_nobody_can_tell_whether_somebody_has_two_ids(tmp_path: Path) -> None:
    for found in both(small_book(), tmp_path):
        assert "that nobody stands in the ledger under two ids" in "\n".join(
            found.said["not_proved"]
        )
