"""The HTTP API: what a key may do it does once, and says what came of it; nothing it is told can
break it or revive who left.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api import routes as api
from engine.api.api_keys import create, listing, revoke
from engine.api.scopes import SCOPES
from engine.i18n.user_error import UserError
from engine.intake.calls import LOOKUP, SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION
from engine.sequence.delay import DAY
from engine.subscriber.commands import Subscribe, Suppress, Withdraw
from engine.subscriber.events import Cause, ConsentGiven, GroundDeclared
from tests.running_installation import Installations
from tests.sizes import sized
from tests.web.garden import GARDEN
from tests.web.visiting import Site, visited

PATHS = {
    "subscribe": "subscriptions",
    "transfer": "transfers",
    "unsubscribe": "unsubscriptions",
    "read": "people/lookup",
}
SHOP = ("orders", "refunds", "segments/put", "segments/take", "people/preferences")
RIGHTS = (
    "people/export", "people/correct", "people/restrict", "people/object", "people/erase",
    "requests", "requests/answer", "requests/open",
)  # fmt: skip
SOURCE = "salon des jardins, stand 12"


@dataclass(frozen=True)
class Shop:
    """Another program, with its key."""

    site: Site
    key: str

    def call(self, path: str, body: object, once: str = "", **headers: str) -> httpx.Response:
        said = (
            {"Authorization": f"Bearer {self.key}"}
            | ({"Idempotency-Key": once} if once else {})
            | headers
        )
        return self.site.client.post(f"/api/v1/{path}", json=body, headers=said)

    def subscribe(
        self, email: str, once: str = "", more: Mapping[str, object] = {}, **said: object
    ) -> httpx.Response:
        body = (
            {
                "email": email,
                "list": 30,
                "basis": "consent",
                "source": SOURCE,
                "collected_at": "2026-01-15",
            }
            | said
            | dict(more)
        )
        return self.call(
            "subscriptions",
            {name: value for name, value in body.items() if value is not None},
            once,
        )


DUE: dict[str, object] = {
    "order": "C-17",
    "function": "jardinière",
    "objection": "case du bon de commande",
}


def shop_key(shop: Shop) -> str:
    """The id under which the installation knows the shop's key."""
    key = shop.site.context.desk.find_key(shop.key)
    assert key is not None
    return key.id


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    with installations.made(GARDEN) as context, visited(context) as site:
        yield Shop(site, create(context.desk, "boutique", SCOPES))


def refused(answer: httpx.Response, status: int) -> dict[str, object]:
    problem: dict[str, object] = answer.json()
    assert answer.status_code == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert (
        problem["status"] == status
        and problem["type"] == "about:blank"
        and problem["title"]
        and problem["detail"]
    )
    return problem


def test_a_declared_consent_puts_a_person_on_a_list_and_keeps_what_was_declared(shop: Shop) -> None:
    answer = shop.subscribe(
        "Lea@Exemple.fr",
        proof="fiche 17",
        fields={"first_name": "Léa"},
        timezone="Asia/Tokyo",
        language="en",
    )
    site = shop.site
    stream = site.stream("lea@exemple.fr")
    assert (answer.status_code, answer.json()) == (
        201,
        {"done": True, "said": "on list 30", "subscriber": stream},
    )
    (entry,) = [
        each for each in site.entries("lea@exemple.fr") if isinstance(each.event, ConsentGiven)
    ]
    assert isinstance(entry.event, ConsentGiven)
    assert (entry.event.proof, entry.event.at) == (
        "declared-with-proof",
        1_768_431_600_000,
    )  # midnight of that day in Paris
    assert site.fields("lea@exemple.fr") == {"first_name": "Léa"}
    assert (site.person("lea@exemple.fr").timezone, site.person("lea@exemple.fr").language) == (
        "Asia/Tokyo",
        "en",
    )
    kept = site.context.vault.evidence_of(stream)[entry.cause.evidence]
    assert (kept["source"], kept["proof"], kept["collected"], kept["declared"]) == (
        SOURCE,
        "fiche 17",
        entry.event.at,
        True,
    )
    assert kept["by"] == {"key": shop_key(shop), "name": "boutique"} and {
        "form",
        "box",
        "page",
    } <= set(cast("list[str]", kept["unknown"]))
    said = repr(site.entries("lea@exemple.fr")).lower()
    assert not [
        word
        for word in ("léa", "exemple", "salon", "fiche", "boutique", shop.key.lower())
        if word in said
    ]


