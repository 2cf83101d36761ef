"""Those decided about together get what each would have got alone: strangers who come in together,
and people in the same state whose letters are due together.
"""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from engine.sequence.delay import DAY, HOUR
from engine.subscriber.act import Occurrence
from engine.subscriber.batch_memo import BatchMemo
from engine.subscriber.commands import Perform, Subscribe
from engine.subscriber.decide import decide
from engine.subscriber.events import (
    Cause,
    ConsentWithdrawn,
    LetterBegun,
    LetterDeferred,
    ListJoined,
)
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY, Person
from tests.examples import ENGINE, LATER, NOON, PARIS, PLAN, RULE, on, subscribe

POLLED = "broadcast:enfants/2026-03-03"
CALENDAR = (Occurrence("enfants", POLLED, NOON),)
JOINED = on(10)
MESSAGES = [f"{number:032x}" for number in range(20)]
BEGUN = LetterBegun(NOON, "list:10", "letter", "welcome", "f" * 32, 1, 10, 1, "conseils", "s1")
PEOPLE = [
    fold(JOINED),
    fold((*JOINED, BEGUN)),
    fold((*JOINED, BEGUN, LetterDeferred(NOON, "f" * 32, NOON))),
    fold((*JOINED, ConsentWithdrawn(NOON, "conseils"))),
    fold((*JOINED, ListJoined(NOON, 1, 2))),
    Person(),
]
PERFORMED = st.tuples(
    st.sampled_from((NOON - 1, NOON, NOON + DAY, NOON + 900 * DAY)),
    st.sampled_from((ENGINE, RULE)),
    st.sampled_from(("list:10", "list:1", "list:99", POLLED)),
    st.sampled_from(("s1", "s2")),
)


@given(st.lists(st.tuples(PERFORMED, st.sampled_from(PEOPLE)), max_size=len(MESSAGES)))
@example(
    [
        ((NOON + hours * HOUR, cause, "list:10", sender), PEOPLE[0])
        for hours in (0, 1)
        for cause in (ENGINE, RULE)
        for sender in ("s1", "s2")
    ]
)
def test_each_act_is_decided_about_as_if_alone(
    asked: list[tuple[tuple[object, ...], Person]],
) -> None:
    memo = BatchMemo(PLAN, CALENDAR)
    for message, ((at, cause, key, sender), person) in zip(MESSAGES, asked, strict=False):
        command = Perform(at, cause, key, message, sender)  # type: ignore[arg-type]
        assert memo.perform(command, person) == decide(command, person, PLAN, CALENDAR)


def test_a_letter_is_begun_for_each_under_a_message_of_its_own_and_a_retry_keeps_it() -> None:
    memo = BatchMemo(PLAN, ())
    outcomes = [
        memo.perform(Perform(NOON + DAY, ENGINE, "list:10", message, "s1"), PEOPLE[at])
        for message in MESSAGES[:3]
        for at in (0, 2)
    ]
    begun = [outcome.events[0] for outcome in outcomes if isinstance(outcome, Done)]
    messages = [event.message for event in begun if isinstance(event, LetterBegun)]
    assert messages == [MESSAGES[0], "f" * 32, MESSAGES[1], "f" * 32, MESSAGES[2], "f" * 32]


CAUSES = st.builds(
    Cause,
    st.sampled_from(("import", "form")),
    st.text("ab", max_size=2),
    evidence=st.text("ab", max_size=2),
)
# Few different values, so that many say the same; list 99 does not exist.
SUBSCRIBED = st.builds(
    Subscribe,
    st.sampled_from((NOON, LATER)),
    CAUSES,
    st.sampled_from((1, 10, 99)),
    st.sampled_from(("consent", "b2b")),
    st.sampled_from(("declared", "single")),
    st.sampled_from((0, NOON)),
    timezone=st.sampled_from(("", PARIS, "Mars")),
    last_contact=st.sampled_from((0, NOON)),
    call=st.sampled_from(("", "k")),
)


@given(st.lists(SUBSCRIBED, max_size=12))
def test_each_stranger_is_decided_about_as_if_alone(commands: list[Subscribe]) -> None:
    memo = BatchMemo(PLAN, ())
    assert [memo.subscribe(command) for command in commands] == [
        decide(command, NOBODY, PLAN) for command in commands
    ]


def test_who_comes_the_same_way_shares_the_events_and_has_a_cause_of_their_own() -> None:
    memo, causes = BatchMemo(PLAN, ()), [Cause("import", evidence=letter) for letter in "ab"]
    outcomes = [memo.subscribe(subscribe(10, cause=cause)) for cause in causes]
    first, second = (outcome for outcome in outcomes if isinstance(outcome, Done))
    assert all(one is other for one, other in zip(first.events, second.events, strict=True))
    assert [{fact.cause for fact in outcome.facts} for outcome in (first, second)] == [
        {cause} for cause in causes
    ]
