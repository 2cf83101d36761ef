"""One message for delivery, as values: the envelope, what the peer offers, the exact bytes to
write, and how it ended. Pure.

A body leaves with CRLF line ends only and dot-stuffed (RFC 5321 4.5.2), so that no line of it can
be taken for a command; an address that could break a command, or that the peer cannot take, is
refused here, before anything is written.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from engine.frozen import dataclass
from engine.sending.replies import Reply, Stage, Verdict
from engine.sending.stream_settings import Stream


class Permit(Protocol):
    """The leave of whose servers a message goes to."""

    def holds(self) -> bool:
        """Whether the message may still be begun at this moment."""


class Envelope(NamedTuple):
    key: str  # the message id
    sender: str  # MAIL FROM, "" for the null sender
    recipient: str
    body: bytes  # a whole message with CRLF line ends, not dot-stuffed
    envelope_id: str = ""  # ENVID: what a report of its delivery names it by (RFC 3461 4.4)
    stream: Stream = "marketing"
    permit: Permit | None = None  # None: it needs none


class Delivery(NamedTuple):
    """How the delivery of one envelope ended. `verdict` None: in doubt, the final dot was written
    and never answered. `reply` is the answer that decided, its text without addresses; None when
    none came. `stage` is where it was decided: "connect", "helo" and "auth" mean that the message
    was never begun. `servers` names those whose refusals in a row are counted together, "" for a
    relay, which speaks for all. `provider` is the name of whose mailbox it was for, where the
    servers were looked up; "" where the address alone can tell.
    """

    key: str
    stage: Stage
    reply: Reply | None
    verdict: Verdict | None
    tls: str  # "TLSv1.3 TLS_AES_256_GCM_SHA384", or "" in clear
    servers: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What the peer said to EHLO."""

    pipelining: bool = False
    size: int = 0  # octets; 0: not said
    says_size: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False


_BREAKS_A_COMMAND = re.compile(r"[\x00-\x20\x7f<>]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_XTEXT = re.compile(r"[^!-~]|[+=]")
_CR_OR_LF_ALONE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def crlf(body: bytes) -> bytes:
    """`body` with every line end as CRLF, the last one included."""
    if body.replace(b"\r", b"").replace(b"\n", b"\r\n") != body:
        body = _CR_OR_LF_ALONE.sub(b"\r\n", body)
    return body if not body or body.endswith(b"\r\n") else body + b"\r\n"


def dotted(body: bytes) -> bytes:
    """`body`, whose line ends are CRLF, as written after DATA: dot-stuffed and ended by the line
    that is a single dot.
    """
    body = body.replace(b"\r\n.", b"\r\n..")
    return (b"." + body if body.startswith(b".") else body) + b".\r\n"


def local_refusal(envelope: Envelope, offers: Offers) -> Reply | None:
    """Why this message is not even offered to the peer, None where it may be. Always NOT_CARRIED: a
    peer's limits say nothing about an address.

    5.3.4 too large for the peer's SIZE (RFC 1870); 5.6.7 a non-ASCII local part and no SMTPUTF8
    (RFC 6531 3); 5.6.3 eight-bit body and no 8BITMIME (RFC 6152); 5.1.3 and 5.1.7 an address that
    cannot stand in a command.
    """
    if not _can_be_said(envelope.recipient):
        return Reply(
            553, "5.1.3", "The recipient's address cannot be written in an SMTP command (not sent)."
        )
    if envelope.sender and not _can_be_said(envelope.sender):
        return Reply(
            553, "5.1.7", "The sender's address cannot be written in an SMTP command (not sent)."
        )
    # Line ends that are repaired at most double the length.
    if (
        offers.size
        and len(envelope.body) * 2 + 2 > offers.size
        and len(crlf(envelope.body)) > offers.size
    ):
        return Reply(
            552,
            "5.3.4",
            f"The message is larger than the {offers.size} octets the server takes (not sent).",
        )
    if not offers.smtputf8 and not (envelope.recipient.isascii() and envelope.sender.isascii()):
        return Reply(
            553, "5.6.7", "The address needs SMTPUTF8 and the server does not offer it (not sent)."
        )
    if not offers.eight_bit and not envelope.body.isascii():
        return Reply(
            554,
            "5.6.3",
            "The message has eight-bit bytes and the server does not take them (not sent).",
        )
    return None


def _can_be_said(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    if not (local and domain.isascii() and domain) or _BREAKS_A_COMMAND.search(address):
        return False
    return local.isascii() or not _SURROGATE.search(local)


def mail_command(envelope: Envelope, size: int, offers: Offers) -> bytes:
    """`size` in octets, line ends as CRLF, before dot-stuffing (RFC 1870 section 3)."""
    command = f"MAIL FROM:<{envelope.sender}>"
    if offers.says_size:
        command += f" SIZE={size}"
    if not envelope.body.isascii():
        command += " BODY=8BITMIME"
    if not (envelope.recipient.isascii() and envelope.sender.isascii()):
        command += " SMTPUTF8"
    if offers.dsn:
        command += " RET=HDRS"
        if envelope.envelope_id:
            command += f" ENVID={xtext(envelope.envelope_id)}"
    return command.encode() + b"\r\n"


def rcpt_command(envelope: Envelope, offers: Offers) -> bytes:
    """A report is asked for where the letter does not arrive, and for nothing else (A15). An
    address with other than ASCII letters has no place in ORCPT=rfc822.
    """
    command = f"RCPT TO:<{envelope.recipient}>"
    if offers.dsn:
        command += " NOTIFY=FAILURE"
        if envelope.recipient.isascii():
            command += f" ORCPT=rfc822;{xtext(envelope.recipient)}"
    return command.encode() + b"\r\n"


def xtext(text: str) -> str:
    """ASCII text as the value of a parameter (RFC 3461 section 4)."""
    if text.isascii() and text.isalnum():  # as tokens are
        return text
    return _NO_XTEXT.sub(lambda sign: f"+{ord(sign[0]):02X}", text)
