"""Each form of mail that comes back, and what is read of it (B02, B03, B06, B10, B11)."""

from __future__ import annotations

import pytest

from engine.inbound.automatic import AutoReplied, Challenged
from engine.inbound.delivery_status import Bounced, Delayed, Delivered
from engine.inbound.feedback import Complained, FeedbackType
from engine.inbound.letter_identity import LetterMark, MarkKind
from engine.inbound.reading import Replied
from engine.inbound.verdict import BounceKind
from tests.inbound.mails import MESSAGE, SAMPLES, read, sample

BOUNCES: dict[str, tuple[BounceKind, str]] = {
    "rfc3464-e1-failed.eml": ("soft", "anna@reader.example"),
    "rfc3464-e2-several.eml": ("hard", "arathib@vnet.example wsnell@sdcc13.example"),
    "rfc6533-utf8.eml": ("hard", "andré@reader.example"),
    "exim-dsn-unknown.eml": ("hard", "anna@reader.example"),
    "exim-dsn-full.eml": ("soft", "anna@reader.example"),
    "exim-dsn-blocked.eml": ("blocked", "anna@reader.example"),
    "exim-text.eml": ("hard", "anna@reader.example"),
    "qmail.eml": ("hard", "anna@reader.example"),
    "qmail-quota.eml": ("soft", "anna@reader.example"),
    "mbox-from-line.eml": ("hard", "anna@reader.example"),
    "exchange-ndr.eml": ("hard", "anna@reader.example"),
    "exchange-fr.eml": ("hard", "anna@reader.example"),
    "notes.eml": ("hard", "anna@reader.example"),
    "orange.eml": ("hard", "anna@orange.example"),
    "orange-text.eml": ("soft", "anna@orange.example"),
    "free.eml": ("hard", "anna@free.example"),
    "ovh.eml": ("hard", "anna@ovh.example"),
    "laposte.eml": ("hard", "anna@laposte.example"),
    "sfr.eml": ("soft", "anna@sfr.example"),
    "gmail-text.eml": ("hard", "anna@reader.example"),
    "courier-text.eml": ("hard", "anna@reader.example"),
    "sendmail-text.eml": ("hard", "anna@reader.example"),
    "gmx-text.eml": ("hard", "anna@reader.example"),
    "body-only-5xx.eml": ("hard", "anna@reader.example"),
    "body-only-blocked.eml": ("blocked", "anna@reader.example"),
}
COMPLAINTS: dict[str, tuple[FeedbackType, MarkKind, bool]] = {
    "arf-yahoo.eml": ("abuse", "token", True),
    "arf-signal-spam.eml": ("abuse", "message-id", True),
    "arf-envelope-id.eml": ("abuse", "envelope-id", True),
    "arf-not-spam.eml": ("not-spam", "token", False),
    "jmrp.eml": ("abuse", "token", True),
}
OTHERS: dict[str, type] = {
    "rfc3464-e3-delivered.eml": Delivered,
    "rfc3464-e4-relayed.eml": Delivered,
    "rfc3464-e5-delayed.eml": Delayed,
    "exim-warning.eml": Delayed,
    "mailinblack.eml": Challenged,
    "boxbe.eml": Challenged,
    "forged-victim.eml": Bounced,
    "reply.eml": Replied,
    "person-forwards-a-bounce.eml": Replied,
}
LETTER = LetterMark(MESSAGE, "token")
AWAY = [
    line.split(" |")
    for line in (SAMPLES / "out-of-office.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def test_every_sample_has_its_expectation() -> None:
    files = {file.name for file in SAMPLES.glob("*.eml")}
    assert files == {*BOUNCES, *COMPLAINTS, *OTHERS}


@pytest.mark.parametrize("name", BOUNCES)
def test_a_bounce_has_its_class_and_its_recipients(name: str) -> None:
    kind, addresses = BOUNCES[name]
    reading = read(sample(name))
    assert isinstance(reading, Bounced)
    assert " ".join(recipient.address for recipient in reading.recipients) == addresses
    assert (reading.kind, reading.letter) == (kind, LETTER)


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_complaint_names_its_letter_though_the_recipient_is_hidden(name: str) -> None:
    feedback, mark, ends = COMPLAINTS[name]
    reading = read(sample(name))
    assert isinstance(reading, Complained)
    assert (reading.feedback, reading.ends_letters) == (feedback, ends)
    assert reading.letter == LetterMark(MESSAGE, mark)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_bounce_is_read_as_what_it_is(name: str) -> None:
    assert type(read(sample(name))) is OTHERS[name]


def test_a_forged_report_that_names_a_victim_names_no_letter() -> None:
    reading = read(sample("forged-victim.eml"))
    assert isinstance(reading, Bounced)
    assert reading.letter is None


def test_there_are_forty_absences() -> None:
    assert len(AWAY) >= 40


@pytest.mark.parametrize(("subject", "header"), AWAY, ids=" ".join)
def test_an_absence_changes_nothing(subject: str, header: str) -> None:
    text = "Bonjour, je suis absent et vous répondrai à mon retour. Adresse inconnue : 550 5.1.1."
    for path in ("<>", "<anna@reader.example>"):
        lines = [f"Return-Path: {path}", "From: Anna <anna@reader.example>", "To: {return_path}"]
        lines += [f"Subject: {subject}", *([header.strip()] if header else []), "", text]
        assert read("\n".join(lines)) == AutoReplied(LETTER)


REPORT = (
    "Your mail could not be delivered to the following recipients:\n\n"
    "<paul@other.example>: 550 5.1.1 user unknown\n"
)


@pytest.mark.parametrize(
    "head",
    [
        "Return-Path: <>\nFrom: Anna <anna@reader.example>\nSubject: Bonjour\n",
        "From: Anna <anna@reader.example>\nSubject: Delivery failure\n",
    ],
)
def test_a_person_s_words_condemn_nobody_whatever_the_subject(head: str) -> None:
    reading = read(f"{head}To: {{return_path}}\n\n{REPORT}")
    assert not isinstance(reading, Bounced) or reading.kind == "soft"


def test_the_same_words_of_a_mail_system_do() -> None:
    reading = read(f"From: MAILER-DAEMON@x.example\nTo: {{return_path}}\n\n{REPORT}")
    assert isinstance(reading, Bounced) and reading.kind == "hard"


@pytest.mark.parametrize("sender", ["grimss@reader.example", "pandaemon@reader.example"])
def test_a_person_whose_name_ends_like_a_mail_system_s_is_a_person(sender: str) -> None:
    assert isinstance(read(f"From: {sender}\nTo: {{return_path}}\n\n{REPORT}"), Replied)
