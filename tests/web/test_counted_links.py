"""`[measure] links = true`: a visit to an ordinary link changes a counter, and leads on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from engine.letter.link_token import counted_address
from engine.sending.compose import Composer, ComposeRequest
from engine.views import FIRST_WEEK, LAST_WEEK
from tests.running_installation import Installations
from tests.web.correspondence import FILES, letter, phone
from tests.web.visiting import Site, visited

SHOP = "https://boutique.example/kit"
QUESTION = {"question.md": FILES["question.md"] + f"\n[Le kit]({SHOP})\n"}
REF = "list:10/question"


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with (
        installations.made(FILES | QUESTION, "[measure]\nlinks = true\n") as context,
        visited(context) as made,
    ):
        yield made


def counts(site: Site) -> tuple[int, int]:
    site.context.visit_counts.settle(all_of_them=True)
    found = site.context.desk.visited([REF], FIRST_WEEK, LAST_WEEK)
    return next(((n, people) for cell, n, people in found if cell.link == SHOP), (0, 0))


def test_everybody_gets_the_same_address_which_counts_and_leads_on(site: Site) -> None:
    context = site.context
    composer = Composer(context.config, context.secrets.link_key)
    plan = context.installation_stream.current().plan()
    found: set[str] = set()
    for _ in range(2):
        sent = letter(context)
        request = ComposeRequest(sent.claim, sent.position, "a@lecteurs.example", {})
        found.update(re.findall(r"/v/[\w-]+", composer.rendered(request, plan).text))
    (address,) = found
    before = counts(site)
    for method, agent in (("GET", phone()), ("GET", "curl/8.5.0"), ("HEAD", phone())):
        answer = site.client.request(
            method, address, headers={"User-Agent": agent}, follow_redirects=False
        )
        assert (answer.status_code, answer.headers["location"]) == (302, SHOP)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store" and not answer.cookies
    assert counts(site) == (before[0] + 3, before[1] + 1)


def test_an_address_beyond_ascii_leads_on_too(site: Site) -> None:
    token = counted_address(
        site.context.secrets.link_key, REF, "https://encyclopédie.example/Œuf?q=a%20b&c=d#é"
    )
    answer = site.client.get(f"/v/{token}", follow_redirects=False)
    assert answer.status_code == 302
    leads_to = "https://encyclop%C3%A9die.example/%C5%92uf?q=a%20b&c=d#%C3%A9"
    assert answer.headers["location"] == leads_to


def test_what_others_have_signed_leads_nowhere(site: Site) -> None:
    forged = counted_address(b"x" * 32, REF, "https://evil.example/")
    before = counts(site)
    answer = site.client.get(f"/v/{forged}", follow_redirects=False)
    assert "location" not in answer.headers and "evil.example" not in answer.text
    assert counts(site) == before
    assert site.client.post(f"/v/{forged}").status_code == 405