@pytest.mark.parametrize("basis", ["soft-optin", "b2b", "service"])
def test_another_ground_is_declared_under_its_own_name(shop: Shop, basis: str) -> None:
    email = f"{basis}@exemple.fr"
    assert (
        shop.subscribe(email, basis=basis, collected_at=None, start="none", more=DUE).status_code
        == 201
    )
    (ground,) = [fact for fact in shop.site.facts(email) if isinstance(fact, GroundDeclared)]
    assert (ground.basis, ground.proof) == (basis, "declared")
    assert shop.site.person(email).memberships[30].start == "none"


def test_a_double_opt_in_asks_by_mail_at_most_once_a_day_for_each_purpose(shop: Shop) -> None:
    answer = shop.subscribe(
        "doi@exemple.fr", list="balcon", basis="double-opt-in", source=None, collected_at=None
    )
    assert (answer.status_code, answer.json()["said"]) == (201, "asked to confirm by mail")
    assert shop.site.lists("doi@exemple.fr") == set()
    shop.site.confirm(shop.site.asked("doi@exemple.fr"))
    assert shop.site.lists("doi@exemple.fr") == {31}
    for number, status in ((40, 201), (40, 200)):
        assert (
            shop.subscribe(
                "doi@exemple.fr", list=number, basis="double-opt-in", source=None, collected_at=None
            ).status_code
            == status
        )
    for number, status in ((30, 201), (31, 409)):
        again = shop.subscribe(
            "doi-2@exemple.fr", list=number, basis="double-opt-in", source=None, collected_at=None
        )
        assert again.status_code == status
    assert "often enough" in str(refused(again, 409)["detail"])


def test_a_call_repeated_under_its_key_changes_nothing_and_says_so(shop: Shop) -> None:
    first = shop.subscribe("fois@exemple.fr", "commande-17")
    before = shop.site.names("fois@exemple.fr")
    again = shop.subscribe("fois@exemple.fr", "commande-17")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {
        "done": False,
        "already": True,
        "said": "this call was carried out before",
        "subscriber": first.json()["subscriber"],
    }
    assert shop.site.names("fois@exemple.fr") == before
    other = Shop(shop.site, create(shop.site.context.desk, "autre", SCOPES))
    assert other.subscribe("fois@exemple.fr", "commande-17", list=40).json()["done"]
    assert "commande-17" not in repr(shop.site.entries("fois@exemple.fr"))
    with shop.site.context.database.connection() as connection:
        assert "commande-17" not in repr(
            connection.execute("SELECT idempotency::text FROM desk.idempotency").fetchall()
        )


def test_a_key_stands_for_one_call_whatever_its_spelling(shop: Shop) -> None:
    email = "cle@exemple.fr"
    headers = {
        "Authorization": f"Bearer {shop.key}",
        "Content-Type": "application/json",
        "Idempotency-Key": "commande-18",
    }
    first = b'{"email":"cle@exemple.fr","list":30,"basis":"service","source":"x"}'
    again = b'{ "source": "x",  "basis": "service", "list": 30,\n"email": "cle@exemple.fr" }'
    assert (
        shop.site.client.post("/api/v1/subscriptions", content=first, headers=headers).status_code
        == 201
    )
    assert shop.site.client.post("/api/v1/subscriptions", content=again, headers=headers).json()[
        "already"
    ]
    before = shop.site.names(email)
    for path, body in (
        ("subscriptions", {"email": email, "list": 40, "basis": "service", "source": "x"}),
        (
            "subscriptions",
            {"email": "une-autre@exemple.fr", "list": 30, "basis": "service", "source": "x"},
        ),
        ("transfers", {"email": email, "from": 30, "to": 31}),
    ):
        assert "used for another call" in str(
            refused(shop.call(path, body, "commande-18"), 409)["detail"]
        )
    assert shop.site.names(email) == before and shop.site.stream("une-autre@exemple.fr") == ""


