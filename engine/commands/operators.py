"""Who acts by hand, at the command line or in the console, and the cause their acts have: in the
ledger stands an opaque id, in the vault who it was.
"""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine.subscriber.events import Cause
from engine.vault.evidence import SALT_BYTES, Evidence, evidence


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


def operator_cause(operator: Operator, particulars: Mapping[str, object]) -> tuple[Cause, Evidence]:
    """A cause whose evidence names the operator; in the ledger stands only what commits to it."""
    kept = evidence(
        secrets.token_bytes(SALT_BYTES),
        {"operator": operator.name, "by": operator.by, "door": operator.door, **particulars},
    )
    return Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex()), kept
