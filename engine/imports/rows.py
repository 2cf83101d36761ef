"""A row of an import file, held against what the import says: someone who arrives, someone whose
refusal is brought along, or why neither. Pure.

A ground is never guessed: where a row and the import say nothing, or something not known here, the
row is rejected and named. Reasons repeat nothing of the row. The address and the fields are for the
vault alone.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Literal, NamedTuple

from engine.frozen import dataclass
from engine.imports.agreement import (
    REFUSALS,
    Cell,
    DepartureReason,
    JudgedColumn,
    cell_of,
    judge,
    worse,
)
from engine.imports.columns import EMAIL, folded
from engine.imports.refusals import DateKind, RowFault, RowRefused
from engine.imports.table import Rejected, Row
from engine.intake.address import AddressRefused, normalise
from engine.intake.field_reader import FieldRefused, read_value
from engine.intake.ground_requirements import GroundDeclaration, Requirement
from engine.intake.instants import DateOrder, DateRefused, is_no_day, not_after, read_instant
from engine.intake.locales import read_language, read_zone
from engine.sequence.field_values import BETWEEN_OPTIONS
from engine.sequence.model import Field
from engine.sequence.timing import to_local
from engine.subscriber.commands import NOTHING_CHOSEN, AskFirst, Chosen, Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.terms import Basis, Start
from engine.words import Reason

# What a column can hold besides fields, under the name of the option that says so: no field of
# [fields] can be called like it.
SOURCE = "--source-column"
COLLECTED = "--collected-column"
BASIS = "--basis-column"
PROOF = "--proof"
LAST_CONTACT, ORDER, FUNCTION = "--last-contact", "--order", "--function"
THEME, TAGS = "--theme", "--tags"
DATED = (COLLECTED, LAST_CONTACT)
RESERVED = {
    "source": SOURCE,
    "collected": COLLECTED,
    "basis": BASIS,
    "proof": PROOF,
    "last_contact": LAST_CONTACT,
    "order": ORDER,
    "function": FUNCTION,
    "theme": THEME,
    "tags": TAGS,
}
BASES: dict[str, Basis] = {
    "consent": "consent",
    "consentement": "consent",
    "softoptin": "soft-optin",
    "b2b": "b2b",
}
LACKING = {
    Requirement.ORDER: RowFault.ORDER_MISSING,
    Requirement.FUNCTION: RowFault.FUNCTION_MISSING,
    Requirement.OBJECTION: RowFault.OBJECTION_MISSING,
}
STARTS: tuple[Start, ...] = ("none", "welcome", "by-date")
EARLIEST = "1990-01-01"

_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[^?\s]*\?")
_TAG = re.compile(r'"([^"]*)"|([^",;|]+)')
_BETWEEN_ADDRESSES = re.compile(r"\s*(?::::|[;,|/]|\s)\s*")


@dataclass(frozen=True, slots=True)
class ImportDefaults:
    """What holds for every row that does not say otherwise. `now` and `collected` (None: each row
    says) are instants, `zone` is the site's.

    `fields` are names, `typed` those of them that are no texts. `judged` and `orders` are what a
    scan of the file found: columns of refusal or agreement, and the order of the dates of a field.
    `ask_first`: whose consent is declared without a proof is asked once, before anything else.
    `themes` are the codes of the plan's themes by their codes and names.
    `segment` is a static one into which everybody is put, "" for none; `tags` are the static
    segments by their folded codes and names. `everybody`: a refusal or NOT_YET that the file itself
    says of all in it. `proofs` are columns, by PROOF and their heading, that together prove a
    consent.
    """

    list: int
    now: int
    zone: str
    source: str = ""
    collected: int | None = None
    basis: Basis | Literal[""] = ""
    start: Start = "none"
    fields: tuple[str, ...] = ()
    typed: Mapping[str, Field] = field(default_factory=dict)
    objection: str = ""
    judged: tuple[JudgedColumn, ...] = ()
    orders: Mapping[str, DateOrder] = field(default_factory=dict)
    first_address: bool = False
    ask_first: bool = False
    segment: str = ""
    themes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    everybody: Cell = Cell.AGREED
    proofs: tuple[str, ...] = ()


class Arrival(NamedTuple):
    """Someone to put on the list. `collected` and `last_contact` (0: not said) are instants;
    `fields` holds what is not empty.

    `left_empty` names optional cells that could not be read; `unfit` says of each cell that does
    not fit its field why it is left out; `several`: the first of several addresses was taken;
    `segments` are those that its tags name, `tags_left` the tags that name none.
    """

    line: int
    raw: str
    address: str
    ground: GroundDeclaration
    fields: dict[str, str]
    timezone: str
    language: str
    last_contact: int
    left_empty: tuple[str, ...] = ()
    several: bool = False
    unfit: tuple[Reason[RowFault], ...] = ()
    chosen: Chosen = NOTHING_CHOSEN
    segments: tuple[str, ...] = ()
    tags_left: tuple[str, ...] = ()

    @property
    def content(self) -> int:
        """Equal for two rows that say the same; a number, so that a long file's can all be
        remembered.
        """
        return hash(
            (
                *self[5:8],
                *self.ground,
                *self.fields.items(),
                *self.chosen.themes,
                *self.segments,
            )
        )


class Departure(NamedTuple):
    """Someone who must not be written to, `at` since when (0: not said).

    `others`: what else the cell holds. A refusal stands for every address of its cell.
    """

    line: int
    raw: str
    address: str
    why: DepartureReason
    at: int = 0
    others: tuple[str, ...] = ()

    def by_address(self) -> Iterator[Departure]:
        yield self._replace(others=())
        for address in self.others:
            yield self._replace(address=address, others=())


def read_row(row: Row, defaults: ImportDefaults) -> Arrival | Departure | Rejected:
    """A refusal needs no ground, so it is looked for first."""
    try:
        address, *others = _addresses(row.values[EMAIL])
        verdict = defaults.everybody
        if defaults.judged or verdict is not Cell.AGREED:
            by_row, since = judge(row.judged, defaults.judged, defaults.zone)
            verdict = worse(verdict, by_row)
            if (refusal := REFUSALS.get(verdict)) is not None:
                at = bounded(since, defaults.now, defaults.zone, DateKind.REFUSAL) if since else 0
                return Departure(row.line, row.raw, address, refusal, at, tuple(others))
        if others and not defaults.first_address:
            raise RowRefused(RowFault.SEVERAL_ADDRESSES)
        if verdict is not Cell.AGREED:
            raise RowRefused(
                RowFault.NOT_AGREED if verdict is Cell.NOT_YET else RowFault.WORD_UNKNOWN
            )
        return _arrival(row, address, defaults, bool(others))
    except (AddressRefused, DateRefused, RowRefused) as error:
        return Rejected(row.line, error.reason, row.raw)


def _addresses(text: str) -> list[str]:
    """The address of a cell, or each of several, where everything between blanks, commas and the
    like is one. Raises AddressRefused.
    """
    try:
        return [normalise(text)]
    except AddressRefused:
        pieces = [piece for piece in _BETWEEN_ADDRESSES.split(text.strip()) if piece]
        if len(pieces) > 1:
            with contextlib.suppress(AddressRefused):
                return list(dict.fromkeys(map(normalise, pieces)))
        raise


def departure(row: Row, why: DepartureReason) -> Departure | Rejected:
    """A row of a file in which every address must not be written to."""
    try:
        address, *others = _addresses(row.values[EMAIL])
        return Departure(row.line, row.raw, address, why, others=tuple(others))
    except AddressRefused as error:
        return Rejected(row.line, error.reason, row.raw)


def subscribe(
    arrival: Arrival,
    defaults: ImportDefaults,
    cause: Cause,
    *,
    fields: tuple[str, ...] = (),
    profile: bool = True,
) -> Subscribe:
    """The command; without `profile` the time zone and language of the row are left out."""
    return Subscribe(
        defaults.now,
        cause,
        defaults.list,
        arrival.ground.basis,
        arrival.ground.proof_kind,
        arrival.ground.collected,
        start=defaults.start,
        counted_from=_counted_from(arrival, defaults),
        timezone=arrival.timezone if profile else "",
        language=arrival.language if profile else "",
        fields=fields,
        last_contact=arrival.last_contact,
        segments=_segments(arrival, defaults),
        chosen=arrival.chosen,
    )


def is_unproved(arrival: Arrival) -> bool:
    """Whether the row declares a consent without a proof."""
    return arrival.ground.basis == "consent" and arrival.ground.proof_kind == "declared"


def ask_first(
    arrival: Arrival,
    defaults: ImportDefaults,
    cause: Cause,
    request: str,
    *,
    fields: tuple[str, ...] = (),
    profile: bool = True,
) -> AskFirst:
    """As `subscribe`, for a consent that the person is asked for first. `request` is a fresh random
    id.
    """
    return AskFirst(
        defaults.now,
        cause,
        list=defaults.list,
        request=request,
        start=defaults.start,
        counted_from=_counted_from(arrival, defaults),
        timezone=arrival.timezone if profile else "",
        language=arrival.language if profile else "",
        fields=fields,
        last_contact=arrival.last_contact,
        segments=_segments(arrival, defaults),
    )


def _segments(arrival: Arrival, defaults: ImportDefaults) -> tuple[str, ...]:
    if not defaults.segment or defaults.segment in arrival.segments:
        return arrival.segments
    return (defaults.segment, *arrival.segments)


def _counted_from(arrival: Arrival, defaults: ImportDefaults) -> int:
    return arrival.ground.collected if defaults.start == "by-date" else 0


def proof_of(arrival: Arrival, zone: str) -> dict[str, object]:
    """What the evidence says of the ground: `collected` on the site's clock, and the names (not the
    values) of the fields that came with it.
    """
    particulars = arrival.ground.particulars(_shown(arrival.ground.collected, zone))
    particulars["fields"] = list(arrival.fields)
    return particulars


def past(
    text: str, defaults: ImportDefaults, what: DateKind, order: DateOrder | None = None
) -> int:
    """The instant of a date, refused where it lies in the future or before e-mail was collected at
    all. Raises DateRefused and RowRefused.
    """
    return bounded(read_instant(text, defaults.zone, order), defaults.now, defaults.zone, what)


def bounded(at: int, now: int, zone: str, what: DateKind) -> int:
    """`at` (ms) or, where clocks differ a little, `now`. Raises RowRefused."""
    past_instant = not_after(at, now)
    if past_instant is None:
        raise RowRefused(RowFault.DATE_AHEAD, what=what)
    if at < read_instant(EARLIEST, zone):
        raise RowRefused(RowFault.DATE_TOO_EARLY, what=what, day=EARLIEST)
    return past_instant


def basis_of(text: str) -> Basis:
    """Raises RowRefused."""
    basis = BASES.get(folded(text))
    if basis is None:
        raise RowRefused(RowFault.BASIS_UNKNOWN)
    return basis


def plain(text: str, what: str) -> str:
    """A text that may end in a header: RFC 2047 words in it could hide a line break, so it has
    none. Raises RowRefused.
    """
    if "=?" in text and _ENCODED_WORD.search(text):
        raise RowRefused(RowFault.ENCODED_WORD, field=what)
    return text


def _arrival(row: Row, address: str, defaults: ImportDefaults, several: bool) -> Arrival:
    values = row.values
    source = values.get(SOURCE) or defaults.source
    if not source:
        raise RowRefused(RowFault.SOURCE_MISSING)
    basis = basis_of(values[BASIS]) if values.get(BASIS) else defaults.basis
    if not basis:
        raise RowRefused(RowFault.BASIS_MISSING)
    date = values.get(COLLECTED, "")
    collected = (
        past(date, defaults, DateKind.COLLECTION, defaults.orders.get(COLLECTED))
        if date and cell_of(date) is not Cell.EMPTY
        else defaults.collected
    )
    if collected is None:
        raise RowRefused(RowFault.COLLECTED_MISSING)
    ground = GroundDeclaration(
        basis=basis,
        source=source,
        collected=collected,
        proof=values.get(PROOF, "") or _proof(values, defaults.proofs),
        order=values.get(ORDER, ""),
        function=values.get(FUNCTION, ""),
        objection=defaults.objection if basis != "consent" else "",
    )
    for name in ground.missing(address):
        raise RowRefused(LACKING[name])
    fields = {name: plain(values[name], name) for name in defaults.fields if values.get(name)}
    zone, language = values.get("timezone", ""), values.get("language", "")
    contact = _last_contact(values.get(LAST_CONTACT, ""), defaults)
    optional = {name: text for name, text in fields.items() if not is_no_day(text)}
    unread = [name for name in fields if name not in optional]
    unfit = _read_typed(optional, defaults) if defaults.typed else ()
    chosen, unknown = _themes(values.get(THEME, ""), defaults.themes)
    tags = _tags(values[TAGS]) if values.get(TAGS) else ()
    segments = [defaults.tags.get(folded(tag), "") for tag in tags]
    unread += ["timezone"] if zone and not read_zone(zone) else []
    unread += ["language"] if language and not read_language(language) else []
    unread += [LAST_CONTACT] if contact is None else []
    return Arrival(
        line=row.line,
        raw=row.raw,
        address=address,
        ground=ground,
        fields=optional,
        timezone=read_zone(zone),
        language=read_language(language),
        last_contact=contact or 0,
        left_empty=tuple(unread),
        several=several,
        unfit=unfit + unknown,
        chosen=chosen,
        segments=tuple(dict.fromkeys(filter(None, segments))),
        tags_left=tuple(tag for tag, known in zip(tags, segments, strict=True) if not known),
    )


def proofs_of(mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The columns of a mapping that together prove a consent."""
    return tuple(holds for holds in mapping.values() if holds.startswith(f"{PROOF} "))


