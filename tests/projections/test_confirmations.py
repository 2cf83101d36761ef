"""How many whom a form asked to confirm did, in the week in which it asked them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.context import AppContext
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.views import FormCount, week_of
from tests.projections.test_rebuilding import happened, silent

WEEK = 7 * DAY


def asked(at: int, form: str = "lettre", purpose: str = "conseils") -> tuple[e.PersonEvent, ...]:
    return (
        e.SubscriberRegistered(at),
        e.ConsentRequested(at, purpose, f"r{at}", (10,), at + WEEK, form=form),
    )


def confirmed(at: int) -> e.ConsentConfirmed:
    return e.ConsentConfirmed(at, "conseils", "r", "human_button")


@pytest.mark.parametrize("size", [1, 1000])
def test_confirmations_count_where_they_were_asked_for(
    make_context: Callable[..., AppContext], size: int
) -> None:
    context = make_context({})
    at, first = context.clock.now(), context.ledger.head()
    happened(context, *asked(at), confirmed(at + 2 * WEEK))
    happened(
        context, *asked(at), e.ConsentExpired(at + WEEK, "conseils", "r"), confirmed(at + WEEK)
    )
    happened(context, *asked(at, purpose="offres"), confirmed(at))
    happened(context, *asked(at, form=""), confirmed(at))
    # Asked again by another form before they confirmed.
    again = e.ConsentRequested(at + WEEK, "conseils", "r2", (10,), at + 3 * WEEK, form="salon")
    happened(context, *asked(at), again, confirmed(at + WEEK))
    erased = happened(context, *asked(at))
    happened(context, e.SubscriberErased(at + 1), to=erased)
    happened(context, confirmed(at + 2), to=erased)
    head = context.ledger.head()
    for upto in range(first + size, head + size, size):
        context.views.follow(min(upto, head))
    counts = [FormCount("lettre", week_of(at), 5, 1), FormCount("salon", week_of(at + WEEK), 1, 1)]
    assert sorted(context.views.form_weeks(0)) == counts
    assert context.views.form_weeks(week_of(at) + 1) == counts[1:]
    assert context.views.compare(silent) == []
    context.views.rebuild(["choices"], silent)
    assert sorted(context.views.form_weeks(0)) == counts
