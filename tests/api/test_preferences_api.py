"""Another program sets what somebody chose to receive, and reads it; it consents for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api.api_keys import create
from engine.subscriber.events import PreferencesSet
from tests.api.test_api import Shop
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.test_preferences import MORE_CONFIG
from tests.web.visiting import visited

LEA = "lea@lecteurs.example"


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    with installations.made(GARDEN, MORE_CONFIG) as context, visited(context) as site:
        shop = Shop(site, create(context.desk, "boutique", ("preferences", "subscribe", "read")))
        assert shop.subscribe(LEA).status_code == 201
        yield shop


def read(shop: Shop) -> dict[str, object]:
    preferences = shop.call("people/lookup", {"email": LEA}).json()["preferences"]
    assert isinstance(preferences, dict)
    return preferences


def test_what_is_named_is_set_once_and_the_rest_stays(shop: Shop) -> None:
    first = {"email": LEA, "themes": ["semis"], "frequency": "weekly"}
    assert shop.call("people/preferences", first).json()["done"]
    assert not shop.call("people/preferences", first).json()["done"]
    assert shop.call("people/preferences", {"email": LEA, "contents": ["video"]}).json()["done"]
    assert read(shop) == {
        "themes": ["semis"],
        "contents": ["video"],
        "frequency": "weekly",
        "paused_until": None,
    }
    shop.call("people/preferences", {"email": LEA, "themes": [], "contents": None})
    assert (read(shop)["themes"], read(shop)["contents"]) == ([], ["video"])
    set_by_call = [f for f in shop.site.facts(LEA) if isinstance(f, PreferencesSet)]
    assert len(set_by_call) == 3 and {fact.act for fact in set_by_call} == {""}


def test_a_pause_begins_and_ends_by_a_call(shop: Shop) -> None:
    year = int(shop.site.person(LEA).joined_at[30] / 31_556_952_000) + 1971
    pause = {"email": LEA, "paused_until": f"{year}-01-02"}
    assert shop.call("people/preferences", pause).json()["done"]
    assert str(read(shop)["paused_until"]).startswith(f"{year}-01-01T23")
    assert shop.call("people/preferences", {"email": LEA, "paused_until": ""}).json()["done"]
    assert shop.site.person(LEA).preferences.paused_until <= shop.site.context.clock.now()


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"themes": ["inconnu"]}, 409, "inconnu"),
        ({"frequency": "hourly"}, 400, "frequency"),
        ({"paused_until": "2020-01-01"}, 409, "begun already"),
        ({"paused_until": "2199-01-01"}, 409, "a year at most"),
        ({"purposes": ["conseils"]}, 400, "purposes"),
        ({"email": "pas une adresse"}, 400, "email"),
        ({"email": "personne@exemple.fr", "themes": ["semis"]}, 404, ""),
    ],
)
def test_what_cannot_be_set_is_refused_and_sets_nothing(
    shop: Shop, more: dict[str, object], status: int, why: str
) -> None:
    before = shop.site.names(LEA)
    answer = shop.call("people/preferences", {"email": LEA} | more)
    assert answer.status_code == status and why in answer.text
    assert shop.site.names(LEA) == before