def _proof(values: Mapping[str, str], proofs: tuple[str, ...]) -> str:
    """What the columns that prove a consent together say, "" unless each says something."""
    if not proofs or not all(values.get(name) for name in proofs):
        return ""
    return ", ".join(f"{name.removeprefix(PROOF).strip()} {values[name]}" for name in proofs)


def _tags(text: str) -> tuple[str, ...]:
    """Those of a cell, with commas, semicolons or bars between; quoted ones may hold them."""
    pieces = (found[1] or found[2] for found in _TAG.finditer(text))
    return tuple(dict.fromkeys(tag for piece in pieces if (tag := piece.strip())))


def _themes(text: str, themes: Mapping[str, str]) -> tuple[Chosen, tuple[Reason[RowFault], ...]]:
    """Those of a cell, by their codes or names, with semicolons or commas between."""
    offered = Field("theme", "theme", "choices", tuple(themes))
    try:
        named = read_value(offered, text).split(BETWEEN_OPTIONS) if text else []
    except FieldRefused as error:
        return NOTHING_CHOSEN, (Reason(RowFault.VALUE_UNFIT, field="theme", why=error.reason),)
    return Chosen(tuple(dict.fromkeys(themes[name.strip()] for name in named))), ()


def _read_typed(values: dict[str, str], defaults: ImportDefaults) -> tuple[Reason[RowFault], ...]:
    """Puts each value of a typed field in the form that is kept; takes out, and names, what does
    not fit.
    """
    unfit = []
    for name, declared in defaults.typed.items():
        if name not in values:
            continue
        try:
            values[name] = read_value(declared, values[name], defaults.orders.get(name))
        except (DateRefused, FieldRefused) as error:
            del values[name]
            unfit.append(Reason(RowFault.VALUE_UNFIT, field=name, why=error.reason))
    return tuple(unfit)


def _last_contact(text: str, defaults: ImportDefaults) -> int | None:
    """0 where nothing is said, None for what cannot be read as a date of the past."""
    if not text:
        return 0
    try:
        return past(text, defaults, DateKind.LAST_CONTACT, defaults.orders.get(LAST_CONTACT))
    except (DateRefused, RowRefused):
        return None


@lru_cache(maxsize=8192)
def _shown(at: int, zone: str) -> str:
    return to_local(at, zone).isoformat()
