"""Which of our letters a mail that comes back is about (B01): by a token of ours in the address it
came to, then by the envelope id, then by the Message-ID of the letter that is attached or answered.
An address in a text never says anything about anybody.

A token proves itself. A Message-ID is 128 random bits that only who had the letter can know;
whether there is such a letter is for the ledger to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.inbound.mail import Part, addresses_in, attached_mails, fields, header_alone
from engine.mime.return_path import ReturnToken, TokenUse, read_return_address, read_token

MarkKind = Literal["token", "envelope-id", "message-id"]
_RECIPIENT_HEADERS = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
)
_ORIGINAL_SENDER_HEADERS = ("return-path", "x-postfix-sender", "original-mail-from")
_MESSAGE_ID = re.compile(r"<([a-z2-7]{26})@([A-Za-z0-9.-]{1,253})>", re.IGNORECASE)
_COPY_HEADER = re.compile(
    rb"^(?:>?[ \t]{0,4})(?:message-id|return-path):.{0,300}$", re.IGNORECASE | re.MULTILINE
)
MAX_COPY_BYTES: Final = 200_000
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who reads: the key of our tokens, the domains of our Message-IDs, and the names under which
    our own mail servers write Authentication-Results. Domains and names in lower case.
    """

    key: bytes
    domains: frozenset[str]
    authserv_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LetterMark:
    """What names the letter. `message` is its id, 32 hexadecimal digits."""

    message: str
    kind: MarkKind


def token_of(
    mail: Part, ours: Receiver, recipients: Sequence[str], use: TokenUse
) -> ReturnToken | None:
    """The token of this use in the address the mail came to. `recipients` are those of the
    envelope; where none is known, the headers are asked that mail systems write them into.
    """
    for token in _tokens(ours, recipients or _written_recipients(mail)):
        if token.use == use:
            return token
    return None


def mark_of(mail: Part, ours: Receiver, recipients: Sequence[str]) -> LetterMark | None:
    """None where nothing in the mail is of ours."""
    if token := token_of(mail, ours, recipients, "bounce"):
        return LetterMark(token.message, "token")
    blocks, originals = _report_fields(mail), attached_mails(mail)
    senders = [v for name, v in blocks if name in _ORIGINAL_SENDER_HEADERS]
    senders += [
        v for part in originals for name in _ORIGINAL_SENDER_HEADERS for v in part.values(name)
    ]
    copied = _copied_headers(mail)
    senders += [value for name, value in copied if name == "return-path"]
    for token in _tokens(ours, (address for v in senders for address in addresses_in(v))):
        if token.use == "bounce":
            return LetterMark(token.message, "token")
    for name, value in blocks:
        if name == "original-envelope-id" and (token := read_token(ours.key, value.strip())):
            return LetterMark(token.message, "envelope-id")
    ids = [v for part in originals for v in part.values("message-id")]
    ids += [value for name, value in copied if name == "message-id"]
    ids += [*mail.values("in-reply-to"), *mail.values("references")]
    return next((mark for value in ids if (mark := mark_in_ids(value, ours.domains))), None)


def mark_in_ids(text: str, domains: Collection[str]) -> LetterMark | None:
    """The first Message-ID of ours in a header's value, by the domains of ours in lower case."""
    for found in _MESSAGE_ID.finditer(text):
        message = _message_of(found[1].lower())
        if message and found[2].lower() in domains:
            return LetterMark(message, "message-id")
    return None


def _written_recipients(mail: Part) -> list[str]:
    return [a for name in _RECIPIENT_HEADERS for v in mail.values(name) for a in addresses_in(v)]


def _tokens(ours: Receiver, addresses: Iterable[str]) -> Iterator[ReturnToken]:
    for address in addresses:
        if token := read_return_address(ours.key, address):
            yield token


def _report_fields(mail: Part) -> list[tuple[str, str]]:
    """The fields of the part that is for programs, of a delivery status or a complaint."""
    return [
        field
        for part in mail.walk()
        if part.content_type
        in ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")
        for field in fields(part.octets)
    ]


def _copied_headers(mail: Part) -> list[tuple[str, str]]:
    """Those of a letter that stands as text behind the report, as qmail and Exim have it."""
    found: list[tuple[str, str]] = []
    for part in mail.walk():
        if not part.parts and part.content_type.startswith("text/"):
            for line in _COPY_HEADER.finditer(part.octets[:MAX_COPY_BYTES]):
                found.extend(header_alone(line[0].lstrip(b"> \t")).headers)
    return found


def _message_of(local: str) -> str:
    """The id that the part before the @ of a Message-ID of ours spells, "" where it spells none."""
    number = 0
    for letter in local:
        number = number << 5 | _ALPHABET.index(letter)
    return "" if number & 3 else (number >> 2).to_bytes(16, "big").hex()
