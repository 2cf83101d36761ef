"""Who may do what in the console: the one place where roles are turned into rights.

Every route names the right that it needs; nothing else asks for a role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from engine.commands.operators import Operator
from engine.words import N_, Language


class Role(StrEnum):
    AUTHOR = "author"
    OPERATOR = "operator"
    RIGHTS = "rights"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What a page shows or an act does."""

    SEE = "see"
    """Letters, plans, counts: nothing personal."""
    READ_PEOPLE = "read-people"
    ACT_ON_PEOPLE = "act-on-people"
    HANDLE_RIGHTS = "handle-rights"
    PAPERS = "papers"
    """The register, the annexes of processors, and what stands of breaches."""
    WRITE = "write"
    """Drafts and the files of `sequences/`."""
    PUBLISH = "publish"
    SEND = "send"
    """Broadcasts by hand, tests of letters, pause and resume."""
    IMPORT = "import"
    AUDIT = "audit"
    OPERATE = "operate"
    ADMINISTER = "administer"
    """Accounts of others."""


ROLES: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.AUTHOR: frozenset({Right.SEE, Right.WRITE, Right.PUBLISH, Right.SEND}),
        Role.OPERATOR: frozenset(Right),
        Role.RIGHTS: frozenset(
            {
                Right.SEE,
                Right.READ_PEOPLE,
                Right.ACT_ON_PEOPLE,
                Right.HANDLE_RIGHTS,
                Right.PAPERS,
            }
        ),
        Role.AUDITOR: frozenset({Right.SEE, Right.AUDIT, Right.PAPERS}),
    }
)
TO_READERS = frozenset({Right.READ_PEOPLE, Right.IMPORT})
"""What an author who was given `read` may besides."""
ROLE_WORDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.AUTHOR: N_("author"),
        Role.OPERATOR: N_("operator"),
        Role.RIGHTS: N_("data protection"),
        Role.AUDITOR: N_("auditor"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who works here. `id` is opaque and stands in causes; `name` stays in the vault.
    `reads`: an author who may see people by name.
    """

    id: str
    name: str
    role: Role
    reads: bool = False
    language: Language = "fr"

    @property
    def operator(self) -> Operator:
        """As causes name whoever acts."""
        return Operator(self.name, self.id)

    @property
    def rights(self) -> frozenset[Right]:
        reads = self.reads and self.role is Role.AUTHOR
        return ROLES[self.role] | (TO_READERS if reads else frozenset())

    def may(self, right: Right) -> bool:
        return right in self.rights
