"""What each answer of a mail server means: read, classified, and freed of addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sending.replies import (
    MAX_TEXT_CHARACTERS,
    Fault,
    Reply,
    Stage,
    Verdict,
    classify,
    fault_of,
    limit_of,
    parse_reply,
    redacted,
)

HARD = Verdict.HARD
SOFT = Verdict.SOFT
BLOCKED = Verdict.BLOCKED
TEMPORARY = Verdict.TEMPORARY
NOT_CARRIED = Verdict.NOT_CARRIED


def read(text: str) -> Reply:
    return parse_reply([line.encode() for line in text.split("\n")])


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("250 2.1.0 Ok", Reply(250, "2.1.0", "Ok")),
        ("250 Ok", Reply(250, "", "Ok")),
        ("354", Reply(354, "", "")),
        ("550-5.1.1 The account does\n550-5.1.1 not exist.\n550 5.1.1  gsmtp",
         Reply(550, "5.1.1", "The account does not exist. gsmtp")),
        ("550 sorry, no mailbox here by that name. (#5.1.1)",
         Reply(550, "5.1.1", "sorry, no mailbox here by that name. (#5.1.1)")),
        ("550 #5.1.0 Address rejected.", Reply(550, "5.1.0", "#5.1.0 Address rejected.")),
        ("552 5.2.2", Reply(552, "5.2.2", "")),
        ("220 10.1.1.1 ESMTP", Reply(220, "", "10.1.1.1 ESMTP")),
    ],
)  # fmt: skip
def test_an_answer_of_one_or_many_lines_is_read(said: str, reply: Reply) -> None:
    assert read(said) == reply


@pytest.mark.parametrize(
    "said", ["", "hello", "25 Ok", "2500 Ok", "199 no", "600 no", "٢٥٠ Ok", "250xOk"]
)
def test_what_is_no_answer_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="reply code"):
        read(said)


def test_no_line_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no line"):
        parse_reply([])


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_an_answer_of_any_octets_becomes_one_short_printable_line(lines: list[bytes]) -> None:
    reply = parse_reply([b"550-" + line.replace(b"\n", b"") for line in lines])
    assert len(reply.text) <= MAX_TEXT_CHARACTERS
    assert not any(character in reply.text for character in "\r\n\0\x1b\x85\u2028")
    assert classify("rcpt", reply) in (HARD, SOFT, BLOCKED, TEMPORARY, NOT_CARRIED)


def test_a_long_answer_is_cut() -> None:
    assert len(parse_reply([b"550 " + b"x" * 5000]).text) == MAX_TEXT_CHARACTERS


TABLE: list[tuple[Stage, str, Verdict]] = [
    # The enhanced code decides first.
    ("rcpt", "550 5.1.1 User unknown", HARD),
    ("rcpt", "550 5.1.2 Bad destination system", HARD),
    ("rcpt", "553 5.1.3 Bad syntax", HARD),
    ("rcpt", "551 5.1.6 Moved, no forwarding", HARD),
    ("rcpt", "556 5.1.10 Null MX", HARD),
    ("rcpt", "550 5.2.1 Mailbox disabled", HARD),
    ("dot", "550 5.1.1 User unknown", HARD),
    ("rcpt", "552 5.2.2 Mailbox full", SOFT),
    ("rcpt", "550 5.2.2 user unknown", SOFT),
    ("mail", "552 5.3.4 Too big", NOT_CARRIED),
    ("dot", "552 5.3.4 Too big", NOT_CARRIED),
    ("dot", "552 5.2.3 Message length exceeds administrative limit", NOT_CARRIED),
    ("rcpt", "550 5.4.1 Recipient address rejected: Access denied", SOFT),
    ("rcpt", "550 5.4.4 Unable to route", SOFT),
    ("mail", "550 5.6.7 SMTPUTF8 required", NOT_CARRIED),
    ("rcpt", "550 5.7.1 Delivery not authorized", BLOCKED),
    ("rcpt", "550 5.7.1 User unknown", BLOCKED),
    ("dot", "550 5.7.26 Unauthenticated email is not accepted", BLOCKED),
    ("dot", "550 5.7.515 Access denied, sending domain does not meet the required level", BLOCKED),
    ("dot", "554 5.6.0 Invalid header", BLOCKED),
    ("rcpt", "550 5.1.8 Sender address rejected: Domain not found", BLOCKED),
    ("mail", "553 5.1.7 Bad sender", BLOCKED),
    # Temporary as soon as either code says so.
    ("rcpt", "450 4.2.0 Greylisted", TEMPORARY),
    ("rcpt", "451 4.7.1 Greylisting in action", TEMPORARY),
    ("rcpt", "452 4.2.2 Mailbox full", TEMPORARY),
    ("rcpt", "421 4.7.0 Too many connections, blocked by reputation", TEMPORARY),
    ("rcpt", "550 4.2.1 Mailbox disabled", TEMPORARY),
    ("rcpt", "450 5.1.1 User unknown", TEMPORARY),
    ("dot", "451 Local error", TEMPORARY),
    ("dot", "354 what?", TEMPORARY),
    # Without an enhanced code, or with one that says little, the code and then the words.
    ("rcpt", "556 Domain does not accept mail", HARD),
    ("rcpt", "530 Authentication required", BLOCKED),
    ("rcpt", "552 Requested action aborted", SOFT),
    ("rcpt", "550 No such user here", HARD),
    ("rcpt", "550 5.1.0 Unknown recipient", HARD),
    ("rcpt", "550 5.5.0 Mailbox not found", HARD),
    ("rcpt", "550 Requested action not taken: mailbox unavailable", SOFT),
    ("rcpt", "550 The account <a@b.fr> does not exist", HARD),
    ("rcpt", "550 Cette adresse n'existe pas", HARD),
    ("rcpt", "550 Cette adresse n’existe pas", HARD),
    ("rcpt", "550 Adresse inexistante", HARD),
    ("rcpt", "550 Utilisateur inconnu", HARD),
    ("rcpt", "550 Destinataire invalide", HARD),
    ("rcpt", "550 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416", HARD),
    ("rcpt", "554 delivery error: This user doesn't have an account, the mailbox is full", SOFT),
    ("rcpt", "550 La boîte aux lettres du destinataire est pleine", SOFT),
    ("rcpt", "550 over quota", SOFT),
    ("dot", "554 message trop volumineux", NOT_CARRIED),
    ("dot", "550 Message exceeds fixed maximum message size", NOT_CARRIED),
    ("dot", "552 Message too large", NOT_CARRIED),
    ("rcpt", "555 Unsupported parameter SMTPUTF8", NOT_CARRIED),
    ("dot", "554 Transaction failed", SOFT),
    ("rcpt", "554 Refused", SOFT),
    ("dot", "550 Spam detected", BLOCKED),
    ("dot", "554 Message rejeté car indésirable", BLOCKED),
    ("rcpt", "554 Relay access denied", BLOCKED),
    ("rcpt", "554 Votre adresse est sur liste noire", BLOCKED),
    # Words that name the sender's fault outrank a code that accuses the recipient.
    ("rcpt", "550 5.1.1 Client host blocked using zen.spamhaus.org", BLOCKED),
    ("rcpt", "550 5.1.1 Sender address rejected: undeliverable address", BLOCKED),
    ("rcpt", "556 See https://spamhaus.org", BLOCKED),
    # MAIL names the sender alone.
    ("mail", "550 User unknown", BLOCKED),
    ("mail", "550 5.1.1 User unknown", BLOCKED),
    ("mail", "550 No", BLOCKED),
    # A relay that does not let us in has nothing against the person.
    ("connect", "554 5.1.1 No service", BLOCKED),
    ("helo", "550 5.1.1 no such user", BLOCKED),
    ("auth", "535 5.7.8 Bad credentials", BLOCKED),
    ("auth", "454 4.7.0 Try later", TEMPORARY),
    ("connect", "421 4.3.2 Shutting down", TEMPORARY),
    ("dot", "250 2.0.0 Ok", Verdict.ACCEPTED),
    ("rcpt", "251 Forwarded", Verdict.ACCEPTED),
    ("data", "354 Go", Verdict.ACCEPTED),
]


@pytest.mark.parametrize(("stage", "said", "verdict"), TABLE, ids=lambda value: str(value)[:50])
def test_each_known_answer_has_its_verdict(stage: Stage, said: str, verdict: Verdict) -> None:
    assert classify(stage, read(said)) is verdict


FAULTS: list[tuple[Stage, str, Fault]] = [
    # Of the mailbox: its address, its state, the way to it.
    ("rcpt", "550 5.1.1 User unknown", "mailbox"),
    ("rcpt", "552 5.2.2 Mailbox full", "mailbox"),
    ("dot", "552 5.2.2 Mailbox full", "mailbox"),
    ("dot", "452 4.2.2 Over quota", "mailbox"),
    ("dot", "552 mailbox is full", "mailbox"),
    ("rcpt", "550 5.4.1 Recipient address rejected: Access denied", "mailbox"),
    ("rcpt", "450 Mailbox busy", "mailbox"),
    ("rcpt", "554 Refused", "mailbox"),
    # Of ours: the relay, who we are, what we write, how much of it.
    ("mail", "550 5.6.7 SMTPUTF8 required", "sender"),
    ("rcpt", "553 5.6.7 Address includes non-ASCII characters", "sender"),
    ("rcpt", "555 Unsupported parameter SMTPUTF8", "sender"),
    ("dot", "552 5.3.4 Message too big", "sender"),
    ("dot", "552 5.2.3 Message too large for this mailbox", "sender"),
    ("dot", "550 5.7.26 Unauthenticated email is not accepted", "sender"),
    ("dot", "554 5.6.0 Invalid header", "sender"),
    ("auth", "535 5.7.8 Bad credentials", "sender"),
    ("rcpt", "550 5.1.8 Sender address rejected", "sender"),
    ("rcpt", "451 4.1.8 Sender domain not found", "sender"),
    ("rcpt", "451 4.7.1 Greylisting in action", "sender"),
    ("rcpt", "450 Greylisted, try again later", "sender"),
    ("rcpt", "452 4.5.3 Too many recipients", "sender"),
    ("dot", "451 4.7.650 Your IP is rate limited", "sender"),
    ("connect", "421 4.3.2 Shutting down", "sender"),
    # Nobody can tell.
    ("dot", "554 Transaction failed", "unknown"),
    ("dot", "451 Local error", "unknown"),
    ("rcpt", "452 4.3.1 Insufficient system storage", "unknown"),
    ("rcpt", "451 4.3.0 Temporary lookup failure", "unknown"),
    ("data", "550 5.5.0 No", "unknown"),
]


@pytest.mark.parametrize(("stage", "said", "fault"), FAULTS, ids=lambda value: str(value)[:50])
def test_each_refusal_is_about_the_mailbox_about_us_or_nobody_can_tell(
    stage: Stage, said: str, fault: Fault
) -> None:
    assert fault_of(stage, read(said)) == fault


@given(
    st.sampled_from(["connect", "helo", "auth", "mail", "rcpt", "data", "dot"]),
    st.text(max_size=60),
    st.sampled_from(["", "4.0.0 ", "5.99.1 "]),
)
def test_whatever_is_said_has_one_of_three_faults(stage: Stage, words: str, enhanced: str) -> None:
    assert fault_of(stage, parse_reply([f"550 {enhanced}{words}".encode()])) in (
        "mailbox",
        "sender",
        "unknown",
    )


def test_what_could_not_be_carried_is_named() -> None:
    said = [
        "550 5.6.7 no",
        "552 5.3.4 no",
        "552 Message too large",
        "554 5.6.3 no",
        "555 no",
        "553 5.1.3 no",
    ]
    assert [limit_of(read(each)) for each in said] == [
        "smtputf8",
        "size",
        "size",
        "8bitmime",
        "parameters",
        "address",
    ]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (
            "<jean.dupont@exemple.fr>: Recipient address rejected",
            "<address>: Recipient address rejected",
        ),
        ("jean.dupont@exemple.fr does not exist.", "<address> does not exist."),
        ("mail for jean.dupont@exemple.fr. Bye", "mail for <address>. Bye"),
        ('"jean dupont"@exemple.fr, é@xn--9ca.fr', "<address>, <address>"),
        ("to <x@[127.0.0.1]>;", "to <address>;"),
        ("b-1+abc=exemple.fr@bounce.fr", "<address>"),
        ("Ok: queued as 4F1A", "Ok: queued as 4F1A"),
        ("a@b@c d", "<address>@c d"),
    ],
)
def test_no_address_is_left_in_a_server_s_words(text: str, clean: str) -> None:
    assert redacted(text) == clean


def test_the_recipient_s_local_part_standing_alone_is_removed_too() -> None:
    assert (
        redacted("User Jean.Dupont unknown", "jean.dupont@exemple.fr") == "User <address> unknown"
    )
    assert redacted("No jeannette here", "jean@exemple.fr") == "No jeannette here"


@given(st.text(max_size=200))
def test_an_address_is_removed_from_among_any_words(text: str) -> None:
    assert "jean.dupont@exemple.fr" not in redacted(f"{text} jean.dupont@exemple.fr {text}")
