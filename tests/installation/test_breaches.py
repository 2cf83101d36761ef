"""What is owed after a breach of personal data, to the authority and to the people."""

from __future__ import annotations

from engine.installation.breaches import WITHIN, Breach, evolved, told_late, waiting
from engine.installation.events import BreachRecorded


def grown(*events: BreachRecorded) -> Breach:
    breaches: dict[str, Breach] = {}
    for event in events:
        breaches = dict(evolved(breaches, event))
    (breach,) = breaches.values()
    return breach


def test_the_authority_is_owed_the_news_within_72_hours() -> None:
    breach = grown(BreachRecorded(1000, "b", "detected", "unknown"))
    assert breach.authority_due_at == 1000 + WITHIN
    assert (told_late([breach], 999 + WITHIN), waiting([breach], 999 + WITHIN)) == ([], [breach])
    assert (told_late([breach], 1000 + WITHIN), waiting([breach], 1000 + WITHIN)) == ([breach], [])


def test_where_there_is_no_risk_nobody_is_owed_anything() -> None:
    breach = grown(
        BreachRecorded(1000, "b", "detected"), BreachRecorded(2000, "b", "assessed", "none", 3)
    )
    assert (
        breach.people,
        breach.authority_due_at,
        told_late([breach], 10 * WITHIN),
        waiting([breach], 2000),
    ) == (3, 0, [], [])


def test_at_a_high_risk_the_people_are_owed_it_too() -> None:
    steps = (
        BreachRecorded(1000, "b", "detected", "high", 1200),
        BreachRecorded(2000, "b", "authority-told"),
    )
    assert waiting([grown(*steps)], 3000) == [grown(*steps)]
    assert waiting([grown(*steps, BreachRecorded(2500, "b", "people-told"))], 3000) == []


def test_what_a_later_step_does_not_say_stays_and_a_closed_breach_owes_nothing() -> None:
    breach = grown(
        BreachRecorded(1000, "b", "detected", "risk", 12), BreachRecorded(2000, "b", "closed")
    )
    assert (breach.risk, breach.people, breach.closed_at) == ("risk", 12, 2000)
    assert (told_late([breach], 10 * WITHIN), waiting([breach], 3000)) == ([], [])
