"""What a person's state remembers of letters received, answers given and lists joined."""

from dataclasses import replace

from engine.subscriber import events as e
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.evolve import evolve, fold
from engine.subscriber.person import INSTANTS_KEPT, GivenAnswer, Person
from engine.subscriber.pressure import begun_by
from tests.examples import ANNA, ASKED, LATER, NOON, begun, sent

QUESTION = "list:10/question"
YES = e.ListMoved(LATER, 10, 1, 11, 2, "m1", 0, act="human_button", question=QUESTION, label="Oui")
NO = e.ListMoved(
    LATER + 1, 11, 2, 12, 3, "m1", 1, act="human_button", question=QUESTION, label="Non"
)
ALSO = e.ListCopied(LATER + 2, 10, 1, 30, 4, "m1", 2, question=QUESTION, label="Les deux")


def labels(person: Person) -> list[str]:
    return [answer.label for answer in person.answers.get(QUESTION, ())]


def test_a_letter_counts_as_received_when_it_was_sent() -> None:
    assert fold((*ANNA, begun("m0", "welcome"))).received == {}
    assert fold((*ANNA, *sent("m0", "welcome", at=NOON))).received == {"conseils": (NOON,)}


def test_a_mail_that_asks_to_confirm_does_not_count() -> None:
    asking = replace(begun("m0", "ask"), kind="confirmation", key="ask:conseils")
    assert fold((*ANNA, asking, e.LetterSent(NOON, "m0"))).received == {}


def test_an_outcome_found_late_takes_its_place_in_time() -> None:
    person = fold((*ANNA, *sent("m0", "welcome", at=LATER), *sent("m1", "question", at=NOON)))
    assert person.received == {"conseils": (NOON, LATER)}


def test_only_the_latest_instants_are_kept() -> None:
    letters = [
        event
        for n in range(INSTANTS_KEPT + 5)
        for event in sent(f"m{n}", f"letter-{n}", at=NOON + n)
    ]
    received = fold((*ANNA, *letters)).received["conseils"]
    assert received == tuple(NOON + n for n in range(5, INSTANTS_KEPT + 5))


def test_a_letter_that_came_back_was_not_received_and_counts_for_caps() -> None:
    two = (*ANNA, *sent("m0", "welcome", at=NOON), *sent("m1", "question", at=LATER))
    assert fold((*two, e.MailBounced(LATER, "soft", "m1"))).received["conseils"] == (NOON, LATER)
    person = fold((*two, e.MailBounced(LATER, "hard", "m1"), e.MailBounced(LATER, "hard", "m1")))
    assert person.received == {"conseils": (NOON,)}
    assert begun_by(person) == {"conseils": (NOON, LATER)}
    refused = (begun("m2", "x"), e.LetterFailed(LATER, "m2"), e.MailBounced(LATER, "hard", "m2"))
    assert fold((*two, *refused)).received == {"conseils": (NOON, LATER)}


def test_an_answer_is_remembered_with_its_words() -> None:
    assert fold((*ASKED, YES)).answers == {QUESTION: (GivenAnswer("m1", "Oui", LATER),)}


def test_the_later_move_replaces_the_earlier_and_a_copy_stands_beside_it() -> None:
    assert labels(fold((*ASKED, YES, NO))) == ["Non"]
    assert labels(fold((*ASKED, ALSO, YES, NO))) == ["Les deux", "Non"]


def test_an_answer_to_the_same_question_in_another_mailing_is_another_answer() -> None:
    again = replace(NO, message="m9")
    assert labels(fold((*ASKED, YES, again))) == ["Oui", "Non"]


def test_an_answer_taken_back_was_not_given() -> None:
    undone = e.MoveUndone(LATER + 3, "m1", 11, 2, ((10, 1),), act="human_button")
    assert labels(fold((*ASKED, ALSO, YES, undone))) == ["Les deux"]


def test_an_answer_from_before_words_were_recorded_is_not_known() -> None:
    assert fold((*ASKED, replace(YES, question="", label=""))).answers == {}


def test_a_joining_is_remembered_after_leaving_unless_it_was_undone() -> None:
    moved = fold((*ASKED, YES))
    assert moved.joined_at == {10: NOON, 11: LATER}
    left = evolve(moved, e.ListLeft(LATER + 9, 11, 2, "asked"))
    assert left.joined_at == moved.joined_at
    undone = e.MoveUndone(LATER + 3, "m1", 11, 2, ((10, 1),), act="human_button")
    assert evolve(moved, undone).joined_at == {10: NOON}


def test_nothing_is_remembered_of_an_erased_person() -> None:
    erased = evolve(fold((*ASKED, YES)), e.SubscriberErased(LATER + 9, "asked"))
    assert (erased.received, erased.answers, erased.joined_at) == ({}, {}, {})


def test_a_letter_has_one_name_in_all_its_mailings() -> None:
    assert letter_ref("list:10", "question") == QUESTION
    assert letter_ref("broadcast:enfants/2026-12-01", "enfants") == "broadcast:enfants/enfants"
