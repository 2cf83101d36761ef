"""Mailings looked at, and written by one form: to whom, when, and what else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.responses import Response

from engine.console import broadcast_form, broadcast_pages
from engine.console.access import Role
from engine.console.open_dialogue import draft_of, read_draft
from engine.console.visit import Redirect, Route
from engine.context import AppContext
from engine.sequence.model import Broadcast
from tests.console.visiting import answered, visit, words_of
from tests.console.writing import pairs_of

NEW, EDIT = "/broadcasts/new", "/broadcasts/{broadcast}/edit"
Pairs = list[tuple[str, str]]


def routes(context: AppContext) -> tuple[Route, ...]:
    return (*broadcast_form.routes(context), *broadcast_pages.routes(context))


def get(context: AppContext, at: str = "/broadcasts", name: str = "", **query: str) -> Response:
    url, path = at.replace("{broadcast}", name), {"broadcast": name} if name else {}
    return answered(routes(context), "GET", at, visit(url=url, path=path, query=query))


def post(context: AppContext, pairs: Pairs, name: str = "") -> Response:
    at, path = (EDIT, {"broadcast": name}) if name else (NEW, {})
    url = at.replace("{broadcast}", name)
    visitor = visit(url=url, path=path, inputs=dict(pairs), all_inputs=pairs)
    return answered(routes(context), "POST", at, visitor)


def opened(context: AppContext, name: str) -> Pairs:
    """What a browser posts of the form with nothing touched; French blanks and all."""
    url, path = EDIT.replace("{broadcast}", name), {"broadcast": name}
    page = answered(routes(context), "GET", EDIT, visit(language="fr", url=url, path=path))
    return pairs_of(bytes(page.body).decode())


def drafted(context: AppContext, name: str) -> Broadcast:
    return read_draft(context, draft_of(context, visit())).plan.broadcasts[name]


@pytest.fixture(autouse=True)
def undrafted(context: AppContext) -> Iterator[None]:
    yield
    draft = draft_of(context, visit())
    for path in draft.paths():
        draft.discard(path)


def begun(*more: tuple[str, str]) -> Pairs:
    start = {"file": "prospects.toml", "subject": "Un mot de juin", "when": "on"}
    return [*start.items(), ("on", "2027-06-01T09:00"), *more]


def test_each_mailing_says_to_whom_and_when(context: AppContext) -> None:
    words = words_of(get(context))
    assert "Une terre lourde, et pourtant généreuse" in words
    assert "the segment “Actifs, en terre argileuse” 16 February 2027, 9:00" in words
    assert "1 day after Saints de glace" in words and "on the 1st of each month, 9:00" in words
    assert words.index("Coming") < words.index("Coming back")


@pytest.mark.parametrize("name", ["carnet", "apres-les-gelees", "enfants", "terre-lourde"])
def test_keeping_without_a_change_leaves_every_byte(name: str, context: AppContext) -> None:
    answer = post(context, [*opened(context, name), ("do", "save")], name)
    assert isinstance(answer, Redirect), words_of(answer)
    assert not draft_of(context, visit()).paths()


def test_a_new_mailing_goes_to_the_draft_and_on_to_its_words(context: AppContext) -> None:
    more = ("to", "1"), ("to", "segment:actifs"), ("weight", "7")
    tried = ("version.0", ""), ("version_subject.0", "Juin <b>"), ("version_share.0", "30")
    answer = post(context, begun(*more, *tried, ("do", "save")))
    assert isinstance(answer, Redirect), words_of(answer)
    assert answer.headers["location"] == "/d/prospects/edit?letter=b/un-mot-de-juin"
    made = drafted(context, "un-mot-de-juin")
    assert (made.to, made.segments, made.on) == ((1,), ("actifs",), "2027-06-01 09:00")
    assert made.letter.weight == 7
    assert [(v.subject, v.share) for v in made.letter.versions] == [("Juin <b>", 30)]
    assert draft_of(context, visit()).text(made.letter.body) == "Hello,\n\n"
    page = get(context)
    assert "Un mot de juin not published yet" in words_of(page)


def test_what_is_missing_is_said_with_what_was_typed(context: AppContext) -> None:
    answer = post(context, [("file", "prospects.toml"), ("when", "every"), ("do", "save")])
    words = words_of(answer)
    assert answer.status_code == 422
    for sentence in ("Write its subject", "Say when it leaves", "Choose to whom it goes"):
        assert sentence in words
    never = ("when", "every"), ("every", "0 99 * * *"), ("to", "1"), ("do", "save")
    wrong = post(context, begun(*never))
    assert wrong.status_code == 422 and "hour" in words_of(wrong)
    late = begun(("to", "1"), ("max_lateness", "bientôt"), ("do", "save"))
    wrong = post(context, late)
    assert wrong.status_code == 422 and b'href="#max_lateness"' in wrong.body
    assert not draft_of(context, visit()).paths()


def test_how_many_it_goes_to_counts_each_once(context: AppContext, people: list[str]) -> None:
    ticked = ("to", "10"), ("to", "11"), ("to", "segment:actifs"), ("do", "count")
    answer = post(context, begun(*ticked))
    assert isinstance(answer, Redirect)
    where = answer.headers["location"].split("?")[1].split("#")[0]
    page = get(context, NEW, **dict(pair.split("=") for pair in where.split("&")))
    assert "6 people, each counted once" in words_of(page)
    assert b'value="Un mot de juin"' in page.body


def test_another_date_a_reminder_and_a_version_are_changed_where_they_stand(
    context: AppContext,
) -> None:
    pairs = [(key, value) for key, value in opened(context, "enfants") if key != "reminder"]
    pairs = [(k, "2027-12-02T10:00" if k == "on" else v) for k, v in pairs]
    assert isinstance(post(context, [*pairs, ("do", "save")], "enfants"), Redirect)
    changed = drafted(context, "enfants")
    assert changed.reminder is None and changed.on == "2027-12-02 10:00"
    assert "unpublished changes" in words_of(get(context))


def test_a_mailing_is_taken_out(context: AppContext) -> None:
    assert isinstance(post(context, [("do", "take-out")], "terre-lourde"), Redirect)
    assert "généreuse taken out" in words_of(get(context))
    assert get(context, EDIT, "terre-lourde").status_code == 404


def test_an_auditor_looks_and_writes_nothing(context: AppContext) -> None:
    account = visit(Role.AUDITOR).account
    assert {r.path for r in routes(context) if account.may(r.right)} == {"/broadcasts"}
