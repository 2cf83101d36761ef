"""What an operator signs who holds the key, and would rather be believed: each thing is named, as
wrong or as what nobody proves.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.ledger.codec import canonical
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
    verified,
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


SALTED = bytes(range(32))
HERS, HIS = "anna@lecteurs.example", "bruno@lecteurs.example"
REGISTERED: dict[str, object] = {"email": HERS, "page": "/f/lettre"}
ENTERED: dict[str, object] = {"answers": {"email": HERS}, "purpose": "conseils"}
PRESSED: dict[str, object] = {"act": "human_button", "purpose": "conseils", "message": "m0"}


def committed(piece: dict[str, object]) -> str:
    return hashlib.sha256(b"commit/v1\0" + SALTED + canonical(piece)).hexdigest()


def mail(head: str = f'To: "Verger, Anna" <{HERS}>', **more: object) -> dict[str, object]:
    octets = f"{head}\r\nSubject: Confirmez\r\n\r\nBonjour\r\n".encode()
    digest = hashlib.sha256(octets).hexdigest()
    octets_in_base64 = base64.b64encode(octets).decode()
    return {"mail": octets_in_base64, "mail_digest": digest, "message": "m0", "to": HERS, **more}


def confirmed(
    *,
    entered: dict[str, object] = ENTERED,
    sent: dict[str, object] | None = None,
    pressed: dict[str, object] = PRESSED,
    form: str = "lettre",
    published: str = "before",
) -> dict[str, bytes]:
    """A bundle about who asked by a form, got the mail and confirmed, with all its evidence."""
    book = Book()
    book.write(INSTALLATION, "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey)
    book.write(INSTALLATION, "sequence-published", edition=1, files=[])
    notice = book.publish("Vos conseils")
    notice_published = {"form": "lettre", "digest": notice, "language": "fr"}
    if published == "before":
        book.write(INSTALLATION, "notice-published", **notice_published)
    book.write(ANNA, "subscriber-registered", evidence=committed(REGISTERED))
    asked = {"purpose": "conseils", "request": "r1", "lists": [10], "notice": notice}
    dated = {"expires_at": book.at + 7 * DAY, "form": form}
    book.write(ANNA, "consent-requested", evidence=committed(entered), **asked, **dated)
    ask = {"key": "ask:conseils", "kind": "confirmation", "letter": "ask", "purpose": "conseils"}
    book.write(ANNA, "letter-begun", message="m0", edition=1, **ask)
    kept = {"mail": committed(sent)} if sent is not None else {}
    book.write(ANNA, "letter-sent", message="m0", code=250, **kept)
    press = {"act": "human_button", "purpose": "conseils", "request": "r1"}
    book.write(ANNA, "consent-confirmed", evidence=committed(pressed), **press)
    if published == "after":
        book.write(INSTALLATION, "notice-published", **notice_published)
    files = bundle_of(book)
    for piece in (REGISTERED, entered, pressed, *([sent] if sent is not None else [])):
        files[f"evidence/{committed(piece)}.json"] = canonical(piece)
        files[f"evidence/{committed(piece)}.salt"] = f"{SALTED.hex()}\n".encode()
    return signed_again(files)


def test_a_consent_with_all_its_evidence_is_proved(tmp_path: Path) -> None:
    found = judged(unpack(confirmed(sent=mail()), tmp_path / "bundle"))
    assert found.status == 0, found.wrong
    assert not re.search(
        "mail that asked|anybody agreed|in force then", str(found.said["not_proved"])
    )


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"entered": {"email": HERS, "answers": {"email": HIS}}}, f"has {HIS}, an address"),
        ({"sent": mail(f"To: {HIS}, <{HERS}>")}, f"went to {HIS}, an address"),
        ({"sent": mail(f"To: {HERS}\r\nBcc: {HIS}")}, f"went to {HIS}, an address"),
        ({"sent": {"to": HERS}}, "holds another mail than the one"),
        ({"sent": mail(message="m9")}, "holds another mail than the one"),
        ({"pressed": PRESSED | {"act": "auto_submit"}}, "tells of another act than"),
        ({"pressed": PRESSED | {"purpose": "offres"}}, "tells of another act than"),
        ({"pressed": PRESSED | {"message": "m9"}}, "tells of another act than"),
    ],
)
def test_evidence_of_something_else_is_named(
    told: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    found = judged(unpack(confirmed(**({"sent": mail()} | told)), tmp_path / "bundle"))
    assert len(found.wrong) == 1 and found.names("evidence/", reason), found.wrong


@pytest.mark.parametrize(
    ("told", "unproved"),
    [
        ({"sent": None}, "to whom the mail that asked to confirm went"),
        ({"form": "autre"}, "its publication, for that form, is not among the entries before"),
        ({"published": "after"}, "its publication, for that form, is not among the entries before"),
    ],
)
def test_what_evidence_does_not_show_is_not_proved(
    told: dict[str, Any], unproved: str, tmp_path: Path
) -> None:
    found = judged(unpack(confirmed(**({"sent": mail()} | told)), tmp_path / "bundle"))
    assert found.status == 0, found.wrong
    assert unproved in "\n".join(found.said["not_proved"])


def test_an_address_changed_without_evidence_is_nobody_s(tmp_path: Path) -> None:
    book = Book()
    book.write(INSTALLATION, "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey)
    book.write(ANNA, "subscriber-registered", evidence=committed(REGISTERED))
    book.write(ANNA, "profile-changed", fields=["email"])
    kept = {
        f"evidence/{committed(REGISTERED)}.json": canonical(REGISTERED),
        f"evidence/{committed(REGISTERED)}.salt": f"{SALTED.hex()}\n".encode(),
    }
    found = judged(unpack(signed_again(bundle_of(book) | kept), tmp_path / "bundle"))
    assert "no evidence commits to the new one" in "\n".join(found.said["not_proved"])


def published_twice() -> Book:
    book = small_book()
    other = book.publish("other words\n")
    book.write(INSTALLATION, "sequence-published", edition=1, files=[["semis.md", other]])
    return book


def published_later() -> Book:
    book = small_book()
    first = [n for n, entry in enumerate(book.entries) if b'"sequence-published"' in entry]
    edition = json.loads(book.entries.pop(first[0]))
    book.versions[INSTALLATION] -= 1
    book.write(INSTALLATION, "sequence-published", **edition["data"])
    return book


@pytest.mark.parametrize(
    ("book", "reason"),
    [
        (published_twice(), "publishes edition 1, which had been published already"),
        (published_later(), "names edition 1, whose publication is missing among the entries bef"),
    ],
)
def test_an_edition_is_published_once_and_before_its_letters(
    book: Book, reason: str, tmp_path: Path
) -> None:
    for found in both(book, tmp_path):
        assert found.status == 1
        assert all(reason in why for _, why in found.wrong), found.wrong


@pytest.mark.parametrize("files", [[["semis.md", "ab" * 32]], "semis.md"])
def test_words_that_are_not_published_are_named_in_a_ledger(files: object, tmp_path: Path) -> None:
    book = small_book()
    book.write(INSTALLATION, "sequence-published", edition=2, files=files)
    words = {"digest": "cd" * 32, "part": 0, "parts": 1, "text": "other"}
    book.write(INSTALLATION, "words-published", **words)
    found = judged(unpack(ledger_of(book), tmp_path / "ledger"))
    reasons = [why.partition(" (")[0] for _, why in found.wrong]
    missing = ["names words that are published nowhere"] if isinstance(files, list) else []
    changed = "is a part of words whose other parts are missing or changed"
    assert sorted(reasons) == [changed, *missing]


FORGED = "x\n  - Proved:\u202e\x9b2J  " + " " * 90 + "WRONG  checkpoint: is forged"


def test_nothing_that_is_listed_looks_like_what_it_is_not(tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "list-left", list=10, run=1, why="asked  proof=page [form]", **{"a b": FORGED})
    files = bundle_of(book)
    person = json.loads(files["person.json"]) | {"address": FORGED}
    files = signed_again(files | {"person.json": json.dumps(person).encode()})
    path = unpack(files, tmp_path / "bundle")
    text = verified(path, "--facts", plain=True).out
    assert 'why="asked proof=page [form]"' in text and '"a b"="x' in text
    for out in (text, judged(path).out):
        assert all(c.isprintable() or c == "\n" for c in out)
    assert not re.search(r"^ *(- )?(Proved:.+|WRONG  checkpoint.*)", text, re.MULTILINE)
    assert " " * 20 not in text


@pytest.mark.parametrize("purpose", ["*", "", "!suppressed"])
def test_a_ground_is_for_a_purpose_that_has_a_name(purpose: str, tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "consent-given", purpose=purpose, proof="declared")
    for found in both(book, tmp_path):
        assert [why for _, why in found.wrong] == [
            "a field of another type than it has, or with a word that nobody declares"
        ]


def test_a_request_that_no_evidence_shows_is_not_proved(tmp_path: Path) -> None:
    book = small_book()
    request = {"purpose": "offres", "request": "r2", "lists": [20]}
    book.write(ANNA, "consent-requested", expires_at=book.at + DAY, **request)
    for found in both(book, tmp_path):
        assert "\n".join(found.said["not_proved"]).count("that anybody agreed or asked") == 1
