"""Leaving by mail: by the token's address, whatever the mail says (B08); by a word, only where our
own server vouches for the sender (B09).
"""

from __future__ import annotations

import pytest

from engine.inbound.letter_identity import LetterMark
from engine.inbound.reading import Reading, Replied
from engine.inbound.stop_words import Stopped, StopProof
from tests.inbound.mails import MESSAGE, read

WORDS = (
    "STOP",
    "stop.",
    "Stop mails",
    "STOP PUB",
    "Unsubscribe",
    "unsubscribe me",
    "Please unsubscribe me from this list",
    "I want to unsubscribe",
    "Remove me from your mailing list, please",
    "opt-out",
    "Désinscription",
    "DESINSCRIPTION",
    "désabonner",
    "Désabonnez-moi",
    "Me désabonner",
    "Je souhaite me désinscrire",
    "Merci de me désinscrire de votre liste",
    "Veuillez me désabonner de cette newsletter",
    "Je veux ne plus recevoir vos mails, merci",
    "Arrêtez !",
)
NOT_WORDS = (
    "Stop, that is great news!",
    "Je ne veux surtout pas me désinscrire",
    "How do I unsubscribe my neighbour?",
    "Le désabonnement de ma mère s'est bien passé, merci",
    "Bonjour",
    "Non stop",
)
PASSES = "Authentication-Results: mx.garden.example; "


def reply(body: str, results: str = "", subject: str = "Re: Bienvenue", more: str = "") -> Reading:
    head = f"From: Anna <Anna@Reader.example>\nTo: lettre@garden.example\nSubject: {subject}\n"
    return read(f"{results + chr(10) if results else ''}{head}{more}\n{body}\n")


def proof_of(reading: Reading) -> StopProof | None:
    return reading.proof if isinstance(reading, Stopped) else None


@pytest.mark.parametrize("word", WORDS)
def test_a_word_alone_leaves(word: str) -> None:
    reading = reply(
        f"\n{word}\n\nLe 30 nov. 2026, Le Jardin a écrit :\n> Bonjour",
        PASSES + "dkim=pass header.d=reader.example",
    )
    assert reading == Stopped(None, "authenticated", "anna@reader.example")


@pytest.mark.parametrize("word", WORDS)
def test_it_may_stand_in_the_subject_of_an_empty_mail(word: str) -> None:
    assert proof_of(reply("", subject=word)) == "none"


@pytest.mark.parametrize("words", NOT_WORDS)
def test_whoever_writes_more_is_answered_by_a_person(words: str) -> None:
    assert isinstance(reply(words), Replied)


def test_the_word_in_what_is_quoted_leaves_nothing() -> None:
    assert isinstance(reply("> STOP\n> Pour ne plus recevoir nos lettres"), Replied)


@pytest.mark.parametrize(
    ("results", "proof"),
    [
        ("dkim=pass header.d=reader.example", "authenticated"),
        ("dkim=pass header.i=@reader.example", "authenticated"),
        ("spf=pass smtp.mailfrom=anna@reader.example", "authenticated"),
        ("dmarc=pass (p=none) header.from=reader.example", "authenticated"),
        ("dkim=fail header.d=reader.example", "none"),
        ("dkim=pass header.d=evil.example", "none"),
        ("dkim=pass header.d=notreader.example", "none"),
        ("dkim=pass header.d=example", "none"),
        ("dkim=pass header.d=mail.reader.example", "none"),
        ("spf=pass smtp.mailfrom=anna@evil.example", "none"),
        ("spf=fail smtp.mailfrom=x@evil.example; dkim=none", "none"),
        ("x-dkim=pass header.d=reader.example", "none"),
        ("dkim=fail (dkim=pass header.d=reader.example )", "none"),
        ("dkim=pass header.d=evil.example (header.d=reader.example )", "none"),
        ("auth=pass header.d=reader.example", "none"),
        ("spf=pass header.d=reader.example", "none"),
    ],
)
def test_only_an_aligned_pass_of_our_own_server_counts(results: str, proof: StopProof) -> None:
    assert proof_of(reply("STOP", PASSES + results)) == proof


def test_results_that_came_with_the_mail_are_not_believed() -> None:
    aligned = "dkim=pass header.d=reader.example"
    assert proof_of(reply("STOP", f"Authentication-Results: mx.evil.example; {aligned}")) == "none"
    both = f"{PASSES}dkim=none\n{PASSES}{aligned}"
    assert proof_of(reply("STOP", both)) == "none"


def test_two_senders_are_nobody() -> None:
    results = PASSES + "dkim=pass header.d=reader.example"
    reading = reply("STOP", results, more="From: victim@reader.example\n")
    assert reading == Stopped(None, "none", "")


@pytest.mark.parametrize(
    "mail",
    [
        "",
        "From: other@elsewhere.example\nSubject: Bonjour\n\nJe garde vos lettres.\n",
        "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: MAILER-DAEMON@x.example\n\n550 no\n",
    ],
)
def test_the_address_of_the_token_leaves_whatever_the_mail_says(mail: str) -> None:
    reading = read("To: {unsubscribe}\n" + mail)
    assert isinstance(reading, Stopped)
    assert (reading.letter, reading.proof) == (LetterMark(MESSAGE, "token"), "token")


def test_a_return_path_in_its_place_leaves_nothing() -> None:
    mail = "From: anna@reader.example\nTo: {return_path}\nSubject: Bonjour\n\nBonjour\n"
    assert read(mail) == Replied(LetterMark(MESSAGE, "token"))


def test_the_envelope_outranks_what_the_header_says() -> None:
    mail = "From: anna@reader.example\nTo: {unsubscribe}\nSubject: Bonjour\n\nBonjour\n"
    assert isinstance(read(mail, "lettre@garden.example"), Replied)
