"""A row of an import file, held against what the import says: someone who arrives, someone whose refusal is brought along, or why neither. Pure.

A ground is never guessed: where a row and the import say nothing, or something not known here, the row is rejected and named. Reasons repeat
nothing of the row. The address and the fields are for the vault alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from engine.intake.address import AddressRefused, normalise
from engine.intake.columns import EMAIL, folded
from engine.intake.duties import lacking
from engine.intake.table import Rejected, Row
from engine.sequence.timing import is_zone, to_instant, to_local
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause

# What a column can hold besides fields, under the name of the option that says so: no field of [fields] can be called like it.
SOURCE, COLLECTED, BASIS, PROOF = "--source-column", "--collected-column", "--basis-column", "--proof"
UNSUBSCRIBED, LAST_CONTACT, ORDER, FUNCTION = "--unsubscribed", "--last-contact", "--order", "--function"
RESERVED = {
    "source": SOURCE,
    "collected": COLLECTED,
    "basis": BASIS,
    "proof": PROOF,
    "unsubscribed": UNSUBSCRIBED,
    "last_contact": LAST_CONTACT,
    "order": ORDER,
    "function": FUNCTION,
}
BASES = {"consent": "consent", "consentement": "consent", "softoptin": "soft-optin", "b2b": "b2b"}
LACKING = {
    "order": "a row of soft-optin names no order or sale",
    "function": "a row of b2b names no profession",
    "objection": "nothing says how people could object when their address was collected: say --objection",
}
STARTS = ("none", "welcome", "by-date")
EARLIEST = "1990-01-01"

_NO = frozenset(("0", "no", "n", "non", "false", "faux", "subscribed", "active", "actif", "abonne", "inscrit"))
_YES = ("1", "yes", "y", "oui", "o", "x", "true", "vrai", "unsubscribed", "unsubscribe", "desinscrit", "desabonne", "optout", "optedout")
_REFUSALS = {
    "unsubscribed": _YES,
    "bounced": ("bounced", "bounce", "hardbounce", "hardbounced", "cleaned"),
    "complained": ("complained", "complaint", "spam", "plainte"),
}
_WHY = {word: why for why, words in _REFUSALS.items() for word in words}
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)? ?(Z|UTC|[+-]\d{2}:?\d{2})?)?")
_FRENCH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{2}:\d{2}(?::\d{2})?))?")
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[^?\s]*\?")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True)
class Said:
    """What holds for every row that does not say otherwise. `now` and `collected` (None: each row says) are instants, `zone` is the site's."""

    list: int
    now: int
    zone: str
    source: str = ""
    collected: int | None = None
    basis: str = ""
    start: str = "none"
    fields: tuple[str, ...] = ()
    objection: str = ""


class Arrival(NamedTuple):
    """Someone to put on the list. `collected` and `last_contact` (0: not said) are instants; `fields` holds what is not empty."""

    line: int
    raw: str
    address: str
    source: str
    basis: str
    collected: int
    proof: str
    order: str
    fields: dict[str, str]
    timezone: str
    language: str
    last_contact: int
    function: str = ""
    objection: str = ""

    @property
    def content(self) -> int:
        """Equal for two rows that say the same; a number, so that a long file's can all be remembered."""
        return hash((*self[3:8], *self[9:], *self.fields.items()))


class Departure(NamedTuple):
    """Someone who must not be written to: `why` is unsubscribed, bounced, complained or operator, `at` since when (0: not said)."""

    line: int
    raw: str
    address: str
    why: str
    at: int = 0


def read_row(row: Row, said: Said) -> Arrival | Departure | Rejected:
    """A refusal needs no ground, so it is looked for first."""
    try:
        address = normalise(row.values[EMAIL])
        refusal = row.values.get(UNSUBSCRIBED, "")
        if refusal:
            why, at = _refusal(refusal, said)
            if why:
                return Departure(row.line, row.raw, address, why, at)
        return _arrival(row, address, said)
    except (AddressRefused, ValueError) as error:
        return Rejected(row.line, str(error), row.raw)


def departure(row: Row, why: str) -> Departure | Rejected:
    """A row of a file in which every address must not be written to."""
    try:
        return Departure(row.line, row.raw, normalise(row.values[EMAIL]), why)
    except AddressRefused as error:
        return Rejected(row.line, str(error), row.raw)


def subscribe(arrival: Arrival, said: Said, cause: Cause, *, fields: tuple[str, ...] = (), profile: bool = True) -> Subscribe:
    """The command; without `profile` the time zone and language of the row are left out."""
    return Subscribe(
        said.now,
        cause,
        said.list,
        arrival.basis,
        "declared-with-proof" if arrival.proof else "declared",
        arrival.collected,
        start=said.start,
        counted_from=arrival.collected if said.start == "by-date" else 0,
        timezone=arrival.timezone if profile else "",
        language=arrival.language if profile else "",
        fields=fields,
        last_contact=arrival.last_contact,
    )


