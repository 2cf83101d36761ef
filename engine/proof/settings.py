"""`[proof]` of config.toml: how often the ledger is signed, and who else holds what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult

from engine.intake.address import AddressRefused, normalise
from engine.proof.errors import ProofRefused
from engine.proof.tlog_witness import Witness, parse_witness
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.table import Table, http_url
from engine.vault.sealing import recipient
from engine.words import N_

MAX_WITNESSES = 10
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Proof:
    """`every`: by the wall clock, how long after a checkpoint the next one is signed when the
    ledger has gone on. `archive_recipient`: an auditor's public key of age, to which proof that
    outlives an erasure is sealed. `witness`: whom the newest checkpoint is mailed to each day;
    `witness_url`: who is asked over HTTP to cosign it.
    `stamp`: the time-stamping server it is taken to each day, `stamp_roots` the file of
    certificates its stamps are held against; "" for none.
    """

    every: Delay = Delay(minutes=60)
    archive_recipient: str = ""
    witness: tuple[str, ...] = ()
    witness_url: tuple[Witness, ...] = ()
    stamp: str = ""
    stamp_roots: str = ""


def read_proof(table: Table) -> Proof:
    settings = Proof(
        every=table.parsed("every", parse_delay, Delay(minutes=60)),
        archive_recipient=table.parsed(
            "archive_recipient", lambda text: recipient(text) if text else "", ""
        ),
        witness=_witnesses(table),
        witness_url=_cosigners(table),
        stamp=table.get("stamp", str, ""),
        stamp_roots=table.get("stamp_roots", str, ""),
    )
    if settings.every.nominal_ms == 0:
        table.mistake("every", N_("`every` is a minute at least"))
    if settings.stamp and not _server_url(settings.stamp):
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


def _cosigners(table: Table) -> tuple[Witness, ...]:
    entries = table.get("witness_url", list, [])
    witnesses = tuple(_cosigner(entry) for entry in entries)
    known = [witness for witness in witnesses if witness is not None]
    if len(known) < len(witnesses):
        table.mistake(
            "witness_url",
            N_(
                "`witness_url` is a list of witnesses (C2SP tlog-witness), each its address, a"
                " blank and its verifier key of type 4:"
                ' ["https://witness.example.org witness.example.org+ab12cd34+BF…"]; the address'
                " is https but on this machine"
            ),
        )
    elif len({witness.vkey for witness in known}) != len(known) or len(known) > MAX_WITNESSES:
        table.mistake(
            "witness_url",
            N_("`witness_url` names up to {most} witnesses, each once"),
            most=MAX_WITNESSES,
        )
    return tuple(known)


def _cosigner(entry: object) -> Witness | None:
    try:
        witness = parse_witness(entry) if isinstance(entry, str) else None
    except ProofRefused:
        return None
    parts = _server_url(witness.url) if witness is not None else None
    if parts is None:
        return None
    private = parts.scheme == "https" or parts.hostname in LOOPBACK
    return witness if private and not parts.query else None


def _server_url(url: str) -> SplitResult | None:
    """As it is requested: `http_url` in ASCII, without a blank."""
    return http_url(url) if url.isascii() and " " not in url else None


def _address(entry: object) -> str:
    """In its one spelling, "" for what is none."""
    try:
        return normalise(entry) if isinstance(entry, str) else ""
    except AddressRefused:
        return ""
