"""Correcting what is known of a person (GDPR 16): values go to the vault, the fact names what
changed. A former address is kept as a keyed hash, so that whoever asks with it is still found.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.commands.command_handler import CommandRequest
from engine.desk.clock import Clock
from engine.subscriber.commands import Rectify
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refusal, Refused
from engine.vault.evidence import Evidence
from engine.vault.vault import Vault, VaultWrite
from engine.words import Words


class CorrectionStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True, slots=True)
class Correction:
    """`address` is normalised; "" and missing fields stay as they are."""

    address: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    language: str = ""

    @property
    def particulars(self) -> dict[str, object]:
        """What its evidence says: the names of fields, and a new address, which the ledger so
        commits to.
        """
        return {"fields": sorted(self.fields)} | ({"email": self.address} if self.address else {})


def correction(
    stores: CorrectionStores,
    subscriber: str,
    wanted: Correction,
    cause: Cause,
    evidence: tuple[Evidence, ...],
    call: str = "",
    *,
    own_act: bool = False,
) -> CommandRequest | Refused:
    """The request for what differs from what is known. Refused for an address that is somebody
    else's, or must not be written to.
    """
    now, known = stores.clock.now(), stores.vault.people([subscriber]).get(subscriber)
    if known is None:
        return Refused(Refusal.PERSON_UNKNOWN)
    address = wanted.address if wanted.address != known.address else ""
    hashed = stores.vault.hash(address) if address else b""
    if address and stores.vault.find(address):
        return Refused(Refusal.ADDRESS_TAKEN)
    if address and (reason := stores.vault.suppressed([hashed]).get(hashed)):
        return Refused(Refusal.ADDRESS_SUPPRESSED, why=Words(reason))
    changed = {
        name: value for name, value in wanted.fields.items() if known.fields.get(name, "") != value
    }
    names = tuple(sorted({*changed, *(["email"] if address else [])}))
    command = Rectify(
        at=now,
        cause=cause,
        request=secrets.token_hex(16),
        fields=names,
        timezone=wanted.timezone,
        language=wanted.language,
        call=call,
        own_act=own_act,
    )
    vault_write = VaultWrite(
        "", now, fields=changed, evidence=evidence, address=address, address_hash=hashed
    )
    return CommandRequest(command, stream=subscriber, vault_write=vault_write)
