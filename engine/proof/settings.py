"""`[proof]` of config.toml: how often the ledger is signed, and who else holds what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.intake.address import AddressRefused, normalise
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.table import Table
from engine.vault.sealing import recipient
from engine.words import N_

MAX_WITNESSES = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """`every`: by the wall clock, how long after a checkpoint the next one is signed when the
    ledger has gone on. `archive_recipient`: an auditor's public key of age, to which proof that
    outlives an erasure is sealed. `witness`: whom the newest checkpoint is mailed to each day.
    `stamp`: the time-stamping server it is taken to each day, `stamp_roots` the file of
    certificates its stamps are held against; "" for none.
    """

    every: Delay = Delay(minutes=60)
    archive_recipient: str = ""
    witness: tuple[str, ...] = ()
    stamp: str = ""
    stamp_roots: str = ""


def read_proof(table: Table) -> Proof:
    settings = Proof(
        table.parsed("every", parse_delay, Delay(minutes=60)),
        table.parsed("archive_recipient", lambda text: recipient(text) if text else "", ""),
        _witnesses(table),
        table.get("stamp", str, ""),
        table.get("stamp_roots", str, ""),
    )
    if settings.every.nominal_ms == 0:
        table.mistake("every", N_("`every` is a minute at least"))
    if settings.stamp and not _is_server(settings.stamp):
        table.mistake(
            "stamp",
            N_(
                "`stamp` is the address of a time-stamping server (RFC 3161):"
                ' "https://tsa.example.org/tsr"'
            ),
        )
    if bool(settings.stamp) != bool(settings.stamp_roots):
        lone = "stamp" if settings.stamp else "stamp_roots"
        table.mistake(
            lone,
            N_(
                "`stamp` and `stamp_roots` go together: a server, and the certificates it is"
                " known by"
            ),
        )
    return settings


def _witnesses(table: Table) -> tuple[str, ...]:
    entries = table.get("witness", list, [])
    addresses = tuple(_address(entry) for entry in entries)
    if not all(addresses):
        table.mistake(
            "witness",
            N_('`witness` is a list of addresses that mail can go to: ["notaire@example.org"]'),
        )
    elif len(set(addresses)) != len(addresses) or len(addresses) > MAX_WITNESSES:
        table.mistake(
            "witness", N_("`witness` names up to {most} addresses, each once"), most=MAX_WITNESSES
        )
    return addresses


def _address(entry: object) -> str:
    """In its one spelling, "" for what is none."""
    try:
        return normalise(entry) if isinstance(entry, str) else ""
    except AddressRefused:
        return ""


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
        return (
            named
            and url.isascii()
            and url.isprintable()
            and " " not in url
            and not (parts.fragment or parts.username)
        )
    except ValueError:
        return False