def proof_of(arrival: Arrival, zone: str) -> dict[str, object]:
    """What the evidence says of the ground: `collected` on the site's clock, and the names (not the values) of the fields that came with it."""
    proof: dict[str, object] = {
        "source": arrival.source,
        "collected": _shown(arrival.collected, zone),
        "basis": arrival.basis,
        "fields": list(arrival.fields),
    }
    if arrival.proof:
        proof["proof"] = arrival.proof
    for name, value in (("order", arrival.order), ("function", arrival.function), ("objection", arrival.objection)):
        if value:
            proof[name] = value
    return proof


@lru_cache(maxsize=8192)
def instant(text: str, zone: str) -> int:
    """From 2026-12-01, 01/12/2026 (day first) or an ISO date and time; without its own zone, on the clock of `zone`.

    Raises ValueError with a sentence. 0 stands for all that lies before EARLIEST.
    """
    found, french = _ISO.fullmatch(text), _FRENCH.fullmatch(text)
    if found:
        day, clock, offset = found.groups()
    elif french:
        day, clock, offset = f"{french[3]}-{french[2]:0>2}-{french[1]:0>2}", french[4], None
    else:
        raise ValueError("the date is not understood: write 2026-12-01, 01/12/2026 or 2026-12-01T09:00")
    try:
        local = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
        if offset is not None:
            aware = datetime.fromisoformat(f"{local.isoformat()}{'+00:00' if offset in ('Z', 'UTC') else offset}")
            return int(aware.timestamp()) * 1000
        return to_instant(local, zone) if day >= EARLIEST else 0
    except (ValueError, OverflowError):
        raise ValueError("there is no such day or hour in any calendar") from None


def past(text: str, said: Said, what: str) -> int:
    """`instant`, refused where it lies in the future or before e-mail was collected at all."""
    at = instant(text, said.zone)
    if at > said.now:
        raise ValueError(f"the date {what} lies in the future")
    if at < instant(EARLIEST, said.zone):
        raise ValueError(f"the date {what} lies before {EARLIEST}")
    return at


def basis_of(text: str) -> str:
    """Raises ValueError with a sentence."""
    basis = BASES.get(folded(text))
    if basis is None:
        raise ValueError("the basis is none of consent, soft-optin, b2b")
    return basis


def plain(text: str, what: str) -> str:
    """A text that may end in a header: RFC 2047 words in it could hide a line break, so it has none. Raises ValueError with a sentence."""
    if "=?" in text and _ENCODED_WORD.search(text):
        raise ValueError(f"the cell for {what} holds an encoded word (=?…?=)")
    return text


def _arrival(row: Row, address: str, said: Said) -> Arrival:
    values = row.values
    source = values.get(SOURCE) or said.source
    if not source:
        raise ValueError("no source is said for this row")
    basis = basis_of(values[BASIS]) if values.get(BASIS) else said.basis
    if not basis:
        raise ValueError("no basis is said for this row")
    date = values.get(COLLECTED, "")
    collected = past(date, said, "of collection") if date else said.collected
    if collected is None:
        raise ValueError("no date of collection is said for this row")
    contact = values.get(LAST_CONTACT, "")
    for name in lacking(basis, address, values.get(ORDER, ""), values.get(FUNCTION, ""), said.objection):
        raise ValueError(LACKING[name])
    return Arrival(
        row.line,
        row.raw,
        address,
        source,
        basis,
        collected,
        values.get(PROOF, ""),
        values.get(ORDER, ""),
        {name: plain(values[name], name) for name in said.fields if values.get(name)},
        _zone(values.get("timezone", "")),
        _language(values.get("language", "")),
        past(contact, said, "of the last contact") if contact else 0,
        values.get(FUNCTION, ""),
        said.objection if basis != "consent" else "",
    )


def _refusal(text: str, said: Said) -> tuple[str, int]:
    """Why, and since when if it is a date; ("", 0) for a cell that says there is none. Raises ValueError for what is not known: never a guess."""
    word = folded(text)
    if word in _NO:
        return "", 0
    if word in _WHY:
        return _WHY[word], 0
    try:
        instant(text, said.zone)
    except ValueError:
        raise ValueError("what stands in the column of refusals is not known: write yes, no, bounced, complained or a date") from None
    return "unsubscribed", past(text, said, "of the refusal")


def _zone(text: str) -> str:
    if text and not is_zone(text):
        raise ValueError("the time zone is not known: write for example Europe/Paris")
    return text


def _language(text: str) -> str:
    if not text:
        return ""
    found = _LANGUAGE.fullmatch(text.lower())
    if found is None:
        raise ValueError("the language is not a code such as fr or en")
    return found[1]


@lru_cache(maxsize=8192)
def _shown(at: int, zone: str) -> str:
    return to_local(at, zone).isoformat()
