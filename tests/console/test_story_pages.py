"""An auditor looks into a person's story and a broadcast without reading anybody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Event

import pytest
from fastapi.responses import Response

from engine.commands.command_handler import CommandRequest
from engine.commands.operators import Operator, operator_cause
from engine.console import story_pages
from engine.console.access import Role
from engine.console.story_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.ledger.store import Descent, Ledger
from engine.privacy.erasure import erase
from engine.sending import holding
from engine.sending.claim import take_and_claim
from engine.subscriber.commands import PutIntoSegment
from engine.subscriber.events import Cause
from tests.cli.asking import FILES
from tests.console.visiting import answered, visit, words_of
from tests.privacy.garden import Anna
from tests.running import wait_for
from tests.running_installation import Installations
from tests.sending.test_segments import FILES as SEGMENTED
from tests.sending.test_segments import OPERATOR, falls_due
from tests.sending.test_segments import join as joins

AT = "/operator/story"
NOBODY = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


@pytest.fixture(scope="module")
def anna(context: AppContext) -> Anna:
    """Who joined, changed her profile, and was written to."""
    anna = Anna(context).joins()
    anna.changes()
    anna.is_begun()
    context.views.catch_up()
    return anna


def get(context: AppContext, at: str, query: dict[str, str] | None = None, **path: str) -> Response:
    visitor = visit(Role.AUDITOR, url=at.format(**path), path=path, query=query or {})
    return answered(tuple(routes(context)), "GET", at, visitor)


def story_of(context: AppContext, subscriber: str) -> str:
    return words_of(get(context, f"{AT}/{{subscriber}}", subscriber=subscriber))


def test_of_a_long_ledger_a_story_is_told_once_its_dates_are_read(
    context: AppContext, anna: Anna, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_pages, "MAX_ENTRIES", 1)
    go, made = Event(), tuple(routes(context))
    whole = Ledger.descents

    def waiting(ledger: Ledger, upto: int, after: int = 0) -> list[Descent]:
        assert go.wait(30)
        return whole(ledger, upto, after)

    monkeypatch.setattr(Ledger, "descents", waiting)
    path = {"subscriber": anna.stream}
    visitor = visit(Role.AUDITOR, url=f"{AT}/{anna.stream}", path=path)
    ask = partial(answered, made, "GET", f"{AT}/{{subscriber}}", visitor)
    assert "takes a moment" in words_of(ask()) and "Registered" not in words_of(ask())
    go.set()
    wait_for(lambda: "Registered" in words_of(ask()))


def test_a_person_s_story_is_told_without_a_word_of_the_vault_and_is_no_reading(
    context: AppContext, anna: Anna
) -> None:
    before = len(context.ledger.stream(anna.stream))
    page = bytes(get(context, f"{AT}/{{subscriber}}", subscriber=anna.stream).body).decode()
    told = story_of(context, anna.stream)
    assert "Registered" in told and "position" in told and "as it should be" in told
    assert "evidence is held, and is what the ledger commits to" in told
    assert "ground in force" in told
    assert not [word for word in anna.words if word in page]
    assert len(context.ledger.stream(anna.stream)) == before


def test_evidence_that_was_altered_is_a_fault_and_still_not_told(
    context: AppContext, anna: Anna
) -> None:
    with context.database.connection() as connection:
        change = "UPDATE vault.evidence SET salt = %s WHERE subscriber = %s RETURNING commitment"
        salts = connection.execute(
            "SELECT commitment, salt FROM vault.evidence WHERE subscriber = %s", (anna.stream,)
        ).fetchall()
        connection.execute(change, (b"\0" * 32, anna.stream))
        try:
            told = story_of(context, anna.stream)
        finally:
            for commitment, salt in salts:
                connection.execute(
                    "UPDATE vault.evidence SET salt = %s WHERE commitment = %s", (salt, commitment)
                )
    assert "! the evidence in the vault is NOT what the ledger commits to" in told
    assert "not as it should be Look for" in told
    assert not [word for word in anna.words if word in told]


def test_an_id_is_asked_for_and_an_address_is_none(context: AppContext, anna: Anna) -> None:
    def ask(text: str) -> Response:
        visitor = visit(Role.AUDITOR, url=AT, inputs={"id": text})
        return answered(tuple(routes(context)), "POST", AT, visitor)

    answer = ask(f" {anna.stream.upper()} ")
    assert isinstance(answer, Redirect) and answer.headers["location"] == f"{AT}/{anna.stream}"
    refused = ask(anna.address)
    assert refused.status_code == 422 and b'href="#id"' in refused.body
    assert get(context, f"{AT}/{{subscriber}}", subscriber=NOBODY).status_code == 404
    assert get(context, f"{AT}/{{subscriber}}", subscriber="../x").status_code == 404
    assert "No broadcast has fallen due yet" in words_of(get(context, AT))


def test_who_was_erased_has_a_story_still(installations: Installations) -> None:
    with installations.made(FILES) as fresh:
        gone = Anna(fresh).joins()
        handler = fresh.command_handler
        erase(fresh, gone.stream, Cause("operator"), handler.execute_one)
        told = story_of(fresh, gone.stream)
        assert "Erased" in told and "as it should be" in told


def test_the_installation_s_story_says_who_did_what_a_page_at_a_time(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding.pause(context, 0, operator_cause(Operator("Zoé", "z1"), {}))
    holding.resume(context, 0, operator_cause(Operator("Zoé", "z1"), {}))
    told = words_of(get(context, f"{AT}/installation"))
    assert "Sending was held: everything" in told and "Zoé" in told
    monkeypatch.setattr(story_pages, "SHOWN", 2)
    page = bytes(get(context, f"{AT}/installation").body)
    assert b"Sending was held" in page and b"put in force" not in page
    older = get(context, f"{AT}/installation", {"before": "2"})
    assert b"Sending was held" not in older.body


def test_a_broadcast_is_decided_again_and_names_nobody(
    installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installations.made(SEGMENTED, 'town = "Ville"\n') as made:
        people = [joins(made, name, town="Lyon") for name in ("anna", "ben", "carl")]
        for stream in people[:2]:
            put = PutIntoSegment(made.clock.now(), OPERATOR, "salon")
            made.command_handler.execute_one(CommandRequest(put, stream=stream))
        falls_due(made, "rencontre")
        take_and_claim(made.sending(), made.sending().new_queue(), ())
        assert "/operator/replay/rencontre?occurrence=2040-01-01" in (
            bytes(get(made, AT).body).decode()
        )
        at = "/operator/replay/{broadcast}"
        told = words_of(get(made, at, broadcast="rencontre"))
        assert "2 written to, as decided again" in told
        assert "1 not to be written to" in told and "Each claim follows" in told
        assert "lecteurs" not in told
        assert get(made, at, broadcast="villes").status_code == 409
        assert get(made, at, broadcast="none").status_code == 404
        never = get(made, at, {"occurrence": "2041"}, broadcast="rencontre")
        assert never.status_code == 409
        monkeypatch.setattr(story_pages, "MAX_ENTRIES", 1)
        left = words_of(get(made, at, broadcast="rencontre"))
        assert "relance audit broadcast rencontre" in left
