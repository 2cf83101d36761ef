"""An author publishes in the console: the plan first, then that very plan and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.responses import Response

from engine.console.access import Account, Role
from engine.console.publish_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from tests.cli.asking import FILES, join
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations, publish, write_sequences


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        join(made, 3)
        yield made


@pytest.fixture(autouse=True)
def _in_force_as_written(context: AppContext) -> None:
    """Each test begins with the same files in force, as another edition."""
    write_sequences(context.config.folder, FILES)
    publish(context)


def edition(context: AppContext) -> int:
    return context.installation_stream.current().edition


def get(context: AppContext, at: str = "/publish", **values: object) -> Response:
    return answered(tuple(routes(context)), "GET", at, visit(url=at, **values))  # type: ignore[arg-type]


def post(context: AppContext, path: str = "/publish", **inputs: str) -> Response:
    return answered(tuple(routes(context)), "POST", path, visit(url=path, inputs=inputs))


def change(context: AppContext, file: str, before: str, after: str) -> None:
    text = (context.config.sequences / file).read_text(encoding="utf-8")
    assert before in text
    write_sequences(context.config.folder, {file: text.replace(before, after)})


def digest(page: Response) -> str:
    found = re.search(r'name="digest" value="(\w+)"', bytes(page.body).decode())
    assert found is not None
    return found[1]


def test_the_plan_says_whom_a_change_touches_and_which_words(context: AppContext) -> None:
    assert "The folder says what is in force" in words_of(get(context))
    change(context, "asks.md", "Alors ?", "Alors, prête ?")
    change(context, "d.toml", 'wait = "2 days"', 'wait = "3 days"')
    page = get(context)
    words = words_of(page)
    assert "Letter again of 10 question: at another time (3 people stand there)" in words
    assert b'<ins class="added">, pr' in page.body
    assert "d.toml" in words and "asks.md" in words


@pytest.mark.parametrize(("number", "asks"), [(10, True), (90, False)])
def test_who_is_past_a_new_letter_is_asked_about_only_where_somebody_stands(
    context: AppContext, number: int, asks: bool
) -> None:
    letter = '[[list.letter]]\nid = "new"\nwait = "1 day"\nsubject = "?"\nbody = "asks.md"\n'
    if number == 10:
        change(context, "d.toml", "[[list]]\nid = 11", f"{letter}[[list]]\nid = 11")
    else:
        own = f'[[list]]\nid = {number}\nname = "neuf"\n{letter.replace("wait", "after")}'
        write_sequences(
            context.config.folder, {"e.toml": f'title = "E"\npurpose = "conseils"\n{own}'}
        )
    page = get(context)
    assert (b'name="backfill"' in page.body) is asks
    (context.config.sequences / "e.toml").unlink(missing_ok=True)


def test_what_is_good_to_know_leads_to_where_it_is_mended(context: AppContext) -> None:
    change(context, "asks.md", "Alors ?", "Alors ? Bravo !")
    page = get(context)
    assert b'href="/d/d/edit?letter=10%2F' in page.body and b"asks.md:1</a>" in page.body
    assert "good to know before" in words_of(page)


def test_only_the_plan_that_was_looked_at_is_put_in_force(context: AppContext) -> None:
    change(context, "asks.md", "Alors ?", "Alors, prête ?")
    before, looked_at = edition(context), digest(get(context))
    change(context, "asks.md", "prête ?", "prêt ?")
    answer = post(context, digest=looked_at)
    assert answer.status_code == 422 and "changed since you looked" in words_of(answer)
    assert edition(context) == before
    answer = post(context, digest=digest(answer))
    assert isinstance(answer, Redirect)
    assert answer.done == f"Edition {before + 1} is in force."
    assert post(context, digest=looked_at).status_code == 422, "sent again, it publishes nothing"


def test_editions_are_held_against_each_other_and_taken_back(context: AppContext) -> None:
    before = edition(context)
    change(context, "d.toml", 'wait = "2 days"', 'wait = "3 days"')
    after = publish(context)
    assert "What it changed" in words_of(get(context, "/publish/history"))
    path = "/publish/history/{before}/{after}"
    page = get(context, path, path={"before": str(before), "after": str(after)})
    assert b'<del class="removed">2</del>' in page.body
    for wrong in ("999", "x", "1" * 40):
        assert get(context, path, path={"before": wrong, "after": "1"}).status_code == 404
    back = get(context, "/publish/back")
    assert f"Back to edition {before}" in words_of(back)
    answer = post(context, "/publish/back", digest=digest(back))
    assert isinstance(answer, Redirect)
    assert 'wait = "2 days"' in context.installation_stream.current().plan().words["d.toml"]


def test_a_list_with_people_on_it_does_not_go_unsaid(context: AppContext) -> None:
    text = (context.config.sequences / "d.toml").read_text(encoding="utf-8")
    start, end = text.index("[[list]]"), text.index("[[list]]\nid = 11")
    shorter = text[:start] + text[end:]
    write_sequences(
        context.config.folder, {"d.toml": shorter, "copy.md": "Oui ?\n\n[Non](+++12+++)\n"}
    )
    looked_at = digest(get(context))
    answer = post(context, digest=looked_at)
    assert answer.status_code == 422 and b'href="#stranded"' in answer.body
    assert isinstance(post(context, digest=looked_at, stranded="yes"), Redirect)


def test_what_cannot_be_published_is_shown_with_its_place(context: AppContext) -> None:
    change(context, "d.toml", 'subject = "Un carnet ?"', 'subjekt = "Un <b>carnet</b> ?"')
    words = words_of(get(context, language="fr"))
    assert "d.toml:" in words and "subjekt" in words
    assert isinstance(post(context, digest="x"), Redirect)


def test_who_may_only_see_gets_no_button(context: AppContext) -> None:
    change(context, "d.toml", 'subject = "Un carnet ?"', 'subject = "Le carnet ?"')
    page = get(context, role=Role.AUDITOR)
    assert b"<form method" not in bytes(page.body).partition(b"<main")[2]


@pytest.fixture(scope="module")
def careful(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES, '\n[publish]\napproval = "another"\n') as made:
        yield made


def as_account(
    context: AppContext, who: str, method: str, at: str = "/publish", **inputs: str
) -> Response:
    account = Account(id=who, name=who, role=Role.AUTHOR, language="en")
    visitor = replace(visit(url=at, inputs=inputs), account=account)
    return answered(tuple(routes(context)), method, at, visitor)


def test_nobody_approves_what_they_proposed_and_any_change_is_another_plan(
    careful: AppContext,
) -> None:
    change(careful, "asks.md", "Alors ?", "Alors, prête ?")
    page = as_account(careful, "lea", "GET")
    assert "Ask another to approve it" in words_of(page) and b"Put this in force" not in page.body
    named = digest(page)
    assert "Somebody else has to approve" in words_of(
        as_account(careful, "lea", "POST", digest=named)
    )
    as_account(careful, "lea", "POST", "/publish/propose", digest=named)
    own = as_account(careful, "lea", "POST", "/publish/approve", digest=named)
    assert own.status_code == 403
    assert "Approve this plan" in words_of(as_account(careful, "zoe", "GET"))
    approved = as_account(careful, "zoe", "POST", "/publish/approve", digest=named)
    assert isinstance(approved, Redirect) and "may be put in force" in approved.done
    change(careful, "asks.md", "prête ?", "prêt ?")
    changed = as_account(careful, "lea", "GET")
    assert "Ask another to approve it" in words_of(changed)
    change(careful, "asks.md", "prêt ?", "prête ?")
    done = as_account(careful, "lea", "POST", digest=named)
    assert isinstance(done, Redirect) and done.done == "Edition 2 is in force."
    assert not careful.installation_stream.current().approved


def test_an_approval_is_over_when_its_giver_proposes_the_same(careful: AppContext) -> None:
    change(careful, "copy.md", "Que voulez-vous ?", "Et ensuite ?")
    named = digest(as_account(careful, "lea", "GET"))
    as_account(careful, "lea", "POST", "/publish/propose", digest=named)
    as_account(careful, "zoe", "POST", "/publish/approve", digest=named)
    as_account(careful, "zoe", "POST", "/publish/propose", digest=named)
    refused = as_account(careful, "zoe", "POST", digest=named)
    assert refused.status_code == 422
