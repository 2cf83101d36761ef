"""One spelling for every e-mail address, and no address in any error.

`normalise` is the only way an outside string becomes an address: what it returns is fit for an SMTP
envelope (no line break, space, quote or bracket), is equal for every way of writing the same
address, and is a fixed point. Pure: no store, no clock, no look-up of the domain.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from enum import StrEnum, auto

import idna

from engine.words import Reason

_LONGEST_INPUT = 1000  # characters; bounds the work done on a hostile string
_LONGEST_PATH = 254  # octets; RFC 5321 section 4.5.3.1.3 allows 256 with the angle brackets
_LONGEST_LOCAL = 64  # octets; RFC 5321 section 4.5.3.1.1
_LONGEST_DOMAIN = 253

# Blanks and invisible characters that copying from a page, a sheet or a mail program leaves around
# an address.
_BLANK = " \t\u00a0\u00ad\u1680\u180e\u202f\u205f\u3000\ufeff" + "".join(
    map(
        chr,
        (
            *range(0x2000, 0x2010),
            *range(0x2028, 0x202F),
            *range(0x2060, 0x2065),
            *range(0x2066, 0x2070),
        ),
    )
)
_DIRECTION = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_PAIRS = {"<": ">", '"': '"', "'": "'", "«": "»", "“": "”", "‘": "’", "„": "“"}
_QUOTES = {opening: closing for opening, closing in _PAIRS.items() if opening != "<"}

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAILBOX = re.compile(r'(?:"((?:[^"\\]|\\.)*)"\s*|([^<>]*))<([^<>]*)>')
_WITHIN_NAME = re.compile(r"[^\s@,;\"']+@[^\s@,;\"']+")
_ATOM = r"""[^\x00-\x20\x7f-\x9f()<>\[\]:;@\\,."]+"""
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")
# An address in this form is normalised already, as most are. A-labels are checked more closely.
_ORDINARY = re.compile(
    r"[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]{1,64})*@(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_MARKS = frozenset({"Mc", "Me", "Mn"})


# Typographic characters that word processors substitute, and the plain ones they stand for.
_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4\uff07"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
_PLAIN_SIGNS = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-"))


class AddressFault(StrEnum):
    """What is wrong with an address."""

    AT_SIGN = auto()
    COMBINING_ACCENT = auto()
    CONTROL_CHARACTER = auto()
    CURLY_APOSTROPHE = auto()
    DOMAIN = auto()
    EMPTY = auto()
    INVISIBLE_CHARACTER = auto()
    LOCAL_PART = auto()
    LOCAL_PART_TOO_LONG = auto()
    LONG_DASH = auto()
    SEVERAL = auto()
    SIGN = auto()
    SPACE = auto()
    TOO_LONG = auto()


class AddressRefused(ValueError):
    """Says what is wrong and never repeats the address. `plain` is an address that was probably
    meant, "" for none.
    """

    def __init__(self, reason: Reason[AddressFault], plain: str = "") -> None:
        super().__init__(reason.code)
        self.reason, self.plain = reason, plain


def normalise(raw: str) -> str:
    """The address in its one spelling: trimmed, NFC, lower case, domain as A-labels (RFC 5890).

    Accepts what `split_mailbox` accepts. The grammar of the local part is `local_refusal`'s; no
    domain literal, no comment, no single-label domain. Dots and plus tags are kept. Raises
    AddressRefused.
    """
    if len(raw) <= _LONGEST_PATH and _ORDINARY.fullmatch(raw) and raw.index("@") <= _LONGEST_LOCAL:
        return raw
    _, written = split_mailbox(raw)
    text = _composed(_composed(written).lower())
    local, _, domain = text.rpartition("@")
    if text.count("@") != 1:
        raise _refused(AddressFault.AT_SIGN)
    if not text.isascii() and any(unicodedata.category(character) in _UNSEEN for character in text):
        raise _refused(AddressFault.INVISIBLE_CHARACTER)
    if any(character.isspace() for character in text):
        raise _refused(AddressFault.SPACE)
    refusal = local_refusal(local)
    if refusal is not None:
        raise AddressRefused(refusal, _plain(local, domain))
    return f"{local}@{_domain(domain, len(local.encode()))}"


def local_refusal(local: str) -> Reason[AddressFault] | None:
    """Why no mail can be addressed to this part before the @, None where one can: one grammar for
    whoever takes an address in and whoever sends.

    The dot-atom of RFC 5321 section 4.1.2, where letters, marks and digits of any script may stand
    (RFC 6531 section 3.3, RFC 8264 section 4.2): no quoting, no comment, no symbol or punctuation
    outside ASCII, nothing that could be taken for an encoded word.
    """
    if not _LOCAL.fullmatch(local) or "=?" in local:
        return Reason(AddressFault.LOCAL_PART)
    if not local.isascii():
        if any(unicodedata.category(atom[0]) in _MARKS for atom in local.split(".")):
            return Reason(AddressFault.COMBINING_ACCENT)
        for sign in local:
            if not sign.isascii() and not _is_letter(sign):
                return _sign_refused(sign)
    if len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL:
        return Reason(AddressFault.LOCAL_PART_TOO_LONG, most=_LONGEST_LOCAL)
    return None


def split_mailbox(raw: str) -> tuple[str, str]:
    """('Jean Dupont', 'jean@x.fr') from 'Jean Dupont <jean@x.fr>'; the name is '' where there is
    none.

    The address comes back as written, without blanks, brackets, quotes and `mailto:` around it:
    `normalise` judges it. Refused: control characters and lone surrogates anywhere, and a text that
    holds two addresses (a quoted name may look like one). Raises AddressRefused.
    """
    if len(raw) > _LONGEST_INPUT:
        raise _refused(AddressFault.TOO_LONG, most=_LONGEST_PATH)
    text = raw.strip(_BLANK)
    if _CONTROL.search(text):
        raise _refused(AddressFault.CONTROL_CHARACTER)
    text = _bare(text)
    if not text:
        raise _refused(AddressFault.EMPTY)
    mailbox = _MAILBOX.fullmatch(text)
    if mailbox is None:
        return "", text
    quoted, plain, address = mailbox.group(1), mailbox.group(2), _bare(mailbox.group(3))
    if quoted is not None:
        return _name(re.sub(r"\\(.)", r"\1", quoted)), address
    if any(within.casefold() != address.casefold() for within in _WITHIN_NAME.findall(plain)):
        raise _refused(AddressFault.SEVERAL)
    return _name(_bare(plain, _QUOTES)), address


def masked(address: str) -> str:
    """'j***@e***.fr', the only form that may be logged; any other string gives at most two of its
    characters.
    """
    local, at, domain = address.rpartition("@")
    if not at:
        return "***"
    last = domain.rpartition(".")[2]
    ending = f".{last}" if "." in domain and re.fullmatch(r"[a-z0-9-]{1,63}", last) else ""
    return f"{_first(local)}***@{_first(domain)}***{ending}"


def keyed_hash(pepper: bytes, tenant: str, address: str) -> bytes:
    """32 octets that stand for an address where the address itself may not be kept (HMAC-SHA-256,
    RFC 2104).

    The address is normalised here, so that no caller can hash two spellings apart: raises
    AddressRefused. An empty pepper or a NUL in the tenant is a mistake of the program: ValueError.
    """
    if not pepper or "\0" in tenant:
        raise ValueError("a pepper is never empty and a tenant never holds a NUL")
    return hmac.digest(
        pepper,
        b"suppr/v1\0" + tenant.encode() + b"\0" + normalise(address).encode(),
        hashlib.sha256,
    )


def _is_letter(sign: str) -> bool:
    category = unicodedata.category(sign)
    return sign not in _APOSTROPHES and (category.startswith("L") or category in ("Nd", "Mn", "Mc"))


def _refused(code: AddressFault, **values: int) -> AddressRefused:
    return AddressRefused(Reason(code, **values))


def _sign_refused(sign: str) -> Reason[AddressFault]:
    if sign in _APOSTROPHES:
        return Reason(AddressFault.CURLY_APOSTROPHE)
    if sign in _HYPHENS:
        return Reason(AddressFault.LONG_DASH)
    shown = sign if sign.isprintable() else f"U+{ord(sign):04X}"
    return Reason(AddressFault.SIGN, sign=shown)


def _plain(local: str, domain: str) -> str:
    """The address with typographic characters replaced by plain ones, "" where that is no address
    either.
    """
    plain = local.translate(_PLAIN_SIGNS)
    try:
        return (
            ""
            if plain == local or local_refusal(plain)
            else f"{plain}@{_domain(domain, len(plain.encode()))}"
        )
    except AddressRefused:
        return ""


def _domain(domain: str, local_octets: int) -> str:
    labels = _a_labels(domain) if len(domain) <= _LONGEST_DOMAIN else None
    if labels is None or len(labels) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(labels):
        raise _refused(AddressFault.DOMAIN)
    if local_octets + 1 + len(labels) > _LONGEST_PATH:
        raise _refused(AddressFault.TOO_LONG, most=_LONGEST_PATH)
    return labels


def _a_labels(domain: str) -> str | None:
    # None instead of a raise: the library's errors quote the domain and would hang on ours as its
    # context.
    try:
        if not domain.isascii():
            return idna.encode(domain, uts46=True).decode("ascii")
        for label in domain.split("."):
            if label.startswith("xn--") and idna.alabel(idna.ulabel(label)) != label.encode(
                "ascii"
            ):
                return None
    except UnicodeError:  # idna.IDNAError is one
        return None
    return domain


def _bare(text: str, pairs: dict[str, str] = _PAIRS) -> str:
    while True:
        before, text = text, text.strip(_BLANK)
        if len(text) >= 2 and pairs.get(text[0]) == text[-1]:
            text = text[1:-1]
        if text[:7].lower() == "mailto:":
            text = text[7:]
        if text == before:
            return text


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _name(text: str) -> str:
    return _composed(" ".join(text.translate(_DIRECTION).split()))


def _first(part: str) -> str:
    return part[0] if part and part[0].isalnum() else ""
