"""Mailboxes as headers write them: `Display name <local@domain>` (RFC 5322 section 3.4).

The address follows a strict grammar of our own (G10), the one by which it was taken in: a
dot-atom, an @, a host name; no quoting, no comment, no literal. A display name goes in clear,
quoted, or as encoded words, never encoded inside quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.intake.address import local_refusal
from engine.mime.encoded_words import encoded_words
from engine.mime.header_guard import HeaderRefused, field_name, guard

LINE = 78  # RFC 5322 section 2.1.1
ENCODED_LINE = 76  # RFC 2047 section 2: the limit of a line that holds an encoded word

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_ATOMS = re.compile(rf"{_ATEXT}(?: {_ATEXT})*")
_ESCAPED = re.compile(r'(["\\])')
_LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
# IDNA 2003, which the standard library speaks, maps these to another, possibly foreign, domain (ß
# to ss).
_AMBIGUOUS = re.compile("[\u00df\u03c2\u200c\u200d]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who writes or is written to; `display` may be empty, `address` is a bare addr-spec."""

    display: str
    address: str


def ascii_domain(domain: str) -> str:
    """`domain` as A-labels, ASCII as it is. Raises HeaderRefused if it is no host name or would
    change its meaning.
    """
    if not domain.isascii():
        if len(domain) > 253 or _AMBIGUOUS.search(domain):
            raise HeaderRefused(
                "The domain of an address cannot be written in ASCII without doubt."
            )
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise HeaderRefused("The domain of an address cannot be written in ASCII.") from None
    if _DOMAIN.fullmatch(domain) is None:
        raise HeaderRefused("The domain of an address is not a host name.")
    return domain


def addr_spec(name: str, address: str) -> str:
    """`address` with an ASCII domain, fit for the header `name`. Raises HeaderRefused.

    Letters of any script before the @ stand in UTF-8 as they are (RFC 6532); such a mail leaves
    under SMTPUTF8 alone (A06).
    """
    local, _, domain = address.rpartition("@")
    if local_refusal(local):
        raise HeaderRefused(f"{name} holds an address whose part before the @ is not a plain name.")
    try:
        domain = ascii_domain(domain)
    except HeaderRefused as reason:
        raise HeaderRefused(f"{name} is refused: {reason}") from None
    if len(local) + 1 + len(domain) > _LONGEST_ADDRESS:
        raise HeaderRefused(f"{name} holds an address longer than {_LONGEST_ADDRESS} characters.")
    return f"{local}@{domain}"


def phrase(text: str) -> str | None:
    """`text` as RFC 5322 atoms or a quoted string, or None where only encoded words will do."""
    if not text.isascii() or "=?" in text:
        return None
    return text if _ATOMS.fullmatch(text) else '"' + _ESCAPED.sub(r"\\\1", text) + '"'


def address_header(name: str, mailboxes: Sequence[Mailbox]) -> bytes:
    """The header line(s), one mailbox a line, ending in CRLF. Raises HeaderRefused."""
    field_name(name)
    if not mailboxes:
        raise HeaderRefused(f"{name} names nobody.")
    used = len(name) + 2
    written = []
    for mailbox in mailboxes:
        written.append(_written(name, mailbox, used))
        used = 1
    return (f"{name}: " + ",\r\n ".join(written) + "\r\n").encode()


def _written(name: str, mailbox: Mailbox, used: int) -> str:
    """The mailbox, folded, when `used` columns of its first line are taken; room for a comma is
    kept.
    """
    address = addr_spec(name, mailbox.address)
    display = guard(name, mailbox.display)
    if not display:
        return address
    plain = phrase(display)
    if plain is not None and used + len(plain) <= LINE:
        fits = used + len(plain) + len(address) + 4 <= LINE
        return f"{plain} <{address}>" if fits else f"{plain}\r\n <{address}>"
    words = encoded_words(display, ENCODED_LINE - used)
    last = len(words[-1]) + (used if len(words) == 1 else 1)
    fits = last + len(address) + 4 <= ENCODED_LINE
    return "\r\n ".join(words) + (f" <{address}>" if fits else f"\r\n <{address}>")
