"""What a person may ask of who holds their data: it has its month, its answer, and is carried out
at once where that can be done.
"""

from __future__ import annotations

import pytest

from engine.sequence.delay import DAY, HOUR
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.person import OpenRight
from engine.subscriber.rights import RIGHTS
from engine.subscriber.terms import Right
from tests.examples import ASKED, LATER, NOON, SHOP, begun, local
from tests.given import given

MONTH_LATER = local("2026-04-02 13:00")
EXTENDED = local("2026-06-02 13:00")
ONE = e.RightExercised(LATER, "erasure", "q1", MONTH_LATER)


def asked(right: str) -> e.RightExercised:
    return e.RightExercised(LATER, right, "q1", MONTH_LATER)


def answered(
    how: str = "done", request: str = "q1", at: int = LATER, by: str = ""
) -> e.RightAnswered:
    return e.RightAnswered(at, request, how, by)


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_has_a_month_on_the_calendar_to_be_answered(right: Right) -> None:
    """From 2 March 13:00 to 2 April 13:00 in Paris, across the change of the clock."""
    done = given(ASKED).when(c.ExerciseRight(LATER, SHOP, right, "q1")).then(asked(right))
    assert done.person.rights == {"q1": OpenRight(right, LATER, MONTH_LATER)}
    assert done.acts["right:q1"].planned == MONTH_LATER and done.acts["right:q1"].due == 0


def test_the_month_runs_from_when_the_wish_came_in() -> None:
    came = local("2026-01-31 08:00")
    command = c.ExerciseRight(LATER, SHOP, "access", "q1", received_at=came)
    given(ASKED).when(command).then(
        e.RightExercised(came, "access", "q1", local("2026-02-28 08:00"))
    )


def test_a_wish_cannot_have_come_in_tomorrow() -> None:
    given(ASKED).when(c.ExerciseRight(LATER, SHOP, "access", "q1", received_at=LATER + DAY)).then(
        asked("access")
    )


def test_what_is_still_to_be_answered_is_not_asked_twice() -> None:
    given(ASKED, ONE).when(c.ExerciseRight(LATER, SHOP, "erasure", "q2")).nothing()


def test_an_unknown_right_is_refused() -> None:
    given(ASKED).when(c.ExerciseRight(LATER, SHOP, "oblivion", "q1")).refused(  # type: ignore[arg-type]
        'there is no right "oblivion"'
    )


def test_a_call_that_comes_twice_is_carried_out_once() -> None:
    first = given(ASKED).when(c.ExerciseRight(LATER, SHOP, "access", "q1", call="k"))
    first.then(asked("access"), e.CallHonoured(LATER, "k"))
    for again in (
        c.ExerciseRight(LATER, SHOP, "erasure", "q2", call="k"),
        c.GrantAccess(LATER, SHOP, "access", "q2", call="k"),
    ):
        first.when(again).nothing()


def test_two_months_more_when_the_person_is_told_within_the_first() -> None:
    told = (
        given(ASKED, ONE)
        .when(c.ExtendRight(MONTH_LATER, SHOP, "q1"))
        .then(e.RightExtended(MONTH_LATER, "q1", EXTENDED))
    )
    assert told.acts["right:q1"].planned == EXTENDED
    told.when(c.ExtendRight(MONTH_LATER, SHOP, "q1")).nothing()


def test_told_after_the_first_month_it_is_too_late_to_extend() -> None:
    given(ASKED, ONE).when(c.ExtendRight(MONTH_LATER + 1, SHOP, "q1")).refused(
        "the month in which the person had to be told is over"
    )


def test_a_refusal_is_an_answer_too() -> None:
    done = (
        given(ASKED, ONE)
        .when(c.AnswerRight(LATER, SHOP, "q1", "refused"))
        .then(answered("refused"))
    )
    assert done.person.rights == {} and done.acts.keys() == given(ASKED).acts.keys()


def test_nothing_is_answered_that_was_not_asked() -> None:
    given(ASKED).when(c.AnswerRight(LATER, SHOP, "q1", "done")).refused("no such request")
    given(ASKED).when(c.ExtendRight(LATER, SHOP, "q1")).refused("no such request")


