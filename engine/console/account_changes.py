"""Who is given which role, and whose account is removed: each a fact of the ledger with a random
id, the names of both in the vault, written together with the account. For the console and the
command line. Apart from the pages, because signing in for the first time makes an account too.
"""

from __future__ import annotations

from typing import Protocol

from engine.commands.operators import ActingStores, Operator, execute_for, operator_cause
from engine.console.access import Role
from engine.desk.clock import Clock, wall_now
from engine.installation.events import AccountRemoved, RoleGiven
from engine.vault.accounts import (
    Accounts,
    LastOperator,
    NameTaken,
    StoredAccount,
    add_account,
    new_account,
    remove_account,
    set_role,
)


class ChangingStores(ActingStores, Protocol):
    @property
    def accounts(self) -> Accounts: ...
    @property
    def clock(self) -> Clock: ...


def make_account(
    stores: ChangingStores, name: str, role: Role, reads: bool, by: Operator | None
) -> StoredAccount | None:
    """None where another has the name. `by` is None for the first operator, whom nobody invites."""
    now, account = stores.clock.now(), new_account(name, role, reads, wall_now())
    made = operator_cause(by or Operator(name, account.id), {"name": name})
    try:
        execute_for(
            stores,
            made,
            lambda state: [RoleGiven(now, account.id, role, reads)],
            now,
            lambda cursor: add_account(cursor, account),
        )
    except NameTaken:
        return None
    return account


def give_role(
    stores: ChangingStores, account: StoredAccount, role: Role, reads: bool, by: Operator
) -> bool:
    """False where it is the last operator's, and would be one's no longer. Raises NoSuchAccount."""
    if (account.role, account.reads) == (role, reads):
        return True
    now = stores.clock.now()
    try:
        execute_for(
            stores,
            operator_cause(by, {"name": account.name}),
            lambda state: [RoleGiven(now, account.id, role, reads)],
            now,
            lambda cursor: set_role(cursor, account.id, role, reads),
        )
    except LastOperator:
        return False
    return True


def remove(stores: ChangingStores, account: StoredAccount, by: Operator) -> bool:
    """False for the last operator, who stays. Raises NoSuchAccount."""
    now = stores.clock.now()
    try:
        execute_for(
            stores,
            operator_cause(by, {"name": account.name}),
            lambda state: [AccountRemoved(now, account.id)],
            now,
            lambda cursor: remove_account(cursor, account.id),
        )
    except LastOperator:
        return False
    return True
