"""People are looked for and looked at, and what is done for them is done in somebody's name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fastapi.responses import Response

from engine.console import people_pages, person_acts, person_page
from engine.console.access import Role
from engine.console.visit import Redirect, Route
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.intake.own_data import ADDRESS, FIELD
from engine.ledger.codec import Encoded
from engine.ledger.store import Append
from engine.subscriber import events as e
from engine.vault.searches import KeptSearch
from tests.cli.asking import join, send
from tests.console.visiting import answered, visit, words_of

PERSON = "/people/{subscriber}"


def routes(context: AppContext) -> tuple[Route, ...]:
    return (
        *people_pages.routes(context),
        *person_page.routes(context),
        *person_acts.routes(context),
    )


def get(context: AppContext, who: str = "", at: str = PERSON, **values: object) -> Response:
    visitor = visit(url=f"/people/{who}", path={"subscriber": who}, **values)  # type: ignore[arg-type]
    return answered(routes(context), "GET", at, visitor)


def post(context: AppContext, who: str, act: str, **inputs: str) -> Response:
    visitor = visit(url=f"/people/{who}/{act}", path={"subscriber": who}, inputs=inputs)
    return answered(routes(context), "POST", f"{PERSON}/{act}", visitor)


def search(context: AppContext, **inputs: str) -> Response:
    visitor = visit(url="/people", inputs=inputs)
    answer = answered(routes(context), "POST", "/people", visitor)
    if not isinstance(answer, Redirect):
        return answer
    query = dict(pair.split("=") for pair in answer.headers["location"].split("?")[1].split("&"))
    return get(context, at="/people", query=query)


def address(context: AppContext, who: str) -> str:
    return context.vault.people([who])[who].address


def names(context: AppContext, who: str) -> list[str]:
    return [entry.name for entry in context.ledger.stream(who)]


def test_a_long_story_is_read_a_page_at_a_time(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    (who,) = join(context, 1)
    letter = send(context, [who])[who]
    entries, now = context.ledger.stream(who), context.clock.now()
    facts = [
        Encoded(who, event, e.Cause("engine"), now)
        for number in range(150)
        for message in (f"{number:032x}",)
        for event in (replace(letter, at=now, message=message), e.LetterSent(now, message))
    ]
    context.ledger.append([Append(who, len(entries), tuple(facts))])
    context.views.catch_up()
    monkeypatch.setattr(context.ledger, "stream", None)
    first = get(context, who)
    # That somebody read it is the latest fact.
    total = len(entries) + len(facts) + 1
    older = get(context, who, query={"before": str(total - person_page.SHOWN)})
    assert f"?before={total - person_page.SHOWN}" in bytes(first.body).decode()
    assert b"?before=" not in older.body
    told = [bytes(page.body).count(b'<div class="row-head"><p><strong>') for page in (first, older)]
    assert told == [person_page.SHOWN - 1, total - person_page.SHOWN], "a look is shown apart"
    assert b"no ground" not in bytes(first.body) + bytes(older.body)
    # The oldest fact of the first page ends a letter that was begun on the next one.
    assert words_of(first).count("Bienvenue") == person_page.SHOWN - 1


def test_nobody_is_shown_before_somebody_is_looked_for(
    context: AppContext, people: list[str]
) -> None:
    page = get(context, at="/people")
    assert re.search(r"10 prise-en-main \d", words_of(page))
    assert address(context, people[0]).encode() not in page.body


def test_a_search_finds_by_condition_and_by_the_beginning_of_an_address(
    context: AppContext, people: list[str]
) -> None:
    found = bytes(search(context, where="on 11").body).decode()
    assert [who in found for who in people] == [True, True, False, False, False, False]
    beginning = address(context, people[3])[:8]
    assert people[3] in bytes(search(context, address=beginning).body).decode()
    assert "2 people found" in words_of(search(context, where="on 11", count="yes"))


def test_no_address_of_a_page_holds_what_was_looked_for(
    context: AppContext, people: list[str]
) -> None:
    visitor = visit(url="/people", inputs={"address": address(context, people[0])})
    answer = answered(routes(context), "POST", "/people", visitor)
    assert "lecteurs" not in answer.headers["location"]


def test_a_search_is_its_owner_s_alone(context: AppContext, people: list[str]) -> None:
    token = context.searches.keep("another", KeptSearch(("on 11",), "", ""), 0)
    page = get(context, at="/people", query={"search": token})
    assert people[0].encode() not in page.body and "That search is over" in words_of(page)


def kept(context: AppContext, line: str) -> str:
    return context.searches.keep("a1", KeptSearch((line,), "", ""), wall_now())


def test_a_table_of_people_is_handed_out_only_with_the_fact_that_says_so(
    context: AppContext, people: list[str]
) -> None:
    visitor = visit(url="/people/export", inputs={"search": kept(context, "on 11")})
    table = answered(routes(context), "POST", "/people/export", visitor)
    lines = bytes(table.body).decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"address"') and len(lines) == 3
    assert address(context, people[0]) in lines[1] + lines[2]
    (latest,) = context.ledger.latest(["people-exported"], 1)
    assert getattr(latest.event, "people", 0) == 2
    another = visit(url="/people/export", inputs={"search": "nobody’s"})
    assert isinstance(answered(routes(context), "POST", "/people/export", another), Redirect)


def test_people_are_put_only_into_a_segment_without_conditions(context: AppContext) -> None:
    inputs = {"search": kept(context, "on 11"), "segment": "actifs"}
    visitor = visit(url="/people/put", inputs=inputs)
    assert answered(routes(context), "POST", "/people/put", visitor).status_code == 422


def test_a_condition_that_is_none_is_shown_with_its_place(context: AppContext) -> None:
    answer = search(context, where="on 11\non <b>99")
    assert answer.status_code == 422 and "Line 2, column" in words_of(answer)
    assert b"<b>99" not in answer.body


def test_reading_a_person_is_a_fact_and_only_once_a_session(
    context: AppContext, people: list[str]
) -> None:
    get(context, people[4])
    get(context, people[4])
    assert names(context, people[4]).count("profile-read") == 1
    assert get(context, "0" * 36).status_code == 404
    assert get(context, "00000000-0000-4000-8000-000000000001").status_code == 404


def test_that_somebody_read_the_page_is_told_in_passing(
    context: AppContext, people: list[str]
) -> None:
    get(context, people[1])
    body = bytes(get(context, people[1]).body).decode()
    assert "<strong>Profile read" not in body and "Profile read · " in body
    assert "Known since" in body


def test_a_story_says_why_each_letter_was_sent(context: AppContext, people: list[str]) -> None:
    words = words_of(get(context, people[0]))
    assert "Bienvenue" in words and "why Ground: “" in words
    assert "On list 11" in words


def test_a_transfer_is_done_in_the_account_s_name(context: AppContext, people: list[str]) -> None:
    who = people[3]
    refused = post(context, who, "transfer", source="12", target="20")
    assert refused.status_code == 422 and b'href="#target"' in refused.body
    answer = post(context, who, "transfer", source="10", target="20")
    assert isinstance(answer, Redirect) and answer.done.startswith("Moved from list 10")
    assert context.command_handler.load([who])[who].memberships.keys() == {20}
    kept = context.vault.evidence_of(who)[context.ledger.stream(who)[-1].cause.evidence]
    assert kept is not None and kept["by"] == {"operator": "Léa <b>", "account": "a1"}


def test_who_is_unsubscribed_has_withdrawn(context: AppContext, people: list[str]) -> None:
    assert post(context, people[3], "unsubscribe", purpose="nothing").status_code == 422
    answer = post(context, people[3], "unsubscribe", purpose="*")
    assert isinstance(answer, Redirect) and answer.done == "Withdrawn from everything."
    again = post(context, people[3], "unsubscribe", purpose="*")
    assert isinstance(again, Redirect) and again.done != answer.done


def test_a_correction_shows_what_does_not_fit_and_keeps_what_was_typed(
    context: AppContext, people: list[str]
) -> None:
    who, name = people[2], FIELD + "first_name"
    wrong = post(context, who, "correct", **{ADDRESS: "not an address", name: "Zoé"})
    assert wrong.status_code == 422 and "Zoé" in bytes(wrong.body).decode()
    done = post(context, who, "correct", **{ADDRESS: "zoe@exemple.fr", name: "Zoé"})
    assert isinstance(done, Redirect) and done.done == "Corrected."
    assert address(context, who) == "zoe@exemple.fr"
    taken = post(context, who, "correct", **{ADDRESS: address(context, people[0])})
    assert taken.status_code == 409 and "somebody else is known" in words_of(taken)


def test_data_and_proof_are_handed_over_as_files(context: AppContext, people: list[str]) -> None:
    answer = post(context, people[2], "export")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert address(context, people[2]) in bytes(answer.body).decode()
    assert names(context, people[2])[-1] in ("right-answered", "right-exercised")
    assert bytes(post(context, people[2], "proof").body)[:2] == b"PK"


def test_a_freeze_is_lifted_again(context: AppContext, people: list[str]) -> None:
    post(context, people[2], "freeze")
    assert context.command_handler.load([people[2]])[people[2]].restricted
    assert "frozen" in words_of(get(context, people[2]))
    post(context, people[2], "freeze", lift="yes")
    assert not context.command_handler.load([people[2]])[people[2]].restricted


def test_an_erasure_asks_first_and_gives_a_receipt(context: AppContext, people: list[str]) -> None:
    who = people[5]
    assert "cannot be taken back" in words_of(get(context, who, f"{PERSON}/erase"))
    assert post(context, who, "erase").status_code == 422
    receipt = post(context, who, "erase", sure="yes")
    assert "Reference:" in words_of(receipt) and who in words_of(receipt)
    assert who not in context.vault.people([who])
    assert "erased" in words_of(get(context, who))
    assert isinstance(post(context, who, "freeze"), Redirect)


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.AUDITOR])
def test_who_may_not_read_people_reaches_none_of_this(role: Role, context: AppContext) -> None:
    assert not [route for route in routes(context) if visit(role).account.may(route.right)]
