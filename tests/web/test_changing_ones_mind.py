"""An answer can be changed and taken back; two automatic ones that contradict each other are
neither kept, and the page asks (C08, C09).
"""

from __future__ import annotations

import httpx

from engine.context import AppContext
from engine.letter.link_token import EVERYTHING, UNDO, UNSUBSCRIBE
from engine.subscriber.events import MoveUndone
from tests.web.correspondence import (
    COPY,
    MINUTE,
    NO,
    YES,
    Letter,
    form_to,
    letter,
    phone,
    press,
    written_to,
)


def test_the_other_answer_takes_the_place_of_the_first(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    press(reader, found.link(YES))
    press(reader, found.link(NO))
    assert found.lists() == {12}


def test_a_move_can_be_taken_back_from_its_page_and_the_old_place_is_as_it_was(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    before = found.person().memberships[10]
    done = press(reader, found.link(YES))
    assert ">Annuler</button>" in done.text
    back = reader.post(f"/l/{found.token(UNDO)}", data=form_to(done.text, found.token(UNDO)))
    assert "Votre réponse est annulée" in back.text
    assert found.person().memberships == {10: before}
    undone = found.since()[-1]
    assert isinstance(undone, MoveUndone) and undone.why == "asked"


def test_after_taking_back_every_answer_is_there_to_be_given(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    done = press(reader, found.link(YES))
    back = reader.post(f"/l/{found.token(UNDO)}", data=form_to(done.text, found.token(UNDO)))
    assert ">Pas encore</button>" in back.text
    reader.post(f"/l/{found.link(NO)}", data=form_to(back.text, found.link(NO)))
    assert found.lists() == {12}


def test_a_link_whose_answer_was_taken_back_asks_before_it_acts_again(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    assert "<script" in reader.get(f"/l/{found.link(YES)}").text
    done = press(reader, found.link(YES))
    reader.post(f"/l/{found.token(UNDO)}", data=form_to(done.text, found.token(UNDO)))
    page = reader.get(f"/l/{found.link(YES)}").text
    assert "<script" not in page and "<button" in page


def test_taking_back_twice_says_the_same_and_too_late_says_so_and_offers_the_answers(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    done = press(reader, found.link(YES))
    fields = form_to(done.text, found.token(UNDO))
    for _ in range(2):
        assert (
            "Votre réponse est annulée" in reader.post(f"/l/{found.token(UNDO)}", data=fields).text
        )
    assert (
        "Votre réponse est annulée" in reader.get(f"/l/{found.token(UNDO)}").text
        and len(found.since()) == 2
    )
    never = reader.get(f"/l/{letter(context).token(UNDO)}").text
    assert "Il n’y a pas de réponse à annuler." in never and ">Pas encore</button>" in never
    gone = letter(context)
    press(reader, gone.link(YES))
    press(reader, gone.token(UNSUBSCRIBE))
    late = reader.get(f"/l/{gone.token(UNDO)}").text
    assert (
        "Il est trop tard pour annuler" in late
        and '<a href="/f/inscription">La lettre</a>' in late
        and "mailto:bonjour@potager.example" in late
    )


def test_after_a_press_going_back_and_reloading_do_nothing_more(
    context: AppContext, site: str
) -> None:
    found = letter(context)
    with httpx.Client(base_url=site, headers={"User-Agent": phone()}) as plain:
        for token, state in (
            (found.link(YES), ""),
            (found.token(UNDO), ""),
            (found.token(UNSUBSCRIBE), ""),
        ):
            answer = press(plain, token)
            assert (answer.status_code, answer.headers["location"], answer.text) == (
                303,
                f"/l/{token}{state}",
                "",
            )
        token, page = found.token(UNSUBSCRIBE), plain.get(f"/l/{found.token(UNSUBSCRIBE)}").text
        answer = plain.post(f"/l/{token}", data=form_to(page, token, "again"))
        assert (answer.status_code, answer.headers["location"]) == (303, f"/l/{token}?again")
        before = len(found.since())
        for _ in range(3):
            assert "Votre inscription est rétablie" in plain.get(f"/l/{token}?again").text
        assert (
            len(found.since()) == before
            and ">Me désinscrire</button>" in plain.get(f"/l/{token}").text
        )
        press(plain, token)
        assert "Votre inscription est rétablie" not in plain.get(f"/l/{token}?again").text
        assert plain.post(f"/l/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_undo_is_offered_while_it_is_possible_and_says_until_when(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    assert "Vous pouvez l’annuler tant que" in press(reader, found.link(YES)).text
    following = written_to(context, found.stream, "list:11")
    press(reader, following.token(UNSUBSCRIBE))
    page = reader.get(f"/l/{found.link(YES)}").text
    assert ">Annuler</button>" not in page and "Vous pouvez l’annuler tant que" not in page


def test_a_copy_has_nothing_to_take_back(context: AppContext, reader: httpx.Client) -> None:
    assert ">Annuler</button>" not in press(reader, letter(context).link(COPY)).text


def by_itself(reader: httpx.Client, token: str, fields: dict[str, str]) -> httpx.Response:
    return reader.post(f"/l/{token}", data=fields | {"act": "auto"})


def two_by_themselves(context: AppContext, reader: httpx.Client, found: Letter) -> httpx.Response:
    """Both links at once, as if neither had been seen in time to stop the other."""
    tokens = (found.link(YES), found.link(NO))
    fields = [form_to(reader.get(f"/l/{token}").text, token) for token in tokens]
    for token, each in zip(tokens, fields, strict=True):
        with context.database.connection() as connection:
            connection.execute("DELETE FROM desk.shown WHERE message = %s", (found.claim.message,))
            connection.execute("DELETE FROM desk.visitor")
        answer = by_itself(reader, token, each)
    return answer


def test_two_contradictory_answers_of_a_robot_are_neither_kept_and_the_page_asks(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    page = two_by_themselves(context, reader, found)
    assert (page.status_code, found.lists()) == (200, {10})
    undone = found.since()[-1]
    assert isinstance(undone, MoveUndone) and undone.why == "contradictory"
    assert (
        ">Oui, c’est fait</button>" in page.text
        and ">Pas encore</button>" in page.text
        and "<script" not in page.text
    )
    reader.post(f"/l/{found.link(YES)}", data=form_to(page.text, found.link(YES)))
    assert found.lists() == {11}


def test_a_robot_that_opens_both_links_at_once_moves_nobody_at_all(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    tokens = (found.link(YES), found.link(NO))
    fields = [form_to(reader.get(f"/l/{token}").text, token) for token in tokens]
    for token, each in zip(tokens, fields, strict=True):
        by_itself(reader, token, each)
    assert found.since() == []


def test_an_old_letters_answer_still_works_from_wherever_the_reader_stands(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    press(reader, found.link(YES))
    written_to(context, found.stream, "list:11")
    context.clock.jump(60 * 24 * 60 * MINUTE)
    press(reader, found.link(NO))
    assert found.lists() == {12}


def test_after_everything_no_answer_leads_anywhere_without_a_new_consent(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    press(reader, found.token(EVERYTHING))
    page = reader.get(f"/l/{found.link(YES)}").text
    assert 'name="consent"' in page and "<script" not in page
    press(reader, found.link(YES))
    assert found.lists() == set()
