"""Addresses never to be written to again: how many, whether one of them is, and an operator's word
that one may be written to after all. An address that is asked about is kept nowhere.

People who are known are suppressed by facts of their own; of everybody else the vault has a keyed
hash. What somebody asked for themselves (an objection, a complaint, an erasure) only they lift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.commands.operators import CauseAndEvidence, execute_for
from engine.delivery.figures import DeliveryViews
from engine.desk.clock import Clock
from engine.installation.events import SuppressionLifted
from engine.installation.stream import InstallationStream
from engine.store.sql import AnyCursor
from engine.subscriber.commands import LiftSuppression
from engine.subscriber.outcome import NothingToDo, Refusal, Refused, Unchanged
from engine.subscriber.terms import LIFTABLE
from engine.vault.suppression_list import counted, listed, take_off
from engine.vault.vault import Vault, VaultWrite
from engine.words import Words


class SuppressionViews(Protocol):
    @property
    def delivery(self) -> DeliveryViews: ...


class SuppressionStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> SuppressionViews: ...


@dataclass(frozen=True, slots=True)
class SuppressionCounts:
    """By reason. `people` are known; `hashes` are of addresses, of whoever is not known."""

    people: Mapping[str, int]
    hashes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address stands: `reason` "" where it may be written to as far as this goes, `since`
    (ms) of a hash, 0 of a person. `subscriber` is who is known under it, "" for nobody.
    """

    subscriber: str
    reason: str
    since: int = 0

    @property
    def liftable(self) -> bool:
        return self.reason in LIFTABLE


def counts(stores: SuppressionStores) -> SuppressionCounts:
    return SuppressionCounts(stores.views.delivery.suppressed(), counted(stores.vault))


def standing(stores: SuppressionStores, address: str) -> Standing:
    """Of a normalised address. What it stands for on the list comes before what a person's facts
    say.
    """
    hashed = stores.vault.hash(address)
    row = listed(stores.vault, hashed)
    subscriber = stores.vault.find_all([hashed]).get(hashed, "")
    person = stores.command_handler.load([subscriber])[subscriber] if subscriber else None
    if row is not None:
        return Standing(subscriber, row.reason, row.at)
    return Standing(subscriber, person.suppressed if person is not None else "")


def lift(
    stores: SuppressionStores, address: str, made: CauseAndEvidence
) -> Refused | NothingToDo | None:
    """Let an address be written to again; None once it may. `made` is the operator's cause, whose
    evidence holds the reason they gave.
    """
    stands, (cause, kept) = standing(stores, address), made
    if not stands.reason:
        return NothingToDo(Unchanged.NOT_SUPPRESSED)
    if not stands.liftable:
        return Refused(Refusal.THEIR_OWN_WISH, why=Words(stands.reason))
    now, hashed = stores.clock.now(), stores.vault.hash(address)
    if stands.subscriber:
        person = stores.command_handler.load([stands.subscriber])[stands.subscriber]
        if person.suppressed:
            command = LiftSuppression(now, cause)
            outcome = stores.command_handler.execute_one(
                CommandRequest(
                    command,
                    stream=stands.subscriber,
                    vault_write=VaultWrite("", now, evidence=(kept,)),
                )
            ).outcome
            if isinstance(outcome, Refused | NothingToDo):
                return outcome
    if stands.since:

        def together(cursor: AnyCursor) -> None:
            take_off(cursor, hashed, LIFTABLE)

        lifted = SuppressionLifted(now, stands.reason)
        execute_for(stores, made, lambda installation: [lifted], now, together)
    return None
