"""Who acts by hand, at the command line or in the console, and the cause their acts have: in the
ledger stands an opaque id, in the vault who it was.
"""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engine.frozen import dataclass
from engine.installation.events import STREAM, InstallationEvent
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.store.sql import AnyCursor
from engine.subscriber.events import Cause
from engine.vault.evidence import SALT_BYTES, Evidence, evidence
from engine.vault.vault import Vault, VaultWrite

CauseAndEvidence = tuple[Cause, Evidence]
"""Of an act: what stands in the ledger, and what in the vault says who did it."""


@dataclass(frozen=True, slots=True)
class Operator:
    """`account` is the random id of an account of the console, "" at the command line, where `name`
    is that of the system's user.
    """

    name: str
    account: str = ""

    @property
    def door(self) -> str:
        return "console" if self.account else "command line"

    @property
    def by(self) -> dict[str, str]:
        """As evidence has it."""
        return {"operator": self.name} | ({"account": self.account} if self.account else {})


def at_the_command_line() -> Operator:
    try:
        return Operator(getpass.getuser())
    except (KeyError, OSError):
        return Operator("unknown")


def operator_cause(operator: Operator, particulars: Mapping[str, object]) -> CauseAndEvidence:
    """A cause whose evidence names the operator; in the ledger stands only what commits to it."""
    kept = evidence(
        secrets.token_bytes(SALT_BYTES),
        {"operator": operator.name, "by": operator.by, "door": operator.door, **particulars},
    )
    return Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex()), kept


class ActingStores(Protocol):
    @property
    def vault(self) -> Vault: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


def execute_for(
    stores: ActingStores,
    made: CauseAndEvidence,
    decide: Callable[[Installation], Sequence[InstallationEvent]],
    now: int,
    together: Callable[[AnyCursor], None] = lambda cursor: None,
) -> tuple[InstallationEvent, ...]:
    """What somebody does to the installation: its events, with who it was in the vault, written in
    one transaction, and `together` what else belongs to it. As InstallationStream.execute.
    """
    cause, kept = made

    def within(cursor: AnyCursor) -> None:
        together(cursor)
        stores.vault.write(cursor, VaultWrite(STREAM, now, evidence=(kept,)))

    return stores.installation_stream.execute(decide, cause, now, within)