def test_a_withdrawal_is_carried_out_whatever_its_key(shop: Shop) -> None:
    email = "cle-prise@exemple.fr"
    shop.subscribe(email, "commande-19")
    away = {"email": email, "purpose": "conseils"}
    assert shop.call("unsubscriptions", away, "commande-19").json()["done"] is True
    assert shop.site.lists(email) == set()
    assert shop.call("unsubscriptions", away, "commande-19").json()["already"]
    pressed, now = Cause("click", evidence="ab" * 32), shop.site.context.clock.now()
    shop.site.command(email, Subscribe(now, pressed, 30, "consent", "page", own_act=True))
    assert shop.site.lists(email) == {30}
    assert shop.call("unsubscriptions", away, "commande-19").json()["done"] is True
    assert shop.site.lists(email) == set()
    refused(shop.subscribe("une-autre-encore@exemple.fr", "commande-19"), 409)


def test_a_refused_call_leaves_its_key_free(shop: Shop) -> None:
    shop.subscribe("barre@exemple.fr")
    shop.call("unsubscriptions", {"email": "barre@exemple.fr", "purpose": "*"})
    assert "used for" not in str(refused(shop.subscribe("barre@exemple.fr", "commande-20"), 409))
    refused(shop.subscribe("pas une adresse", "commande-20"), 400)
    assert shop.subscribe("libre@exemple.fr", "commande-20").status_code == 201


def test_of_two_calls_at_once_under_one_key_one_is_carried_out(shop: Shop) -> None:
    emails = [f"rang-{n}@exemple.fr" for n in range(8)]
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda email: shop.subscribe(email, "commande-21"), emails))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len([email for email in emails if shop.site.lists(email)]) == 1


def test_a_call_repeated_after_a_withdrawal_is_still_the_old_call(shop: Shop) -> None:
    shop.subscribe("apres@exemple.fr", "a")
    shop.call("unsubscriptions", {"email": "apres@exemple.fr", "purpose": "conseils"}, "b")
    assert shop.subscribe("apres@exemple.fr", "a").json()["already"]
    assert (
        shop.call(
            "unsubscriptions", {"email": "apres@exemple.fr", "purpose": "conseils"}, "b"
        ).json()["done"]
        is False
    )
    assert shop.site.lists("apres@exemple.fr") == set()


@pytest.mark.parametrize("path", ["subscriptions", "transfers", "unsubscriptions"])
def test_sixteen_of_the_same_call_at_once_are_one_event(shop: Shop, path: str) -> None:
    email = f"ensemble-{path}@exemple.fr"
    if path != "subscriptions":
        shop.subscribe(email)
    bodies: dict[str, dict[str, object]] = {
        "subscriptions": {"list": 30, "basis": "service", "source": "x"},
        "transfers": {"from": 30, "to": 31},
        "unsubscriptions": {"purpose": "conseils"},
    }
    before = len(shop.site.names(email))
    with ThreadPoolExecutor(16) as many:
        answers = list(
            many.map(
                lambda _: shop.call(path, bodies[path] | {"email": email}, f"une-fois-{path}"),
                range(16),
            )
        )
    assert sorted(answer.json()["done"] for answer in answers) == [False] * 15 + [True]
    assert all(answer.json().get("already") for answer in answers if not answer.json()["done"])
    assert len({answer.json()["subscriber"] for answer in answers}) == 1
    new = shop.site.names(email)[before:]
    assert new.count("call-honoured") == 1 and len(new) == len(set(new))


