"""A program that knows where somebody was met puts them into a segment and takes them out, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api.api_keys import create
from tests.api.test_api import Shop, refused
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import visited

LEA = "lea@lecteurs.example"
SEGMENTS = """title = "Segments"
purpose = "conseils"

[[segment]]
id = "salon"
name = "Salon"
static = true

[[segment]]
id = "actifs"
name = "Actifs"
all = ['answered anything within 30 days']
"""


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    files = {**GARDEN, "segments.toml": SEGMENTS}
    with installations.made(files) as context, visited(context) as site:
        shop = Shop(site, create(context.desk, "salon", ("segments", "subscribe")))
        assert shop.subscribe(LEA).status_code == 201
        yield shop


def is_in(shop: Shop) -> bool:
    context = shop.site.context
    stream = context.vault.find(LEA) or ""
    return "salon" in context.command_handler.load([stream])[stream].segments


def test_somebody_is_put_in_once_and_taken_out(shop: Shop) -> None:
    body = {"email": LEA, "segment": "salon"}
    said = [shop.call("segments/put", body, once=once).json() for once in ("k1", "k1", "k2")]
    assert [answer["done"] for answer in said] == [True, False, False]
    assert said[1]["already"] is True and is_in(shop)
    assert shop.call("segments/take", body).json()["said"] == "taken out of salon"
    assert not is_in(shop)
    assert shop.call("segments/put", body, once="k1").json()["already"] is True
    assert not is_in(shop)


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"email": LEA, "segment": "actifs"}, 409, "follows from its conditions"),
        ({"email": LEA, "segment": "sallon"}, 409, "there is no segment"),
        ({"email": "nobody@lecteurs.example", "segment": "salon"}, 404, "nobody is known"),
        ({"email": LEA}, 400, "segment"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    shop: Shop, body: dict[str, str], status: int, why: str
) -> None:
    assert why in str(refused(shop.call("segments/put", body), status)["detail"])
