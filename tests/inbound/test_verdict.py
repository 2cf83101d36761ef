"""The class of a failed delivery (B04): status, then words; Exim's 5.0.0 is no truth."""

from __future__ import annotations

import pytest

from engine.inbound.verdict import BounceKind, FailedRecipient, kind_of, kind_of_all
from engine.sending.replies import Reply

TABLE: tuple[tuple[BounceKind, str, str], ...] = (
    ("hard", "5.1.1", ""),
    ("hard", "5.1.2", ""),
    ("hard", "5.1.3", ""),
    ("hard", "5.1.6", ""),
    ("hard", "5.1.10", ""),
    ("hard", "5.2.1", ""),
    ("hard", "5.0.0", "Unrouteable address"),
    ("hard", "5.0.0", "550 user unknown"),
    ("hard", "5.0.0", "550 Requested action not taken: mailbox unavailable"),
    ("hard", "5.0.0", "550 cette adresse n'existe pas"),
    ("hard", "5.0.0", "550 utilisateur inexistant"),
    ("hard", "5.0.0", "550 5.1.1 no"),
    ("hard", "5.7.1", "550 5.7.1 No such user c18si2365148hub"),
    ("soft", "4.2.2", ""),
    ("soft", "5.2.2", ""),
    ("soft", "5.3.4", ""),
    ("soft", "5.4.4", ""),
    ("soft", "4.2.0", "450 4.2.0 greylisted"),
    ("soft", "4.7.1", "451 4.7.1 try again later"),
    ("soft", "4.4.1", "connect to mx.reader.example[192.0.2.1]:25: Connection timed out"),
    ("soft", "4.1.1", "450 4.1.1 <a@b.example>: Recipient address rejected: User unknown"),
    ("soft", "5.0.0", "552 mailbox full"),
    ("soft", "5.1.1", "550 5.1.1 user is over quota"),
    ("soft", "5.1.1", "550 5.1.1 message size exceeds the limit"),
    ("soft", "5.0.0", ""),
    ("soft", "", ""),
    ("soft", "5.0.0", "550 requested action not taken at 195.5.1.1"),
    ("blocked", "5.7.1", ""),
    ("blocked", "5.7.26", "550 5.7.26 unauthenticated"),
    ("blocked", "5.0.0", "554 blocked using zen.spamhaus.org"),
    ("blocked", "5.1.1", "550 5.1.1 sender rejected: user unknown"),
    ("blocked", "5.0.0", "550 message considéré comme indésirable"),
    ("blocked", "5.0.0", "554 5.7.1 Relay access denied"),
)


@pytest.mark.parametrize(("kind", "status", "words"), TABLE)
def test_a_status_and_its_words_have_a_class(kind: BounceKind, status: str, words: str) -> None:
    assert kind_of(status, words)[0] == kind


def test_a_hundred_refusals_of_the_sender_condemn_nobody() -> None:
    words = "550-5.7.26 This mail has been blocked because the sender is unauthenticated."
    assert {kind_of("5.7.26", words)[0] for _ in range(100)} == {"blocked"}


def test_the_codes_are_those_of_the_server() -> None:
    _, reply = kind_of("5.0.0", "550 5.1.1 <a@b.example>: unknown")
    assert (reply.code, reply.enhanced) == (550, "5.1.1")
    _, reply = kind_of("5.1.1 (bad destination)", "")
    assert (reply.code, reply.enhanced) == (550, "5.1.1")
    _, reply = kind_of("5.0.0", "user unknown")
    assert (reply.code, reply.enhanced) == (550, "")
    _, reply = kind_of("", "the host 192.0.2.250 5.1.1.9 said nothing in 550.3 days")
    assert (reply.code, reply.enhanced) == (0, "")


def test_of_several_recipients_the_mildest_class_counts() -> None:
    def bounced(*kinds: BounceKind) -> BounceKind:
        return kind_of_all(tuple(FailedRecipient("", kind, Reply(0, "", "")) for kind in kinds))

    assert bounced("hard", "hard") == "hard"
    assert bounced("hard", "blocked") == "blocked"
    assert bounced("hard", "soft") == "soft"
    assert bounced() == "soft"
