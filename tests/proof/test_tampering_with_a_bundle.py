"""The tampering drill: each byte class of each file of a bundle is altered, by three who would gain
from it, and each time the file is named.

Somebody clumsy only alters the file; somebody careful makes SHA256SUMS anew; the operator, who
holds the key, also signs stream.note again. What the operator may say as they like (who the person
is, the tools that lie beside) is bound by their signature against all others, and by nothing else.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.proof.bundle import zipped
from tests.proof.handed import (
    ANNA,
    COMMITMENT,
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

Files = Mapping[str, bytes]
WHOLE = bundle_of(small_book())
NAMES = sorted(WHOLE)
WORD_OF_THE_OPERATOR = {"person.json", "policy.txt", "VERIFIER.md", "verify.py"}
TYPICAL = {f"entries/{position:010d}" for position in (1, 3, 11, 22)}
"""Of the entries: the origin, a piece of words, what was asked for with its evidence, the
withdrawal.
"""
MOST = [
    name for name in NAMES if not name.startswith("entries/") or name.rpartition(".")[0] in TYPICAL
]


def flip(data: bytes, at: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


ALTERATIONS: dict[str, Callable[[bytes], bytes | None]] = {
    "its first byte is flipped": lambda data: flip(data, 0),
    "a byte in its midst is flipped": lambda data: flip(data, len(data) // 2),
    "its last byte is flipped": lambda data: flip(data, -1),
    "it is cut short": lambda data: data[:-1],
    "it is cut in half": lambda data: data[: len(data) // 2],
    "it is emptied": lambda data: b"",
    "a byte is added": lambda data: data + b"x",
    "a line is added": lambda data: data + b"\n",
    "it is removed": lambda data: None,
}


def altered(name: str, how: str) -> dict[str, bytes]:
    data = ALTERATIONS[how](WHOLE[name])
    rest = {each: held for each, held in WHOLE.items() if each != name}
    return rest if data is None else rest | {name: data}


def assert_named(files: Files, name: str, path: Path) -> None:
    path.write_bytes(zipped(files))
    found = judged(path)
    assert found.status == 1, found.out
    # An entry and its proof, evidence and its salt stand together: which of the two was altered
    # nobody can say.
    stem = name.rpartition(".")[0] if name.startswith(("entries/", "evidence/")) else name
    together = "entries/" if name.startswith("entries/") else stem
    assert name == "SHA256SUMS" or any(
        place.startswith(stem) or place == together for place, _ in found.wrong
    ), found.wrong


@pytest.mark.parametrize("how", ALTERATIONS)
@pytest.mark.parametrize("name", MOST)
def test_whoever_alters_a_file_is_found(name: str, how: str, tmp_path: Path) -> None:
    assert_named(altered(name, how), name, tmp_path / "clumsy")
    if name != "SHA256SUMS":
        assert_named(summed(altered(name, how)), name, tmp_path / "careful")
    if name not in {"SHA256SUMS", "stream.note", *WORD_OF_THE_OPERATOR}:
        assert_named(signed_again(altered(name, how)), name, tmp_path / "operator")


@pytest.mark.parametrize("name", NAMES)
def test_no_file_can_be_altered_or_taken_away(name: str, tmp_path: Path) -> None:
    for how in ("a byte in its midst is flipped", "it is removed"):
        assert_named(altered(name, how), name, tmp_path / how)


@pytest.mark.parametrize(
    "name", ["entries/0000000022.tlog-proof", "checkpoint", "stream.note", "vkey.txt"]
)
def test_no_byte_of_a_proof_or_note_can_be_altered(name: str, tmp_path: Path) -> None:
    """Every tenth byte, base64's last bits among them; against the operator, who makes everything
    anew that can be.
    """
    for at in range(0, len(WHOLE[name]), 10):
        files = WHOLE | {name: flip(WHOLE[name], at)}
        (tmp_path / "b.zip").write_bytes(
            zipped(files if name == "stream.note" else signed_again(files))
        )
        found = judged(tmp_path / "b.zip")
        assert found.status == 1 and any(place == name for place, _ in found.wrong), (
            at,
            found.wrong,
        )


def test_a_real_process_names_the_altered_file_too(tmp_path: Path) -> None:
    path = tmp_path / "altered.zip"
    path.write_bytes(zipped(altered("entries/0000000022.json", "a byte in its midst is flipped")))
    found = verified(path, plain=True)
    assert found.status == 1
    assert (
        "WRONG  entries/0000000022.json: has been changed: its SHA-256 is not the one in SHA256SUMS"
        in found.out
    )
    assert "NOT what it should be" in found.out


SWAPS = [
    ("entries/0000000018.json", "entries/0000000020.json"),
    ("entries/0000000018.tlog-proof", "entries/0000000020.tlog-proof"),
    (f"evidence/{COMMITMENT}.json", f"evidence/{COMMITMENT}.salt"),
    tuple(name for name in NAMES if name.startswith("words/"))[:2],
]


@pytest.mark.parametrize("pair", SWAPS)
def test_two_files_that_changed_places_are_named(pair: tuple[str, str], tmp_path: Path) -> None:
    one, other = pair
    found = judged(
        unpack(signed_again(WHOLE | {one: WHOLE[other], other: WHOLE[one]}), tmp_path / "swapped")
    )
    stems = {one.rpartition(".")[0], other.rpartition(".")[0]}
    assert stems & {place.rpartition(".")[0] for place, _ in found.wrong}


def test_two_entries_that_changed_places_with_their_proofs_are_named(tmp_path: Path) -> None:
    files = dict(WHOLE)
    for kind in ("json", "tlog-proof"):
        one, other = f"entries/0000000018.{kind}", f"entries/0000000020.{kind}"
        files[one], files[other] = files[other], files[one]
    found = judged(unpack(signed_again(files), tmp_path / "swapped"))
    assert found.names("entries/0000000018.tlog-proof", "is the proof of another position")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("entries/0000000099.json", "tree does not have|is missing"),
        ("entries/17.json", "is a file that no bundle or ledger has"),
        (f"evidence/{'ab' * 32}.json", "is missing|no fact of this person commits to"),
        (f"words/{'ab' * 32}.txt", "is not among the published words"),
        ("malware.exe", "is a file that no bundle or ledger has"),
        ("entries/.hidden/x", "is a file that no bundle or ledger has"),
    ],
)
def test_a_file_that_was_added_is_named(name: str, reason: str, tmp_path: Path) -> None:
    found = judged(unpack(WHOLE | {name: WHOLE["entries/0000000018.json"]}, tmp_path / "clumsy"))
    assert found.names(name, "has been added: SHA256SUMS does not name it")
    found = judged(
        unpack(
            signed_again(WHOLE | {name: WHOLE["entries/0000000018.json"]}), tmp_path / "operator"
        )
    )
    stem = name.rpartition(".")[0]
    assert any(stem in place and re.search(reason, why) for place, why in found.wrong), found.wrong


def test_lines_of_the_sums_that_changed_places_are_named(tmp_path: Path) -> None:
    lines = WHOLE["SHA256SUMS"].decode().splitlines(keepends=True)
    lines[0], lines[1] = lines[1], lines[0]
    assert judged(unpack(WHOLE | {"SHA256SUMS": "".join(lines).encode()}, tmp_path / "b")).names(
        "SHA256SUMS", "order of its names"
    )


def without(book: Book, *positions: int) -> dict[str, bytes]:
    """What an operator hands over who keeps facts back and says that there are no more."""
    return bundle_of(book, leave_out=positions)


def test_the_last_withdrawal_left_out_is_named_by_the_whole_ledger(tmp_path: Path) -> None:
    book = small_book()
    path = unpack(without(book, 22, 23), tmp_path / "bundle")
    assert judged(path).status == 0
    assert "the operator's signed word (stream.note)" in "\n".join(judged(path).said["not_proved"])
    found = verified(path, "--with", unpack(ledger_of(book), tmp_path / "ledger"))
    assert found.status == 1
    assert found.names(
        "entries/0000000022.json",
        "was left out: the whole ledger has consent-withdrawn about this person here (version 11)",
    )


def test_a_withdrawal_left_out_of_the_midst_leaves_a_gap(tmp_path: Path) -> None:
    book = small_book()
    book.write(ANNA, "contact-noted", contacted_at=book.at)
    files = without(book, 22)
    found = judged(unpack(files, tmp_path / "bundle"))
    assert found.names("entries/", "fact number 11 of 12 is missing")
    assert found.names("entries/0000000024.json", "goes beyond the 12 facts")


def test_a_fact_left_out_of_a_bundle_whose_note_counts_it_is_missed(tmp_path: Path) -> None:
    files = {name: data for name, data in WHOLE.items() if "0000000022" not in name}
    assert judged(unpack(signed_again(files), tmp_path / "b")).names(
        "entries/", "fact number 11 of 12 is missing"
    )


def test_what_was_in_force_cannot_be_taken_out_of_a_bundle(tmp_path: Path) -> None:
    """Entries of the installation that no fact names are bound by the operator's note alone:
    whoever has not the key is found.
    """
    gone = {name for name in NAMES if "0000000006" in name}
    found = judged(
        unpack(
            summed({name: data for name, data in WHOLE.items() if name not in gone}), tmp_path / "b"
        )
    )
    assert found.wrong == [
        (
            "entries/",
            "are not those that stream.note was signed with:"
            " one has been added, removed or replaced",
        )
    ]


def test_a_letter_after_a_withdrawal_cannot_be_hidden_by_keeping_the_withdrawal_back(
    tmp_path: Path,
) -> None:
    book = small_book()
    begin_letter(book, ANNA, "l3", "m3")
    found = judged(unpack(bundle_of(book), tmp_path / "honest"))
    assert found.names("entries/0000000024.json", "a letter without a live ground")


def test_a_word_of_somebody_else_than_the_operator_is_no_promise(tmp_path: Path) -> None:
    """The stream.note of another bundle of the same log does not fit."""
    other = bundle_of(small_book(), size=16)["stream.note"]
    found = judged(unpack(summed(WHOLE | {"stream.note": other}), tmp_path / "b"))
    assert found.names("stream.note", "is not the note that belongs to this checkpoint")


def test_a_person_that_is_somebody_else_is_named(tmp_path: Path) -> None:
    person = WHOLE["person.json"].replace(ANNA.encode(), ANNA.replace("8d", "9d").encode())
    assert judged(unpack(signed_again(WHOLE | {"person.json": person}), tmp_path / "b")).names(
        "person.json", "is about somebody else"
    )


def test_bytes_hidden_in_the_zip_file_are_found(tmp_path: Path) -> None:
    path, whole = tmp_path / "anna.zip", zipped(WHOLE)
    for altered_zip in (
        b"#!/bin/sh\n" + whole,
        whole + b"x",
        whole[:-2] + b"\1\0x",
        whole[:400] + whole[401:],
        whole[: len(whole) // 2],
    ):
        path.write_bytes(altered_zip)
        found = judged(path)
        assert found.status == 1 and found.wrong, altered_zip[:20]


def test_no_byte_of_the_zip_file_can_be_altered_in_what_it_holds(tmp_path: Path) -> None:
    """Flipped everywhere, one byte in each stretch: it is found, or it is a date or a mode that
    nothing reads.
    """
    path, whole = tmp_path / "anna.zip", zipped(WHOLE)
    for at in range(0, len(whole), 997):
        path.write_bytes(flip(whole, at))
        if judged(path).status == 0:
            with zipfile.ZipFile(path) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == WHOLE
