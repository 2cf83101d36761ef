"""How long what is kept: every night what is past its time is counted, acted upon if the operator
says so, and told of in the ledger (D11, D12, D14). One host at a time.

People who have been silent too long are asked once, and erased where no answer came; requests
nobody confirmed are erased. What lies in the vault beside people (IP addresses, mail servers'
words, sealed proof, hashes never to be written to) is purged.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.commands.command_handler import CommandRequest
from engine.installation.events import RetentionApplied
from engine.privacy.erasure import Archiver, ErasureStores, archiver, erase, note_erased
from engine.privacy.export import ArchiveStores
from engine.privacy.reactivation import HeardOf, ask_by_letters
from engine.sequence.declared import Retention
from engine.sequence.delay import DAY, Delay
from engine.sequence.timing import earlier, to_local
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.commands import AskAgain
from engine.subscriber.events import Cause
from engine.subscriber.inactivity import NOT_TO_BE_ASKED, is_unanswered, retention_of
from engine.subscriber.outcome import Done
from engine.subscriber.terms import ErasureBasis
from engine.vault import lifetimes
from engine.vault.vault import Vault

log = logging.getLogger("relance.retention")
SQL = beside(__file__)
HOUR_OF_THE_NIGHT = 3
"""Local: after midnight anywhere in one zone, before anybody is at work."""
PEOPLE_AT_ONCE, RECORDS_AT_ONCE = 200, 1000
ENGINE = Cause("engine")


class SilentPeople(HeardOf, Protocol):
    def long_silent(self, rule: str, upto: int, limit: int) -> list[tuple[str, int]]:
        """People whom `rule` ("silent", "unanswered", "unconfirmed") may concern by an instant, and
        since when: the longest first.
        """

    def silences(
        self, silent: int, unanswered: int, unconfirmed: int
    ) -> dict[str, tuple[int, int]]:
        """By rule: how many people it may concern by its instant, and the oldest there is at all
        (0: none).
        """


class RetentionStores(ErasureStores, ArchiveStores, Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def views(self) -> SilentPeople: ...


def night_of(now: int, zone: str) -> str:
    """The local date of the last night that has begun."""
    return to_local(earlier(now, Delay(minutes=60 * HOUR_OF_THE_NIGHT), zone), zone).strftime(
        "%Y-%m-%d"
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is older than these instants (ms) is past its time. A day more than declared for people,
    whose own zone may lie behind: they are looked at one by one. `suppression` 0: never.
    """

    silent: int
    unanswered: int
    unconfirmed: int
    visitor: int
    relay: int
    archive: int
    suppression: int


def terms(declared: Retention, now: int, zone: str) -> Terms:
    def ago(delay: Delay) -> int:
        return earlier(now, delay, zone)

    suppression = ago(declared.suppression) if declared.suppression is not None else 0
    silent, unconfirmed = ago(declared.silent_after) + DAY, ago(declared.unconfirmed)
    return Terms(
        silent=silent,
        unanswered=now,
        unconfirmed=unconfirmed,
        visitor=ago(declared.ip),
        relay=ago(declared.delivery),
        archive=now,
        suppression=suppression,
    )


class NightlyCap:
    """How many people this night may still ask or erase, whatever the rule: a mistake in a duration
    stays small.
    """

    def __init__(self, most: int) -> None:
        self.left = most


def ask_the_silent(
    stores: RetentionStores, terms: Terms, cap: NightlyCap, declared: Retention
) -> int:
    """How many were asked or, where nobody may write to them any more, erased at once."""
    done, passed = 0, set[str]()
    while cap.left > 0:
        listed = stores.views.long_silent("silent", terms.silent, PEOPLE_AT_ONCE + len(passed))
        silent = [who for who, _ in listed if who not in passed][: min(PEOPLE_AT_ONCE, cap.left)]
        if not silent:
            return done
        passed |= set(silent)
        now = stores.clock.now()
        requests = [
            CommandRequest(AskAgain(now, ENGINE, secrets.token_hex(16)), stream=who)
            for who in silent
        ]
        for who, result in zip(silent, stores.command_handler.execute(requests), strict=True):
            refused = result.outcome == NOT_TO_BE_ASKED
            if (refused and _erased(stores, who, "retention", declared)) or isinstance(
                result.outcome, Done
            ):
                done, cap.left = done + 1, cap.left - 1
    return done


def erase_the_unanswered(
    stores: RetentionStores, terms: Terms, cap: NightlyCap, declared: Retention
) -> int:
    """Those who were asked whether to go on, and were silent until their term."""
    return _erase_all(stores, "unanswered", terms.unanswered, cap, declared)


def erase_the_unconfirmed(
    stores: RetentionStores, terms: Terms, cap: NightlyCap, declared: Retention
) -> int:
    """Those of whom nothing is known but a request that they never confirmed."""
    return _erase_all(stores, "unconfirmed", terms.unconfirmed, cap, declared)


