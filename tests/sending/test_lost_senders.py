"""A sender that is not heard of any more leaves letters begun: what others on other machines make
of them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.context import AppContext
from engine.desk.lost_senders import LOST_SECONDS, LostSenders
from engine.desk.processes import GAP_SECONDS
from engine.sending.claim import take_and_claim
from engine.sending.settling import settle
from engine.subscriber.events import LetterInDoubt
from tests.sending.readers import MakeContext, with_readers

pytestmark = pytest.mark.postgres


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


def test_a_machine_that_stalls_is_not_taken_for_lost(make_context: MakeContext) -> None:
    context = with_readers(make_context, 1)
    claims, _ = take_and_claim(replace(context.sending(), sender="elsewhere"), ())
    heard(context, context.sender, since=1000, until=0)
    heard(context, "elsewhere", since=1000, until=LOST_SECONDS - 5)
    rows = [(claim.stream, claim.key) for claim in claims]
    settle(context.sending(), rows, ())
    assert not doubts(context, claims[0].stream)
    heard(context, "elsewhere", since=1000, until=LOST_SECONDS + 5)
    settle(context.sending(), rows, ())
    assert len(doubts(context, claims[0].stream)) == 1


def doubts(context: AppContext, stream: str) -> list[LetterInDoubt]:
    events = [entry.event for entry in context.ledger.stream(stream)]
    return [event for event in events if isinstance(event, LetterInDoubt)]
