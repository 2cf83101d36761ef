"""Long silent, a reader is asked by one mail whether to go on: its link opened changes nothing,
pressed it is a sign of life; or they leave.
"""

from __future__ import annotations

import email
import email.policy
import secrets

import httpx
import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.letter.link_token import CONFIRM, MY_DATA, UNSUBSCRIBE
from engine.sending.compose import Composer, ComposeRequest
from engine.sequence.delay import DAY
from engine.subscriber.commands import AskAgain
from engine.subscriber.events import Cause, ConsentWithdrawn, PermissionAsked, PermissionRenewed
from engine.subscriber.outcome import Done
from tests.web.correspondence import Letter, joined, press, written_to


@pytest.fixture
def asked(context: AppContext) -> Letter:
    """Somebody of whom nothing was heard for three years, and the mail that asks them."""
    stream = joined(context)
    context.clock.jump(1100 * DAY)
    command = AskAgain(context.clock.now(), Cause("engine"), secrets.token_hex(16))
    assert isinstance(
        context.command_handler.execute_one(CommandRequest(command, stream=stream)).outcome, Done
    )
    return written_to(context, stream, "ask:*")


def since_asked(found: Letter) -> list[object]:
    return [event for event in found.since() if not isinstance(event, PermissionAsked)]


def test_opening_the_link_changes_nothing_and_the_button_is_a_sign_of_life(
    context: AppContext, reader: httpx.Client, asked: Letter
) -> None:
    page = reader.get(f"/l/{asked.token(CONFIRM)}")
    assert (
        page.status_code == 200
        and "<h1>Souhaitez-vous continuer ?</h1>" in page.text
        and "Oui, je continue" in page.text
    )
    assert since_asked(asked) == []
    done = press(reader, asked.token(CONFIRM))
    assert done.status_code == 200 and "Nos lettres continuent comme avant." in done.text
    (renewed,) = since_asked(asked)
    assert isinstance(renewed, PermissionRenewed) and renewed.act == "human_button"
    assert asked.person().last_contact == renewed.at and asked.lists() == {10}


def test_pressed_again_it_says_the_same_and_leaves_one_fact(
    reader: httpx.Client, asked: Letter
) -> None:
    press(reader, asked.token(CONFIRM))
    again = reader.get(f"/l/{asked.token(CONFIRM)}")
    assert "Nos lettres continuent comme avant." in again.text and len(since_asked(asked)) == 1


def test_leaving_is_one_press_and_means_everything(reader: httpx.Client, asked: Letter) -> None:
    done = press(reader, asked.token(UNSUBSCRIBE))
    assert "Vous ne recevrez plus rien de nous." in done.text and "Me réabonner" not in done.text
    withdrawn, *_left = since_asked(asked)
    assert isinstance(withdrawn, ConsentWithdrawn) and withdrawn.purpose == "*"
    assert asked.lists() == set()


def test_one_click_leaves_too(reader: httpx.Client, asked: Letter) -> None:
    said = reader.post(f"/l/{asked.token(UNSUBSCRIBE)}", data={"List-Unsubscribe": "One-Click"})
    assert said.status_code == 200
    assert isinstance(since_asked(asked)[0], ConsentWithdrawn)


def test_the_mail_asks_in_the_readers_words_with_both_ways_out(
    context: AppContext, asked: Letter
) -> None:
    composer = Composer(context.config, context.secrets.link_key)
    ordered = ComposeRequest(asked.claim, asked.position, "lectrice@exemple.fr", {}, "fr")
    plan = context.installation_stream.current().plan()
    composed = composer.compose(ordered, plan, context.clock.now())
    assert composer.octets(ordered, plan, context.clock.now()) == composed.octets
    mail = email.message_from_bytes(composed.octets, policy=email.policy.default)
    assert mail["Subject"] == "Souhaitez-vous encore recevoir nos lettres ?"
    assert (
        asked.token(UNSUBSCRIBE) in mail["List-Unsubscribe"]
        and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    )
    for part in (composed.text, composed.html):
        assert (
            asked.token(CONFIRM) in part
            and asked.token(UNSUBSCRIBE) in part
            and asked.token(MY_DATA) in part
        )
        assert "nous effacerons" in part
