"""How often somebody is written to: what leaves under a cap, what waits, what is left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from engine.sequence.condition import Combined, FieldIs
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.model import Broadcast, Field, Letter, List, Plan, Purpose, Segment, Theme
from engine.sequence.pressure import Cap, parse_cap
from engine.sequence.timing import Hours, later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.decide import decide
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.subscriber.pressure import PlannedLetter, collisions
from tests.examples import CONSENT, ENGINE, NOON, PARIS, REGISTERED, local, perform
from tests.given import Given, given

PURPOSES = {"conseils": Purpose("conseils", "La lettre"), "offres": Purpose("offres", "Offres")}
OFFERS = e.ConsentGiven(NOON, "offres", "single")
WEEK = Delay(days=7)


def one(weight: int, *, after: Delay = Delay(), name: str = "only", **more: object) -> Letter:
    return Letter(name, "S", "a.md", after=after, weight=weight, **more)  # type: ignore[arg-type]


def plan(*letters: Letter, caps: tuple[str, ...] = ("1 per 1 week",), **more: object) -> Plan:
    """List 1 has the first of these letters alone, list 2 the second, and so on."""
    lists = {n: List(n, f"l{n}", "conseils", letters=(x,)) for n, x in enumerate(letters, 1)}
    return replace(
        Plan(1, PARIS, purposes=PURPOSES, lists=lists, caps=tuple(map(parse_cap, caps))),
        **more,  # type: ignore[arg-type]
    )


def anna(plan: Plan, *, at: int = NOON, calendar: Calendar = ()) -> Given:
    """On every list of the plan since `at`."""
    joined = tuple(e.ListJoined(at, n, run) for run, n in enumerate(plan.lists, 1))
    return given(REGISTERED, CONSENT, OFFERS, joined, plan=plan, calendar=calendar)


def withheld(
    at: int,
    number: int,
    until: int,
    favoured: str = "",
    cap: str = "1 per 7 days",
    letter: str = "only",
) -> e.LetterWithheld:
    return e.LetterWithheld(
        at=at,
        key=f"list:{number}",
        letter=letter,
        why="pressure",
        list=number,
        run=number,
        until=until,
        favoured=favoured,
        cap=cap,
        edition=1,
        purpose="conseils",
    )


def claimed(person: Given, number: int, at: int, message: str = "aa") -> Given:
    """After its only letter has been begun and sent at once."""
    begun = person.when(perform(f"list:{number}", at, message))
    assert begun.names == ["LetterBegun"]
    return begun.done.and_also(e.LetterSent(at, message))


def test_without_a_cap_nothing_is_held_back() -> None:
    person = anna(plan(one(5), one(5), caps=()))
    assert claimed(person, 1, NOON).when(perform("list:2", NOON)).names == ["LetterBegun"]


def test_a_letter_for_which_there_is_no_room_waits_until_there_is() -> None:
    person = claimed(anna(plan(one(5), one(5))), 1, NOON)
    free = later(NOON, WEEK, PARIS)
    waiting = person.when(perform("list:2", NOON + HOUR)).then(withheld(NOON + HOUR, 2, free))
    assert (waiting.acts["list:2"].kind, waiting.acts["list:2"].due) == ("letter", free)
    waiting.when(perform("list:2", free - 1)).nothing()
    # Its message id is the one it is begun under, and that is its first attempt.
    [begun] = (f.event for f in waiting.when(perform("list:2", free, "bb")).facts)
    assert isinstance(begun, e.LetterBegun) and (begun.message, begun.attempt) == ("bb", 1)


def test_a_letter_in_flight_counts_and_one_that_failed_does_not() -> None:
    person = anna(plan(one(5), one(5)))
    flying = person.when(perform("list:1", NOON, "aa")).done
    assert flying.when(perform("list:2", NOON)).names == ["LetterWithheld"]
    doubtful = flying.and_also(e.LetterInDoubt(NOON, "aa"))
    assert doubtful.when(perform("list:2", NOON)).names == ["LetterWithheld"]
    failed = flying.and_also(e.LetterFailed(NOON, "aa"))
    assert failed.when(perform("list:2", NOON)).names == ["LetterBegun"]


def test_a_letter_that_was_never_handed_over_leaves_its_room_to_another() -> None:
    skipped = plan(one(5, when_full="skip"), one(5))
    person = anna(skipped).when(perform("list:1", NOON, "aa")).done
    released = person.and_also(e.LetterDeferred(NOON, "aa", NOON, why="never handed over"))
    person = claimed(released, 2, NOON, "bb")
    [event] = (fact.event for fact in person.when(perform("list:1", NOON)).facts)
    assert isinstance(event, e.LetterWithheld) and (event.message, event.why) == ("aa", "pressure")


@pytest.mark.parametrize("ended", [e.ListLeft(NOON, 1, 1, "operator"), e.ListJoined(NOON, 1, 9)])
def test_a_letter_in_doubt_counts_though_its_run_has_ended(ended: e.PersonEvent) -> None:
    flying = anna(plan(one(5), one(5))).when(perform("list:1", NOON, "aa")).done
    doubtful = flying.and_also(e.LetterInDoubt(NOON, "aa"), ended)
    for moment in (doubtful, doubtful.and_also(e.LetterInDoubt(NOON, "aa", "resend"))):
        assert moment.when(perform("list:2", NOON)).names == ["LetterWithheld"]


def test_a_letter_in_doubt_that_is_sent_again_may_have_been_received_and_counts_once() -> None:
    free, capped = NOON + 2 * DAY, plan(one(5), one(5), caps=("1 per 2 days",))
    flying = anna(capped).when(perform("list:1", NOON, "aa")).done
    resent = flying.and_also(e.LetterInDoubt(NOON, "aa"), e.LetterInDoubt(NOON, "aa", "resend"))
    resent.when(perform("list:2", NOON)).then(withheld(NOON, 2, free, cap="1 per 2 days"))
    # It does not stand in its own way, and the second sending takes no second place.
    again = resent.when(perform("list:1", NOON + HOUR, "zz"))
    assert again.names == ["LetterBegun"]
    two = again.done.published(plan(one(5), one(5), caps=("2 per 2 days",)))
    assert two.when(perform("list:2", NOON + HOUR)).names == ["LetterBegun"]
    # Whatever becomes of the second, the first may have arrived.
    for end in (
        e.LetterFailed(NOON + HOUR, "aa"),
        e.LetterDeferred(NOON + HOUR, "aa", NOON + DAY),
        e.LetterWithheld(NOON + HOUR, "list:1", "only", "cannot be rendered", 1, 1, "aa"),
        e.LetterSent(NOON + HOUR, "aa"),
    ):
        ended = again.done.and_also(end)
        assert ended.when(perform("list:2", free)).names == ["LetterWithheld"], end
        assert ended.when(perform("list:2", free + HOUR)).names == ["LetterBegun"], end


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
def test_of_three_letters_under_a_cap_of_one_the_heaviest_leaves_once(
    order: tuple[int, ...],
) -> None:
    weights = {1: 3, 2: 9, 3: 5}
    person = anna(plan(*(one(weight) for weight in weights.values())))
    begun = []
    for number in order:
        when = person.when(perform(f"list:{number}", NOON, f"{number:02x}"))
        begun += [number for name in when.names if name == "LetterBegun"]
        person = when.done
    assert begun == [2]
    assert all(person.acts[f"list:{n}"].due == later(NOON, WEEK, PARIS) for n in (1, 3))


def test_room_is_kept_for_a_heavier_letter_that_is_planned_in_the_window() -> None:
    person = anna(plan(one(5), one(9, after=Delay(days=3)), one(9, after=Delay(days=8))))
    planned = later(NOON, Delay(days=3), PARIS)
    held = person.when(perform("list:1", NOON))
    waiting = held.then(withheld(NOON, 1, planned, "list:2/only"))
    # When the heavier one has left, the lighter one waits for the window to end.
    left = claimed(waiting, 2, planned)
    until = later(NOON, WEEK, PARIS) + 1  # one more week would be too late for it
    too_late = left.when(perform("list:1", planned)).then(withheld(planned, 1, until))
    assert too_late.when(perform("list:1", until)).facts[0].event == e.LetterWithheld(
        until, "list:1", "only", "too late", 1, 1
    )
    # Where it does not leave after all, the lighter one does.
    gone = waiting.and_also(e.ListLeft(planned, 2, 2, "operator"), e.ListLeft(planned, 3, 3, "x"))
    assert gone.when(perform("list:1", planned)).names == ["LetterBegun"]


def test_a_heavier_letter_after_the_window_hinders_nothing() -> None:
    person = anna(plan(one(5), one(9, after=Delay(days=7))))
    assert person.when(perform("list:1", NOON)).names == ["LetterBegun"]
    assert person.when(perform("list:1", NOON + 1)).names == ["LetterWithheld"]


def test_a_heavier_letter_for_which_it_is_too_late_hinders_nothing() -> None:
    heavier = one(9)
    late = plan(one(5, after=Delay(days=9)), heavier)
    at = later(NOON, Delay(days=9), PARIS)
    assert anna(late).when(perform("list:1", at)).names == ["LetterBegun"]
    assert anna(late).when(perform("list:2", at)).names == ["LetterWithheld"]


def test_equals_are_served_as_they_come() -> None:
    person = anna(plan(one(5), one(5)))
    assert person.when(perform("list:2", NOON)).names == ["LetterBegun"]


def test_the_least_of_the_caps_is_in_force() -> None:
    strict = replace(PURPOSES["conseils"], caps=(Cap(1, Delay(days=1)),))
    purposes = {**PURPOSES, "conseils": strict}
    both = plan(one(5), one(5), one(5), caps=("2 per 1 week",), purposes=purposes)
    offer = replace(both.lists[3], purpose="offres")
    both = replace(both, lists={**both.lists, 3: offer})
    person = claimed(anna(both), 1, NOON)
    tomorrow = later(NOON, Delay(days=1), PARIS)
    person.when(perform("list:2", NOON)).then(withheld(NOON, 2, tomorrow, cap="1 per 1 day"))
    # A purpose's cap does not count the letters of another, the house's counts them all.
    person = claimed(person, 3, NOON, "bb")
    free = later(NOON, WEEK, PARIS)
    person.when(perform("list:2", tomorrow)).then(withheld(tomorrow, 2, free, cap="2 per 7 days"))


@pytest.mark.parametrize(
    ("frequency", "cap"), [("weekly", Cap(1, WEEK)), ("monthly", Cap(1, Delay(months=1)))]
)
def test_what_a_reader_chose_is_a_cap_of_their_own(frequency: str, cap: Cap) -> None:
    chosen = e.PreferencesSet(NOON, frequency=frequency)
    uncapped = anna(plan(one(5), one(5), caps=())).and_also(chosen)
    when = claimed(uncapped, 1, NOON).when(perform("list:2", NOON))
    [held] = (fact.event for fact in when.facts)
    assert isinstance(held, e.LetterWithheld) and held.cap == str(cap)


def test_a_choice_never_loosens_the_cap_of_the_house() -> None:
    strict = anna(plan(one(5), one(5), caps=("1 per 2 months",)))
    chosen = strict.and_also(e.PreferencesSet(NOON, frequency="weekly"))
    person = claimed(chosen, 1, NOON)
    [held] = (fact.event for fact in person.when(perform("list:2", NOON)).facts)
    assert isinstance(held, e.LetterWithheld) and held.cap == "1 per 2 months"


def test_letters_of_a_service_are_neither_held_back_nor_counted() -> None:
    capped = plan(one(5), one(9), one(5))
    service = replace(capped.lists[2], purpose="offres")
    capped = replace(capped, lists={**capped.lists, 2: service})
    person = anna(capped).and_also(e.GroundDeclared(NOON, "offres", "service", "declared"))
    # The heavier letter of the service takes nobody's room, and needs none.
    person = claimed(person, 1, NOON)
    assert person.when(perform("list:3", NOON)).names == ["LetterWithheld"]
    person = claimed(person, 2, NOON, "bb")
    assert anna(capped).when(perform("list:1", NOON)).names == ["LetterWithheld"]


def test_no_room_is_kept_for_a_letter_that_the_reader_does_not_get() -> None:
    dated = plan(one(5), broadcasts={"soldes": SALE}, themes={"semis": Theme("semis", "Semis")})
    themed = replace(SALE, letter=replace(SALE.letter, theme="ventes"))
    chosen = e.PreferencesSet(NOON, themes=("semis",))
    person = anna(replace(dated, broadcasts={"soldes": themed})).and_also(chosen)
    assert person.when(perform("list:1", NOON)).names == ["LetterBegun"]


def test_a_letter_that_is_skipped_leaves_the_series_going_on() -> None:
    series = (
        one(5, name="first", when_full="skip"),
        one(5, name="second", after=Delay(days=8)),
    )
    two = plan(one(5), one(5))
    two = replace(two, lists={**two.lists, 2: replace(two.lists[2], letters=series)})
    person = claimed(anna(two), 1, NOON)
    skipped = person.when(perform("list:2", NOON)).then(withheld(NOON, 2, 0, letter="first"))
    assert skipped.acts["list:2"].letter == "second"


def test_letters_counted_from_one_that_waits_wait_with_it() -> None:
    series = (one(5, name="first"), Letter("second", "S", "a.md", wait=Delay(days=1)))
    two = plan(one(5), one(5))
    two = replace(two, lists={**two.lists, 2: replace(two.lists[2], letters=series)})
    waiting = claimed(anna(two), 1, NOON).when(perform("list:2", NOON)).done
    assert waiting.acts["list:2"].letter == "first"


def test_a_letter_that_waited_keeps_to_its_hours() -> None:
    open_hours = Hours(between=(9 * 60, 18 * 60))
    person = anna(plan(one(5), one(5, hours=open_hours), caps=("1 per 90 minutes",)))
    evening = local("2026-03-02 17:45")
    held = claimed(person, 1, evening).when(perform("list:2", evening)).done
    assert held.acts["list:2"].due == local("2026-03-03 09:00")


def test_a_letter_that_waited_keeps_the_gap_of_its_list() -> None:
    series = (one(5, name="first"), one(5, name="second", after=Delay(minutes=60)))
    two = plan(one(5), one(5), caps=("2 per 3 hours",))
    two = replace(two, lists={**two.lists, 2: replace(two.lists[2], letters=series)})
    sent = (
        e.LetterBegun(at, "list:9", "letter", "x", f"{at}", 1, 9, 9, "offres")
        for at in (NOON, NOON + 2 * HOUR)
    )
    person = anna(two)
    for event in sent:
        person = person.and_also(event, e.LetterSent(event.at, event.message))
    free = NOON + 3 * HOUR
    waiting = person.when(perform("list:2", NOON + 2 * HOUR)).done
    waiting = waiting.when(perform("list:2", NOON + 2 * HOUR)).done
    act = waiting.acts["list:2"]
    assert (act.letter, act.due) == ("first", free)
    [begun] = (fact.event for fact in waiting.when(perform("list:2", free, "cc")).facts)
    left = waiting.and_also(begun, e.LetterSent(free, "cc"))
    assert left.acts["list:2"].due == free + HOUR


def test_a_letter_put_off_by_its_server_that_finds_no_room_keeps_its_message() -> None:
    person = anna(plan(one(5), one(5))).when(perform("list:2", NOON, "aa")).done
    person = person.and_also(e.LetterDeferred(NOON, "aa", NOON + 5 * MINUTE))
    person = claimed(person, 1, NOON + MINUTE, "bb")
    at, until = NOON + 5 * MINUTE, later(NOON + MINUTE, WEEK, PARIS)
    limit = later(NOON, WEEK, PARIS) + 1
    held = person.when(perform("list:2", at, "zz")).then(
        replace(withheld(at, 2, min(until, limit)), message="aa")
    )
    assert held.acts["list:2"].due == min(until, limit)
    roomy = replace(plan(one(5), one(5), caps=()), edition=1)
    again = held.published(roomy).when(perform("list:2", NOON + 6 * DAY + 23 * HOUR)).before
    assert again.person.memberships[2].letters["only"].attempts == 1


SALE = Broadcast("soldes", "conseils", (1,), one(8, name="soldes"), on="2026-03-05 09:00")
SALE_AT = local("2026-03-05 09:00")
SALE_KEY = "broadcast:soldes/2026-03-05"
FALLEN: Calendar = (Occurrence("soldes", SALE_KEY, SALE_AT),)


def test_room_is_kept_for_a_dated_broadcast_to_ones_list() -> None:
    dated = plan(one(5), one(5), broadcasts={"soldes": SALE})
    anna(dated).when(perform("list:1", NOON)).then(
        withheld(NOON, 1, SALE_AT, "broadcast:soldes/soldes")
    )
    elsewhere = replace(dated, broadcasts={"soldes": replace(SALE, to=(9,))})
    assert anna(elsewhere).when(perform("list:1", NOON)).names == ["LetterBegun"]
    of_offers = replace(dated, broadcasts={"soldes": replace(SALE, purpose="offres")})
    no_offers = anna(of_offers).and_also(e.ConsentWithdrawn(NOON, "offres"))
    assert no_offers.when(perform("list:1", NOON)).names == ["LetterBegun"]


def test_room_for_a_broadcast_that_is_only_perhaps_theirs_is_kept_until_it_falls_due() -> None:
    lyon = Segment("lyon", "Lyon", own=Combined(all=(FieldIs("town", "is", ("Lyon",)),)))
    fields = {"town": Field("town", "Ville")}
    to_lyon = {"soldes": replace(SALE, to=(), segments=("lyon",))}
    dated = plan(one(5), broadcasts=to_lyon, segments={"lyon": lyon}, fields=fields)
    before = anna(dated).when(perform("list:1", SALE_AT - HOUR))
    assert before.names == ["LetterWithheld"]
    after = anna(dated, calendar=FALLEN).when(perform("list:1", SALE_AT + HOUR))
    assert after.names == ["LetterBegun"]


def test_a_broadcast_that_has_fallen_due_is_skipped_where_there_is_no_room() -> None:
    skipping = replace(SALE, letter=replace(SALE.letter, when_full="skip", weight=5))
    dated = plan(one(5), broadcasts={"soldes": skipping})
    person = claimed(anna(dated, calendar=FALLEN), 1, SALE_AT - HOUR)
    when = person.when(perform(SALE_KEY, SALE_AT))
    [event] = (fact.event for fact in when.facts)
    assert isinstance(event, e.LetterWithheld) and (event.why, event.until) == ("pressure", 0)
    assert SALE_KEY not in when.done.acts


def test_a_broadcast_that_may_wait_comes_when_there_is_room_and_so_does_its_reminder() -> None:
    patient = replace(
        SALE,
        letter=replace(SALE.letter, weight=5),
        max_lateness=Delay(days=3),
        reminder=Letter("again", "S", "a.md", wait=Delay(days=1), reminds="soldes"),
    )
    dated = plan(one(5), caps=("1 per 2 days",), broadcasts={"soldes": patient})
    person = claimed(anna(dated, calendar=FALLEN), 1, SALE_AT - HOUR)
    free = later(SALE_AT - HOUR, Delay(days=2), PARIS)
    waiting = person.when(perform(SALE_KEY, SALE_AT)).done
    assert waiting.acts[SALE_KEY].due == free
    sent = waiting.when(perform(SALE_KEY, free, "bb")).done.and_also(e.LetterSent(free, "bb"))
    tomorrow = later(free, Delay(days=1), PARIS)
    assert sent.acts[SALE_KEY].due == tomorrow
    held = sent.when(perform(SALE_KEY, tomorrow)).done
    assert held.acts[SALE_KEY].due == later(free, Delay(days=2), PARIS)


def test_a_confirmation_is_neither_held_back_nor_counted() -> None:
    person = claimed(anna(plan(one(5), one(5))), 1, NOON)
    asked = person.and_also(e.ConsentRequested(NOON, "autres", "r1", (1,), NOON + 7 * DAY))
    mail = asked.when(perform("ask:autres", NOON, "cc"))
    assert mail.names == ["LetterBegun"]
    confirmed_only = anna(plan(one(5))).and_also(
        e.ConsentRequested(NOON, "autres", "r1", (1,), NOON + 7 * DAY)
    )
    mailed = confirmed_only.when(perform("ask:autres", NOON, "cc")).done
    assert mailed.when(perform("list:1", NOON)).names == ["LetterBegun"]


@pytest.mark.parametrize(
    ("begun", "free"),
    [
        # Seven days of the calendar: 167 hours over the last Sunday of March, 169 in October.
        ("2026-03-28 12:00", "2026-04-04 12:00"),
        ("2026-10-24 12:00", "2026-10-31 12:00"),
        # What is skipped by the clock comes an hour later.
        ("2026-03-22 02:30", "2026-03-29 03:30"),
    ],
)
def test_a_window_is_counted_on_the_readers_calendar(begun: str, free: str) -> None:
    at = local(begun)
    person = claimed(anna(plan(one(5), one(5)), at=at), 1, at)
    assert local(free) == later(at, WEEK, PARIS)
    [event] = (fact.event for fact in person.when(perform("list:2", at)).facts)
    assert isinstance(event, e.LetterWithheld) and event.until == local(free)


def test_the_collisions_of_a_programme_are_those_that_a_reader_would_meet() -> None:
    capped = plan(one(5))
    news = PlannedLetter(NOON, "conseils", "broadcast:nouvelles/nouvelles", 5)
    sale = PlannedLetter(NOON + 3 * DAY, "conseils", "broadcast:soldes/soldes", 8)
    tips = PlannedLetter(NOON + 8 * DAY, "conseils", "broadcast:trucs/trucs", 5)
    found = collisions([tips, sale, news], capped)
    assert [(x.letter, x.refusal.favoured) for x in found] == [(news, sale.letter), (tips, "")]
    assert collisions([tips, sale, news], replace(capped, caps=())) == []


# Random lives.

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
DELAYS = st.sampled_from([Delay(), Delay(minutes=30), Delay(days=1), Delay(days=3), WEEK])
WINDOWS = st.sampled_from(
    [
        Delay(minutes=90),
        Delay(days=1),
        Delay(days=2),
        WEEK,
        Delay(months=1),
        Delay(days=1, minutes=5),
    ]
)
CAPS = st.lists(
    st.builds(Cap, st.integers(1, 3), WINDOWS), max_size=2, unique_by=lambda cap: cap.window
).map(tuple)


@st.composite
def letters_of_a_list(draw: st.DrawFn) -> tuple[Letter, ...]:
    return tuple(
        Letter(
            f"l{n}",
            "S",
            "a.md",
            after=draw(DELAYS) if n == 0 or draw(st.booleans()) else None,
            wait=Delay(days=1),
            weight=draw(st.integers(0, 9)),
            when_full=draw(st.sampled_from(["wait", "skip"])),
        )
        for n in range(draw(st.integers(1, 4)))
    )


@st.composite
def lives(draw: st.DrawFn) -> tuple[Plan, str, int]:
    lists = {
        n: List(
            n,
            f"l{n}",
            draw(st.sampled_from(["conseils", "offres"])),
            letters=draw(letters_of_a_list()),
            min_gap=Delay(),
        )
        for n in range(1, 5)
    }
    purposes = {name: replace(purpose, caps=draw(CAPS)) for name, purpose in PURPOSES.items()}
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.sampled_from(["2026-03-26 01:30", "2026-10-22 01:30", "2026-12-28 23:30"]))
    plan = Plan(1, zone, purposes=purposes, lists=lists, caps=draw(CAPS))
    return plan, zone, local(start, zone)


@settings(max_examples=60, deadline=None)
@for_all(lives(), st.randoms(use_true_random=False))
def test_no_window_ever_holds_more_than_its_cap(
    life: tuple[Plan, str, int], chance: object
) -> None:
    plan, zone, start = life
    joined = [e.ListJoined(start, n, run) for run, n in enumerate(plan.lists, 1)]
    person = fold([e.SubscriberRegistered(start, zone, "fr"), CONSENT, OFFERS, *joined])
    begun: list[tuple[int, str]] = []
    now, refusals = start, 0
    for turn in range(200):
        given_now = Given(person, plan, ())
        due = {key: act.due for key, act in given_now.acts.items() if act.kind == "letter"}
        if not due:
            break
        now = max(now, min(due.values()))
        ready = sorted(key for key, at in due.items() if at <= now)
        key = chance.choice(ready)  # type: ignore[attr-defined]
        person, event = _performed(person, plan, key, now, f"{turn:032x}")
        if isinstance(event, e.LetterBegun):
            begun.append((now, event.purpose))
            end = chance.choice(  # type: ignore[attr-defined]
                [e.LetterSent(now, event.message), e.LetterDeferred(now, event.message, now + HOUR)]
            )
            if isinstance(end, e.LetterDeferred):
                begun.pop()
            person = fold([end], person)
        elif event.why == "pressure":
            refusals += 1
            assert event.until == 0 or event.until > now
    for purpose, cap in {pair for name in PURPOSES for pair in plan.caps_for(name)}:
        instants = [at for at, of in begun if purpose in ("", of)]
        for n, at in enumerate(instants):
            counting = [t for t in instants[: n + 1] if at < later(t, cap.window, zone)]
            assert len(counting) <= cap.count
    assert turn < 199


def _performed(
    person: Person, plan: Plan, key: str, now: int, message: str
) -> tuple[Person, e.LetterBegun | e.LetterWithheld]:
    command = c.Perform(at=now, cause=ENGINE, key=key, message=message, sender="s1")
    outcome = decide(command, person, plan)
    assert isinstance(outcome, Done)
    [event] = outcome.events
    assert isinstance(event, e.LetterBegun | e.LetterWithheld)
    return fold([event], person), event


def test_of_equals_in_a_programme_the_later_has_no_room() -> None:
    letters = [PlannedLetter(NOON + n * DAY, "conseils", name, 5) for n, name in enumerate("ab")]
    assert [found.letter.letter for found in collisions(letters, plan(one(5)))] == ["b"]
