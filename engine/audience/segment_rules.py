"""Carries out the rules about segments: the follower notes who enters and who leaves, and each is
decided like any other command, on what is known of the person at that moment.

A process that dies between the commit and the note's end does it again: rules are applied once for
each entry and each leaving, whoever applies them.
"""

from __future__ import annotations

from typing import Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.subscriber.commands import ApplyRules
from engine.subscriber.events import Cause
from engine.vault.measured import with_measured
from engine.vault.vault import KnownPerson, Vault

EDGES_AT_ONCE = 500


class RuleStores(Protocol):
    @property
    def clock(self) -> Clock: ...

    @property
    def command_handler(self) -> CommandHandler: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def vault(self) -> Vault: ...


def apply_due_rules(stores: RuleStores) -> int:
    """Apply the rules for some of those who were seen to enter or to leave; for how many that was
    done. Whom other facts were quicker about each time stays for the next call.
    """
    edges = stores.desk.segment_edges(EDGES_AT_ONCE)
    if not edges:
        return 0
    vault = stores.vault
    people = with_measured(vault.database, vault.people({edge.subscriber for edge in edges}))
    now = stores.clock.now()
    nobody = KnownPerson("", "")
    requests = []
    for edge in edges:
        known = people.get(edge.subscriber, nobody)
        command = ApplyRules(
            now,
            Cause("rule", edge.segment),
            edge.segment,
            edge.entered,
            known,
        )
        requests.append(CommandRequest(command, stream=edge.subscriber))
    results = stores.command_handler.execute(requests)
    applied = [edge for edge, result in zip(edges, results, strict=True) if not result.conflict]
    stores.desk.forget_edges(applied)
    return len(applied)