def test_access_is_asked_and_answered_in_one() -> None:
    given(ASKED).when(c.GrantAccess(LATER, SHOP, "access", "q1")).then(asked("access"), answered())


def test_access_answers_the_request_that_stands_open() -> None:
    open_since = e.RightExercised(NOON, "access", "q0", MONTH_LATER - HOUR)
    given(ASKED, open_since).when(c.GrantAccess(LATER, SHOP, "access", "q1")).then(
        answered(request="q0", by="q1")
    )


def test_a_correction_names_its_fields_and_stores_no_value() -> None:
    command = c.Rectify(LATER, SHOP, "q1", ("email", "town"), language="en")
    given(ASKED).when(command).then(
        asked("rectification"), e.ProfileChanged(LATER, ("email", "town"), "", "en"), answered()
    )


def test_who_presses_to_see_their_data_has_been_heard_of() -> None:
    command = c.GrantAccess(LATER, SHOP, "access", "q1", act="human_button")
    seen = (
        given(ASKED).when(command).then(asked("access"), e.ContactNoted(LATER, LATER), answered())
    )
    assert seen.person.last_contact == LATER
    given(ASKED).when(c.GrantAccess(LATER, SHOP, "access", "q1", act="auto_submit")).then(
        asked("access"), answered()
    )


def test_what_a_person_corrects_themselves_leaves_open_what_they_asked_of_somebody() -> None:
    open_since = e.RightExercised(NOON, "rectification", "q0", MONTH_LATER - HOUR)
    corrected = e.ProfileChanged(LATER, ("town",))
    own = c.Rectify(LATER, SHOP, "q1", ("town",), own_act=True)
    done = given(ASKED, open_since).when(own).then(asked("rectification"), corrected, answered())
    assert set(done.person.rights) == {"q0"}
    given(ASKED, open_since).when(c.Rectify(LATER, SHOP, "q1", ("town",))).then(
        corrected, answered(request="q0", by="q1")
    )
    given(ASKED, open_since).when(c.Rectify(LATER, SHOP, "q1", own_act=True)).nothing()


def test_a_correction_of_nothing_changes_nothing() -> None:
    given(ASKED).when(c.Rectify(LATER, SHOP, "q1")).nothing()


def test_a_restricted_person_is_frozen_until_it_is_lifted() -> None:
    frozen = (
        given(ASKED)
        .when(c.Restrict(LATER, SHOP, "q1"))
        .then(asked("restriction"), e.ProcessingRestricted(LATER), answered())
    )
    assert all(act.due == 0 for act in frozen.acts.values())
    frozen.when(c.Restrict(LATER, SHOP, "q2")).nothing()
    free = frozen.when(c.Restrict(LATER, SHOP, "q2", lifted=True)).then(
        e.ProcessingRestricted(LATER, True)
    )
    assert any(act.due for act in free.acts.values())
    free.when(c.Restrict(LATER, SHOP, "q2", lifted=True)).nothing()


def test_nothing_is_deleted_of_the_restricted_but_at_their_own_wish() -> None:
    frozen = given(ASKED, e.ProcessingRestricted(LATER))
    frozen.when(c.Erase(LATER, SHOP, "q1", "retention")).refused("restricted")
    assert frozen.when(c.Erase(LATER, SHOP, "q1")).person.erased


def test_an_objection_withdraws_everything_at_once() -> None:
    done = given(ASKED).when(c.Object(LATER, SHOP, "q1"))
    assert done.names == ["RightExercised", "ConsentWithdrawn", "ListLeft", "RightAnswered"]
    assert done.person.objected and not done.lists
    done.when(c.Object(LATER, SHOP, "q2")).nothing()


def test_erasing_answers_the_request_and_is_the_last_fact() -> None:
    done = (
        given(ASKED)
        .when(c.Erase(LATER, SHOP, "q1"))
        .then(asked("erasure"), answered(), e.SubscriberErased(LATER, "asked"))
    )
    assert done.person.erased and done.person.rights == {}