def test_a_transfer_moves_and_says_what_hinders_it(shop: Shop) -> None:
    shop.subscribe("bouge@exemple.fr")
    body = {"email": "bouge@exemple.fr", "from": "lettre", "to": 31}
    moved = shop.call("transfers", body)
    assert (moved.status_code, moved.json()["said"]) == (200, "moved from list 30 to list 31")
    assert shop.site.lists("bouge@exemple.fr") == {31}
    assert shop.call("transfers", body).json()["done"] is False
    assert "no live ground" in str(
        refused(shop.call("transfers", {"email": "bouge@exemple.fr", "from": 31, "to": 40}), 409)[
            "detail"
        ]
    )
    assert "nobody is known" in str(
        refused(
            shop.call("transfers", {"email": "personne@exemple.fr", "from": 30, "to": 31}), 404
        )["detail"]
    )
    assert shop.site.stream("personne@exemple.fr") == ""


def test_an_unsubscription_is_never_refused_and_is_final_for_every_call(shop: Shop) -> None:
    shop.subscribe("stop@exemple.fr")
    answer = shop.call("unsubscriptions", {"email": "stop@exemple.fr", "purpose": "conseils"})
    assert (answer.status_code, answer.json()["said"]) == (200, 'withdrawn from "conseils"')
    for basis in ("consent", "soft-optin", "b2b", "service"):
        assert "withdrawn" in str(
            refused(shop.subscribe("stop@exemple.fr", basis=basis, more=DUE), 409)["detail"]
        )
    assert shop.site.lists("stop@exemple.fr") == set()
    nobody = shop.call("unsubscriptions", {"email": "inconnu@exemple.fr", "purpose": "*"})
    assert nobody.json() == {
        "done": False,
        "said": "nobody is known under this address",
        "subscriber": None,
    }


def test_everything_means_every_purpose(shop: Shop) -> None:
    shop.subscribe("tout@exemple.fr")
    shop.call("unsubscriptions", {"email": "tout@exemple.fr", "purpose": "*"})
    assert "suppressed (objected)" in str(
        refused(shop.subscribe("tout@exemple.fr", list=40), 409)["detail"]
    )


@pytest.mark.parametrize("basis", ["consent", "service", "double-opt-in"])
def test_a_suppressed_address_is_not_revived(shop: Shop, basis: str) -> None:
    site, known, unknown = shop.site, f"rejet-{basis}@exemple.fr", f"liste-{basis}@exemple.fr"
    shop.subscribe(known)
    site.command(known, Suppress(site.context.clock.now(), Cause("relay"), "bounced"))
    site.context.vault.suppress(
        {site.context.vault.hash(unknown): "imported"}, site.context.clock.now()
    )
    for email, reason in ((known, "bounced"), (unknown, "imported")):
        assert reason in str(refused(shop.subscribe(email, basis=basis), 409)["detail"])
    assert site.stream(unknown) == ""


def test_a_double_opt_in_brings_someone_back_only_when_they_confirm(shop: Shop) -> None:
    site = shop.site
    shop.subscribe("retour@exemple.fr")
    site.command(
        "retour@exemple.fr", Withdraw(site.context.clock.now(), Cause("click"), "conseils")
    )
    assert shop.subscribe("retour@exemple.fr", basis="double-opt-in").status_code == 201
    assert site.lists("retour@exemple.fr") == set()
    site.confirm(site.asked("retour@exemple.fr"))
    assert site.lists("retour@exemple.fr") == {30}


def test_fields_said_again_unchanged_are_no_change(shop: Shop) -> None:
    shop.subscribe("champ@exemple.fr", fields={"first_name": "Léa"})
    before = shop.site.names("champ@exemple.fr")
    again = shop.subscribe("champ@exemple.fr", fields={"first_name": "Léa"})
    assert (again.status_code, again.json()["done"]) == (200, False)
    assert shop.site.names("champ@exemple.fr") == before
    assert shop.subscribe("champ@exemple.fr", fields={"first_name": "Lou"}).json()["done"]
    assert shop.site.fields("champ@exemple.fr") == {"first_name": "Lou"}


