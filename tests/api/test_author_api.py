"""The calls of whoever writes from elsewhere: the plan is looked at, and exactly that is put in
force.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from engine.api.api_keys import create
from engine.api.scopes import SCOPES
from engine.audit.installation_story import installation_facts
from engine.context import AppContext
from engine.desk.webhook_calls import CallFact
from engine.ledger.store import Span
from tests.console.test_letters import listening
from tests.running import free_port
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import visited

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Program:
    """Another program, with its key."""

    context: AppContext
    client: httpx.Client
    key: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/api/v1/{path}", headers=self._headers(headers))

    def post(self, path: str, body: object, once: str = "") -> httpx.Response:
        headers = self._headers({"Idempotency-Key": once} if once else {})
        return self.client.post(f"/api/v1/{path}", json=body, headers=headers)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} | more

    def written(self, file: str) -> Path:
        return self.context.config.sequences / file


HOOK = """
[[hook]]
name = "tableau"
url = "https://tableau.example/jeton"
events = ["list-joined"]
secret_file = "data/secrets/tableau"
"""


@pytest.fixture(scope="module")
def program(installations: Installations) -> Iterator[Program]:
    extra = f"[mailbox]\nsmtp_port = {free_port()}\n{HOOK}"
    with installations.made(GARDEN, extra) as context, visited(context) as site:
        yield Program(context, site.client, create(context.desk, "atelier", SCOPES))


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_the_plan_that_was_looked_at_is_put_in_force_and_no_other(program: Program) -> None:
    before = program.get("publication").json()
    assert (before["edition"], before["changes"]) == (1, 0)
    words = program.written("bonjour.md")
    words.write_text("Bonjour à toutes et à tous.\n", encoding="utf-8")
    plan = program.get("publication").json()
    assert plan["changes"] == 1 and plan["approval"] == "not-needed"
    assert any("bonjour.md" in line for line in plan["lines"])
    words.write_text("Bonsoir.\n", encoding="utf-8")
    assert "have changed" in refused(
        program.post("publication", {"digest": plan["digest"]}, "p-1"), 409
    )
    plan = program.get("publication").json()
    answer = program.post("publication", {"digest": plan["digest"]}, "p-2")
    assert answer.json() == {"done": True, "said": "edition 2 is in force", "edition": 2}
    again = program.post("publication", {"digest": plan["digest"]}, "p-2").json()
    assert (again["done"], again["already"], again["edition"]) == (False, True, 2)
    entries, facts = installation_facts(program.context, "en")
    *_, told = (entry for entry in entries if entry.cause.door == "api")
    assert "operator: atelier" in str(facts.line(told))
    latest = program.get("publication/editions").json()["items"][0]
    assert latest["edition"] == 2 and latest["in_force"]


def test_what_cannot_be_published_is_told_with_its_place(program: Program) -> None:
    file = program.written("potager.toml")
    good = file.read_text("utf-8")
    file.write_text(good.replace('body = "bonjour.md"', 'body = "absent.md"', 1), "utf-8")
    try:
        plan = program.get("publication").json()
        assert plan["digest"] is None
        assert any(told["fatal"] and told["file"] == "potager.toml" for told in plan["mistakes"])
        answer = program.post("publication", {"digest": "x"})
        assert "cannot be published" in refused(answer, 409)
        assert answer.json()["mistakes"][0].startswith("potager.toml:")
    finally:
        file.write_text(good, "utf-8")


QUESTION = {
    "subject": "Une question",
    "to": ["lettre", "31"],
    "words": "Bonjour,\n\n[Oui](===31===) ou [non](===32===) ?",
    "on": "2040-01-01T09:00",
    "reminder": "5 days",
}


def test_a_broadcast_is_written_published_and_sent_once(program: Program) -> None:
    answer = program.post("broadcasts", QUESTION, "b-1")
    assert answer.status_code == 201 and answer.json()["broadcast"] == "une-question"
    assert program.post("broadcasts", QUESTION, "b-1").json()["already"] is True
    assert program.written("potager/une-question.md").read_text("utf-8").startswith("Bonjour,")
    [written] = program.get("broadcasts").json()["items"]
    assert (written["state"], written["next"], written["to"]) == ("new", None, [30, 31])
    assert written["on"] == "2040-01-01 09:00" and written["dialogue"] == "potager.toml"
    assert "no published broadcast" in refused(
        program.post("broadcasts/une-question/send", {}), 404
    )

    digest = program.get("publication").json()["digest"]
    assert program.post("publication", {"digest": digest}).status_code == 200
    subscribed = {"email": "anna@exemple.fr", "list": 30, "basis": "service", "source": "salon"}
    assert program.post("subscriptions", subscribed | {"order": "1"}).status_code == 201
    program.context.views.catch_up()
    one = program.get("broadcasts/une-question").json()
    assert (one["state"], one["people"], one["left"]) == ("in force", 1, [])
    assert one["next"] == "2040-01-01T08:00:00.000Z" and "===31===" in one["words"]

    sent = program.post("broadcasts/une-question/send", {}, "s-1").json()
    assert (sent["done"], sent["occurrence"], sent["people"]) == (True, "2040-01-01", 1)
    assert program.post("broadcasts/une-question/send", {}, "s-1").json()["already"] is True
    again = program.post("broadcasts/une-question/send", {}, "s-2")
    assert "fallen due already" in refused(again, 409)
    [left] = program.get("broadcasts/une-question").json()["left"]
    assert left["occurrence"] == "2040-01-01"


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"to": ["absent"]}, 409, "cannot be written"),
        ({"words": "[Oui](===999===)"}, 409, "cannot be written"),
        ({"every": "0 9 * * *"}, 409, "one of on and every"),
        ({"on": None}, 409, "one of on and every"),
        ({"to": []}, 400, "to: is required"),
        ({"dialogue": "../config.toml"}, 404, "no dialogue of this name"),
        ({"subject": "x" * 2001}, 400, "longer than"),
        ({"words": "é" * 40_001}, 400, "longer than"),
        ({"words": "é" * 300_000}, 413, "at most 512 kB"),
    ],
)
def test_a_broadcast_that_would_break_something_is_not_written(
    program: Program, wrong: dict[str, object], status: int, told: str
) -> None:
    before = program.written("potager.toml").read_bytes()
    assert told in refused(program.post("broadcasts", QUESTION | wrong), status)
    assert program.written("potager.toml").read_bytes() == before


def test_a_test_of_a_broadcast_goes_to_one_address(program: Program, tmp_path: Path) -> None:
    path, to = "broadcasts/une-question/test", {"to": "moi@exemple.fr"}
    assert "mailbox takes letters only" in refused(program.post(path, to), 409)
    assert "moi" not in refused(program.post(path, {"to": "moi"}), 400)
    refused(program.post("broadcasts/absent/test", to), 404)
    before = program.context.ledger.head()
    with listening(tmp_path, program.context.config.mailbox_smtp_port):
        sent = program.post(path, to)
        assert sent.json() == {"done": True, "said": "sent: Une question"}
        answers = [program.post(path, to) for _more in range(20)]
    assert answers[0].status_code == 200
    assert "20 tests" in refused(answers[-1], 429) and answers[-1].headers["retry-after"] == "3600"
    assert program.context.ledger.head() == before
    assert len(list(tmp_path.glob("*.eml"))) == 19


def test_a_key_that_may_not_read_people_learns_nothing_of_them_by_a_test(
    program: Program, tmp_path: Path
) -> None:
    context, (anna, me) = program.context, ("anne@exemple.fr", "moi@exemple.fr")
    known = {"email": anna, "list": 30, "basis": "service", "source": "salon", "order": "2"}
    program.post("subscriptions", known | {"fields": {"first_name": "Annabelle"}})
    named = QUESTION | {"subject": "Bonjour {{first_name}}"}
    path = f"broadcasts/{program.post('broadcasts', named).json()['broadcast']}/test"
    keys = [create(context.desk, "agence", ("broadcasts", *more)) for more in ((), ("people",))]
    agency, head = replace(program, key=keys[0]), context.ledger.head()
    with listening(tmp_path, context.config.mailbox_smtp_port):
        assert "scope people" in refused(agency.post(path, {"to": me, "reader": anna}), 403)
        assert "scope people" in refused(agency.post(path, {"to": me, "reader": "x@y.fr"}), 403)
        assert "Annabelle" not in agency.post(path, {"to": anna}).text
        assert context.ledger.head() == head
        sent = replace(agency, key=keys[1]).post(path, {"to": me, "reader": anna})
        assert sent.status_code == 200
    [noted] = context.ledger.page(Span(head, head + 9), 9)
    assert noted.name == "profile-read" and noted.stream == context.vault.find(anna)


def test_what_shops_told_is_read_page_by_page(program: Program) -> None:
    calls = program.context.webhook_calls
    for number in range(3):
        fact = CallFact(name="purchase", outcome="fact:done", subscriber=f"{number:032x}")
        calls.keep("boutique", "signed", facts=[fact])
    calls.keep("boutique", "", "signature:wrong")
    first = program.get("webhooks/calls?limit=2&webhook=boutique")
    assert [one["trust"] for one in first.json()["items"]] == [None, "signed"]
    refused_call, purchase = first.json()["items"]
    assert refused_call["refusal"] == "signature:wrong" and "signature" in refused_call["why"]
    [fact_of_it] = purchase["facts"]
    assert fact_of_it == {"name": "purchase", "outcome": "fact:done", "said": "it was done"} | {
        "subscriber": f"{2:032x}"
    }
    assert 'rel="next"' in first.headers["link"]
    after = first.json()["next"]
    second = program.get(f"webhooks/calls?limit=2&webhook=boutique&after={after}").json()
    assert len(second["items"]) == 2 and second["next"] is None
    assert "no webhook" in refused(program.get("webhooks/calls?webhook=autre"), 404)
    assert program.get("webhooks").json() == {"items": []}


def test_a_hook_is_looked_at_switched_and_played_again(program: Program) -> None:
    [new] = program.get("hooks").json()["items"]
    assert (new["standing"], new["position"], new["host"]) == ("new", None, "tableau.example")
    assert "jeton" not in str(new)
    assert program.post("hooks/tableau/disable", {}, "h-1").json()["done"]
    assert program.post("hooks/tableau/disable", {}, "h-1").json()["already"]
    assert program.get("hooks").json()["items"][0]["standing"] == "operator"
    assert program.post("hooks/tableau/enable", {}).json()["done"]
    assert program.post("hooks/tableau/replay", {"after": 2}).json()["done"]
    assert program.get("hooks").json()["items"][0]["position"] == 2
    assert program.post("hooks/tableau/replay", {"after": f"{' ' * 20}2 "}).json()["done"]
    assert program.get("hooks").json()["items"][0]["position"] == 2
    assert program.post("hooks/tableau/replay", {"after": 3.0}).json()["done"]
    assert program.get("hooks").json()["items"][0]["position"] == 3
    assert program.post("hooks/tableau/replay", {"since": "2020-01-01"}).json()["done"]
    assert program.get("hooks").json()["items"][0]["position"] == 0
    assert "positions 1 to" in refused(program.post("hooks/tableau/replay", {"after": 10**9}), 409)
    assert "one of after" in refused(program.post("hooks/tableau/replay", {}), 409)
    assert "no [[hook]]" in refused(program.post("hooks/absent/replay", {"after": 2}), 404)


def test_who_has_the_answer_already_is_sent_nothing(program: Program) -> None:
    first = program.get("publication/editions")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = program.get("publication/editions", **{"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    head = program.client.head(
        "/api/v1/publication/editions", headers={"Authorization": f"Bearer {program.key}"}
    )
    assert (head.status_code, head.headers["etag"]) == (200, etag)


def test_a_path_knows_its_methods(program: Program) -> None:
    answer = program.client.delete("/api/v1/publication")
    assert "GET or POST" in refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_results_are_told_by_letter_and_by_week(program: Program) -> None:
    for by in ("letter", "mailing", "dialogue", "list", "group", "purpose", "week"):
        assert program.get(f"results/letters?by={by}&since=2026-01-05").json() == {"items": []}
    assert "by: is one of" in refused(program.get("results/letters?by=day"), 400)
    assert "since" in refused(program.get("results/letters?since=2026-13-01"), 400)
    assert "there is no letter" in refused(program.get("results/letters?letter=absent"), 404)
    assert program.get("results/forms").json() == {"items": []}


def test_only_a_key_that_may_is_answered(program: Program) -> None:
    weak = Program(
        program.context, program.client, create(program.context.desk, "faible", ("read",))
    )
    assert "lacks the scope publish" in refused(weak.get("publication"), 403)
    assert "lacks the scope results" in refused(weak.get("results/letters"), 403)
