"""An auditor holds the whole ledger: the tree, every stream, every list, and a live ground for
every letter ever begun.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.ledger.codec import canonical
from engine.proof import verify
from tests.proof.handed import (
    ANNA,
    BRUNO,
    DAY,
    Book,
    Verdict,
    begin_letter,
    bundle_of,
    judged,
    ledger_of,
    small_book,
    summed,
    unpack,
    verified,
)


def judge(files: Mapping[str, bytes], tmp_path: Path, *more: str | Path) -> Verdict:
    return judged(unpack(files, tmp_path / f"ledger{len(list(tmp_path.iterdir()))}"), *more)


def test_a_whole_ledger_is_proved_by_a_program_that_has_nothing_but_openssl(tmp_path: Path) -> None:
    found = verified(unpack(ledger_of(small_book(), signed=[1, 9, 17]), tmp_path / "ledger"))
    assert found.status == 0
    said = "\n".join(found.said["proved"])
    for part in (
        "all 23 entries has the signed root",
        "4 checkpoints signed on the way",
        "2 people",
        "each of 2 letters begun had a live ground",
    ):
        assert part in said
    assert found.said["lists"] == {"10": 1} and found.said["letters"] == {
        "confirmation": 1,
        "letter": 2,
    }


def test_who_stands_on_which_list_is_written_out(tmp_path: Path) -> None:
    judge(ledger_of(small_book()), tmp_path, "--members", tmp_path / "members.csv")
    assert (tmp_path / "members.csv").read_text() == f"{BRUNO},10,1\n"


def long_book(people: int) -> Book:
    book = small_book()
    for n in range(people):
        stream = f"{n:08x}-0000-4000-8000-00000000000a"
        book.write(stream, "subscriber-registered")
        book.write(stream, "consent-given", purpose="conseils", proof="single")
        book.write(stream, "list-joined", list=10, run=1)
        begin_letter(book, stream, "l1", f"m{n}-1")
    return book


def test_a_ledger_of_many_tiles_is_read_in_several_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = long_book(150)
    whole = judge(ledger_of(book), tmp_path)
    monkeypatch.setattr(verify, "MAX_ENTRIES_PER_PASS", 100)
    shared = judge(ledger_of(book), tmp_path)
    assert whole.status == 0 and whole.said["lists"] == {"10": 151}
    assert shared.said == whole.said


def test_dates_of_recording_that_go_back_are_named_with_their_position(tmp_path: Path) -> None:
    """In a bundle those of the entries it holds, in a ledger those of all."""
    book = small_book()
    book.at -= 60 * DAY
    book.write(BRUNO, "profile-changed", fields=["first_name"])
    position = book.write(ANNA, "profile-changed", fields=["first_name"])
    earlier = f"recorded before the entry at position {position - 2} ("
    ledger = judge(ledger_of(book), tmp_path)
    assert ledger.names(f"({position - 1})", earlier) and len(ledger.wrong) == 1
    bundle = judge(bundle_of(book), tmp_path)
    assert bundle.names(f"entries/{position:010}.json", earlier) and len(bundle.wrong) == 1
    beside = judge(bundle_of(small_book(), stream=ANNA), tmp_path, "--with", tmp_path / "ledger0")
    assert beside.names(f"({position - 1})", earlier)


def change(book: Book, position: int, **data: object) -> list[bytes]:
    return book.rewritten(position, **data).entries


def inserted(book: Book) -> list[bytes]:
    forged = json.loads(book.entries[12]) | {
        "name": "consent-given",
        "data": {"purpose": "conseils", "proof": "single"},
    }
    return [*book.entries[:21], canonical(forged), *book.entries[21:-1]]


def swapped(book: Book) -> list[bytes]:
    entries = list(book.entries)
    entries[17], entries[19] = entries[19], entries[17]
    return entries


ATTACKS: dict[str, Callable[[Book], list[bytes]]] = {
    "an event was changed": lambda book: change(book, 22, purpose="offres"),
    "an event was removed": lambda book: [*book.entries[:21], *book.entries[22:], book.entries[-1]],
    "an event was inserted": inserted,
    "two events changed places": swapped,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_has_been_at_the_entries_is_found_by_the_root(attack: str, tmp_path: Path) -> None:
    """The signed head is kept; the entries are what somebody made of them behind the application's
    back.
    """
    book = small_book()
    honest = ledger_of(book, signed=[9])
    book.entries = ATTACKS[attack](book)
    forged = ledger_of(book)
    found = judge(
        summed(
            {
                **forged,
                "checkpoint": honest["checkpoint"],
                "checkpoints/1-23": honest["checkpoints/1-23"],
            }
        ),
        tmp_path,
    )
    assert found.names("checkpoint", "an entry has been changed, added, removed or moved")


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if "changed" not in attack or "places" in attack]
)
def test_whoever_signs_a_forged_history_anew_is_found_by_its_numbers(
    attack: str, tmp_path: Path
) -> None:
    book = small_book()
    book.entries = ATTACKS[attack](book)
    assert any(
        "would follow: a fact is missing, doubled or moved" in why
        for _, why in judge(ledger_of(book), tmp_path).wrong
    )


def test_a_changed_history_signed_anew_contradicts_the_checkpoints_signed_before(
    tmp_path: Path,
) -> None:
    book = small_book()
    honest = ledger_of(book, signed=[22])
    book.entries = change(book, 22, purpose="offres")
    found = judge(
        summed(ledger_of(book) | {"checkpoints/1-22": honest["checkpoints/1-22"]}), tmp_path
    )
    assert found.names("checkpoints/1-22", "the history has been rewritten since")


def test_a_ledger_rolled_back_contradicts_its_later_checkpoints(tmp_path: Path) -> None:
    book = small_book()
    found = judge(
        summed(ledger_of(book, size=20) | {"checkpoints/1-23": book.checkpoint()}), tmp_path
    )
    assert found.names("checkpoints/1-23", "the ledger has been rolled back")


FAR = 1_900_000_000_000
ASKING = {"key": "ask:conseils", "kind": "confirmation", "letter": "ask"}
GO_ON = {"key": "ask:*", "kind": "permission", "letter": "ask", "purpose": "*"}
RIGHTS = {"key": "right:q1", "kind": "rights", "letter": "received"}


@pytest.mark.parametrize(
    ("before", "letter", "reason"),
    [
        ([("consent-withdrawn", {"purpose": "conseils"})], {}, "a letter without a live ground"),
        ([("consent-withdrawn", {"purpose": "*"})], {}, "a letter without a live ground"),
        ([("subscriber-suppressed", {"why": "operator"})], {}, "a letter to a suppressed address"),
        ([("mail-bounced", {"kind": "hard"})], {}, "a letter to a suppressed address"),
        ([("mail-complained", {})], {}, "a letter to a suppressed address"),
        ([("processing-restricted", {})], {}, "a letter while processing was restricted"),
        ([("subscriber-erased", {})], {}, "a letter after erasure"),
        (
            [("list-left", {"list": 10, "run": 1, "why": "asked"})],
            {},
            "a letter of a list where nobody stands",
        ),
        ([], {"purpose": "offres"}, "a letter without a live ground"),
        ([], ASKING, "a confirmation mail nobody asked for"),
        ([], RIGHTS, "a mail about a right that nobody has used"),
        (
            [],
            GO_ON,
            "someone asked whether to go on who has been heard of",
        ),
        (
            [
                ("permission-asked", {"request": "q1", "expires_at": FAR}),
                ("consent-withdrawn", {"purpose": "conseils"}),
            ],
            GO_ON,
            "a question whether to go on without any live ground",
        ),
        ([], {"kind": "surprise"}, "a mail of a kind that there is not"),
        ([], {"attempt": 2}, "an attempt that was not counted"),
        (
            [
                ("consent-requested", {"purpose": "offres", "request": "r1", "expires_at": FAR}),
                ("consent-expired", {"purpose": "offres", "request": "r1"}),
            ],
            ASKING | {"key": "ask:offres", "purpose": "offres"},
            "a confirmation mail nobody asked for",
        ),
        (
            [
                ("consent-requested", {"purpose": "offres", "request": "r1", "expires_at": FAR}),
                ("mail-complained", {}),
            ],
            ASKING | {"key": "ask:offres", "purpose": "offres"},
            "a mail to someone who complained",
        ),
    ],
)
def test_a_letter_that_should_not_have_been_is_named_with_its_place(
    before: list[tuple[str, dict[str, object]]],
    letter: dict[str, object],
    reason: str,
    tmp_path: Path,
) -> None:
    """P1, replayed by rules of the auditor's own: the history is whole and signed, and still it is
    found.
    """
    book = small_book()
    for name, data in before:
        book.write(BRUNO, name, **data)
    position = begin_letter(book, BRUNO, "l9", "m9", **letter)
    found = judge(ledger_of(book), tmp_path)
    assert found.status == 1
    assert found.names(f"tile/entries/000.p/{position} ({position})", reason)
    assert not any("had a live ground" in each for each in found.said["proved"])


@pytest.mark.parametrize(
    "before",
    [
        [
            ("subscriber-suppressed", {"why": "operator"}),
            ("subscriber-reachable", {"why": "operator"}),
        ],
        [("processing-restricted", {}), ("processing-restricted", {"lifted": True})],
        [
            ("consent-withdrawn", {"purpose": "conseils"}),
            ("consent-given", {"purpose": "conseils", "proof": "single"}),
        ],
        [("mail-bounced", {"kind": "soft"}), ("mail-bounced", {"kind": "blocked"})],
    ],
)
def test_a_letter_whose_ground_lives_again_is_none_to_be_named(
    before: list[tuple[str, dict[str, object]]], tmp_path: Path
) -> None:
    book = small_book()
    for name, data in before:
        book.write(BRUNO, name, **data)
    begin_letter(book, BRUNO, "l9", "m9")
    assert judge(ledger_of(book), tmp_path).status == 0


@pytest.mark.parametrize("rate", [1, 20])
def test_on_a_clock_that_is_sped_up_a_letter_is_longer_under_way(rate: int, tmp_path: Path) -> None:
    """Ten hours after the withdrawal it is sent: half an hour, where they pass twenty times as
    fast.
    """
    book = small_book()
    book.write(verify.INSTALLATION, "clock-changed", rate=rate, trial=True)
    begin_letter(book, BRUNO, "l9", "m9")
    book.write(BRUNO, "consent-withdrawn", purpose="conseils", act="rfc8058")
    book.at += 10 * 3_600_000
    book.write(BRUNO, "letter-sent", message="m9", code=250)
    for found in (
        judge(ledger_of(book), tmp_path),
        judge(bundle_of(book, stream=BRUNO), tmp_path),
    ):
        late = "a letter sent long after a withdrawal"
        assert any(late in reason for _, reason in found.wrong) is (rate == 1)


def test_whoever_was_long_silent_is_asked_whether_to_go_on(tmp_path: Path) -> None:
    book = small_book()
    book.write(BRUNO, "permission-asked", request="q1", expires_at=FAR)
    book.write(
        BRUNO,
        "letter-begun",
        key="ask:*",
        kind="permission",
        letter="ask",
        message="m9",
        purpose="*",
        edition=1,
    )
    assert judge(ledger_of(book), tmp_path).status == 0


def test_an_answer_about_a_right_needs_no_ground(tmp_path: Path) -> None:
    book = small_book()
    book.write(BRUNO, "consent-withdrawn", purpose="*")
    book.write(BRUNO, "processing-restricted")
    book.write(
        BRUNO, "right-exercised", right="access", request="q1", due_at=book.at + 31 * 86_400_000
    )
    book.write(
        BRUNO,
        "letter-begun",
        key="right:q1",
        kind="rights",
        letter="received",
        message="m9",
        edition=1,
    )
    assert judge(ledger_of(book), tmp_path).status == 0


def restored_book() -> tuple[Book, bytes]:
    """A ledger that was put back from a copy which ended at 20, with the last checkpoint of what
    was lost.
    """
    book = small_book()
    lost = book.checkpoint()
    root = verify.parse_checkpoint(lost).root.hex()
    book.entries = book.entries[:20]
    book.versions = {}
    for entry in book.entries:
        said = json.loads(entry)
        book.versions[said["stream"]] = said["version"]
    book.write(verify.INSTALLATION, "ledger-restored", position=20)
    from engine.proof.signing import NoteSigner
    from tests.proof.handed import ORIGIN

    signer = NoteSigner(ORIGIN[:-1] + "0", bytes(32))
    book.write(
        verify.INSTALLATION,
        "origin-begun",
        origin=signer.verifier.name,
        vkey=signer.vkey,
        previous=ORIGIN,
        size=23,
        root=root,
    )
    return book, lost


def test_a_ledger_that_was_put_back_says_what_was_lost(tmp_path: Path) -> None:
    from engine.proof.signing import NoteSigner
    from tests.proof.handed import ORIGIN

    book, lost = restored_book()
    files = ledger_of(book, signer=NoteSigner(ORIGIN[:-1] + "0", bytes(32)))
    files = {name.replace("checkpoints/1-", "checkpoints/2-"): data for name, data in files.items()}
    early = small_book().checkpoint(9)
    found = judge(summed(files | {"checkpoints/1-23": lost, "checkpoints/1-9": early}), tmp_path)
    assert found.status == 0, found.wrong
    assert "put back from a copy which ended at 20" in "\n".join(found.said["to_know"])
    assert "checkpoints/1-23 covers entries up to 23; the ledger was put back" in "\n".join(
        found.said["not_proved"]
    )
    assert "2 checkpoints signed on the way" in "\n".join(found.said["proved"])
    found = judge(summed(files), tmp_path)
    assert found.names(
        "checkpoints/",
        "lacks the one of lettres.potager.example/relance/0123456789abcdef with 23 entries",
    )


def test_a_bundle_made_before_a_ledger_was_put_back_agrees_as_far_as_the_copy_reached(
    tmp_path: Path,
) -> None:
    from engine.proof.signing import NoteSigner
    from tests.proof.handed import ORIGIN

    book, lost = restored_book()
    files = ledger_of(book, signer=NoteSigner(ORIGIN[:-1] + "0", bytes(32)))
    whole = unpack(
        summed(
            {name.replace("checkpoints/1-", "checkpoints/2-"): data for name, data in files.items()}
        ),
        tmp_path / "whole",
    )
    held = tmp_path / "held"
    held.write_bytes(lost)
    found = judged(
        unpack(bundle_of(small_book()), tmp_path / "bundle"), "--with", whole, "--checkpoint", held
    )
    assert found.status == 0, found.wrong
    assert "checkpoint covers entries up to 23; the ledger was put back" in "\n".join(
        found.said["not_proved"]
    )
    assert "put back from a copy which ended at 20" in "\n".join(found.said["to_know"])
    proved = "\n".join(found.said["proved"])
    assert (
        "nothing else about this person" not in proved
        and "agrees with the checkpoint held elsewhere" in proved
    )
    told = small_book()
    position = next(
        n for n in told.positions(ANNA) if n <= 20 and b'"letter-begun"' in told.entries[n - 1]
    )
    found = judged(
        unpack(bundle_of(told.rewritten(position, letter="l9")), tmp_path / "told otherwise"),
        "--with",
        whole,
    )
    assert found.names(f"entries/{position:010d}.json", "is not what the whole ledger has")
    found = judged(
        unpack(bundle_of(small_book(), leave_out=[position]), tmp_path / "left out"),
        "--with",
        whole,
    )
    assert found.names(
        f"entries/{position:010d}.json", "was left out: the whole ledger has letter-begun"
    )


TILE = "tile/entries/000.p/23"


@pytest.mark.parametrize(
    ("alter", "file", "reason"),
    [
        (lambda files: files | {TILE: files[TILE][:-1]}, TILE, "is cut off"),
        (
            lambda files: files | {TILE: files[TILE][: -len(small_book().entries[-1]) - 2]},
            TILE,
            "holds 22 entries where 23 belong",
        ),
        (lambda files: files | {TILE: b""}, TILE, "holds 0 entries where 23 belong"),
        (
            lambda files: {name: data for name, data in files.items() if name != TILE},
            TILE,
            "is missing",
        ),
        (lambda files: files | {"tile/entries/001": b"x"}, "tile/entries/001", "does not have"),
        (
            lambda files: files | {"checkpoints/1-7": files["checkpoint"]},
            "checkpoints/1-7",
            "under the name of another",
        ),
        (
            lambda files: files | {"checkpoint": files["checkpoint"].replace(b"\n23\n", b"\n22\n")},
            "checkpoint",
            "does not hold",
        ),
        (lambda files: files | {"vkey.txt": b"x\n"}, "vkey.txt", "is not a verifier key"),
        (
            lambda files: files | {"policy.txt": b"quorum x\n"},
            "policy.txt",
            "a line that no policy has",
        ),
    ],
)
def test_a_file_of_the_ledger_that_was_altered_is_named(
    alter: Callable[[dict[str, bytes]], dict[str, bytes]], file: str, reason: str, tmp_path: Path
) -> None:
    files = alter(ledger_of(small_book()))
    assert judge(summed(files), tmp_path).names(file, reason)
    assert judge(files, tmp_path).status == 1


def test_an_entry_that_is_none_is_named_with_its_position(tmp_path: Path) -> None:
    book = small_book()
    book.entries[12] = b'{"a":1,"a":2}'
    book.entries[13] = (
        b'{"at":1,"cause":{},"data":{},"name":"x","recorded_at":1,"stream":"'
        + ANNA.encode()
        + b'","v":1.5,"version":7}'
    )
    found = judge(ledger_of(book), tmp_path)
    assert found.names("(13)", "is not an entry") and found.names("(14)", "is not an entry")
