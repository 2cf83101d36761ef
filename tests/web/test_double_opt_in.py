"""From a form to the confirmation: one mail, one link, which opened changes nothing and pressed
confirms; and nothing else joins anybody (D11).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.letter.link_token import CONFIRM, NOT_ME
from engine.sequence.delay import DAY, HOUR
from engine.subscriber.agenda import acts
from engine.subscriber.commands import Perform, Suppress
from engine.subscriber.events import Cause, ConsentConfirmed, ConsentRequested
from engine.subscriber.outcome import Done, NothingToDo
from tests.running_installation import Installations
from tests.web.correspondence import press
from tests.web.garden import GARDEN
from tests.web.visiting import Site, behind_a_proxy, nonceless

GOOD = {"jardin": "Un balcon"}


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, GARDEN) as made:
        yield made


@pytest.fixture
def fresh(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, GARDEN) as made:
        yield made


def due(site: Site, address: str) -> dict[str, str]:
    """The kind of each open matter that is due now."""
    person, now = site.person(address), site.context.clock.now()
    return {
        key: act.kind
        for key, act in acts(person, site.context.installation_stream.current().plan()).items()
        if 0 < act.due <= now
    }


def asked_by_form(site: Site, address: str) -> None:
    site.post("inscription", GOOD | {"email": address})


def test_the_whole_way_from_the_form_to_the_first_letter(site: Site) -> None:
    address = "chemin@exemple.fr"
    asked_by_form(site, address)
    assert due(site, address) == {"ask:conseils": "letter"}
    letter = site.asked(address)
    before = site.names(address)
    for _ in range(3):
        page = site.client.get(f"/l/{letter.token(CONFIRM)}")
        assert page.status_code == 200 and "<form" in page.text
    assert site.names(address) == before and site.lists(address) == set()
    assert site.confirm(letter).status_code == 200
    assert site.names(address)[-2:] == ["consent-confirmed", "list-joined"]
    assert due(site, address) == {"list:31": "letter"}
    (request,) = [fact for fact in site.facts(address) if isinstance(fact, ConsentRequested)]
    (confirmed,) = [fact for fact in site.facts(address) if isinstance(fact, ConsentConfirmed)]
    assert (confirmed.request, confirmed.notice, confirmed.act) == (
        request.request,
        request.notice,
        "human_button",
    )


def test_confirming_twice_is_confirming_once(site: Site) -> None:
    asked_by_form(site, "deux@exemple.fr")
    letter = site.asked("deux@exemple.fr")
    site.confirm(letter)
    before = site.names("deux@exemple.fr")
    assert site.client.get(f"/l/{letter.token(CONFIRM)}").status_code == 200
    assert site.names("deux@exemple.fr") == before


def test_nothing_but_the_confirmation_leaves_for_someone_who_has_not_confirmed(site: Site) -> None:
    address = "muette@exemple.fr"
    asked_by_form(site, address)
    site.asked(address)
    now = site.context.clock.now()
    for key in ("list:31", "list:30", "ask:conseils"):
        assert not isinstance(
            site.command(address, Perform(now, Cause("engine"), key, "0" * 32, "test")).outcome,
            Done,
        )
    assert site.names(address).count("letter-begun") == 1


def test_someone_confirmed_is_asked_again_only_for_what_they_have_not_confirmed(
    site: Site,
) -> None:
    address = "encore@exemple.fr"
    asked_by_form(site, address)
    site.confirm(site.asked(address))
    before = site.names(address)
    asked_by_form(site, address)
    assert site.names(address) == before
    page = site.post("inscription", {"email": address, "jardin": "Un « grand » potager"})
    assert nonceless(page) == nonceless(
        site.post("inscription", GOOD | {"email": "nouvelle@exemple.fr"})
    )
    assert site.lists(address) == {31}
    site.confirm(site.asked(address))
    assert site.lists(address) == {31, 32}


def test_a_confirmation_for_one_purpose_is_none_for_another(site: Site) -> None:
    address = "autre@exemple.fr"
    asked_by_form(site, address)
    site.confirm(site.asked(address))
    site.post("offres", {"email": address})
    assert site.lists(address) == {31}
    assert due(site, address)["ask:offres"] == "letter"


def test_a_request_expires_after_a_week_and_its_link_then_confirms_nothing(fresh: Site) -> None:
    address = "tard@exemple.fr"
    asked_by_form(fresh, address)
    letter = fresh.asked(address)
    fresh.context.clock.jump(7 * DAY + HOUR)
    page = fresh.client.get(f"/l/{letter.token(CONFIRM)}")
    assert page.status_code == 200 and "<form" not in page.text
    now = fresh.context.clock.now()
    for _ in range(3):
        outcome = fresh.command(
            address, Perform(now, Cause("engine"), "ask:conseils", "0" * 32, "test")
        ).outcome
        if isinstance(outcome, NothingToDo):
            break
    assert fresh.names(address)[-1] == "consent-expired"
    assert fresh.lists(address) == set()


def test_who_did_not_ask_says_so_with_one_link_and_is_not_on_any_list(site: Site) -> None:
    asked_by_form(site, "pas-moi@exemple.fr")
    letter = site.asked("pas-moi@exemple.fr")
    press(site.client, letter.token(NOT_ME))
    assert site.person("pas-moi@exemple.fr").requests == {}
    assert site.client.get(f"/l/{letter.token(CONFIRM)}").status_code == 200
    assert site.lists("pas-moi@exemple.fr") == set()


def test_an_address_that_complained_is_never_asked(site: Site) -> None:
    address = "plainte@exemple.fr"
    asked_by_form(site, address)
    site.confirm(site.asked(address))
    site.command(address, Suppress(site.context.clock.now(), Cause("relay"), "complained"))
    before = site.names(address)
    asked_by_form(site, address)
    assert site.names(address) == before
    site.context.vault.suppress(
        {site.context.vault.hash("liste@exemple.fr"): "complained"}, site.context.clock.now()
    )
    asked_by_form(site, "liste@exemple.fr")
    assert site.stream("liste@exemple.fr") == ""


@pytest.mark.parametrize("form", ["simple", "inscription"])
def test_another_suppression_is_lifted_by_a_fresh_confirmation_and_by_nothing_less(
    site: Site, form: str
) -> None:
    address = f"revenue-{form}@exemple.fr"
    hashed = site.context.vault.hash(address)
    site.context.vault.suppress({hashed: "imported"}, site.context.clock.now())
    for other in ("commande", "client", form):
        site.post(
            other,
            GOOD
            | {
                "email": address,
                "order": "A",
                "relance-agreed": "yes" if other == form else "",
            },
        )
    assert site.lists(address) == set() and site.context.vault.suppressed([hashed])
    site.confirm(site.asked(address))
    assert site.lists(address) == {30} | ({31} if form == "inscription" else set())
    assert site.context.vault.suppressed([hashed]) == {}


def test_a_reader_who_did_not_ask_for_more_says_so_and_keeps_what_they_had(site: Site) -> None:
    address = "lectrice@exemple.fr"
    asked_by_form(site, address)
    site.confirm(site.asked(address))
    site.post("inscription", {"email": address, "jardin": "Un « grand » potager"})
    letter = site.asked(address)
    page = site.client.get(f"/l/{letter.token(NOT_ME)}").text
    assert "rien d’autre ne change" in page
    done = press(site.client, letter.token(NOT_ME)).text
    assert "La demande est supprimée" in done and "comme avant" in done
    assert site.names(address)[-1] == "consent-expired" and not site.person(address).requests
    assert site.lists(address) == {31} and site.person(address).grounds["conseils"].status == "live"
    site.client.get(f"/l/{letter.token(CONFIRM)}")
    assert site.lists(address) == {31}
