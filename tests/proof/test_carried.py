"""A checkpoint in a mail's header: folded for the wire, read back byte for byte from the mail as
somebody kept it, and from nowhere else in it.
"""

from __future__ import annotations

import email
import email.policy
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mime.headers import structured_header
from engine.proof.checkpoint import HEADER, Checkpoint, carried_by, open_checkpoint, words_of
from engine.proof.errors import ProofRefused
from engine.proof.signing import NoteSigner
from engine.proof.store import CACHE_SECONDS, CachedCheckpoint, SignedCheckpoint

ORIGIN = "lettres.potager.example:65535/relance/0123456789abcdef"
SIGNER = NoteSigner(ORIGIN, b"k" * 32)
ROOT = bytes(range(32))
NOTE = SIGNER.sign(str(Checkpoint(ORIGIN, 123_456_789, ROOT)))
FIELD = structured_header(HEADER, words_of(NOTE))
MAIL = b"From: a@b.example\r\nSubject: x\r\n" + FIELD + b"To: c@d.example\r\n\r\nBonjour.\r\n"


def test_it_folds_into_lines_of_78_and_words_of_60() -> None:
    lines = FIELD.split(b"\r\n")
    assert len(lines) > 3 and max(map(len, lines)) <= 78
    assert max(map(len, words_of(NOTE).split(" "))) <= 60


def test_what_is_read_back_is_believed() -> None:
    assert carried_by(MAIL) == NOTE
    assert open_checkpoint(carried_by(MAIL), [SIGNER.verifier]).size == 123_456_789


@given(st.binary(min_size=1, max_size=3000))
def test_whatever_is_carried_comes_back_byte_for_byte(note: bytes) -> None:
    assert carried_by(structured_header(HEADER, words_of(note)) + b"\r\n") == note


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_mail_program_may_have_changed_the_line_ends(end: bytes) -> None:
    assert carried_by(MAIL.replace(b"\r\n", end)) == NOTE


def test_it_may_have_been_folded_anew_unfolded_or_written_in_capitals() -> None:
    folded = FIELD.replace(b" ", b"\r\n\t", 1).replace(b"\r\n ", b"   \r\n   ")
    unfolded = (
        FIELD.replace(b"\r\n", b"").upper()[: len(HEADER)]
        + FIELD.replace(b"\r\n", b"")[len(HEADER) :]
        + b"\r\n"
    )
    for field in (folded, unfolded):
        assert carried_by(MAIL.replace(FIELD, field)) == NOTE


def test_pythons_own_reader_and_writer_leave_it_whole() -> None:
    for policy in (email.policy.compat32, email.policy.SMTP):
        assert carried_by(email.message_from_bytes(MAIL, policy=policy).as_bytes()) == NOTE


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (b"", "no header"),
        (MAIL.replace(FIELD, b""), "no header"),
        (b"\r\n" + MAIL, "no header"),
        (MAIL.replace(FIELD, b"") + FIELD, "no header"),
        (MAIL.replace(FIELD, b"X-" + FIELD), "no header"),
        (MAIL.replace(FIELD, FIELD + FIELD), "2 headers"),
        (MAIL.replace(FIELD, HEADER.encode() + b": AAA\r\n"), "not base64"),
        (MAIL.replace(FIELD, FIELD.replace(b" ", b" \xe9", 1)), "not base64"),
        (b"a: " + b"x" * 1_000_000 + b"\r\n" + FIELD, "no header"),
    ],
)
def test_what_carries_none_is_refused_with_the_reason(mail: bytes, why: str) -> None:
    with pytest.raises(ProofRefused, match=why):
        carried_by(mail)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda rest: FIELD[:40] + rest))
def test_no_bytes_break_the_reader(mail: bytes) -> None:
    with suppress(ProofRefused):
        carried_by(mail)


def test_one_question_answers_for_some_seconds() -> None:
    now, asked, known = [0.0], [0], [None, SignedCheckpoint(ORIGIN, 1, ROOT, NOTE, 0)]

    def latest() -> SignedCheckpoint | None:
        asked[0] += 1
        return known[min(asked[0], 2) - 1]

    newest = CachedCheckpoint(latest, lambda: now[0])
    assert [newest() for _ in range(1000)] == [b""] * 1000 and asked == [1]
    now[0] = CACHE_SECONDS
    assert newest() == NOTE and newest() == NOTE and asked == [2]
