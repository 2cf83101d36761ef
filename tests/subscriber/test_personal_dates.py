"""A date that each reader has of their own: noted once for each occurrence, on the day itself in
their zone, and only where a broadcast counts from it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.condition import Combined, FieldIs
from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Broadcast, Field, Plan, Segment
from engine.sequence.timing import Hours, to_local
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.outcome import Done
from engine.subscriber.personal_dates import REACHED_KEPT
from engine.subscriber.reaching_dates import celebrated
from engine.vault.vault import KnownPerson
from tests.examples import ENGINE, PLAN, REGISTERED, letter, local, on, perform
from tests.given import Given, given

JOINED = local("2026-01-05 12:00")
TOKYO, HONOLULU = "Asia/Tokyo", "Pacific/Honolulu"


def birthday(
    delay: Delay = Delay(), *, before: bool = False, yearly: bool = True, hours: int = 9
) -> Broadcast:
    words = replace(
        letter("cake"),
        hours=Hours(at=hours * 60),
        anchored=Anchored(PersonalDate("birthday", yearly), delay, before),
    )
    return Broadcast("cake", "conseils", (1,), words)


def plan(broadcast: Broadcast) -> Plan:
    return replace(PLAN, broadcasts={broadcast.id: broadcast})


CAKE = plan(birthday())


def paul(zone: str = "Europe/Paris", joined: int = JOINED, under: Plan = CAKE) -> Given:
    return given(replace(REGISTERED, timezone=zone), *on(1, at=joined)[1:], plan=under)


def look(at: int, value: str = "1980-03-12") -> c.ReachAnchor:
    return c.ReachAnchor(at, ENGINE, "birthday", value)


BORN = e.AnchorReached(local("2026-03-12 00:00"), "birthday", "2026")
KEY = "broadcast:cake/2026"


def test_it_is_noted_once_on_the_day_itself_without_the_year_of_the_date() -> None:
    person = paul()
    person.when(look(local("2026-03-11 23:59"))).nothing()
    noted = person.when(look(local("2026-03-12 00:00")))
    noted.then(BORN)
    noted.when(look(local("2026-03-12 08:00"))).nothing()


def test_the_day_is_that_of_the_persons_zone_or_else_of_the_installation() -> None:
    for zone, begins in (
        (TOKYO, local("2026-03-12 00:00", TOKYO)),
        (HONOLULU, local("2026-03-12 00:00", HONOLULU)),
        ("", local("2026-03-12 00:00")),
        ("Nowhere/Gone", local("2026-03-12 00:00")),
    ):
        paul(zone).when(look(begins - 1)).nothing()
        paul(zone).when(look(begins)).then(replace(BORN, at=begins))


def test_the_letter_leaves_at_its_hour_of_that_day_and_once() -> None:
    person = paul(TOKYO).when(look(local("2026-03-12 06:00", TOKYO))).done
    nine = local("2026-03-12 09:00", TOKYO)
    assert (person.acts[KEY].letter, person.acts[KEY].due) == ("cake", nine)
    begun = person.when(perform(KEY, nine))
    assert begun.names == ["LetterBegun"]
    sent = begun.done.and_also(e.LetterSent(nine, "aaaa", 250))
    assert KEY not in sent.acts
    sent.when(look(nine + HOUR)).nothing()


def test_one_of_29_february_is_celebrated_on_the_28th_of_common_years() -> None:
    for year, day in ((2026, "2026-02-28"), (2028, "2028-02-29"), (2100, "2100-02-28")):
        assert celebrated(date(1980, 2, 29), year).isoformat() == day
    paul().when(look(local("2026-02-28 00:00"), "1980-02-29")).then(
        e.AnchorReached(local("2026-02-28 00:00"), "birthday", "2026")
    )
    paul().when(look(local("2028-02-28 12:00"), "1980-02-29")).nothing()


def test_five_years_are_five_letters_looked_at_every_day() -> None:
    """Whatever the date, and with the clock of the zone changing twice a year."""
    for value in ("1980-02-29", "1975-12-31", "2001-01-01", "1990-03-29"):
        person, sent = paul(joined=local("2026-01-01 00:30")), list[str]()
        for day in range(5 * 365 + 1):
            at = local("2026-01-01 09:00") + day * DAY
            outcome = person.when(look(at, value))
            if isinstance(outcome.outcome, Done):
                person = outcome.done
                key = next(key for key in person.acts if key.startswith("broadcast:"))
                sent.append(f"{to_local(person.acts[key].due, 'Europe/Paris'):%Y-%m-%d %H:%M}")
                begun = person.when(perform(key, at + HOUR, f"m{day}")).done
                person = begun.and_also(e.LetterSent(at + HOUR, f"m{day}", 250))
        born = date.fromisoformat(value)
        assert sent == [f"{celebrated(born, year)} 09:00" for year in range(2026, 2031)]


def test_a_date_that_is_corrected_brings_no_second_letter_in_the_same_year() -> None:
    noted = paul().when(look(local("2026-03-12 10:00"))).done
    noted.when(look(local("2026-03-20 10:00"), "1980-03-20")).nothing()
    paul().when(look(local("2026-03-12 10:00"), "1980-03-20")).nothing()
    paul().when(look(local("2026-03-20 00:00"), "1980-03-20")).then(
        replace(BORN, at=local("2026-03-20 00:00"))
    )


def test_who_joins_on_the_day_is_written_to_if_the_hour_is_still_to_come() -> None:
    early = paul(joined=local("2026-03-12 08:59")).when(look(local("2026-03-12 09:10")))
    assert early.done.acts[KEY].due == local("2026-03-12 09:00")
    paul(joined=local("2026-03-12 09:01")).when(look(local("2026-03-12 09:10"))).nothing()


def test_after_an_outage_over_the_day_it_leaves_as_long_as_it_may_be_late() -> None:
    late = paul().when(look(local("2026-03-14 08:59")))
    late.then(BORN)
    assert late.when(perform(KEY, local("2026-03-14 09:00"))).names == ["LetterBegun"]
    assert late.when(perform(KEY, local("2026-03-14 09:01"))).names == ["LetterWithheld"]
    paul().when(look(local("2026-03-14 09:01"))).nothing()


def test_nothing_is_noted_of_whom_no_broadcast_goes_to() -> None:
    day = local("2026-03-12 10:00")
    paul(under=PLAN).when(look(day)).nothing()
    given(on(2, at=JOINED), plan=CAKE).when(look(day)).nothing()
    paul().and_also(e.ConsentWithdrawn(JOINED, "conseils")).when(look(day)).nothing()
    new = replace(birthday(), letter=replace(birthday().letter, added_at=day))
    paul(under=plan(new)).when(look(day)).nothing()
    given(plan=CAKE).when(look(day)).refused("known")


def test_it_goes_to_who_is_in_a_segment_as_any_broadcast_does() -> None:
    salon = Segment("salon", "Salon", static=True)
    to_segment = replace(birthday(), to=(), segments=("salon",))
    under = replace(plan(to_segment), segments={"salon": salon})
    paul(under=under).when(look(local("2026-03-12 10:00"))).nothing()
    inside = paul(under=under).and_also(e.SegmentEntered(JOINED, "salon"))
    noted = inside.when(look(local("2026-03-12 08:00"))).done
    begun = noted.when(perform(KEY, local("2026-03-12 09:00")))
    assert isinstance(begun.facts[0].event, e.LetterBegun)
    assert begun.facts[0].event.segment == "salon"


@pytest.mark.parametrize("value", ["", "1980-02-30", "12 mars", "0000-01-01"])
def test_what_is_no_date_is_never_reached(value: str) -> None:
    paul().when(look(local("2026-03-12 10:00"), value)).nothing()


def test_days_before_or_since_a_date() -> None:
    before = paul(under=plan(birthday(Delay(days=3), before=True)))
    noted = before.when(look(local("2026-03-09 00:00")))
    noted.then(e.AnchorReached(local("2026-03-09 00:00"), "birthday", "2026", "3 days"))
    assert noted.done.acts[KEY].due == local("2026-03-09 09:00")
    since = paul(under=plan(birthday(Delay(days=3))))
    assert since.when(look(local("2026-03-12 00:00"))).done.acts[KEY].due == local(
        "2026-03-15 09:00"
    )


def test_what_leaves_before_a_date_does_not_leave_on_it() -> None:
    before = paul(under=plan(birthday(Delay(days=1), before=True)))
    noted = before.when(look(local("2026-03-11 00:00")))
    assert noted.when(perform(KEY, local("2026-03-11 23:59"))).names == ["LetterBegun"]
    assert noted.when(perform(KEY, local("2026-03-12 00:00"))).names == ["LetterWithheld"]


def test_days_before_the_turn_of_the_year_belong_to_the_year_of_the_date() -> None:
    before = paul(under=plan(birthday(Delay(days=3), before=True)))
    noted = before.when(look(local("2026-12-30 10:00"), "1980-01-02"))
    noted.then(e.AnchorReached(local("2026-12-30 00:00"), "birthday", "2027", "3 days"))


def test_a_date_that_comes_once_is_its_own_occurrence() -> None:
    once = paul(under=plan(birthday(yearly=False)))
    once.when(look(local("2027-03-12 10:00"), "2026-03-12")).nothing()
    noted = once.when(look(local("2026-03-12 10:00"), "2026-03-12"))
    noted.then(e.AnchorReached(local("2026-03-12 00:00"), "birthday", "2026-03-12"))
    moved = noted.when(look(local("2026-09-12 10:00"), "2026-09-12"))
    assert moved.names == ["AnchorReached"]


def test_a_yearly_broadcast_and_one_of_a_single_date_do_not_share_their_days() -> None:
    once = replace(birthday(yearly=False), id="contract")
    both = replace(PLAN, broadcasts={"cake": birthday(), "contract": once})
    noted = paul(under=both).when(look(local("2026-03-12 10:00"), "2026-03-12")).done
    assert set(noted.acts) == {"list:1", KEY, "broadcast:contract/2026-03-12"}


@forall(st.integers(REACHED_KEPT + 1, 60))
def test_what_is_remembered_of_them_is_bounded(years: int) -> None:
    person = paul()
    for year in range(2026, 2026 + years):
        person = person.and_also(
            e.AnchorReached(local("2026-03-12 00:00") + year, "birthday", str(year))
        )
    assert len(person.person.reached) == REACHED_KEPT
    assert max(person.person.reached.values()) == local("2026-03-12 00:00") + 2025 + years


def test_whom_a_fields_segment_leaves_out_has_no_day_noted() -> None:
    """Where the vault does not say, they may be in it."""
    lyon = Segment("lyon", "Lyon", own=Combined(all=(FieldIs("town", "is", ("Lyon",)),)))
    only_lyon = replace(birthday(), to=(), segments=("lyon",))
    under = replace(
        plan(only_lyon), segments={"lyon": lyon}, fields={"town": Field("town", "Ville")}
    )
    at = local("2026-03-12 00:00")
    for town, is_noted in (("Nice", False), ("Lyon", True), ("", True)):
        known = KnownPerson("p", "p@lecteurs.example", {"town": town} if town else {})
        asked = paul(under=under).when(replace(look(at), known=known))
        assert isinstance(asked.outcome, Done) is is_noted
    paul(under=under).when(look(at)).then(BORN)
