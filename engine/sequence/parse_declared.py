"""Reading `[controller]`, `[retention]`, `[[processor]]`, `[[partner]]` and `[[product]]` of
config.toml: what the installation declares about itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar, get_args

from engine.sequence.declared import (
    DURATIONS,
    NO_END,
    Controller,
    Declared,
    DeclaredConsent,
    Partner,
    Processor,
    Product,
    Retention,
)
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.draft import check_name
from engine.sequence.nearest import hint, nearest
from engine.sequence.table import Table
from engine.words import N_, words

Entry = TypeVar("Entry", Partner, Processor, Product)
CONSENTS: tuple[DeclaredConsent, ...] = get_args(DeclaredConsent)
MAX_ERASURES_A_NIGHT = 1_000_000
PRODUCT_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}")
_COUNTRY = re.compile(r"[A-Z]{2}")

# The European Economic Area, where no guarantee is needed to work on data: the 27 and IS, LI, NO.
AREA = frozenset(
    (
        *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT"),
        *("LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO"),
    )
)

# The longest each may be, and why.
LONGEST: dict[str, tuple[Delay, str]] = {
    "silent_after": (
        Delay(months=59),
        N_(
            "five years were judged disproportionate (CNIL, SAN-2020-003); the authority's measure"
            " is three"
        ),
    ),
    "answer_within": (
        Delay(months=3),
        N_("who is asked once more and stays silent is erased (GDPR 5(1)(e))"),
    ),
    "unconfirmed": (
        Delay(days=30),
        N_("who never confirmed has agreed to nothing: thirty days at most"),
    ),
    "proof": (
        Delay(months=72),
        N_("an action that could need the proof is barred after six years at most"),
    ),
    "ip": (
        Delay(months=12),
        N_("an IP address proves little and is kept for twelve months at most"),
    ),
    "logs": (Delay(months=12), N_("logs are kept for twelve months at most (CNIL, 2021-122)")),
}
# The shortest each may be, and why.
SHORTEST: dict[str, tuple[Delay, str]] = {
    "suppression": (
        Delay(months=36),
        N_(
            "an objection is remembered for three years at least (CNIL), or it would be forgotten"
            " by the next import"
        ),
    ),
    "rights": (
        Delay(months=12),
        N_("that a request was answered has to be shown for a year at least"),
    ),
}


def read_declared(root: Table) -> Declared:
    partners = _each_once(root, "partner", "id", _partner, N_("two partners have the same id"))
    processors = _each_once(
        root, "processor", "name", _processor, N_("two processors have the same name")
    )
    products = _each_once(root, "product", "code", _product, N_("two products have the same code"))
    names = [p.name for p in processors]
    for number, processor in enumerate(processors):
        if processor.engaged_by and (
            processor.engaged_by not in names or processor.engaged_by == processor.name
        ):
            message = N_(
                '"{processor}" is engaged by "{other}", which is no other declared processor{hint}'
            )
            close = hint(nearest(processor.engaged_by, set(names) - {processor.name}))
            root.mistake(
                f"processor[{number}].engaged_by",
                message,
                processor=processor.name,
                other=processor.engaged_by,
                hint=close,
            )
    return Declared(
        _controller(root.table("controller")),
        _retention(root.table("retention")),
        processors,
        tuple(sorted(partners, key=lambda partner: partner.id)),
        _consent(root.table("consent")),
        tuple(sorted(products, key=lambda product: product.code)),
    )


def _each_once(
    root: Table, kind: str, key: str, read: Callable[[Table], Entry], doubled: str
) -> tuple[Entry, ...]:
    """Each `[[kind]]` in its order; one that has the `key` of another is a mistake at its line."""
    entries: list[Entry] = []
    seen: set[object] = set()
    for table in root.tables(kind):
        entries.append(read(table))
        written = table.values.get(key)
        if isinstance(written, str):
            if written in seen:
                table.mistake(key, doubled)
            seen.add(written)
    return tuple(entries)


def _controller(table: Table | None) -> Controller:
    if table is None:
        return Controller()
    controller = Controller(
        name=table.get("name", str, ""),
        address=table.get("address", str, ""),
        contact=table.get("contact", str, ""),
        representative=table.get("representative", str, ""),
        union_representative=table.get("union_representative", str, ""),
        dpo=table.get("dpo", str, ""),
        security=_texts(table, "security"),
    )
    table.finish()
    return controller


def _consent(table: Table | None) -> DeclaredConsent:
    if table is None:
        return Declared().consent
    choice = table.one_of("declared", CONSENTS, Declared().consent)
    table.finish()
    return choice


def _retention(table: Table | None) -> Retention:
    if table is None:
        return Retention()
    usual = Retention()
    durations = {name: table.parsed(name, parse_delay, getattr(usual, name)) for name in DURATIONS}
    forever = table.values.get("suppression", NO_END) == NO_END
    suppression = table.parsed("suppression", parse_delay, Delay()) if not forever else None
    table.known.add("suppression")
    for name, length in (*durations.items(), ("suppression", suppression)):
        if length is not None and name in table.values:
            _within(table, name, length)
    cap = table.get("nightly_cap", int, usual.nightly_cap)
    if not 1 <= cap <= MAX_ERASURES_A_NIGHT:
        table.mistake(
            "nightly_cap",
            N_("`nightly_cap` is a number of people from 1 to {most}"),
            most=MAX_ERASURES_A_NIGHT,
        )
    mode = table.one_of("mode", ("report", "enforce"), usual.mode)
    table.finish()
    return Retention(mode, cap, suppression=suppression, **durations)


def _within(table: Table, name: str, length: Delay) -> None:
    if not length.nominal_ms:
        table.mistake(name, N_("`{key}` is no time at all"), key=name)
    elif name in LONGEST and length.nominal_ms > LONGEST[name][0].nominal_ms:
        table.mistake(name, N_("`{key}` is too long: {why}"), key=name, why=words(LONGEST[name][1]))
    elif name in SHORTEST and length.nominal_ms < SHORTEST[name][0].nominal_ms:
        table.mistake(
            name, N_("`{key}` is too short: {why}"), key=name, why=words(SHORTEST[name][1])
        )


def _processor(table: Table) -> Processor:
    processor = Processor(
        table.need("name", str, ""),
        table.need("task", str, ""),
        table.need("country", str, ""),
        table.need("contract", str, ""),
        _texts(table, "data"),
        table.get("guarantee", str, ""),
        table.get("engaged_by", str, ""),
    )
    if processor.country and not _COUNTRY.fullmatch(processor.country):
        table.mistake("country", N_('`country` is two capital letters: "FR"'))
    elif processor.country and processor.country not in AREA and not processor.guarantee:
        message = N_(
            "{country} lies outside the European Economic Area: say in `guarantee` what allows it"
            " (GDPR 44 to 49)"
        )
        table.mistake("country", message, country=processor.country)
    if not processor.data:
        table.mistake(
            "data" if "data" in table.values else "",
            N_('`data` says what they get to see: ["addresses", "letters"]'),
        )
    table.finish()
    return processor


def _partner(table: Table) -> Partner:
    partner = Partner(
        table.need("id", str, ""),
        table.need("name", str, ""),
        table.need("address", str, ""),
        table.need("notice", str, ""),
    )
    check_name(partner.id, table, "id")
    table.finish()
    return partner


def _product(table: Table) -> Product:
    product = Product(table.need("code", str, ""), table.need("name", str, ""))
    if product.code and not PRODUCT_CODE.fullmatch(product.code):
        message = N_("`code` is 1 to 63 letters without accents, digits, dots, slashes and hyphens")
        table.mistake("code", message)
    table.finish()
    return product


def _texts(table: Table, key: str) -> tuple[str, ...]:
    entries = table.get(key, list, [])
    if not all(isinstance(entry, str) and entry.strip() for entry in entries):
        table.mistake(key, N_("`{key}` is a list of texts in quotes"), key=key)
        return ()
    return tuple(map(str, entries))
