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
from engine.proof.cached_checkpoint import (
    CACHE_SECONDS,
    MAX_BEHIND,
    REFUSED_SECONDS,
    SIGNING_SECONDS,
    CachedCheckpoint,
)
from engine.proof.checkpoint import HEADER, Checkpoint, carried_by, open_checkpoint, words_of
from engine.proof.errors import ProofRefused
from engine.proof.signer import EMPTY, SigningRefused
from engine.proof.signing import NoteSigner
from engine.proof.store import SignedCheckpoint

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


class Log:
    """A ledger that says when its entries were recorded (ms), and what was signed over it."""

    def __init__(self, *recorded: int, signed: int = 0) -> None:
        self.recorded, self.signed = list(recorded), [signed] if signed else []
        self.asked, self.refuses, self.missing = 0, False, 0

    def latest(self) -> SignedCheckpoint | None:
        self.asked += 1
        return self._checkpoint(self.signed[-1]) if self.signed else None

    def recorded_until(self, signed: SignedCheckpoint) -> int:
        return self.recorded[signed.size - 1]

    def behind(self) -> int:
        return self.missing

    def sign_now(self) -> SignedCheckpoint:
        if self.refuses:
            raise SigningRefused(EMPTY)
        self.signed.append(len(self.recorded))
        return self._checkpoint(self.signed[-1])

    def _checkpoint(self, size: int) -> SignedCheckpoint:
        return SignedCheckpoint(ORIGIN, size, ROOT, b"checkpoint %d" % size, 0)


class Timer:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_one_question_answers_for_some_seconds() -> None:
    log, timer = Log(1000), Timer()
    newest = CachedCheckpoint(log, timer)
    assert [newest() for _ in range(1000)] == [b""] * 1000 and log.asked == 1
    log.signed.append(1)
    timer.seconds = CACHE_SECONDS
    assert newest() == newest() == b"checkpoint 1" and log.asked == 2


def test_a_ground_that_is_not_covered_is_signed_over_at_once() -> None:
    log = Log(1000, 2000, 3000, signed=1)
    newest = CachedCheckpoint(log, Timer())
    newest.cover(2000)
    assert newest() == b"checkpoint 3" and log.signed == [1, 3]


@pytest.mark.parametrize("since", [0, 999])
def test_a_ground_that_is_covered_costs_nothing(since: int) -> None:
    log = Log(1000, 2000, signed=1)
    newest = CachedCheckpoint(log, Timer())
    newest.cover(since)
    assert newest() == b"checkpoint 1" and log.signed == [1] and log.asked == 1


def test_the_first_checkpoint_of_all_is_left_to_who_signs_by_the_hour() -> None:
    log = Log(1000)
    newest = CachedCheckpoint(log, Timer())
    newest.cover(1000)
    assert newest() == b"" and log.signed == []


def test_what_another_process_has_signed_meanwhile_serves() -> None:
    log = Log(1000, 2000, 3000, signed=1)
    newest = CachedCheckpoint(log, Timer())
    assert newest() == b"checkpoint 1"
    log.signed.append(3)
    newest.cover(2000)
    assert newest() == b"checkpoint 3" and log.signed == [1, 3]


def test_one_process_asks_for_no_two_signatures_in_the_same_moment() -> None:
    log, timer = Log(1000, 2000, signed=1), Timer()
    newest = CachedCheckpoint(log, timer)
    newest.cover(2000)
    log.recorded += [3000, 4000]
    newest.cover(3000)
    assert log.signed == [1, 2]
    timer.seconds = SIGNING_SECONDS
    newest.cover(3000)
    assert log.signed == [1, 2, 4] and newest() == b"checkpoint 4"


def test_a_tree_that_is_far_behind_is_not_waited_for() -> None:
    log, timer = Log(1000, 2000, signed=1), Timer()
    newest, log.missing = CachedCheckpoint(log, timer), MAX_BEHIND + 1
    newest.cover(2000)
    assert newest() == b"checkpoint 1"
    log.missing, timer.seconds = MAX_BEHIND, SIGNING_SECONDS
    newest.cover(2000)
    assert newest() == b"checkpoint 2"


def test_a_process_that_cannot_sign_carries_what_others_sign() -> None:
    log, timer = Log(1000, 2000, 3000, signed=1), Timer()
    log.refuses, newest = True, CachedCheckpoint(log, timer)
    newest.cover(2000)
    assert newest() == b"checkpoint 1"
    log.refuses, timer.seconds = False, REFUSED_SECONDS - 1
    newest.cover(2000)
    assert log.signed == [1]
    log.signed.append(3)
    timer.seconds = REFUSED_SECONDS
    newest.cover(2000)
    assert newest() == b"checkpoint 3" and log.signed == [1, 3]