def test_a_look_up_says_where_a_person_stands(shop: Shop) -> None:
    site = shop.site
    shop.subscribe("regard@exemple.fr")
    shop.subscribe("regard@exemple.fr", list=40, basis="double-opt-in")
    found = shop.call("people/lookup", {"email": "Regard@exemple.fr"}).json()
    joined = datetime.fromtimestamp(
        site.person("regard@exemple.fr").memberships[30].joined_at / 1000, UTC
    )
    assert (
        found["known"] is True
        and found["suppressed"] is None
        and found["subscriber"] == site.stream("regard@exemple.fr")
    )
    (listed,), purposes = (found["memberships"], {each["id"]: each for each in found["purposes"]})
    assert (listed["list"], listed["name"], listed["run"]) == (30, "lettre", 1)
    assert abs(datetime.fromisoformat(listed["since"]) - joined) < timedelta(milliseconds=1)
    assert (purposes["conseils"]["status"], purposes["conseils"]["basis"]) == ("live", "consent")
    assert purposes["conseils"]["since"] == "2026-01-14T23:00:00.000Z"
    assert purposes["offres"]["status"] == "requested"
    nobody: dict[str, object] = {
        "known": False,
        "subscriber": None,
        "memberships": [],
        "purposes": [],
        "suppressed": None,
        "preferences": None,
        "measured_since": None,
    }
    assert shop.call("people/lookup", {"email": "jamais@exemple.fr"}).json() == nobody


def test_every_mistake_of_a_body_is_listed(shop: Shop) -> None:
    tomorrow = datetime.fromtimestamp((shop.site.context.clock.now() + DAY) / 1000, UTC).isoformat()
    problem = refused(
        shop.subscribe("pas une adresse", list="nulle", collected_at=tomorrow, source=None, size=9),
        400,
    )
    mistakes = problem["mistakes"]
    assert isinstance(mistakes, list) and len(mistakes) == 5
    for word in ("size", "source", "email", "list", "lies in the future"):
        assert any(word in each for each in mistakes), word
    assert "pas une adresse" not in json.dumps(problem, ensure_ascii=False)


