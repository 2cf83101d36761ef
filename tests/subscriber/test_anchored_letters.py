"""Letters counted from a date that matters: whoever stands on the list then gets them, each once,
beside the list's ordinary letters.
"""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.anchors import Anchor, Anchored
from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Ending, Letter, Link, Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Act
from tests.examples import ENGINE, PARIS, PLAN, letter, local, on, perform, sent
from tests.given import Given, given

WEBINAR = local("2026-03-12 20:00")
ANSWER = Link(0, "move", 11, "Je viens")


def from_webinar(name: str, delay: Delay, *, before: bool, at: int = WEBINAR) -> Letter:
    anchored = Anchored(Anchor("webinaire", PARIS, at=at), delay, before)
    return replace(letter(name, links=(ANSWER,)), anchored=anchored)


def dialogue(at: int = WEBINAR, *more: Letter, **changed: object) -> Plan:
    letters = (
        letter("hello", Delay()),
        from_webinar("tomorrow", Delay(days=1), before=True, at=at),
        from_webinar("replay", Delay(minutes=60), before=False, at=at),
        *more,
    )
    listed = replace(PLAN.lists[40], letters=letters, **changed)  # type: ignore[arg-type]
    return replace(PLAN, edition=2, lists={**PLAN.lists, 40: listed})


def act(person: Given) -> Act:
    return person.acts["list:40"]


HELLO = sent("h", "hello", 40, at=WEBINAR - 5 * DAY)
HERE = (*on(40, at=WEBINAR - 5 * DAY), *HELLO)
TOMORROW = sent("t", "tomorrow", 40, at=WEBINAR - DAY)
REPLAY = sent("r", "replay", 40, at=WEBINAR + HOUR)


def test_each_leaves_so_long_before_or_since_the_date() -> None:
    ready = given(HERE, plan=dialogue())
    assert (act(ready).letter, act(ready).due) == ("tomorrow", WEBINAR - DAY)
    assert act(ready.and_also(*TOMORROW)).due == WEBINAR + HOUR


def test_who_joins_later_gets_only_what_is_still_to_come() -> None:
    late = given(
        on(40, at=WEBINAR - HOUR), sent("h", "hello", 40, at=WEBINAR - HOUR), plan=dialogue()
    )
    assert (act(late).letter, act(late).due) == ("replay", WEBINAR + HOUR)
    after = given(on(40, at=WEBINAR + 2 * HOUR), plan=dialogue())
    assert act(after).letter == "hello"
    done = after.and_also(*sent("h", "hello", 40, at=WEBINAR + 2 * HOUR))
    assert act(done).kind == "idle"


def test_a_date_that_is_moved_moves_what_has_not_left() -> None:
    moved = dialogue(WEBINAR + 7 * DAY)
    assert act(given(HERE, plan=moved)).due == WEBINAR + 6 * DAY
    told = given(HERE, TOMORROW, plan=moved)
    assert (act(told).letter, act(told).due) == ("replay", WEBINAR + 7 * DAY + HOUR)


def test_what_had_to_leave_before_a_date_never_leaves_after_it() -> None:
    """An outage over the date: the letter is left out, and says why; what follows it goes on."""
    ready = given(HERE, plan=dialogue())
    assert ready.when(perform("list:40", WEBINAR - 1)).names == ["LetterBegun"]
    over = ready.when(perform("list:40", WEBINAR))
    assert isinstance(over.facts[0].event, e.LetterWithheld)
    assert over.facts[0].event.why == "too late"
    assert act(over.done).letter == "replay"


def test_a_date_moved_into_the_past_reaches_nobody_before_it() -> None:
    past = dialogue(WEBINAR - 4 * DAY)
    withheld = given(HERE, plan=past).when(perform("list:40", WEBINAR - 3 * DAY))
    assert withheld.names == ["LetterWithheld"]


