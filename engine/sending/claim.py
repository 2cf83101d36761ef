"""Take and claim: a due row becomes a `letter-begun` entry by expected version, or its other act
(an ending, a request that expires) is done at once.

Of six senders racing for one letter one gets the claim: the ledger's version decides. A crash after
the claim leaves a letter begun without outcome, which `settle` finds.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.commands.command_handler import CommandRequest, Result
from engine.desk.desk import HELD_BACK
from engine.desk.totals import Total
from engine.installation.state import Installation
from engine.sending.claim_pace import MAX_ROWS
from engine.sending.compose import CannotRender, Composer, ComposeRequest
from engine.sending.due_queue import DueQueue
from engine.sending.envelope import Envelope
from engine.sending.quarantine import execute_apart, unforeseen
from engine.sending.settling import ENGINE, settle
from engine.sending.shaper import Shaper, Token
from engine.sending.stores import SendingStores
from engine.subscriber.agenda_key import every_occurrence
from engine.subscriber.commands import Perform
from engine.subscriber.due_rows import Row
from engine.subscriber.eligibility import is_measured, why_not
from engine.subscriber.events import Cause, LetterBegun, LetterWithheld
from engine.subscriber.outcome import Done
from engine.subscriber.person import Known, Person
from engine.subscriber.terms import PRESSURE, LetterVerdict, mail_kind
from engine.subscriber.truth import conditions_of
from engine.vault.measured import with_measured
from engine.vault.vault import KnownPerson

RELAY = Cause("relay")


class Claim(NamedTuple):
    """A letter that this sender has begun: the key of its row, its entry and position in the
    ledger, and the person's state after the claim. `token`: its provider's, None where it needs
    none. `mailbox`: what the vault knows of the person, None where it is to be read.
    """

    stream: str
    key: str
    entry: LetterBegun
    position: int
    person: Person
    token: Token | None = None
    mailbox: KnownPerson | None = None


def take_and_claim(
    stores: SendingStores,
    queue: DueQueue,
    held: Collection[str],
    limit: int = MAX_ROWS,
    *,
    shaper: Shaper | None = None,
) -> tuple[list[Claim], int]:
    """Claims of due letters, and how many rows were looked at in all. The other rows are done,
    released, or wait for their provider. `held`: the messages that this sender knows to be its own.
    """
    installation = stores.installation_stream.current()
    only_asked_for = installation.only_asked_for and shaper is not None
    if 0 in installation.paused and not only_asked_for:
        queue.give_up()
        return [], 0
    now, paused = stores.clock.now(), [number for number in installation.paused if number]
    rows: Sequence[Row] = queue.take(now, limit, paused)
    known = dict(stores.agenda.folds({stream for stream, _ in rows}))
    tokens: Mapping[str, Token] = {}
    mailboxes: Mapping[str, KnownPerson] = {}
    looked_at = len(rows)
    if shaper is not None:
        # Read after the folds: whoever changed since then has another version than theirs.
        rows, tokens, mailboxes = shaper.admit(
            rows,
            queue,
            now,
            paused,
            only_asked_for,
            lambda stream: known[stream].last_contact if stream in known else 0,
        )
        looked_at = max(looked_at, len(rows))
        known |= stores.agenda.folds({stream for stream, _ in rows} - known.keys())
    if not rows:
        return [], looked_at
    stores.confirm_ledger()
    vault = _asked_of_vault(stores, installation, rows)
    requests = [
        _request(stores.sender, now, stream, key, vault.get(stream)) for stream, key in rows
    ]
    decided, results = execute_apart(stores.command_handler, stores.desk, rows, requests, known)
    claims, ended, others = [], [], []
    ended_at = 0
    for (stream, key), result in zip(decided, results, strict=True):
        begun = _begun(result)
        if begun is not None:
            mailbox = mailboxes.get(stream)
            if mailbox is not None and not _only_ours(result, known.get(stream)):
                mailbox = None
            claims.append(Claim(stream, key, *begun, result.person, tokens.get(stream), mailbox))
        elif isinstance(result.outcome, Done):
            ended.append((stream, key))
            ended_at = max(ended_at, *result.positions)
        else:
            others.append((stream, key))
    queue.release(ended, ended_at)
    queue.release({*rows}.difference(decided), 0)
    if refused := sum(map(_finds_no_room, results)):
        stores.desk.count(HELD_BACK, refused)
    if withheld := sum(map(_is_withheld, results)):
        stores.desk.add_totals({Total("outcome", "withheld"): withheld})
    if others:
        settle(stores, others, held)
        queue.put_off(others, stores.ledger_head())
    if shaper is not None:
        shaper.began(claim.token for claim in claims if claim.token is not None)
    return claims, looked_at


def _only_ours(result: Result, known: Person | None) -> bool:
    """Whether a claim is all that happened to a person since they were `known`."""
    return known is not None and result.before.version == known.version


def _asked_of_vault(
    stores: SendingStores, installation: Installation, rows: Collection[tuple[str, str]]
) -> Mapping[str, Known]:
    """What the vault knows of the people whose letters ask about it, and of nobody else."""
    conditions = conditions_of(installation.plan())
    asking = conditions.claims_reading_vault
    streams = {stream for stream, key in rows if every_occurrence(key) in asking} if asking else ()
    people = stores.vault.people(streams) if streams else {}
    measuring = people and conditions.measuring
    return with_measured(stores.vault.database, people) if measuring else people


def _request(
    sender: str, now: int, stream: str, key: str, known: Known | None = None
) -> CommandRequest:
    message = secrets.token_hex(16)
    perform = Perform(
        at=now,
        cause=ENGINE,
        key=key,
        message=message,
        sender=sender,
        known=known,
        subscriber=stream,
    )
    return CommandRequest(perform, stream=stream)


def _begun(result: Result) -> tuple[LetterBegun, int] | None:
    if isinstance(result.outcome, Done):
        for event, position in zip(result.outcome.events, result.positions, strict=True):
            if isinstance(event, LetterBegun):
                return event, position
    return None


def _finds_no_room(result: Result) -> bool:
    return isinstance(result.outcome, Done) and any(
        isinstance(event, LetterWithheld) and event.why == PRESSURE
        for event in result.outcome.events
    )


def _is_withheld(result: Result) -> bool:
    return isinstance(result.outcome, Done) and any(
        isinstance(event, LetterWithheld) and event.why != PRESSURE
        for event in result.outcome.events
    )


def compose_all(
    stores: SendingStores, composer: Composer, claims: Sequence[Claim], states: Mapping[str, Person]
) -> tuple[list[Envelope], list[UnsentClaim]]:
    """Envelopes for the letters that can be rendered, outcomes for the others."""
    installation = stores.installation_stream.current()
    people = {claim.stream: claim.mailbox for claim in claims if claim.mailbox is not None}
    if unread := {claim.stream for claim in claims} - people.keys():
        people |= stores.vault.people(unread)
    now = stores.clock.now()
    plans = {
        number: installation.plan(number) for number in {claim.entry.edition for claim in claims}
    }
    envelopes, refused = [], []
    for claim in claims:
        known = people.get(claim.stream)
        if known is None:
            refused.append(UnsentClaim(claim, "not-eligible", "erased"))
            continue
        ground = states[claim.stream].grounds.get(claim.entry.purpose)
        compose_request = ComposeRequest(
            claim.entry,
            claim.position,
            known.address,
            known.fields,
            states[claim.stream].language,
            ground.basis if ground else "consent",
            known.source,
            is_measured(states[claim.stream], plans[claim.entry.edition]),
        )
        try:
            octets = composer.octets(compose_request, plans[claim.entry.edition], now)
        except CannotRender as error:
            refused.append(UnsentClaim(claim, "cannot-render", error.what))
            continue
        except Exception as error:
            refused.append(UnsentClaim(claim, "temporary", unforeseen(error)))
            continue
        envelopes.append(composer.envelope(compose_request, octets, claim.token))
    return envelopes, refused


@dataclass(frozen=True, slots=True)
class UnsentClaim:
    """A claim that ends before the relay is spoken to, and why."""

    claim: Claim
    verdict: LetterVerdict
    why: str


REQUEST_KINDS = ("confirmation", "permission")
"""Kinds of mail that belong to no list."""


def is_paused(installation: Installation, claim: Claim) -> bool:
    """Whether the letter's list, or all sending, is paused: the letter is then released as never
    begun, and waits.
    """
    if 0 in installation.paused:
        return not (installation.only_asked_for and claim.entry.kind in REQUEST_KINDS)
    return claim.entry.list in installation.paused


def still_eligible(person: Person, claim: Claim) -> str:
    """The reason why a begun letter may no longer be sent, or "": asked per group, at most a second
    before MAIL (P1).
    """
    entry = claim.entry
    if entry.message not in person.in_flight:
        return "its outcome is recorded"
    request = ""
    if entry.kind in REQUEST_KINDS:
        pending = person.requests.get(entry.purpose)
        request = pending.request if pending else ""
    reason = why_not(person, mail_kind(entry.kind), entry.purpose, request=request)
    if reason:
        return reason
    if entry.segment:
        return ""
    if entry.kind not in REQUEST_KINDS and not any(
        m.run == entry.run for m in person.memberships.values()
    ):
        return "no longer on this list"
    return ""
