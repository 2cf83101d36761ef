"""A delivery status as the standards have it: RFC 3464 in a report of RFC 6522, with addresses
outside ASCII as RFC 6533 writes them (B02). Delayed, relayed, expanded and delivered are no
bounces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.inbound.letter_identity import LetterMark
from engine.inbound.mail import Part, addresses_in, fields
from engine.inbound.verdict import BounceKind, FailedRecipient, kind_of, kind_of_all

MAX_RECIPIENTS: Final = 100
MAX_STATUS_BYTES: Final = 256 * 1024
_TYPES = ("message/delivery-status", "message/global-delivery-status")
_XTEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


@dataclass(frozen=True, slots=True)
class Bounced:
    """The delivery failed for good. `letter` None: nothing names a letter of ours, and nothing
    follows.
    """

    letter: LetterMark | None
    recipients: tuple[FailedRecipient, ...]

    @property
    def kind(self) -> BounceKind:
        return kind_of_all(self.recipients)


@dataclass(frozen=True, slots=True)
class Delayed:
    """A mail system goes on trying. `addresses` as it writes them."""

    letter: LetterMark | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail system says that it has delivered, handed on or spread the letter."""

    letter: LetterMark | None
    addresses: tuple[str, ...]


Action = Literal["failed", "delayed", "delivered"]


def read_delivery_status(
    mail: Part, letter: LetterMark | None, told: str
) -> Bounced | Delayed | Delivered | None:
    """None where no part is a delivery status that names a recipient. `told` are the words for a
    person, which say why where no Diagnostic-Code does.
    """
    failed: list[FailedRecipient] = []
    others: dict[Action, list[str]] = {"delayed": [], "delivered": []}
    for block in _recipients(mail):
        action, address = _action(block), _address(block)
        if action == "failed":
            if address or "status" in block or "diagnostic-code" in block:
                failed.append(_failed(block, address, told))
        elif action and address:
            others[action].append(address)
    if failed:
        unique = {recipient.address.lower(): recipient for recipient in reversed(failed)}
        return Bounced(letter, tuple(reversed(unique.values())))
    if others["delayed"]:
        return Delayed(letter, tuple(others["delayed"]))
    return Delivered(letter, tuple(others["delivered"])) if others["delivered"] else None


def _recipients(mail: Part) -> Iterator[Mapping[str, str]]:
    """The blocks that speak of a recipient each; of a field that is repeated, the first."""
    count = 0
    for part in mail.walk():
        if part.content_type not in _TYPES:
            continue
        octets = part.octets[:MAX_STATUS_BYTES].replace(b"\r\n", b"\n")
        for block in re.split(rb"\n(?:[ \t]*\n)+", octets):
            known: dict[str, str] = {}
            for name, value in fields(block.strip(b"\n")):
                known.setdefault(name, value)
            if known.keys() & {"final-recipient", "original-recipient", "action"}:
                count += 1
                if count > MAX_RECIPIENTS:
                    return
                yield known


def _action(block: Mapping[str, str]) -> Action | None:
    action = block.get("action", "").strip().lower()
    if action.startswith(("fail", "error")):
        return "failed"
    if action.startswith("delayed"):
        return "delayed"
    return "delivered" if action.startswith(("deliver", "relay", "expand")) else None


def _address(block: Mapping[str, str]) -> str:
    """The original recipient, whom we wrote to, rather than the final one."""
    for name in ("original-recipient", "final-recipient"):
        kind, semicolon, value = block.get(name, "").partition(";")
        if not semicolon:
            value = kind
        value = _XTEXT.sub(_character, value).strip()
        if kind.strip().lower() == "x400":
            continue
        if "..." in value:  # shortened by whoever showed it
            continue
        if found := addresses_in(value):
            return found[0]
        bare = value.strip().strip("<>").strip()
        if semicolon and "@" in bare and not re.search(r"\s", bare):
            return bare
    return ""


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _failed(block: Mapping[str, str], address: str, told: str) -> FailedRecipient:
    kind, semicolon, words = block.get("diagnostic-code", "").partition(";")
    diagnostic = words if semicolon and len(kind) < 40 else block.get("diagnostic-code", "")
    status = block.get("status", "")
    verdict, reply = kind_of(status, diagnostic)
    vague = not diagnostic.strip() and status.strip()[1:] in ("", ".0.0", ".1.0", ".3.0")
    if vague and told:
        verdict, reply = kind_of(status, told)
        own = kind_of(status, told.partition(address)[2]) if address else None
        if own is not None and own[0] == verdict and own[1].text:
            reply = own[1]
    return FailedRecipient(address, verdict, reply)
