"""A sender that is not heard of any more leaves letters begun: what others on other machines make
of them.
"""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from engine.commands.operators import Operator, operator_cause
from engine.context import AppContext
from engine.desk.approvals import SLOTS, Approvals
from engine.desk.lost_senders import LOST_SECONDS, LostSenders
from engine.desk.processes import GAP_SECONDS
from engine.installation.events import LedgerRestored
from engine.sending.approved_slots import ApprovedSlots, Term
from engine.sending.claim import take_and_claim
from engine.sending.delivery_journal import COMPLETE, DOT, DeliveryJournal, journal_file
from engine.sending.holding import settle_all_doubt
from engine.sending.send_batch import SendBatch
from engine.sending.settling import settle, settle_returned
from engine.subscriber.events import Cause, LetterDeferred, LetterInDoubt, LetterSent
from engine.subscriber.terms import LetterVerdict
from tests.sending.readers import MakeContext, subscribe, with_readers
from tests.sizes import sized

pytestmark = pytest.mark.postgres
GROUPS = 8


def heard(context: AppContext, sender: str, *, since: int, until: int) -> None:
    """A process whose beats began so many seconds ago, and ended so many."""
    context.processes.beat(sender, (sender,), {})
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE desk.process SET seen = clock_timestamp() - %s * interval '1 second',"
            " heard_since = clock_timestamp() - %s * interval '1 second' WHERE id = %s",
            (until, since, sender),
        )


@pytest.mark.parametrize(
    ("silent", "judged_for", "lost"),
    [
        (LOST_SECONDS + 1, LOST_SECONDS + 1, True),
        (LOST_SECONDS - 1, LOST_SECONDS + 1, False),
        (LOST_SECONDS + 1, LOST_SECONDS - 1, False),
    ],
    ids=["long silent", "not for long", "the judge was not heard either"],
)
def test_a_sender_is_lost_that_was_not_heard_while_another_was(
    make_context: MakeContext, silent: int, judged_for: int, lost: bool
) -> None:
    context = with_readers(make_context, 0)
    heard(context, "other", since=1000, until=silent)
    heard(context, "judge", since=judged_for, until=0)
    judge = LostSenders(context.database, "judge")
    assert judge.lost({"other"}) == ({"other"} if lost else set())
    assert bool(judge.lost({"without a row"})) == (judged_for > LOST_SECONDS)


def test_a_gap_between_two_beats_begins_the_time_anew(make_context: MakeContext) -> None:
    context = with_readers(make_context, 0)
    for gap in (GAP_SECONDS - 1, GAP_SECONDS + 1):
        heard(context, "judge", since=1000, until=gap)
        context.processes.beat("judge", ("send",), {})
        assert bool(LostSenders(context.database, "judge").lost({"x"})) == (gap < GAP_SECONDS)


class Elsewhere:
    """A sender on another machine, whose journal is not here, with letters that it has begun."""

    def __init__(self, context: AppContext, readers: int) -> None:
        self.here = context.sending()
        self.context = context
        self.stores = replace(
            self.here,
            sender="elsewhere",
            approvals=Approvals(context.database, "elsewhere"),
        )
        self.slots = ApprovedSlots(self.stores.approvals)
        self.term = self.slots.present_term()
        self.queue = self.stores.new_queue()
        self.claims, _ = take_and_claim(self.stores, self.queue, (), readers)
        self.messages = [claim.entry.message for claim in self.claims]
        heard(context, context.sender, since=1000, until=0)

    def fell_silent(self, seconds: int = LOST_SECONDS + 1) -> None:
        heard(self.context, "elsewhere", since=1000, until=seconds)
        settle(self.here, [(claim.stream, claim.key) for claim in self.claims], ())

    def became(self) -> dict[str, str]:
        """What the ledger says last of each message."""
        events: dict[str, str] = dict.fromkeys(self.messages, "begun")
        for claim in self.claims:
            for entry in self.context.ledger.stream(claim.stream):
                if isinstance(entry.event, LetterInDoubt | LetterDeferred | LetterSent):
                    events[entry.event.message] = entry.name
        return events


def test_a_machine_that_stalls_is_not_taken_for_lost(make_context: MakeContext) -> None:
    elsewhere = Elsewhere(with_readers(make_context, 2), 2)
    elsewhere.fell_silent(LOST_SECONDS - 5)
    assert set(elsewhere.became().values()) == {"begun"}


def test_of_a_lost_sender_what_it_had_approved_is_in_doubt_and_the_rest_is_due_again(
    make_context: MakeContext,
) -> None:
    elsewhere = Elsewhere(with_readers(make_context, 5), 5)
    sent, approved, *rest = elsewhere.messages
    assert elsewhere.term.approve([sent]) and elsewhere.term.approve([approved])
    elsewhere.fell_silent()
    assert elsewhere.became() == {
        sent: "letter-in-doubt",
        approved: "letter-in-doubt",
        **dict.fromkeys(rest, "letter-deferred"),
    }


def test_of_a_sender_that_wrote_nothing_down_everything_is_in_doubt(
    make_context: MakeContext,
) -> None:
    """It is of an earlier version, or the desk was lost."""
    elsewhere = Elsewhere(with_readers(make_context, 2), 2)
    with elsewhere.context.database.connection() as connection:
        connection.execute("DELETE FROM desk.approved")
    elsewhere.fell_silent()
    assert set(elsewhere.became().values()) == {"letter-in-doubt"}


