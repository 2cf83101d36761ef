"""What a person may ask, through the API: the same facts as by command, once for each
Idempotency-Key, and only with a key that may.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api.api_keys import create
from engine.api.scopes import SCOPES
from engine.subscriber.events import RightAnswered, RightExercised, SubscriberErased
from tests.api.test_api import Shop, refused
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import visited


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    with installations.made(GARDEN) as context, visited(context) as site:
        yield Shop(site, create(context.desk, "boutique", SCOPES))


def joined(shop: Shop, email: str) -> str:
    assert shop.subscribe(email, fields={"first_name": "Léa"}).status_code == 201
    return shop.site.stream(email)


def test_everything_known_is_handed_out_and_recorded(shop: Shop) -> None:
    stream = joined(shop, "lea@exemple.fr")
    answer = shop.call("people/export", {"email": "lea@exemple.fr"})
    assert answer.status_code == 200 and answer.json()["person"]["email"] == "lea@exemple.fr"
    assert answer.json()["person"]["subscriber"] == stream
    assert [type(fact) for fact in shop.site.facts("lea@exemple.fr")[-2:]] == [
        RightExercised,
        RightAnswered,
    ]


def test_a_correction_reaches_the_vault_and_the_address_moves(shop: Shop) -> None:
    stream = joined(shop, "old@exemple.fr")
    said = {
        "email": "old@exemple.fr",
        "new_email": "New@exemple.fr",
        "fields": {"first_name": "Lucie"},
    }
    assert shop.call("people/correct", said, once="c1").json()["done"] is True
    assert shop.site.stream("new@exemple.fr") == stream and shop.site.fields("new@exemple.fr") == {
        "first_name": "Lucie"
    }
    assert shop.call("people/correct", said, once="c1").json() == {
        "done": False, "already": True, "said": "this call was carried out before",
        "subscriber": stream,
    }  # fmt: skip
    joined(shop, "other@exemple.fr")
    refused(
        shop.call("people/correct", {"email": "new@exemple.fr", "new_email": "other@exemple.fr"}),
        409,
    )
    problem = refused(shop.call("people/correct", {"email": "new@exemple.fr"}), 409)
    assert problem["mistakes"] == ["the body: says nothing that is to be corrected"]


def test_restricting_and_objecting(shop: Shop) -> None:
    joined(shop, "max@exemple.fr")
    assert shop.call("people/restrict", {"email": "max@exemple.fr"}).json()["said"] == "restricted"
    assert shop.site.person("max@exemple.fr").restricted
    assert (
        shop.call("people/restrict", {"email": "max@exemple.fr", "lift": "yes"}).json()["done"]
        is True
    )
    assert shop.call("people/object", {"email": "max@exemple.fr"}).json()["done"] is True
    assert shop.site.person("max@exemple.fr").objected
    refused(shop.subscribe("max@exemple.fr"), 409)


@pytest.mark.parametrize(
    ("call", "done"),
    [("people/object", "objected"), ("unsubscriptions", "objected"), ("people/erase", "erased")],
)
def test_a_former_address_does_not_escape(shop: Shop, call: str, done: str) -> None:
    old, new = f"vieille-{call[-6:]}@exemple.fr", f"neuve-{call[-6:]}@exemple.fr"
    joined(shop, old)
    assert shop.call("people/correct", {"email": old, "new_email": new}).json()["done"] is True
    assert (
        shop.call(
            call, {"email": old} | ({"purpose": "*"} if call == "unsubscriptions" else {})
        ).json()["done"]
        is True
    )
    for address in (old, new):
        assert done in str(refused(shop.subscribe(address), 409)["detail"])


def test_an_erasure_answers_with_its_receipt_and_may_come_twice(shop: Shop) -> None:
    stream = joined(shop, "gone@exemple.fr")
    receipt = shop.call("people/erase", {"email": "gone@exemple.fr"}, once="e1").json()["receipt"]
    assert receipt["subscriber"] == stream and receipt["deleted"]["person"] == 1
    assert any("so that nothing is written to one again" in why for why in receipt["kept"])
    last = shop.site.context.ledger.stream(stream)[-1]
    assert (
        isinstance(last.event, SubscriberErased)
        and last.cause.door == "api"
        and last.cause.evidence == ""
    )
    again = shop.call("people/erase", {"email": "gone@exemple.fr"}, once="e1")
    assert (again.status_code, again.json()["done"], again.json()["already"]) == (200, False, True)
    refused(shop.call("people/export", {"email": "gone@exemple.fr"}), 404)
    refused(shop.call("people/erase", {"email": "gone@exemple.fr", "keep_proof": "for ever"}), 409)


def test_proof_cannot_be_kept_without_an_auditor(shop: Shop) -> None:
    joined(shop, "kept@exemple.fr")
    problem = refused(
        shop.call("people/erase", {"email": "kept@exemple.fr", "keep_proof": "5 years"}), 409
    )
    assert "archive_recipient" in str(problem["detail"])
    assert shop.site.stream("kept@exemple.fr")


def test_what_protects_a_person_is_carried_out_whatever_its_key(shop: Shop) -> None:
    for path in ("people/restrict", "people/object", "people/erase"):
        email, key = f"{path[7:]}@exemple.fr", f"cle-{path}"
        assert shop.subscribe(email, key).status_code == 201
        answer = shop.call(path, {"email": email}, once=key)
        assert (answer.status_code, answer.json()["done"]) == (200, True), path
        again = shop.call(path, {"email": email}, once=key)
        assert (again.status_code, again.json()["done"]) == (200, False), path
    assert (
        shop.site.person("restrict@exemple.fr").restricted
        and shop.site.person("object@exemple.fr").objected
    )
    assert shop.site.stream("erase@exemple.fr") == ""


def test_every_other_right_is_refused_under_a_key_used_before(shop: Shop) -> None:
    joined(shop, "cle@exemple.fr")
    assert (
        shop.call(
            "people/correct", {"email": "cle@exemple.fr", "language": "en"}, once="usee"
        ).json()["done"]
        is True
    )
    before = shop.site.names("cle@exemple.fr")
    for path, body in (
        ("people/export", {"email": "cle@exemple.fr"}),
        ("people/correct", {"email": "cle@exemple.fr", "language": "fr"}),
        ("people/restrict", {"email": "cle@exemple.fr", "lift": "yes"}),
        ("requests", {"email": "cle@exemple.fr", "right": "access"}),
        ("requests/answer", {"request": "0" * 32, "how": "done"}),
    ):
        assert "used for another call" in str(
            refused(shop.call(path, body, once="usee"), 409)["detail"]
        ), path
    assert shop.site.names("cle@exemple.fr") == before
    assert shop.call("requests/open", {}, once="usee").status_code == 200


def test_an_answer_sent_twice_under_its_key_is_one(shop: Shop) -> None:
    joined(shop, "deux@exemple.fr")
    shop.call("requests", {"email": "deux@exemple.fr", "right": "access"}, once="d1")
    shop.site.context.views.catch_up()
    request = next(
        each["request"]
        for each in shop.call("requests/open", {}).json()
        if each["subscriber"] == shop.site.stream("deux@exemple.fr")
    )
    assert (
        shop.call("requests/answer", {"request": request, "how": "done"}, once="d2").json()["done"]
        is True
    )
    shop.site.context.views.catch_up()
    assert (
        shop.call("requests/answer", {"request": request, "how": "done"}, once="d2").json()[
            "already"
        ]
        is True
    )


def test_a_request_is_recorded_listed_and_answered(shop: Shop) -> None:
    stream = joined(shop, "req@exemple.fr")
    answer = shop.call(
        "requests",
        {
            "email": "req@exemple.fr",
            "right": "access",
            "received_at": "2026-01-05",
            "note": "courrier",
        },
        once="r1",
    )
    assert answer.status_code == 201 and answer.json()["done"] is True
    shop.site.context.views.catch_up()
    (standing,) = shop.call("requests/open", {}).json()
    assert (standing["subscriber"], standing["right"], standing["late"]) == (stream, "access", True)
    late = shop.call("requests/answer", {"request": standing["request"], "how": "extended"})
    assert "the month in which" in str(refused(late, 409)["detail"])
    assert (
        shop.call("requests/answer", {"request": standing["request"], "how": "done"}).json()["done"]
        is True
    )
    # At once, before the views have followed.
    assert shop.call("requests/open", {}).json() == []
    refused(shop.call("requests/answer", {"request": standing["request"], "how": "done"}), 404)


@pytest.mark.parametrize(
    "path",
    [
        "people/export",
        "people/correct",
        "people/restrict",
        "people/object",
        "people/erase",
        "requests",
        "requests/open",
    ],
)
def test_only_a_key_that_may_is_answered(shop: Shop, path: str) -> None:
    weak = Shop(shop.site, create(shop.site.context.desk, "faible", ("subscribe", "read")))
    assert (
        refused(weak.call(path, {"email": "lea@exemple.fr"}), 403)["detail"]
        == "this key may not do this: it lacks the scope rights"
    )


def test_every_call_is_described(shop: Shop) -> None:
    described = shop.site.client.get("/openapi.json").json()["paths"]
    for path in ("people/export", "people/erase", "requests", "requests/answer", "requests/open"):
        assert described[f"/api/v1/{path}"]["post"]["security"] == [{"key": ["rights"]}]
