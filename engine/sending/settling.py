"""What becomes of letters that a sender has begun and left without an outcome: it was killed, its
machine is gone, or the database was away when it recorded them.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from engine.commands.command_handler import CommandRequest
from engine.desk.leases import BucketLeases
from engine.desk.shaping import ShapingDesk
from engine.sending.delivery_journal import (
    DOT,
    is_alive,
    is_complete,
    journal_file,
    may_have_lost_marks,
    timed_marks,
)
from engine.sending.outcome_tally import OutcomeTally
from engine.sending.stores import SendingStores
from engine.subscriber.agenda_key import FlightKey, encode
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.events import Cause
from engine.subscriber.person import InFlight
from engine.subscriber.terms import LetterVerdict

ENGINE = Cause("engine")
KEEP_JOURNAL_SECONDS = 7 * 86_400


def settle(stores: SendingStores, rows: Sequence[tuple[str, str]], held: Collection[str]) -> None:
    """Record what became of letters begun by a sender that has ended, from its delivery journal:
    without a mark they are sent again, an answer is the outcome, a dot alone is in doubt.
    """
    if not rows:
        return
    people = stores.command_handler.load({stream for stream, _ in rows})
    left = [
        (stream, message, flight)
        for stream, key in rows
        for message, flight in people[stream].in_flight.items()
        if key in (flight.key, encode(FlightKey(message))) and not flight.doubt
    ]
    _record(stores, left, _Findings(stores, held, {flight.sender for _, _, flight in left}))


def settle_returned(stores: SendingStores, examined: set[str]) -> int:
    """Letters that others hold for doubtful, since their sender was lost with its machine, and of
    which its journal, which is here, knows more; how many these were. `examined`: the messages of
    which no journal here will say more; it grows.
    """
    doubtful = {
        who for message, who, _letter, _at in stores.agenda.in_doubt() if message not in examined
    }
    people = stores.command_handler.load(doubtful) if doubtful else {}
    left = [
        (stream, message, flight)
        for stream, person in people.items()
        for message, flight in person.in_flight.items()
        if flight.doubt and message not in examined
    ]
    here = [one for one in left if journal_file(stores.config.data, one[2].sender).exists()]
    living = {s for s in {flight.sender for _, _, flight in here} if _lives(stores, s)}
    examined |= {message for _, message, flight in left if flight.sender not in living}
    dead = [one for one in here if one[2].sender not in living]
    return _record(stores, dead, _Findings(stores, (), {f.sender for *_, f in dead})) if dead else 0


def _lives(stores: SendingStores, sender: str) -> bool:
    return is_alive(journal_file(stores.config.data, sender))


def _record(
    stores: SendingStores, left: Sequence[tuple[str, str, InFlight]], findings: _Findings
) -> int:
    """What is found of these letters, of people by stream; how many it was found of."""
    asking = {stream for stream, _, flight in left if flight.kind == "confirmation"}
    mails = stores.vault.mails_of(asking) if asking else {}
    now = stores.clock.now()
    requests: list[CommandRequest] = []
    released = []
    for stream, message, flight in left:
        became = findings.of(message, flight)
        if became is None or (flight.doubt and became.verdict == "doubt"):
            continue
        if became.verdict == "released" and message in mails:
            released.append(mails[message])
        requests += _requests(stores, stream, message, became, mails.get(message, b"").hex(), now)
    if requests:
        tally = OutcomeTally(0)
        tally.add(stores.command_handler.execute(requests))
        stores.desk.add_totals(tally.totals())
    stores.vault.forget_evidence(released)
    return len(requests)


class _Became(NamedTuple):
    """What became of a letter; `left_at`: when the relay had it (ms), as far as it is known, and no
    earlier than it was begun. What was stopped since then was not stopped before it was sent (P1).
    """

    verdict: LetterVerdict
    code: int = 0
    left_at: int = 0


class _Findings:
    """What is known here of letters of these senders, each journal read once. Made after the
    letters were read: a lost sender's term ends here, and what it claims in its next is not meant.
    """

    def __init__(self, stores: SendingStores, held: Collection[str], senders: Set[str]) -> None:
        self._stores, self._held = stores, held
        paths = {sender: journal_file(stores.config.data, sender) for sender in senders}
        here = {sender: path for sender, path in paths.items() if path.exists()}
        dead = {sender: path for sender, path in here.items() if not is_alive(path)}
        self._marks = {sender: timed_marks(path) for sender, path in dead.items()}
        incomplete = {sender for sender, path in dead.items() if may_have_lost_marks(path)}
        self._lost = stores.lost_senders.lost(senders - here.keys() - {stores.sender})
        self._complete = {sender for sender, path in dead.items() if is_complete(path)}
        self._guessed = self._lost | incomplete
        self._approved = stores.approvals.end_terms(self._guessed)
        self._restored = stores.installation_stream.current().restored

    def of(self, message: str, flight: InFlight) -> _Became | None:
        """None while the sender lives, or may. A claim in our own name that we do not hold was
        never handed over: the database was lost before its commit was confirmed to us.
        """
        if flight.sender == self._stores.sender:
            return None if message in self._held else self._unmarked(message, flight)
        if flight.sender in self._lost:
            return self._unmarked(message, flight)
        if flight.sender not in self._marks:
            return None
        mark, written = self._marks[flight.sender].get(message, (None, None))
        if mark is None and flight.sender in self._complete:
            return _Became("released")
        if mark is None:
            return self._unmarked(message, flight)
        left_at = flight.begun_at
        if written is not None:
            left_at = max(left_at, self._stores.clock.engine_at(written))
        if mark == DOT:
            return _Became("doubt", 0, left_at)
        return _Became("sent" if 200 <= mark < 300 else "temporary", mark, left_at)

    def _unmarked(self, message: str, flight: InFlight) -> _Became:
        """Where there is no journal, or one that lost its end, what the sender had approved may be
        on the wire; the rest it cannot hand over any more. A ledger that was put back may have lost
        what is recorded of a letter, and with it what was approved.
        """
        approved = self._approved.get(flight.sender)
        unknown = approved is None or message in approved
        guessed = flight.sender in self._guessed and unknown
        if flight.doubt or guessed or flight.begun_at <= self._restored:
            return _Became("doubt", 0, flight.begun_at)
        return _Became("released")


def _requests(
    stores: SendingStores, stream: str, message: str, became: _Became, mail: str, now: int
) -> Iterator[CommandRequest]:
    handed_over = became.verdict in ("sent", "doubt")
    outcome = RecordOutcome(
        at=min(now, became.left_at) if handed_over else now,
        cause=ENGINE,
        message=message,
        verdict=became.verdict,
        code=became.code,
        mail=mail if handed_over else "",
    )
    yield CommandRequest(outcome, stream=stream)
    if became.verdict == "doubt" and stores.config.sending.in_doubt == "resend":
        yield CommandRequest(RecordOutcome(now, ENGINE, message, "resend"), stream=stream)


def reclaim(data: Path, leases: BucketLeases, shaping: ShapingDesk) -> None:
    """Release at once the buckets and connections that dead senders of this machine had. Their
    journals are kept for a week, since `settle` may still need them.
    """
    for path in journal_file(data, "x").parent.glob("*.marks"):
        if is_alive(path):
            continue
        leases.give_up(path.stem)
        shaping.leave(path.stem)
        if time.time() - path.stat().st_mtime > KEEP_JOURNAL_SECONDS:
            path.unlink(missing_ok=True)