def test_a_sender_that_only_slept_hands_over_nothing_that_it_had_claimed_before(
    make_context: MakeContext,
) -> None:
    elsewhere = Elsewhere(with_readers(make_context, 3), 3)
    asked = elsewhere.messages
    batch = SendBatch(
        elsewhere.stores,
        cast(DeliveryJournal, None),
        elsewhere.queue,
        elsewhere.claims,
        lambda outcomes: None,
        elsewhere.term,
    )
    assert set(batch._check(asked[:1])) == set(asked[:1])
    elsewhere.fell_silent()
    assert not batch._check(asked)
    batch.settle()
    assert set(elsewhere.became().values()) == {"letter-deferred"}
    assert not elsewhere.term.approve(asked)
    assert elsewhere.slots.present_term().approve(asked) and not elsewhere.term.approve(asked)


def test_a_slot_is_written_over_once_what_was_in_it_has_its_outcome(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 0)
    approvals = Approvals(context.database, "elsewhere")
    term = ApprovedSlots(approvals).present_term()
    groups = [[f"{group:016x}{n:016x}" for n in range(3)] for group in range(SLOTS * 2)]
    for group in groups:
        assert term.approve(group)
    assert approvals.end_terms(["elsewhere"])["elsewhere"] == {m for group in groups for m in group}
    term = Term(term.slots, approvals.term())
    for group in groups[:-1]:
        term.ended(group)
    for n in range(SLOTS):
        assert term.approve([f"{n:032x}"])
        term.ended([f"{n:032x}"])
    assert approvals.end_terms(["elsewhere"])["elsewhere"] >= set(groups[-1])
    with context.database.connection() as connection:
        (rows,) = connection.execute("SELECT count(*) FROM desk.approved").fetchone() or (0,)
    assert rows == SLOTS


def test_whatever_the_moment_nothing_that_was_handed_over_is_let_go(
    make_context: MakeContext,
) -> None:
    """The sender approves and hands over in threads while another takes it for lost, again and
    again: the promise P2 where two are wrong about each other.
    """
    context = with_readers(make_context, 0)
    for round_ in range(sized(6, 60)):
        for n in range(2 * GROUPS):
            subscribe(context, f"reader-{round_}-{n}", {})
        context.views.catch_up()
        elsewhere = Elsewhere(context, 2 * GROUPS)
        wire: list[str] = []
        hand_over = partial(approve_and_hand_over, elsewhere.term, wire)
        groups = [elsewhere.messages[n : n + 2] for n in range(0, 2 * GROUPS, 2)]
        with ThreadPoolExecutor(4) as threads:
            silent = threads.submit(elsewhere.fell_silent)
            for handing in [threads.submit(hand_over, group) for group in groups]:
                handing.result()
            silent.result()
        became = elsewhere.became()
        assert len(became) == 2 * GROUPS
        assert {m for m in became if became[m] == "letter-in-doubt"} == set(wire)
        assert {m for m in became if became[m] == "letter-deferred"} == became.keys() - set(wire)


def approve_and_hand_over(term: Term, wire: list[str], messages: list[str]) -> None:
    time.sleep(random.uniform(0, 0.05))
    if term.approve(messages):
        wire.extend(messages)


@pytest.mark.parametrize(
    ("mark", "became"),
    [
        (250, "letter-sent"),
        (451, "letter-deferred"),
        (DOT, "letter-in-doubt"),
        (None, "letter-deferred"),
        ("shortened", "letter-in-doubt"),
        ("restarted", "letter-in-doubt"),
    ],
)
def test_a_machine_that_returns_settles_what_others_hold_for_doubtful_by_its_marks(
    make_context: MakeContext, mark: int | str | None, became: str
) -> None:
    elsewhere = Elsewhere(with_readers(make_context, 1), 1)
    (message,) = elsewhere.messages
    assert elsewhere.term.approve([message])
    elsewhere.fell_silent()
    elsewhere.context.views.catch_up()
    examined: set[str] = set()
    assert settle_returned(elsewhere.here, set()) == 0, "its journal is not here"
    path = journal_file(elsewhere.context.config.data, "elsewhere")
    path.parent.mkdir(parents=True)
    journal = DeliveryJournal(path)
    journal.dot("another")
    if isinstance(mark, int):
        journal.dot(message)
        if mark != DOT:
            journal.answer(message, mark)
    assert settle_returned(elsewhere.here, examined) == 0 and not examined, "it lives"
    journal.close()
    if mark == "shortened":
        path.write_bytes(path.read_bytes().removeprefix(COMPLETE))
    if mark == "restarted":
        os.utime(path, (1, 1))
    settle_returned(elsewhere.here, examined)
    assert elsewhere.became() == {message: became} and examined == {message}


@pytest.mark.parametrize("verdict", ["resend", "taken-as-sent"])
def test_all_letters_in_doubt_are_settled_at_once(
    make_context: MakeContext, verdict: LetterVerdict
) -> None:
    elsewhere = Elsewhere(with_readers(make_context, 3), 3)
    context = elsewhere.context
    assert elsewhere.term.approve(elsewhere.messages)
    elsewhere.fell_silent()
    context.views.catch_up()
    asked, later = elsewhere.messages[:2], elsewhere.messages[2]
    cause = partial(operator_cause, Operator("anna"))
    assert settle_all_doubt(context, asked, verdict, cause) == 2
    context.views.catch_up()
    assert [message for message, *_ in context.views.in_doubt()] == [later]
    assert settle_all_doubt(context, asked, verdict, cause) == 0


def test_after_the_ledger_was_put_back_what_was_begun_before_is_in_doubt(
    make_context: MakeContext,
) -> None:
    """What is recorded of it, and that it was approved, may be what was lost."""
    elsewhere = Elsewhere(with_readers(make_context, 1), 1)
    now = elsewhere.context.clock.now()
    restored = LedgerRestored(now, elsewhere.context.ledger.head())
    elsewhere.context.installation_stream.execute(lambda state: [restored], Cause("engine"), now)
    elsewhere.fell_silent()
    assert set(elsewhere.became().values()) == {"letter-in-doubt"}
