"""Strangers who come in together are decided about as if each had come alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.subscriber.commands import Subscribe
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY
from engine.subscriber.strangers import Strangers
from tests.examples import LATER, NOON, PARIS, PLAN, subscribe

CAUSES = st.builds(
    Cause,
    st.sampled_from(("import", "form")),
    st.text("ab", max_size=2),
    evidence=st.text("ab", max_size=2),
)
# Few different values, so that many say the same; list 99 does not exist.
COMMANDS = st.builds(
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


@given(st.lists(COMMANDS, max_size=12))
def test_each_is_decided_about_as_if_alone(commands: list[Subscribe]) -> None:
    strangers = Strangers(PLAN)
    assert [strangers.subscribe(command) for command in commands] == [
        decide(command, NOBODY, PLAN) for command in commands
    ]


def test_who_comes_the_same_way_shares_the_events_and_has_a_cause_of_their_own() -> None:
    strangers, causes = Strangers(PLAN), [Cause("import", evidence=letter) for letter in "ab"]
    outcomes = [strangers.subscribe(subscribe(10, cause=cause)) for cause in causes]
    first, second = (outcome for outcome in outcomes if isinstance(outcome, Done))
    assert all(one is other for one, other in zip(first.events, second.events, strict=True))
    assert [{fact.cause for fact in each.facts} for each in (first, second)] == [
        {cause} for cause in causes
    ]
