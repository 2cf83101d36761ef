"""Letters that are tried in versions: which one somebody gets, and who gets none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from engine.sequence.model import Letter, Plan, Version
from engine.sequence.versions import all_in, arm_of, plan_in
from engine.subscriber import events as e
from engine.subscriber.act import Occurrence
from engine.subscriber.agenda import acts
from engine.subscriber.batch_memo import BatchMemo
from engine.subscriber.decide import decide
from engine.subscriber.evolve import fold
from tests.examples import ANNA, LATER, NOON, PLAN, begun, local, perform, sent
from tests.given import flat, given

OTHER = Version("b", 50, "Autrement", "welcome.md")
CLAIM = begun("aaaa", "welcome")
HELD_OUT = e.LetterWithheld(LATER, "list:10", "welcome", "holdout", 10, 1, edition=1)


def tried(letter: Letter, plan: Plan = PLAN) -> Plan:
    listed = plan.lists[10]
    letters = tuple(letter if one.id == letter.id else one for one in listed.letters)
    return replace(plan, lists={**plan.lists, 10: replace(listed, letters=letters)})


WELCOME = replace(PLAN.lists[10].letters[0], versions=(OTHER,), holdout=10, tried_since=1)


def test_a_claim_says_the_version_that_is_drawn_for_the_person() -> None:
    plan, drawn = tried(WELCOME), Counter[str]()
    for number in range(40):
        asked = replace(perform("list:10", LATER), subscriber=f"person {number}")
        version = arm_of(WELCOME.arms, "list:10/welcome", 1, asked.subscriber)
        fact = HELD_OUT if version == "holdout" else replace(CLAIM, version=version)
        given(ANNA, plan=plan).when(asked).then(fact)
        drawn[version] += 1
    assert min(drawn["a"], drawn["b"], drawn["holdout"]) > 0


def test_people_in_the_same_state_are_each_drawn_for_themselves() -> None:
    plan, anna = tried(WELCOME), fold(flat([ANNA]))
    memo = BatchMemo(plan, ())
    for number in range(40):
        asked = replace(perform("list:10", LATER), subscriber=f"person {number}")
        assert memo.perform(asked, anna) == decide(asked, anna, plan)


def test_a_letter_that_is_not_tried_says_no_version() -> None:
    given(ANNA).when(perform("list:10", LATER)).then(begun("aaaa", "welcome"))


def test_who_is_held_out_goes_on_with_the_series() -> None:
    plan = tried(all_in(WELCOME, "holdout"))
    question = acts(fold(flat([ANNA, HELD_OUT])), plan)["list:10"]
    assert question.letter == "question"
    assert question.due == local("2026-03-04 09:00")


def test_who_is_held_out_of_a_question_is_not_reminded_of_it() -> None:
    question = replace(PLAN.lists[10].letters[1], holdout=10, tried_since=1)
    plan = tried(question)
    out = e.LetterWithheld(local("2026-03-04 09:00"), "list:10", "question", "holdout", 10, 1)
    person = fold(flat([ANNA, sent("m0", "welcome", at=NOON), out]))
    assert acts(person, plan)["list:10"].kind == "end"


def test_who_is_held_out_of_a_broadcast_is_not_reminded_of_it() -> None:
    plan, key = plan_in(PLAN, "holdout"), "broadcast:enfants/2026-03-03"
    falls_due = local("2026-03-03 09:00")
    calendar = (Occurrence("enfants", key, falls_due),)
    joined = (ANNA, e.ListJoined(NOON, 1, 2))
    asked = given(joined, plan=plan, calendar=calendar).when(perform(key, falls_due))
    out = e.LetterWithheld(falls_due, key, "enfants", "holdout", 1, 2, edition=1)
    asked.then(out)
    assert key not in acts(fold(flat([joined, out])), plan, calendar)
