"""What follows for a person from a mail that came back: a bounce, a complaint, a reply (B04-B06,
B11).
"""

from __future__ import annotations

import pytest

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from engine.subscriber.terms import BounceKind
from tests.examples import ANNA, LATER, NOON, PLAN, begun, on, sent, with_list
from tests.given import given

MAIL = e.Cause("mail", "m1")
ERASED = e.SubscriberErased(LATER, "asked")


def bounced(kind: BounceKind, message: str = "m1", at: int = LATER) -> c.RecordBounce:
    return c.RecordBounce(at, MAIL, message, kind, 550, "5.1.1", "orange")


def letter(number: int, *, comes_back: bool) -> tuple[e.PersonEvent, ...]:
    """One letter every three days; the mail system takes it, and says a day later that it could
    not.
    """
    at = NOON + number * 3 * DAY
    facts = sent(f"m{number}", "welcome", at=at)
    return (*facts, e.MailBounced(at + DAY, "soft", f"m{number}")) if comes_back else facts


def test_a_letter_that_was_taken_and_came_back_for_a_dead_mailbox_suppresses() -> None:
    after = given(ANNA, sent("m1", "welcome")).when(bounced("hard"))
    after.then(e.MailBounced(LATER, "hard", "m1", 550, "5.1.1", "orange"))
    assert why_not(after.person, "letter", "conseils") == "bounced"


@pytest.mark.parametrize("kind", ["hard", "soft", "blocked"])
def test_a_letter_bounces_once(kind: BounceKind) -> None:
    once = given(ANNA, sent("m1", "welcome")).when(bounced(kind))
    assert once.names == ["MailBounced"]
    once.when(bounced("hard")).nothing()


def test_a_refusal_of_the_sender_never_counts() -> None:
    person = given(ANNA)
    for number in range(100):
        person = person.when(bounced("blocked", f"b{number}", NOON + number * DAY)).done
    assert (person.person.soft_bounces, person.person.suppressed) == (0, "")


def test_a_letter_that_came_back_was_not_accepted_so_five_in_a_row_suppress() -> None:
    four = given(ANNA, *(letter(number, comes_back=True) for number in range(4)))
    last = four.and_also(letter(5, comes_back=False))
    assert last.when(bounced("soft", "m5", NOON + 16 * DAY)).names == [
        "MailBounced",
        "SubscriberSuppressed",
    ]
    assert last.when(bounced("soft", "m5", NOON + 14 * DAY)).names == ["MailBounced"]


def test_bounces_of_letters_that_crossed_count_in_whatever_order_they_come() -> None:
    four = given(ANNA, *(letter(number, comes_back=True) for number in range(3)))
    both = four.and_also(letter(4, comes_back=False), letter(5, comes_back=False))
    for first, second in (("m4", "m5"), ("m5", "m4")):
        at = NOON + 17 * DAY
        assert both.when(bounced("soft", first, at)).when(bounced("soft", second, at)).names == [
            "MailBounced",
            "SubscriberSuppressed",
        ]


def test_a_letter_that_stayed_ends_the_row_and_so_does_an_act_of_the_person() -> None:
    four = [letter(number, comes_back=True) for number in range(4)]
    stayed = given(ANNA, *four, letter(4, comes_back=False), letter(5, comes_back=False))
    assert stayed.when(bounced("soft", "m5", NOON + 16 * DAY)).person.soft_bounces == 1
    replied = given(ANNA, *four, e.ContactNoted(NOON + 12 * DAY, NOON + 12 * DAY, "reply"))
    assert replied.person.soft_bounces == 0
    imported = given(ANNA, *four, e.ContactNoted(NOON + 12 * DAY, NOON + 12 * DAY))
    assert imported.person.soft_bounces == 4


def test_a_refusal_while_sending_and_its_report_by_mail_are_one_bounce() -> None:
    told = given(ANNA, begun("m1", "welcome")).when(bounced("soft"))
    late = c.RecordOutcome(LATER, e.Cause("relay"), "m1", "soft", 552, fault="mailbox")
    assert told.when(late).names == ["LetterFailed"]


def test_a_complaint_ends_everything_at_once() -> None:
    after = given(ANNA, on(21, 2)).when(c.RecordComplaint(LATER, MAIL, "m1", "yahoo", "yahoo"))
    after.then(
        e.ConsentWithdrawn(LATER, "*"),
        e.ListLeft(LATER, 10, 1, "withdrawn"),
        e.ListLeft(LATER, 21, 2, "withdrawn"),
        e.MailComplained(LATER, "yahoo", "yahoo"),
    )
    assert why_not(after.person, "letter", "conseils") == "complained"
    after.when(c.RecordComplaint(LATER, MAIL, "m1", "yahoo")).nothing()


def test_a_reply_is_a_contact() -> None:
    reply = c.RecordReply(LATER, MAIL, 10, 1)
    after = given(ANNA).when(reply).then(e.ContactNoted(LATER, LATER, "reply"))
    assert (after.person.last_contact, after.lists) == (LATER, {10: 1})


def test_a_reply_ends_the_letters_of_a_list_that_says_so_where_the_person_stands_on_it() -> None:
    stops = with_list(10, stop_on_reply=True)
    here = given(ANNA, plan=stops).when(c.RecordReply(LATER, MAIL, 10, 1))
    here.then(e.ContactNoted(LATER, LATER, "reply"), e.ListLeft(LATER, 10, 1, "reply"))
    for elsewhere in (c.RecordReply(LATER, MAIL, 10, 7), c.RecordReply(LATER, MAIL, 0, 0)):
        assert given(ANNA, plan=stops).when(elsewhere).names == ["ContactNoted"]
    assert PLAN.lists[10].stop_on_reply is False


def test_of_somebody_who_was_erased_nothing_is_recorded() -> None:
    for command in (
        bounced("hard"),
        c.RecordComplaint(LATER, MAIL, "m1", "yahoo"),
        c.RecordReply(LATER, MAIL, 10, 1),
    ):
        given(ANNA, ERASED).when(command).refused("nobody")