def test_a_call_is_read_as_programs_write_it(shop: Shop) -> None:
    """null, numbers, +0100 and nanoseconds; and a correction is read by the same words."""
    written: tuple[dict[str, object], ...] = (
        {"fields": {"first_name": None}},
        {"order": 77421},
        {"collected_at": "2026-01-15T10:15:00+0100"},
        {
            "collected_at": "2026-01-15T09:15:00.123456789Z",
            "timezone": "america/chicago",
            "language": "Français",
        },
    )
    for number, more in enumerate(written):
        assert (
            shop.subscribe(f"machine{number}@exemple.fr", basis="service", more=more).status_code
            == 201
        )
    person = shop.site.person("machine3@exemple.fr")
    assert (person.timezone, person.language) == ("America/Chicago", "fr")
    assert (
        shop.call(
            "people/correct",
            {"email": "machine3@exemple.fr", "timezone": "ASIA/TOKYO", "language": None},
        ).json()["done"]
        is True
    )
    assert shop.site.person("machine3@exemple.fr").timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"email":"' + b"a" * 66_000 + b'"}', "application/json", 413),
        (b"email=a@b.fr", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"list":' + b"9" * 60_000 + b"}", "application/json", 400),
        (b"[]", "application/json; charset=utf-8", 400),
        (b'{"email":"a@b.fr","list":NaN}', "application/json", 400),
    ],
    ids=[
        "too large",
        "a form",
        "broken",
        "no UTF-8",
        "deep",
        "a long number",
        "no object",
        "not a number",
    ],
)
def test_a_body_that_is_no_call_is_a_problem(
    shop: Shop, content: bytes, kind: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {shop.key}", "Content-Type": kind}
    refused(
        shop.site.client.post("/api/v1/subscriptions", content=content, headers=headers), status
    )


def test_a_member_given_twice_is_not_guessed_at(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {shop.key}", "Content-Type": "application/json"}
    twice = b'{"email":"a@b.fr","list":30,"fields":{"first_name":"A","first_name":"B"}}'
    problem = refused(
        shop.site.client.post("/api/v1/subscriptions", content=twice, headers=headers), 400
    )
    assert problem["mistakes"] == ["first_name: is said twice"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Basic abc",
        "Bearer",
        "Bearer relance_",
        "Bearer relance_" + "x" * 43,
        "Bearer relance_é",
        "Basic",
        "Basic é",
        "Basic //8=",
        "Basic cmVsYW5jZV86cmVsYW5jZV8=",
        "relance_x",
    ],
)
def test_without_a_key_of_ours_nothing_opens(shop: Shop, said: str) -> None:
    for path in PATHS.values():
        answer = shop.site.client.post(
            f"/api/v1/{path}", json={}, headers=[(b"Authorization", said.encode())]
        )
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("pair", ["{key}:", "zapier:{key}", "{key}"])
def test_a_key_may_come_as_the_user_or_the_password_of_basic(shop: Shop, pair: str) -> None:
    token = base64.b64encode(pair.format(key=shop.key).encode()).decode()
    body = {"email": "qui@exemple.fr"}
    assert shop.call("people/lookup", body, Authorization=f"Basic {token}").status_code == 200


@pytest.mark.parametrize("scope", PATHS)
def test_a_key_opens_what_its_scopes_say_and_nothing_once_revoked(shop: Shop, scope: str) -> None:
    context = shop.site.context
    narrow = Shop(shop.site, create(context.desk, f"only {scope}", {scope}))
    for other, path in PATHS.items():
        refused(narrow.call(path, {}), 400 if other == scope else 403)
    (listed,) = [each for each in listing(context.desk) if each.name == f"only {scope}"]
    assert listed.scopes == (scope,) and listed.last_used is not None and listed.revoked is None
    revoke(context.desk, listed.id)
    refused(narrow.call(PATHS[scope], {}), 401)
    with pytest.raises(UserError, match="no key"):
        revoke(context.desk, listed.id)


def test_a_key_that_has_expired_is_refused_with_its_reason_everywhere(shop: Shop) -> None:
    context = shop.site.context
    moment = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    _, expired = context.desk.new_key("agence", frozenset({"read", "metrics", "audit"}), moment)
    _, lasting = context.desk.new_key(
        "agence", frozenset({"read"}), datetime.now(UTC) + timedelta(days=1)
    )
    for method, path in (
        ("POST", "/api/v1/people/lookup"),
        ("GET", "/metrics"),
        ("GET", "/audit/checkpoint"),
    ):
        answer = shop.site.client.request(
            method, path, json={}, headers={"Authorization": f"Bearer {expired}"}
        )
        assert (
            refused(answer, 401)["detail"]
            == "this key expired on 2026-11-03 at 09:30 UTC: ask who made it for another"
        )
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    refused(Shop(shop.site, lasting).call("people/lookup", {}), 400)
    (listed,) = [each for each in listing(context.desk) if each.expires == moment]
    assert listed.last_used is None


def test_the_database_holds_no_key(shop: Shop) -> None:
    with shop.site.context.database.connection() as connection:
        rows = connection.execute("SELECT api_key::text FROM desk.api_key").fetchall()
    assert rows and not [
        row for row in rows if shop.key in row[0] or shop.key.removeprefix("relance_") in row[0]
    ]


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("", {"read"}),
        ("x" * 81, {"read"}),
        ("a\nb", {"read"}),
        ("a", set()),
        ("a", {"read", "all"}),
    ],
)
def test_a_key_has_a_name_and_known_scopes(shop: Shop, name: str, scopes: set[str]) -> None:
    with pytest.raises(UserError) as said:
        create(shop.site.context.desk, name, scopes)
    assert said.value.status == 2


