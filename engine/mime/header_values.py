"""Values of the headers read by machines, each checked against its own grammar before it is ever
written.

Pure: the random octets of a Message-ID are given. Every value is ASCII and passes
`structured_header` unchanged.
"""

from __future__ import annotations

import re
import unicodedata

from engine.mime.headers import HeaderRefused, ascii_domain, guard, phrase

ONE_CLICK = "List-Unsubscribe=One-Click"  # List-Unsubscribe-Post, verbatim (RFC 8058 section 3.1)

_LONGEST_LIST_ID = 255  # RFC 2919 section 3
_LONGEST_MESSAGE_ID = 75
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE32_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "\u2019": "'", "\u2013": "-"}
)
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
# RFC 3986 without comma, parentheses and quotes: receivers cut the header at commas (RFC 2369
# section 2).
_HTTPS = re.compile(
    rf"https://{_HOST}(?::[0-9]{{1,5}})?(?:[/?](?:[A-Za-z0-9._~!$&*+;=:@/?-]|%[0-9A-Fa-f]{{2}})*)?"
)
_MAILTO = re.compile(
    rf"mailto:[A-Za-z0-9._~!$*+=-]{{1,64}}@{_HOST}(?:\?(?:[A-Za-z0-9._~!$&*+;=:@/?-]|%[0-9A-Fa-f]{{2}})+)?"
)
_MESSAGE_ID = re.compile(
    r"<[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*>"
)
_FEEDBACK_FIELD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FEEDBACK_SENDER = re.compile(r"[A-Za-z0-9]{5,15}")


def list_id(name: str, identifier: str) -> str:
    """`Name <identifier>` (A20, RFC 2919). The name is for people, so accents are taken off; a name
    that cannot be written in ASCII is left out. Raises HeaderRefused, also above 255 octets.
    """
    guard("List-Id", name)
    if "." not in identifier or not identifier.isascii():
        raise HeaderRefused("List-Id needs an identifier shaped like a host name, with a dot.")
    ascii_domain(identifier)
    apart = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    plain = "".join([sign for sign in apart if not unicodedata.combining(sign)]).strip()
    spoken = phrase(plain) if plain else None
    value = f"<{identifier}>" if spoken is None else f"{spoken} <{identifier}>"
    if len(value) > _LONGEST_LIST_ID:
        raise HeaderRefused(f"List-Id is longer than {_LONGEST_LIST_ID} octets.")
    return value


def list_unsubscribe(https_url: str, mailto: str | None) -> str:
    """`<https://…>, <mailto:…>` (A21): exactly one HTTPS URI, then at most one whole `mailto:` URI.

    Raises HeaderRefused.
    """
    if _HTTPS.fullmatch(https_url) is None or "=?" in https_url:
        raise HeaderRefused("List-Unsubscribe needs one https URL, percent-encoded, without comma.")
    if mailto is None:
        return f"<{https_url}>"
    if _MAILTO.fullmatch(mailto) is None or "=?" in mailto:
        raise HeaderRefused(
            "List-Unsubscribe takes a whole mailto: URI, percent-encoded, without comma."
        )
    return f"<{https_url}>, <{mailto}>"


def message_id(random128: bytes, domain: str) -> str:
    """`<26 letters and digits@domain>` (A09) from 16 random octets; the domain is at most 46
    characters.

    Raises HeaderRefused.
    """
    return checked_message_id(f"<{message_local(random128)}@{ascii_domain(domain)}>")


def message_local(random128: bytes) -> str:
    """The part before the @: base32 in lower case without padding. Raises HeaderRefused."""
    if len(random128) != 16:
        raise HeaderRefused("Message-ID needs 16 random octets.")
    return base32(random128)


def base32(octets: bytes) -> str:
    """RFC 4648 section 6, in lower case and without padding. `base64.b32encode` takes twice as
    long.
    """
    characters = -(-len(octets) * 8 // 5)
    bits = (characters + 1) // 2 * 10
    number = int.from_bytes(octets, "big") << bits - len(octets) * 8
    pairs = [_BASE32_PAIRS[number >> shift & 1023] for shift in range(bits - 10, -1, -10)]
    return "".join(pairs)[:characters]


def checked_message_id(value: str) -> str:
    """`value` if it is a dot-atom msg-id of at most 75 characters. Raises HeaderRefused."""
    if len(value) > _LONGEST_MESSAGE_ID:
        raise HeaderRefused(f"Message-ID is longer than {_LONGEST_MESSAGE_ID} characters.")
    if _MESSAGE_ID.fullmatch(value) is None:
        raise HeaderRefused("Message-ID is not of the form <letters and digits@host>.")
    return value


def feedback_id(campaign: str, stream: str, tenant: str, sender: str) -> str:
    """`campaign:stream:tenant:SenderId` (A29): four different fields, the last 5 to 15 letters and
    digits.

    Raises HeaderRefused.
    """
    fields = (campaign, stream, tenant, sender)
    if _FEEDBACK_SENDER.fullmatch(sender) is None:
        raise HeaderRefused("Feedback-ID needs a sender of 5 to 15 letters and digits.")
    if not all(_FEEDBACK_FIELD.fullmatch(field) for field in fields):
        raise HeaderRefused(
            "Feedback-ID needs fields of 1 to 64 letters, digits, dots, hyphens and underscores."
        )
    if len(set(fields)) != len(fields):
        raise HeaderRefused("Feedback-ID repeats a field.")
    return ":".join(fields)
