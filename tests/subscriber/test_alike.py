"""People who stand alike and are due together are decided about as if each had been asked about
alone.
"""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from engine.sequence.delay import DAY, HOUR
from engine.subscriber.acts import Occurrence
from engine.subscriber.alike import Alike
from engine.subscriber.commands import Perform
from engine.subscriber.decide import decide
from engine.subscriber.events import ConsentWithdrawn, LetterBegun, LetterDeferred, ListJoined
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from tests.examples import ENGINE, NOON, PLAN, RULE, on

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
COMMANDS = st.tuples(
    st.sampled_from((NOON - 1, NOON, NOON + DAY, NOON + 900 * DAY)),
    st.sampled_from((ENGINE, RULE)),
    st.sampled_from(("list:10", "list:1", "list:99", POLLED)),
    st.sampled_from(("s1", "s2")),
)


@given(st.lists(st.tuples(COMMANDS, st.sampled_from(PEOPLE)), max_size=len(MESSAGES)))
@example(
    [
        ((NOON + hours * HOUR, cause, "list:10", sender), PEOPLE[0])
        for hours in (0, 1)
        for cause in (ENGINE, RULE)
        for sender in ("s1", "s2")
    ]
)
def test_each_is_decided_about_as_if_alone(asked: list[tuple[tuple[object, ...], Person]]) -> None:
    alike = Alike(PLAN, CALENDAR)
    for message, ((at, cause, key, sender), person) in zip(MESSAGES, asked, strict=False):
        command = Perform(at, cause, key, message, sender)  # type: ignore[arg-type]
        assert alike.perform(command, person) == decide(command, person, PLAN, CALENDAR)


def test_a_letter_is_begun_for_each_under_a_message_of_their_own_and_a_retry_keeps_its_own() -> (
    None
):
    alike = Alike(PLAN, ())
    outcomes = [
        alike.perform(Perform(NOON + DAY, ENGINE, "list:10", message, "s1"), PEOPLE[at])
        for message in MESSAGES[:3]
        for at in (0, 2)
    ]
    begun = [outcome.events[0] for outcome in outcomes if isinstance(outcome, Done)]
    messages = [event.message for event in begun if isinstance(event, LetterBegun)]
    assert messages == [MESSAGES[0], "f" * 32, MESSAGES[1], "f" * 32, MESSAGES[2], "f" * 32]
