"""One bad person never stops the others: they are set aside with the reason, and no longer once it
has gone through.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.context import AppContext
from engine.ledger.codec import pack
from engine.sending.compose import Composer, ComposeRequest
from engine.sequence.model import Plan
from tests.sending.readers import FILES, MakeContext, enter, who_got_a_letter

pytestmark = pytest.mark.postgres
TWO_LETTERS = {
    "suite.toml": (
        f"""{FILES["suite.toml"]}
  [[list.letter]]
  id = "suite"
  after = "1 day"
  subject = "Suite"
  body = "suite.md"
"""
    ),
    "bonjour.md": "Bonjour {{ first_name }}.\n",
    "suite.md": "La suite.\n",
}


def stuck(context: AppContext) -> list[tuple[str, str, str]]:
    return [(str(subscriber), key, why) for subscriber, key, why, _ in context.desk.stuck()]


def again_at_once(context: AppContext) -> None:
    """As after the hour that is waited."""
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.stuck SET until = clock_timestamp()")


def test_a_letter_that_cannot_be_made_for_one_person_reaches_the_others(
    make_context: MakeContext,
) -> None:
    context = make_context(TWO_LETTERS)
    enter(context, "anna", {"first_name": "Anna"})
    bruno = enter(context, "bruno")
    enter(context, "chloe", {"first_name": "Chloé"})
    assert who_got_a_letter(context) == ["anna", "chloe"]
    assert (
        context.views.withheld() == [("list:1", 1, "bonjour", "field:first_name", 1)]
        and stuck(context) == []
    )
    context.clock.jump(86_400_000)
    assert who_got_a_letter(context) == ["anna", "bruno", "chloe"]
    assert [
        who for who, _row, _letter in context.views.withheld_from("bonjour", ("", "", ""), 9)
    ] == [bruno], "a later letter hides it no more"


def test_a_person_whose_fold_cannot_be_read_gets_their_letter_like_the_others(
    make_context: MakeContext,
) -> None:
    context = make_context(TWO_LETTERS)
    people = [enter(context, name, {"first_name": name}) for name in ("anna", "bruno", "chloe")]
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE view_agenda_8.fold SET state = '\\x' WHERE subscriber = %s", (people[1],)
        )
    assert who_got_a_letter(context) == ["anna", "bruno", "chloe"]
    assert stuck(context) == [] and context.views.compare(lambda done, total: None) == []


def test_a_person_about_whom_nothing_can_be_decided_is_set_aside_and_goes_on_once_mended(
    make_context: MakeContext,
) -> None:
    context = make_context(TWO_LETTERS)
    people = [
        enter(context, name, {"first_name": name})
        for name in ("anna", "bruno", "chloe", "david", "emma")
    ]
    person = context.command_handler.load([people[1]])[people[1]]
    spoilt = replace(person, memberships={1: replace(person.memberships[1], since=10**17)})
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE view_agenda_8.fold SET state = %s WHERE subscriber = %s",
            (pack(spoilt), people[1]),
        )
    assert who_got_a_letter(context) == ["anna", "chloe", "david", "emma"]
    ((subscriber, key, why),) = stuck(context)
    assert (subscriber, key) == (people[1], "list:1") and why.endswith(
        ": nothing can be decided about this person"
    )
    context.views.rebuild(["agenda"], lambda done, total: None)
    again_at_once(context)
    assert who_got_a_letter(context) == ["bruno"] and stuck(context) == []


class Surprised(Composer):
    """Composes for all but one, for whom something happens that nobody thought of."""

    def octets(self, ordered: ComposeRequest, plan: Plan, at: int) -> bytes:
        if ordered.address.startswith("bruno@"):
            raise KeyError(ordered.address)
        return super().octets(ordered, plan, at)


def test_what_nobody_thought_of_puts_one_letter_off_and_names_nobody(
    make_context: MakeContext,
) -> None:
    context = make_context(TWO_LETTERS)
    bruno = [enter(context, name, {"first_name": name}) for name in ("anna", "bruno", "chloe")][1]
    assert who_got_a_letter(
        context, composer=Surprised(context.config, context.secrets.link_key)
    ) == [
        "anna",
        "chloe",
    ]
    assert stuck(context) == [(bruno, "list:1", "bonjour: KeyError: put off, and tried again")]
    context.clock.jump(600_000)
    assert who_got_a_letter(context) == ["bruno"] and stuck(context) == []