def test_erasing_answers_whatever_else_was_asked() -> None:
    open_since = e.RightExercised(NOON, "access", "q0", MONTH_LATER)
    given(ASKED, open_since).when(c.Erase(LATER, SHOP, "q1")).then(
        asked("erasure"), answered(), answered("erased", "q0"), e.SubscriberErased(LATER, "asked")
    )


def test_who_is_erased_when_their_time_is_over_has_asked_for_nothing() -> None:
    given(ASKED).when(c.Erase(LATER, SHOP, "q1", "retention")).then(
        e.SubscriberErased(LATER, "retention")
    )


def test_proof_that_is_kept_is_said_before_the_person_is_gone() -> None:
    ends = local("2031-03-02 13:00")
    done = given(ASKED).when(c.Erase(LATER, SHOP, "q1", archived_until=ends, sealed=len(ASKED)))
    done.then(
        asked("erasure"),
        answered(),
        e.ProofArchived(LATER, ends),
        e.SubscriberErased(LATER, "asked"),
    )
    opened = done.when(c.OpenProof(LATER, SHOP)).then(e.ProofOpened(LATER))
    assert opened.person.erased
    given(ASKED).when(c.OpenProof(LATER, SHOP)).refused("has not been erased")


def test_whoever_reads_a_person_is_a_fact_about_them_and_of_the_erased_nothing_is_read() -> None:
    given(ASKED).when(c.NoteReading(LATER, SHOP)).then(e.ProfileRead(LATER))
    given(ASKED, e.SubscriberErased(LATER)).when(c.NoteReading(LATER, SHOP)).refused("nobody")
    given().when(c.NoteReading(LATER, SHOP)).refused("nobody")


def test_proof_that_does_not_hold_the_last_fact_is_no_proof() -> None:
    command = c.Erase(
        LATER, SHOP, "q1", archived_until=local("2031-03-02 13:00"), sealed=len(ASKED)
    )
    given(ASKED, e.ContactNoted(LATER, NOON)).when(command).refused(
        "more has happened to this person since the proof was sealed"
    )


def test_erasing_twice_is_erasing_once_and_nobody_cannot_be_erased() -> None:
    given(ASKED).when(c.Erase(LATER, SHOP, "q1")).when(c.Erase(LATER, SHOP, "q2")).nothing()
    given().when(c.Erase(LATER, SHOP, "q1")).refused("nobody is known")


def test_the_letter_under_way_is_still_settled_after_erasing() -> None:
    erased = given(ASKED, begun("m7", "question-again")).when(c.Erase(LATER, SHOP, "q1"))
    assert list(erased.done.acts) == ["flight:m7"]
    erased.when(c.RecordOutcome(LATER, SHOP, "m7", "sent", 250)).then(
        e.LetterSent(LATER, "m7", 250)
    )


def test_a_command_that_comes_twice_changes_nothing_the_second_time() -> None:
    """A COMMIT whose answer was lost may have happened: the same command finds its own work."""
    for command in (
        c.GrantAccess(LATER, SHOP, "access", "q1"),
        c.Rectify(LATER, SHOP, "q1", ("town",)),
        c.Restrict(LATER, SHOP, "q1"),
        c.Object(LATER, SHOP, "q1"),
        c.Erase(LATER, SHOP, "q1"),
        c.ExerciseRight(LATER, SHOP, "access", "q1"),
    ):
        first = given(ASKED).when(command)
        assert first.facts
        first.when(command).nothing()


def test_no_right_is_left_to_who_is_erased_or_was_never_known() -> None:
    for before in (given(), given(ASKED, e.SubscriberErased(LATER, "asked"))):
        for command in (
            c.ExerciseRight(LATER, SHOP, "access", "q1"),
            c.GrantAccess(LATER, SHOP, "access", "q1"),
            c.Rectify(LATER, SHOP, "q1", ("town",)),
            c.Restrict(LATER, SHOP, "q1"),
            c.Object(LATER, SHOP, "q1"),
        ):
            before.when(command).refused("nobody is known under this address")
