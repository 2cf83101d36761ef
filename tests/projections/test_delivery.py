"""What became of letters by provider and day, and what waits to be tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from engine.context import AppContext
from engine.delivery.figures import PutOff
from engine.sequence.delay import DAY, MINUTE
from engine.subscriber import events as e
from projections.delivery import Cell, Outcomes
from tests.projections.test_counters import ANNA, AT, BELA, ONE, TWO, entries_of
from tests.projections.test_rebuilding import FILES, begun, happened, joined, silent

PUT_OFF = e.LetterDeferred(AT, ONE, AT + MINUTE, 421, "4.7.0", "rcpt", "orange")
TODAY = AT // DAY


def outcomes(*facts: e.PersonEvent) -> Outcomes:
    found = Outcomes()
    found.take(entries_of(facts))
    return found


@pytest.mark.parametrize(
    "fact, what",
    [
        (e.LetterSent(AT, ONE, 250, provider="orange"), "sent"),
        (PUT_OFF, "deferred"),
        (e.LetterDeferred(AT, ONE, AT, provider="orange"), "deferred"),
        (e.LetterFailed(AT, ONE, 550, provider="orange"), "failed"),
        (e.MailBounced(AT, "hard", ONE, provider="orange"), "hard"),
        (e.MailBounced(AT, "soft", ONE, provider="orange"), "soft"),
        (e.MailBounced(AT, "blocked", ONE, provider="orange"), "blocked"),
        (e.MailComplained(AT, "feedback", "orange"), "complained"),
    ],
)
def test_each_outcome_counts_for_its_provider_on_its_day(fact: e.PersonEvent, what: str) -> None:
    assert outcomes(fact).counts == {("orange", TODAY, what): 1}


def test_what_never_reached_a_server_counts_for_none() -> None:
    released = e.LetterDeferred(AT, ONE, AT, why="never handed over")
    assert outcomes(released).counts == {} and outcomes(released).waiting == {}


def test_a_letter_of_which_the_provider_was_not_recorded_counts_apart() -> None:
    assert outcomes(e.LetterSent(AT, ONE)).counts == {Cell("", TODAY, "sent"): 1}


@pytest.mark.parametrize(
    "fact",
    [
        begun(AT + MINUTE, ONE, attempt=2),
        e.LetterWithheld(AT, "list:10", "un", "too late", message=ONE),
        e.SubscriberErased(AT),
        e.ConsentWithdrawn(AT, "conseils"),
        e.MailComplained(AT),
        e.SubscriberSuppressed(AT, "operator"),
        e.MailBounced(AT, "hard"),
    ],
)
def test_a_letter_waits_until_it_is_begun_again_withheld_or_for_nobody(fact: e.PersonEvent) -> None:
    assert ONE in outcomes(PUT_OFF).waiting
    assert outcomes(PUT_OFF, fact).waiting == {}
    assert ONE in outcomes(fact, PUT_OFF).waiting


def test_one_persons_erasure_ends_no_letter_of_another() -> None:
    found = outcomes(PUT_OFF)
    found.take(entries_of([e.SubscriberErased(AT)], BELA))
    assert ANNA != BELA and ONE in found.waiting


@pytest.mark.parametrize(
    "facts, suppressed, dead",
    [
        ([e.MailBounced(AT, "hard")], {}, True),
        ([e.MailBounced(AT, "soft")], {}, False),
        ([e.MailBounced(AT, "hard"), e.MailComplained(AT)], {ANNA: "complained"}, False),
        ([e.MailComplained(AT), e.MailBounced(AT, "hard")], {ANNA: "complained"}, False),
        ([e.SubscriberSuppressed(AT, "operator")], {ANNA: "operator"}, False),
        ([e.MailBounced(AT, "hard"), e.SubscriberReachable(AT, "")], {}, False),
        ([e.SubscriberReachable(AT, ""), e.MailBounced(AT, "hard")], {}, True),
        ([e.MailComplained(AT), e.SubscriberErased(AT)], {}, False),
    ],
)
def test_who_is_suppressed_and_why(
    facts: list[e.PersonEvent], suppressed: dict[str, str], dead: bool
) -> None:
    found = outcomes(*facts)
    assert (found.suppressed, found.dead == {ANNA}) == (suppressed, dead)


def test_a_dead_address_adds_nothing_to_why_somebody_is_suppressed(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context(FILES)
    now = context.clock.now()
    who = happened(context, *joined(now), e.MailComplained(now))
    context.views.catch_up()
    happened(context, e.MailBounced(now, "hard"), to=who)
    context.views.catch_up()
    assert context.views.delivery.suppressed() == {"complained": 1}
    happened(context, e.SubscriberReachable(now, "asked"), to=who)
    happened(context, *joined(now), e.MailBounced(now, "hard"))
    context.views.catch_up()
    assert context.views.delivery.suppressed() == {"bounced": 1}
    assert context.views.compare(silent) == []


def waits(context: AppContext, message: str, then: Iterable[e.PersonEvent] = ()) -> str:
    """Somebody whose letter was put off."""
    now = context.clock.now()
    return happened(
        context,
        *joined(now),
        begun(now, message),
        e.LetterDeferred(now, message, now + MINUTE, 421, "4.7.0", "rcpt", "orange"),
        *then,
    )


def test_only_a_letter_that_will_still_be_tried_waits(
    make_context: Callable[..., AppContext],
) -> None:
    """A reader who withdrew is not tried again, whatever was put off, nor is what has been due for
    long. What follows equals what is built anew.
    """
    context = make_context(FILES)
    now = context.clock.now()
    waits(context, ONE)
    waits(context, TWO, [e.ConsentWithdrawn(now, "conseils")])
    waits(context, "3" * 32, [begun(now, "3" * 32, attempt=2), e.LetterSent(now, "3" * 32)])
    context.views.catch_up()
    assert context.views.delivery.put_off(0) == [
        PutOff("orange", 421, "4.7.0", "rcpt", 1, now, now + MINUTE)
    ]
    assert context.views.delivery.put_off(now + MINUTE + 1) == []
    assert context.views.compare(silent) == []
    context.views.rebuild(["delivery"], silent)
    assert [waiting.n for waiting in context.views.delivery.put_off(0)] == [1]