def _erase_all(
    stores: RetentionStores, rule: str, upto: int, cap: NightlyCap, declared: Retention
) -> int:
    done, passed = 0, set[str]()
    while cap.left > 0:
        listed = stores.views.long_silent(rule, upto, PEOPLE_AT_ONCE + len(passed))
        concerned = [who for who, _ in listed if who not in passed][:PEOPLE_AT_ONCE]
        if not concerned:
            return done
        passed |= set(concerned)
        for who in _still_concerned(stores, rule, concerned):
            if cap.left > 0 and _erased(
                stores, who, "retention" if rule == "unanswered" else "unconfirmed", declared
            ):
                done, cap.left = done + 1, cap.left - 1
    return done


def _still_concerned(stores: RetentionStores, rule: str, subscribers: Sequence[str]) -> list[str]:
    """Those the rule concerns as the ledger has them at this moment: a view may lag behind."""
    now, people = stores.clock.now(), stores.command_handler.load(subscribers)
    if rule == "unanswered":
        return [who for who in subscribers if is_unanswered(people[who], now)]
    return [
        who
        for who in subscribers
        if not people[who].grounds
        and not any(request.expires_at > now for request in people[who].requests.values())
    ]


def _erased(
    stores: RetentionStores, subscriber: str, basis: ErasureBasis, declared: Retention
) -> bool:
    """Whether it was done. The address is not barred, so that they may come back by any door; a
    hash that is on the suppression list stays there.
    """
    result, receipt = erase(
        stores,
        subscriber,
        ENGINE,
        stores.command_handler.execute_one,
        basis=basis,
        suppression="leave",
        archive=_archiver(stores, basis, declared),
    )
    return receipt is not None and not result.conflict


def _archiver(stores: RetentionStores, basis: ErasureBasis, declared: Retention) -> Archiver | None:
    """The proof of those who had agreed stays sealed for as long as was declared, where there is an
    auditor to seal it to (D13).
    """
    wanted = basis == "retention" and stores.config.proof.archive_recipient
    return archiver(stores, declared.proof) if wanted else None


def records_past(vault: Vault, terms: Terms) -> dict[str, tuple[int, int]]:
    """By rule: how many pieces are past their time, and the instant of the oldest there is at all
    (ms, 0: none).
    """
    return lifetimes.ages(vault, terms.visitor, terms.relay, terms.archive, terms.suppression)


def purge(vault: Vault, rule: str, terms: Terms) -> int:
    """Delete what is past its time, some at a time so that no lock is long; how many it was."""
    before = getattr(terms, rule)
    done = 0
    while before:
        some = lifetimes.purge(vault, rule, before, RECORDS_AT_ONCE)
        done += some
        if some < RECORDS_AT_ONCE:
            break
    return done


PEOPLE: Mapping[str, Callable[[RetentionStores, Terms, NightlyCap, Retention], int]] = {
    "unanswered": erase_the_unanswered,
    "unconfirmed": erase_the_unconfirmed,
    "silent": ask_the_silent,
}
"""In this order: who was asked long ago goes first when a night is short."""
RULES = (*PEOPLE, *lifetimes.KINDS)


def apply_if_night(stores: RetentionStores) -> bool:
    """Once for each local date of the engine's clock, by whichever host is first; whether this one
    did it. What a crash leaves undone is done at the next call: the night is over when its fact is
    written.
    """
    declared = retention_of(stores.installation_stream.current().plan())
    zone = stores.config.site.timezone
    if stores.installation_stream.current().last_night >= night_of(stores.clock.now(), zone):
        return False
    with stores.database.transaction(long=True) as connection:
        (alone,) = connection.execute(SQL["alone"]).fetchone() or (False,)
        if not alone or stores.installation_stream.current().last_night >= night_of(
            stores.clock.now(), zone
        ):
            return False
        applied = _apply(stores, declared, zone)
        now = stores.clock.now()
        stores.installation_stream.execute(lambda state: [applied], ENGINE, now)
    # Whatever else was deleted since the last night goes along: former addresses, proof at its
    # term.
    note_erased(stores)
    log.info(
        "retention applied",
        extra={
            "night": applied.night,
            "mode": applied.mode,
            "rules": {rule[0]: list(rule[1:3]) for rule in applied.rules},
        },
    )
    return True


def past_their_time(stores: RetentionStores, within: Terms) -> dict[str, tuple[int, int]]:
    """By rule: how many are past their time, and the oldest there is at all (ms, 0: none)."""
    return stores.views.silences(
        within.silent, within.unanswered, within.unconfirmed
    ) | records_past(stores.vault, within)


def _apply(stores: RetentionStores, declared: Retention, zone: str) -> RetentionApplied:
    now = stores.clock.now()
    within = terms(declared, now, zone)
    cap = NightlyCap(declared.nightly_cap)
    done = dict.fromkeys(RULES, 0)
    past = past_their_time(stores, within)
    if declared.mode == "enforce":
        for rule, act in PEOPLE.items():
            done[rule] = act(stores, within, cap, declared)
        for rule in lifetimes.KINDS:
            done[rule] = purge(stores.vault, rule, within)
    if asked := ask_by_letters(stores, cap.left):
        log.info("the silent are asked by letters", extra={"people": asked})
    return RetentionApplied(
        now,
        night_of(now, zone),
        declared.mode,
        tuple((rule, past[rule][0], done[rule], past[rule][1]) for rule in RULES),
    )
