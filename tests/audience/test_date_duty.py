"""The duty that notes when a date of somebody's own comes round, on a real installation whose clock
jumps over the years.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from engine.audience.date_duty import DateDuty, Sought, as_kept, dates_about
from engine.context import AppContext
from engine.sequence.delay import HOUR, Delay
from engine.sequence.timing import to_local
from engine.subscriber.events import AnchorReached
from tests.conftest import MakeContext
from tests.examples import PARIS, local
from tests.sending.readers import FILES, enter, who_got_a_letter

BIRTHDAYS = {
    **FILES,
    "anniversaire.toml": """
title = "Anniversaire"
purpose = "conseils"

[[broadcast]]
id = "anniversaire"
to = [1]
anchor = "field:birthday"
yearly = true
at = "09:00"
subject = "Bon anniversaire"
body = "fete.md"
""",
    "fete.md": "Bon anniversaire.\n",
}
FIELDS = '\n[fields.birthday]\nlabel = "Anniversaire"\ntype = "date"\n'


def about(day: str, **changed: object) -> list[str]:
    wanted = {"field": "birthday", "yearly": True, "before": Delay(), "lateness": Delay(days=2)}
    sought = Sought(**(wanted | changed))  # type: ignore[arg-type]
    return as_kept(dates_about(local(f"{day} 12:00"), sought), sought.yearly)


def test_days_are_those_that_are_now_somewhere_or_may_still_be_late() -> None:
    assert about("2026-03-12") == ["03-08", "03-09", "03-10", "03-11", "03-12", "03-13"]
    assert about("2026-01-02", lateness=Delay(days=1))[-1] == "12-31"
    assert about("2026-03-12", before=Delay(days=30))[0] == "04-07"
    once = about("2026-03-12", yearly=False, before=Delay(months=1))
    assert "2026-04-12" in once and all(day.startswith("2026-04") for day in once)


def test_29_february_is_sought_with_the_28th_of_common_years_only() -> None:
    assert "02-29" in about("2026-02-28")
    assert "02-29" not in about("2028-02-27", lateness=Delay())
    assert "02-29" in about("2028-02-29")


def test_of_a_very_patient_broadcast_no_day_is_sought_twice() -> None:
    days = about("2026-03-12", lateness=Delay(months=24))
    assert len(days) == len(set(days)) == 366


def reached(context: AppContext, who: str) -> list[str]:
    return [
        entry.event.occurrence
        for entry in context.ledger.stream(who)
        if isinstance(entry.event, AnchorReached)
    ]


def to(context: AppContext, text: str) -> None:
    context.clock.jump(local(text) - context.clock.now())
    context.views.catch_up()


@pytest.mark.postgres
def test_five_years_are_five_letters_and_no_second_host_makes_them_ten(
    make_context: MakeContext,
) -> None:
    context = make_context(BIRTHDAYS, FIELDS)
    first = to_local(context.clock.now(), PARIS).year + 1
    people = {
        born: enter(context, f"born-{born}", {"birthday": born})
        for born in ("1980-02-29", "1975-12-31", "1990-06-15")
    }
    enter(context, "nobody-knows", {})
    who_got_a_letter(context)
    duties = [DateDuty(context), DateDuty(context)]
    years = range(first, first + 5)
    letters: list[str] = []
    for year in years:
        for month, day in ((2, 28), (6, 15), (12, 31)):
            on = (
                (2, 29)
                if (month, day) == (2, 28)
                and date(year, 3, 1).toordinal() - date(year, 2, 28).toordinal() == 2
                else (month, day)
            )
            to(context, f"{year}-{on[0]:02d}-{on[1]:02d} 00:30")
            assert [duty.run() for duty in duties] == [1, 0]
            to(context, f"{year}-{on[0]:02d}-{on[1]:02d} 09:30")
            assert [duty.run() for duty in duties] == [0, 0]
            letters += who_got_a_letter(context)
    assert all(reached(context, who) == [str(year) for year in years] for who in people.values())
    assert sorted(letters) == sorted(f"born-{born}" for born in people for _ in years)


@pytest.mark.postgres
def test_who_joins_on_their_day_is_found_and_an_outage_over_it_is_made_up_for(
    make_context: MakeContext,
) -> None:
    context = make_context(BIRTHDAYS, FIELDS)
    year = datetime.fromtimestamp(context.clock.now() / 1000, UTC).year + 1
    duty = DateDuty(context)
    away = enter(context, "away", {"birthday": "1980-03-10"})
    long_away = enter(context, "long-away", {"birthday": "1980-03-09"})
    to(context, f"{year}-03-12 08:00")
    assert duty.run() == 1
    assert (reached(context, away), reached(context, long_away)) == ([str(year)], [])
    today = enter(context, "today", {"birthday": "1990-03-12"})
    assert duty.run() == 0  # it looks every ten minutes
    context.clock.jump(HOUR // 4)
    context.views.catch_up()
    assert duty.run() == 1
    assert reached(context, today) == [str(year)]
    entry = context.ledger.stream(today)[-1]
    assert entry.event.at == local(f"{year}-03-12 00:00")
