"""An operator holds and releases sending, settles what is in doubt, and makes keys, in pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.responses import Response

from engine.api.api_keys import listing
from engine.commands.command_handler import CommandRequest
from engine.console.access import Role
from engine.console.operator_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.installation.events import STREAM
from engine.subscriber.commands import Perform, RecordOutcome
from tests.cli.asking import ENGINE, FILES, join
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


def get(context: AppContext, at: str, role: Role = Role.OPERATOR, **query: str) -> Response:
    return answered(tuple(routes(context)), "GET", at, visit(role, url=at, query=query))


def post(context: AppContext, at: str, *pairs: tuple[str, str], **inputs: str) -> Response:
    every = (*pairs, *inputs.items())
    visitor = visit(url=at, inputs=dict(every), all_inputs=every)
    return answered(tuple(routes(context)), "POST", at, visitor)


def test_sending_is_held_and_goes_on_only_after_what_leaves_was_shown(
    context: AppContext,
) -> None:
    join(context, 3)
    context.views.catch_up()
    answer = post(context, "/operator/pause", list="10")
    assert isinstance(answer, Redirect) and answer.done == "Sending is held: 10 question."
    again = post(context, "/operator/pause", list="10")
    assert isinstance(again, Redirect) and again.done == "It was held already."
    assert "See what leaves, and release it" in words_of(get(context, "/operator"))
    before = words_of(get(context, "/operator/resume", list="10"))
    assert "letters will leave" in before and "10 question" in before
    answer = post(context, "/operator/resume", list="10")
    assert isinstance(answer, Redirect) and answer.done == "Sending goes on: 10 question."
    assert 10 not in context.installation_stream.current().paused


def test_what_is_not_set_right_holds_letters_back_until_somebody_says_all_the_same(
    context: AppContext,
) -> None:
    smtp = replace(context.config.smtp, host="relay.potager.fr")
    live = replace(context, config=replace(context.config, smtp=smtp))
    post(live, "/operator/pause", list="10")
    page = words_of(get(live, "/operator/resume", list="10"))
    assert "set right" in page and "Let them leave all the same" in page
    answer = post(live, "/operator/resume", list="10")
    assert isinstance(answer, Redirect) and answer.done == ""
    assert 10 in live.installation_stream.current().paused
    answer = post(live, "/operator/resume", list="10", anyway="yes")
    assert isinstance(answer, Redirect) and answer.done == "Sending goes on: 10 question."
    pieces = live.vault.evidence_of(STREAM).values()
    assert ["site.from" in str(piece["against"]) for piece in pieces if "against" in piece] == [
        True
    ]


@pytest.mark.parametrize("number", ["999", "x", "-1", "1" * 30])
def test_a_list_that_is_none_is_not_held(context: AppContext, number: str) -> None:
    assert post(context, "/operator/pause", list=number).status_code == 404


def test_the_state_of_things_is_told_as_on_the_command_line(context: AppContext) -> None:
    words = words_of(get(context, "/operator", Role.AUDITOR))
    assert "Ledger" in words and ("last checkpoint" in words or "no checkpoint yet" in words)
    assert "Hold back" not in words, "an auditor changes nothing"


def test_a_letter_in_doubt_is_settled_by_hand(context: AppContext) -> None:
    (who,) = join(context, 1)
    now, message = context.clock.now(), "ab" * 16
    handler = context.command_handler
    handler.execute_one(CommandRequest(Perform(now, ENGINE, "list:10", message), stream=who))
    handler.execute_one(CommandRequest(RecordOutcome(now, ENGINE, message, "doubt"), stream=who))
    context.views.catch_up()
    page = get(context, "/operator/in-doubt")
    assert message.encode() in page.body and f"/people/{who}".encode() in page.body
    answer = post(context, "/operator/in-doubt", message=message, verdict="taken")
    assert isinstance(answer, Redirect) and answer.done == "It is taken as sent."
    context.views.catch_up()
    gone = post(context, "/operator/in-doubt", message=message, verdict="taken")
    assert isinstance(gone, Redirect) and gone.done.startswith("That letter is not in doubt")


def test_all_that_stand_on_the_page_are_settled_at_once_and_nothing_else(
    context: AppContext,
) -> None:
    readers, now, handler = join(context, 3), context.clock.now(), context.command_handler
    messages = [f"{number:02x}" * 16 for number in range(3)]
    for who, message in zip(readers, messages, strict=True):
        handler.execute_one(CommandRequest(Perform(now, ENGINE, "list:10", message), stream=who))
        doubt = RecordOutcome(now, ENGINE, message, "doubt")
        handler.execute_one(CommandRequest(doubt, stream=who))
    context.views.catch_up()
    shown, later = messages[:2], messages[2]
    assert " ".join(sorted(messages)).encode() in get(context, "/operator/in-doubt").body
    answer = post(context, "/operator/in-doubt", messages=" ".join(shown), verdict="resend")
    assert isinstance(answer, Redirect) and answer.done == "2 letters settled"
    context.views.catch_up()
    assert [message for message, *_ in context.views.in_doubt()] == [later]
    again = post(context, "/operator/in-doubt", messages=" ".join(shown), verdict="taken")
    assert isinstance(again, Redirect) and again.done == "0 letters settled"


def test_what_is_withheld_or_set_aside_has_its_page_though_there_is_nothing(
    context: AppContext,
) -> None:
    assert "No letter is withheld" in words_of(get(context, "/operator/withheld"))
    assert "Nothing is set aside" in words_of(get(context, "/operator/set-aside"))
    assert isinstance(post(context, "/operator/set-aside"), Redirect)
    answer = post(context, "/operator/withheld", letter="none")
    assert isinstance(answer, Redirect) and "withheld from nobody" in answer.done


def test_a_key_is_shown_once_and_can_be_revoked(context: AppContext) -> None:
    both = post(context, "/operator/keys", ("scope", "read"), ("scope", "calendar"), name="both")
    assert "may do nothing else" in words_of(both) and b"new-key" not in bytes(both.body)
    feed = words_of(post(context, "/operator/keys", ("scope", "calendar"), name="agenda"))
    assert re.search(r"/calendar/relance_[\w-]+\.ics", feed)
    page = post(context, "/operator/keys", ("scope", "read"), ("scope", "orders"), name="boutique")
    found = re.search(r'id="new-key">(relance_[^<]+)<', bytes(page.body).decode())
    assert found is not None
    assert found[1].encode() not in get(context, "/operator/keys").body
    (key,) = [one for one in listing(context.desk) if one.name == "boutique"]
    assert set(key.scopes) == {"read", "orders"}
    assert isinstance(post(context, "/operator/keys/revoke", key=key.id), Redirect)
    assert post(context, "/operator/keys/revoke", key=key.id).status_code == 409


@pytest.mark.parametrize(
    ("inputs", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "expires": "yesterday"}, "expires"),
        ({"name": "x", "expires": "2001-01-01"}, "expires"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(
    context: AppContext, inputs: dict[str, str], place: str
) -> None:
    page = post(context, "/operator/keys", ("scope", "read"), **inputs)
    assert page.status_code == 422 and f'href="#{place}"'.encode() in page.body