def test_one_that_somebody_lets_leave_late_all_the_same_leaves() -> None:
    mended = given(
        HERE,
        e.LetterBegun(
            WEBINAR - DAY, "list:40", "letter", "tomorrow", "t", 1, 40, 1, "conseils", "s1"
        ),
        e.LetterWithheld(
            WEBINAR - DAY, "list:40", "tomorrow", "cannot be rendered", 40, 1, "t", "words"
        ),
        plan=dialogue(),
    )
    retry = c.RetryLetter(WEBINAR + HOUR, ENGINE, "list:40", "tomorrow", late=False)
    mended.when(retry).nothing()
    again = mended.when(replace(retry, late=True)).done
    assert again.when(perform("list:40", WEBINAR + HOUR)).names == ["LetterBegun"]


def test_one_published_after_its_moment_goes_to_nobody_even_backfilled() -> None:
    for backfill in (False, True):
        new = replace(
            from_webinar("soon", Delay(minutes=60), before=True),
            added_at=WEBINAR + HOUR,
            backfill=backfill,
        )
        person = given(HERE, TOMORROW, REPLAY, plan=dialogue(WEBINAR, new))
        assert act(person).kind == "idle"


def test_wait_counts_from_an_anchored_letter_when_it_was_sent_or_else_left_out() -> None:
    plan = dialogue(WEBINAR, letter("after-all", wait=Delay(days=2)))
    told = given(HERE, TOMORROW, REPLAY, plan=plan)
    assert act(told).due == WEBINAR + HOUR + 2 * DAY
    joined = WEBINAR + 10 * DAY
    late = given(on(40, at=joined), sent("h", "hello", 40, at=joined), plan=plan)
    assert (act(late).letter, act(late).due) == ("after-all", joined + 2 * DAY)


def test_an_anchored_letter_keeps_to_its_date_and_ordinary_ones_keep_their_gap_from_it() -> None:
    plan = dialogue(WEBINAR, letter("tip", Delay(days=4)))
    since = WEBINAR - 5 * DAY
    assert act(given(HERE, sent("x", "other", 40, at=WEBINAR - DAY - 1), plan=plan)).due == (
        WEBINAR - DAY
    )
    tip = act(given(HERE, TOMORROW, plan=plan))
    assert since + 4 * DAY == WEBINAR - DAY
    assert (tip.letter, tip.due) == ("tip", WEBINAR - DAY + 12 * HOUR)


def test_it_can_be_reminded_of() -> None:
    reminder = letter("again", wait=Delay(minutes=6 * 60), reminds="tomorrow")
    plan = dialogue(WEBINAR, reminder)
    assert act(given(HERE, TOMORROW, plan=plan)).letter == "again"
    assert act(given(HERE, TOMORROW, plan=plan)).due == WEBINAR - DAY + 6 * HOUR


def test_a_list_ends_after_the_last_of_them() -> None:
    plan = dialogue(WEBINAR, ends=Ending("leave"))
    assert act(given(HERE, TOMORROW, plan=plan)).kind == "letter"
    end = act(given(HERE, TOMORROW, REPLAY, plan=plan))
    assert (end.kind, end.due) == ("end", WEBINAR + HOUR)
    joined = WEBINAR + 10 * DAY
    late = given(on(40, at=joined), sent("h", "hello", 40, at=joined), plan=plan)
    assert (act(late).kind, act(late).due) == ("end", joined)


def test_of_a_feast_each_reader_gets_the_first_that_is_to_come() -> None:
    anchored = Anchored(
        Anchor("meres", PARIS, feast="fete-des-meres", minute=540), Delay(days=10), True
    )
    feast = replace(letter("gift"), anchored=anchored)
    plan = replace(PLAN, lists={**PLAN.lists, 40: replace(PLAN.lists[40], letters=(feast,))})
    assert act(given(on(40, at=local("2026-05-01 12:00")), plan=plan)).due == local(
        "2026-05-21 09:00"
    )
    assert act(given(on(40, at=local("2026-05-25 12:00")), plan=plan)).due == local(
        "2027-05-20 09:00"
    )