def test_more_than_the_allowed_calls_a_minute_wait(
    installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.MAX_CALLS_PER_MINUTE == 600
    monkeypatch.setattr(api, "MAX_CALLS_PER_MINUTE", 5)
    with installations.made(GARDEN) as context, visited(context) as site:
        busy, other = (
            Shop(site, create(context.desk, name, SCOPES)) for name in ("pressée", "calme")
        )
        assert [busy.call("people/lookup", {}).status_code for _ in range(6)] == [400] * 5 + [429]
        answer = busy.call("people/lookup", {})
        refused(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        refused(other.call("people/lookup", {}), 400)


def test_the_description_says_what_the_readers_accept(shop: Shop) -> None:
    described = shop.site.client.get("/openapi.json").json()
    assert described == shop.site.client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert {f"/api/v1/{path}" for path in (*PATHS.values(), *SHOP, *RIGHTS)} <= set(
        described["paths"]
    )
    for scope, members in zip(PATHS, (SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION, LOOKUP), strict=True):
        operation = described["paths"][f"/api/v1/{PATHS[scope]}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert (
            list(body["properties"]) == [member.name for member in members]
            and body["additionalProperties"] is False
        )
        assert body["required"] == [member.name for member in members if member.required]
        assert operation["security"] == [{"key": [scope]}]
        assert {"200", "400", "401", "403", "413", "409", "429"} <= set(operation["responses"])
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_each_call_stands_on_its_page_with_its_scope(shop: Shop) -> None:
    page = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    described = shop.site.client.get("/openapi.json").json()
    documented = re.findall(r"^\| `([A-Z]+) (/api/v1/\S+)` \| `(\w+)` \|", page, re.MULTILINE)
    scopes = {
        (method.upper(), path): operation["security"][0]["key"][0]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    assert {(method, path): scope for method, path, scope in documented} == scopes
    assert len(documented) == len(scopes)


@pytest.mark.parametrize("path", ["/api", "/api/docs", "/docs", "/redoc"])
def test_there_are_no_pages_that_load_from_elsewhere(shop: Shop, path: str) -> None:
    assert shop.site.client.get(path).status_code == 404


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "a@b.fr",
            30,
            "lettre",
            "consent",
            "double-opt-in",
            "2026-01-15",
            "*",
            "conseils",
            {"first_name": "x"},
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = sorted(
    {member.name for members in (SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION) for member in members}
)


@settings(
    max_examples=sized(37, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(sorted(PATHS.values())),
    body=JSON | st.dictionaries(st.sampled_from(NAMES), JSON),
    once=st.sampled_from("abc"),
)
def test_whatever_is_said_is_answered_and_nothing_breaks(
    shop: Shop, path: str, body: object, once: str
) -> None:
    headers = {
        "Authorization": f"Bearer {shop.key}",
        "Content-Type": "application/json",
        "Idempotency-Key": once,
    }
    answer = shop.site.client.post(f"/api/v1/{path}", content=json.dumps(body), headers=headers)
    assert answer.status_code in (200, 201, 400, 409), answer.text


@pytest.mark.parametrize("once", ["", "x" * 256, "a\tb", "\x7f"])
def test_a_name_for_a_call_is_short_and_printable(shop: Shop, once: str) -> None:
    answer = shop.call("people/lookup", {"email": "a@b.fr"}, **{"Idempotency-Key": once})
    assert answer.status_code == 400


PLAUSIBLE = {
    "email": st.sampled_from(["x@exemple.fr", "y@exemple.fr"]),
    "list": st.sampled_from([30, "balcon", 40]),
    "basis": st.sampled_from(["consent", "service", "double-opt-in"]),
    "source": st.just(SOURCE),
    "collected_at": (
        st.dates(min_value=datetime(2000, 1, 1).date(), max_value=datetime(2026, 1, 1).date()).map(
            str
        )
    ),
    "fields": st.dictionaries(st.just("first_name"), st.text(max_size=5)),
}


@settings(
    max_examples=sized(15, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.fixed_dictionaries(PLAUSIBLE))
def test_calls_that_are_nearly_right_are_answered_too(shop: Shop, body: dict[str, object]) -> None:
    answer = shop.call("subscriptions", body)
    assert answer.status_code in (200, 201, 400, 409), answer.text
    assert isinstance(answer.json(), dict)
