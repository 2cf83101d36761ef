"""What a person chooses to receive: said by them alone, and kept to by every letter of lists and
broadcasts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY, HOUR, Delay
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.agenda import act_for
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done
from engine.subscriber.person import Preferences
from tests.examples import (
    ANNA,
    CLICK,
    KNOWN,
    LATER,
    NOON,
    PAUL,
    PLAN,
    POLL,
    POLL_AT,
    POLL_DUE,
    begun,
    letter,
    local,
    on,
    perform,
    sent,
    with_list,
)
from tests.given import History, flat, given

PRESS = replace(CLICK, evidence="e" * 64)
SEEDS_ONLY = e.PreferencesSet(NOON, ("semis",), act="human_button")
HARVEST_ONLY = e.PreferencesSet(NOON, ("recoltes",), act="human_button")
KEY = POLL_DUE[0].key


def choose(
    themes: tuple[str, ...] = (),
    at: int = LATER,
    act: str = "human_button",
    paused_until: int = 0,
    on: tuple[c.SwitchOn, ...] = (),
    off: tuple[str, ...] = (),
) -> c.SetPreferences:
    return c.SetPreferences(
        at=at,
        cause=PRESS,
        themes=themes,
        paused_until=paused_until,
        on=on,
        off=off,
        offered="d1",
        form="preferences/fr",
        act=act,
    )


def test_a_choice_is_one_fact_that_names_what_was_offered() -> None:
    given(ANNA).when(choose(("recoltes", "semis"))).then(
        e.PreferencesSet(LATER, ("semis", "recoltes"), offered="d1", act="human_button")
    )


def test_the_same_choice_again_changes_nothing() -> None:
    given(ANNA, SEEDS_ONLY).when(choose(("semis",))).nothing()
    given(ANNA).when(choose()).nothing()


def test_a_page_that_acts_by_itself_chooses_nothing() -> None:
    given(ANNA).when(choose(("semis",), act="auto_submit")).refused("only a press by the person")


def test_nobody_chooses_what_is_not_declared() -> None:
    given(ANNA).when(choose(("tomates",))).refused('no theme or content type "tomates"')


def test_a_stranger_and_somebody_who_was_erased_choose_nothing() -> None:
    given().when(choose(("semis",))).refused("nobody is known")
    given(ANNA, e.SubscriberErased(NOON)).when(choose(("semis",))).refused("nobody is known")


def test_a_choice_is_a_contact() -> None:
    assert fold(flat([ANNA, replace(SEEDS_ONLY, at=LATER)])).last_contact == LATER


def test_a_letter_about_what_was_not_chosen_is_withheld() -> None:
    withheld = e.LetterWithheld(LATER, "list:41", "gift", "preferences", 41, 1)
    given(on(41), HARVEST_ONLY).when(perform("list:41", LATER)).then(withheld)


def test_who_chose_no_theme_gets_all_and_a_letter_without_one_goes_to_everybody() -> None:
    about_seeds = replace(begun("aaaa", "gift", 41), theme="semis")
    for chosen in ((), (SEEDS_ONLY,)):
        given(on(41), chosen).when(perform("list:41", LATER)).then(about_seeds)
    given(ANNA, HARVEST_ONLY).when(perform("list:10", LATER)).then(begun("aaaa", "welcome"))


def test_the_series_goes_on_after_a_letter_that_was_not_chosen() -> None:
    two = (replace(letter("one", Delay()), theme="semis"), letter("two", wait=Delay(days=1)))
    plan = with_list(10, letters=two)
    skipped = e.LetterWithheld(LATER, "list:10", "one", "preferences", 10, 1)
    act = act_for(fold(flat([ANNA, HARVEST_ONLY, skipped])), "list:10", plan, ())
    assert act is not None and (act.letter, act.due) == ("two", LATER + DAY)


def test_a_broadcast_and_its_reminder_follow_the_choice() -> None:
    about_seeds = replace(POLL, letter=replace(POLL.letter, theme="semis"))
    plan = replace(PLAN, broadcasts={"enfants": about_seeds})
    withheld = e.LetterWithheld(POLL_AT, KEY, "enfants", "preferences", 1, 1)
    mailing = given(PAUL, HARVEST_ONLY, plan=plan, calendar=POLL_DUE)
    mailing.when(perform(KEY, POLL_AT)).then(withheld)


def test_letters_of_lists_wait_for_the_end_of_a_pause_however_late_they_are() -> None:
    end = local("2026-04-15 00:00")
    paused = e.PreferencesSet(NOON, paused_until=end)
    given(ANNA, paused).when(perform("list:10", LATER)).nothing()
    at_its_end = begun("aaaa", "welcome", at=end)
    given(ANNA, paused).when(perform("list:10", end)).then(at_its_end)


def test_after_a_pause_letters_keep_their_distance() -> None:
    end = local("2026-06-01 00:00")
    three = tuple(letter(name, Delay(days=n)) for n, name in enumerate(("one", "two", "three")))
    plan = with_list(10, letters=three)
    life: tuple[History, ...] = (ANNA, e.PreferencesSet(NOON, paused_until=end))
    dues = []
    for name in ("one", "two", "three"):
        act = act_for(fold(flat(life)), "list:10", plan, ())
        assert act is not None and act.letter == name
        dues.append(act.due)
        assert act.planned == act.due, "lateness counts from here"
        life = (*life, *sent(name, name, at=act.due))
    assert dues == [end, end + 12 * HOUR, end + 24 * HOUR]


def test_a_pause_that_is_ended_early_lets_what_waited_leave_at_once() -> None:
    back = NOON + 40 * DAY
    paused = e.PreferencesSet(NOON, paused_until=NOON + 90 * DAY)
    ended = e.PreferencesSet(back)
    assert fold(flat([ANNA, paused, ended])).preferences == Preferences(paused_until=back)
    given(ANNA, paused, ended).when(perform("list:10", back + HOUR)).then(
        begun("aaaa", "welcome", at=back + HOUR)
    )


def test_a_broadcast_of_the_pause_is_skipped() -> None:
    paused = e.PreferencesSet(NOON, paused_until=POLL_AT + 1)
    withheld = e.LetterWithheld(POLL_AT, KEY, "enfants", "paused", 1, 1)
    given(PAUL, paused, calendar=POLL_DUE).when(perform(KEY, POLL_AT)).then(withheld)


def test_a_mail_that_asks_to_confirm_leaves_in_a_pause() -> None:
    asked = e.ConsentRequested(NOON, "offres", "r1", (30,), NOON + 7 * DAY)
    paused = e.PreferencesSet(NOON, paused_until=NOON + 90 * DAY)
    outcome = given(ANNA, paused, asked).when(perform("ask:offres", LATER)).outcome
    assert isinstance(outcome, Done) and isinstance(outcome.events[0], e.LetterBegun)


def test_no_pause_is_longer_than_a_year() -> None:
    given(ANNA).when(choose(paused_until=NOON + 4000 * DAY)).then(
        e.PreferencesSet(LATER, paused_until=LATER + 366 * DAY, offered="d1", act="human_button")
    )


def test_a_purpose_is_switched_off_as_by_any_link() -> None:
    given(ANNA).when(choose(off=("conseils",))).then(
        e.ConsentWithdrawn(LATER, "conseils", "human_button"),
        e.ListLeft(LATER, 10, 1, "withdrawn"),
    )


def test_a_purpose_is_switched_on_by_the_press_itself_or_by_a_mail_to_confirm() -> None:
    at_once = c.SwitchOn("offres", 30, "e1" * 32)
    given(KNOWN).when(choose(on=(at_once,))).then(
        e.ConsentGiven(LATER, "offres", "page", "d1", "human_button"), e.ListJoined(LATER, 30, 1)
    )
    outcome = given(KNOWN).when(choose(on=(replace(at_once, request="r1"),))).outcome
    assert isinstance(outcome, Done)
    (fact,) = outcome.facts
    assert isinstance(fact.event, e.ConsentRequested)
    assert (fact.event.request, fact.event.notice, fact.event.form) == (
        "r1",
        "d1",
        "preferences/fr",
    )
    assert fact.cause.evidence == "e1" * 32


@pytest.mark.parametrize("act", ["", "auto_submit"])
def test_only_a_press_switches_a_purpose_on(act: str) -> None:
    switch = c.SwitchOn("offres", 30, "e1" * 32)
    given(KNOWN).when(choose(on=(switch,), act=act)).refused("only a press by the person")


def test_a_withdrawal_is_carried_out_though_another_purpose_cannot_be_switched_on() -> None:
    unreachable = e.SubscriberSuppressed(NOON, "bounced")
    switch = c.SwitchOn("offres", 30, "e1" * 32)
    given(ANNA, unreachable).when(choose(on=(switch,), off=("conseils",))).then(
        e.ConsentWithdrawn(LATER, "conseils", "human_button"),
        e.ListLeft(LATER, 10, 1, "withdrawn"),
    )
    given(ANNA, unreachable).when(choose(on=(switch,))).refused("cannot be written to")


def test_what_a_form_left_open_stays_as_it_was_and_a_pause_too() -> None:
    before = e.PreferencesSet(NOON, ("semis",), paused_until=LATER + DAY, act="human_button")
    request = e.ConsentRequested(NOON, "offres", "r1", (30,), LATER + DAY, notice="n1")
    chosen = c.Chosen(themes=("unheard-of",), frequency="monthly")
    given(*ANNA, before, request).when(
        c.Confirm(LATER, PRESS, "offres", "r1", "human_button", chosen=chosen)
    ).then(
        e.ConsentConfirmed(LATER, "offres", "r1", "human_button", "n1"),
        e.PreferencesSet(
            LATER, ("semis",), (), "monthly", LATER + DAY, offered="n1", act="human_button"
        ),
        e.ListJoined(LATER, 30, 2),
    )
