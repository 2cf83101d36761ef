"""Take and claim: due rows become `letter-begun` entries by expected version, or end as what the
agenda had to do besides letters.

Six senders racing for one letter make one claim: the ledger's version decides. A crash after the
claim leaves a letter begun without outcome, which `settle` finds when the lease has run out.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.desk.desk import SQL as DESK
from engine.installation.state import Installation
from engine.sending.compose import CannotRender, Composer, Ordered
from engine.sending.delivery_journal import DOT, is_alive, read_journal
from engine.sending.envelope import Envelope
from engine.sending.quarantine import execute_apart, unforeseen
from engine.store.arrays import texts, uuids
from engine.subscriber.commands import Perform, RecordOutcome
from engine.subscriber.eligibility import why_not
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.outcome import Done
from engine.subscriber.person import InFlight, Person

ENGINE = Cause("engine")
RELAY = Cause("relay")
BATCH = 500
LEASE = 120
RELEASE_SECONDS = 1
KEEP_MARKS = 7 * 86_400


class Claim(NamedTuple):
    """A letter this sender has begun: its row, its entry, its place in the ledger, and the person
    as the claim left them.
    """

    stream: str
    key: str
    entry: LetterBegun
    position: int
    person: Person


def take_and_claim(
    context: AppContext, held: Collection[str], limit: int = BATCH
) -> tuple[list[Claim], int]:
    """Claims of due letters, and how many rows were taken in all. Rows without a letter are done or
    let go at once. `held`: the messages this sender knows to be its own.
    """
    installation = context.installation_stream.current()
    if 0 in installation.paused:
        return [], 0
    now = context.clock.now()
    pairs = context.views.take(now, limit, context.sender, LEASE, list(installation.paused))
    if not pairs:
        return [], 0
    known = context.views.folds({stream for stream, _ in pairs})
    taken = len(pairs)
    pairs, results = execute_apart(
        context, pairs, [_request(context, now, stream, key) for stream, key in pairs], known
    )
    claims, others = [], []
    for (stream, key), result in zip(pairs, results, strict=True):
        begun = _begun(result)
        if begun is not None:
            claims.append(Claim(stream, key, *begun, result.person))
        else:
            others.append((stream, key))
    if others:
        settle(context, others, held)
        # Where another sender still has it, it is asked about again a moment later.
        release(context, others, context.ledger.head(), RELEASE_SECONDS)
    return claims, taken


def _request(context: AppContext, now: int, stream: str, key: str) -> CommandRequest:
    return CommandRequest(
        Perform(now, ENGINE, key, secrets.token_hex(16), context.sender), stream=stream
    )


def _begun(result: Result) -> tuple[LetterBegun, int] | None:
    if isinstance(result.outcome, Done):
        for event, position in zip(result.outcome.events, result.positions, strict=True):
            if isinstance(event, LetterBegun):
                return event, position
    return None


def release(
    context: AppContext,
    pairs: Sequence[tuple[str, str]],
    position: int,
    seconds: float = 0,
    why: str = "let go",
) -> None:
    """Give taken rows back once the agenda has followed to `position`, where what became of them
    stands, and `seconds` of wall time are over. With a `why`, so that no lease is renewed for them.
    """
    if not pairs:
        return
    values = {
        "subscribers": uuids([s for s, _ in pairs]),
        "keys": texts([k for _, k in pairs]),
        "seconds": seconds,
        "why": why,
        "position": position,
    }
    with context.database.connection() as connection:
        connection.execute(DESK["release"], values)


def renew(context: AppContext, pairs: Sequence[tuple[str, str]]) -> None:
    """Hold these rows for another lease, except those that are being let go."""
    if not pairs:
        return
    values = {
        "subscribers": uuids([s for s, _ in pairs]),
        "keys": texts([k for _, k in pairs]),
        "seconds": LEASE,
        "sender": context.sender,
    }
    with context.database.connection() as connection:
        connection.execute(DESK["keep_taken"], values)


def settle(context: AppContext, pairs: Sequence[tuple[str, str]], held: Collection[str]) -> None:
    """What became of letters begun by a sender that lives no more (DESIGN 3.7): no mark: send
    again; an answer: record it; a dot alone: in doubt.
    """
    if not pairs:
        return
    people = context.command_handler.load({stream for stream, _ in pairs})
    asking = {
        stream
        for stream, person in people.items()
        if any(flight.kind == "confirmation" for flight in person.in_flight.values())
    }
    mails = context.vault.mails_of(asking) if asking else {}
    now = context.clock.now()
    requests = []
    for stream, key in pairs:
        for message, flight in people[stream].in_flight.items():
            if key in (flight.key, f"flight:{message}") and not flight.doubt:
                verdict = _verdict_of(context, message, flight, held)
                if verdict:
                    mail = (
                        mails[message].hex()
                        if message in mails and verdict[0] in ("sent", "doubt")
                        else ""
                    )
                    requests.append(
                        CommandRequest(
                            RecordOutcome(now, ENGINE, message, *verdict, mail=mail), stream=stream
                        )
                    )
                    if verdict[0] == "doubt" and context.config.sending.in_doubt == "resend":
                        requests.append(
                            CommandRequest(
                                RecordOutcome(now, ENGINE, message, "resend"), stream=stream
                            )
                        )
    if requests:
        context.command_handler.execute(requests)
    released = {
        request.command.message
        for request in requests
        if isinstance(request.command, RecordOutcome) and request.command.verdict == "released"
    }
    context.vault.forget_evidence([mails[message] for message in released if message in mails])


def _verdict_of(
    context: AppContext, message: str, flight: InFlight, held: Collection[str]
) -> tuple[str, int] | None:
    """None while the sender lives. A sender of another machine leaves no file here: its open claims
    are in doubt. A claim of our own that we do not know, because the database went before we heard
    of it, was never handed over.
    """
    if flight.sender == context.sender:
        return None if message in held else ("released", 0)
    path = journal_file(context, flight.sender)
    if not path.exists():
        return ("doubt", 0)
    if is_alive(path):
        return None
    mark = read_journal(path).get(message)
    if mark is None:
        return ("released", 0)
    if mark == DOT:
        return ("doubt", 0)
    return ("sent", mark) if 200 <= mark < 300 else ("temporary", mark)


def reclaim(context: AppContext) -> None:
    """Let go at once what dead senders of this machine had taken; their marks are kept a week for
    what is still to be settled.
    """
    for path in journal_file(context, "x").parent.glob("*.marks"):
        if is_alive(path):
            continue
        release_sender(context, path.stem)
        if time.time() - path.stat().st_mtime > KEEP_MARKS:
            path.unlink(missing_ok=True)


def release_sender(context: AppContext, sender: str) -> None:
    """Let go of everything a sender has taken."""
    with context.database.connection() as connection:
        connection.execute(DESK["release_sender"], {"sender": sender})


def journal_file(context: AppContext, sender: str) -> Path:
    return context.config.data / "marks" / f"{sender}.marks"


def compose_all(
    context: AppContext, composer: Composer, claims: Sequence[Claim], states: Mapping[str, Person]
) -> tuple[list[Envelope], list[RecordedFor]]:
    """Envelopes for what can be rendered, outcomes for what cannot."""
    installation = context.installation_stream.current()
    people = context.vault.people({claim.stream for claim in claims})
    now = context.clock.now()
    plans = {
        number: installation.plan(number) for number in {claim.entry.edition for claim in claims}
    }
    envelopes, refused = [], []
    for claim in claims:
        known = people.get(claim.stream)
        if known is None:
            refused.append(RecordedFor(claim, "not-eligible", "erased"))
            continue
        ground = states[claim.stream].grounds.get(claim.entry.purpose)
        ordered = Ordered(
            claim.entry,
            claim.position,
            known.address,
            known.fields,
            states[claim.stream].language,
            ground.basis if ground else "consent",
            known.source,
        )
        try:
            octets = composer.octets(ordered, plans[claim.entry.edition], now)
        except CannotRender as error:
            refused.append(RecordedFor(claim, "cannot-render", error.what))
            continue
        except Exception as error:
            refused.append(RecordedFor(claim, "temporary", unforeseen(error)))
            continue
        envelopes.append(
            Envelope(claim.entry.message, context.config.site.sender, known.address, octets)
        )
    return envelopes, refused


@dataclass(frozen=True, slots=True)
class RecordedFor:
    """An outcome that never met the relay."""

    claim: Claim
    verdict: str
    why: str


OF_REQUESTS = ("confirmation", "permission")
"""Kinds of mail that belong to no list."""


def is_paused(installation: Installation, claim: Claim) -> bool:
    """Whether a pause holds it: it is released with what was never begun, and waits."""
    return 0 in installation.paused or claim.entry.list in installation.paused


def still_eligible(person: Person, claim: Claim) -> str:
    """The reason a begun letter may not leave after all, or "": asked per group, at most a second
    before MAIL (P1).
    """
    entry = claim.entry
    if entry.message not in person.in_flight:
        return "its outcome is recorded"
    request = ""
    if entry.kind in OF_REQUESTS:
        pending = person.requests.get(entry.purpose)
        request = pending.request if pending else ""
    reason = why_not(person, entry.kind, entry.purpose, request=request)
    if reason:
        return reason
    if entry.kind not in OF_REQUESTS and not any(
        m.run == entry.run for m in person.memberships.values()
    ):
        return "no longer on this list"
    return ""
