"""To be measured is agreed to by a box of its own, on a form or on the page of preferences, and
taken back there.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest

from engine.audit.evidence import ground_proofs, read_payload
from engine.audit.vault_check import vault_faults
from engine.installation.publishing import digest_of, notice_text
from engine.intake.evidence_requirements import missing
from engine.sequence.model import MEASURE
from engine.subscriber import events as e
from engine.web.preference_offer import offer
from tests.running_installation import Installations
from tests.web.correspondence import FILES, letter, press
from tests.web.garden import NOTICE
from tests.web.test_preferences import Reader
from tests.web.visiting import Site, behind_a_proxy

FORM = f"""
title = "Le potager"
purpose = "conseils"
[[form]]
name = "choix"
title = "La lettre"
list = 30
checkbox = "Oui"
notice = "{NOTICE}"
ask = ["measure"]
[[form]]
name = "vite"
title = "Tout de suite"
list = 30
checkbox = "Oui"
notice = "{NOTICE}"
confirm = false
ask = ["measure"]
[[list]]
id = 30
name = "lettre"
"""
BOX = "relance-measure"


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    files = FILES | {"mesure.toml": FORM}
    with behind_a_proxy(installations, files, "[measure]\npeople = true\n") as made:
        yield made


@pytest.fixture
def reader(site: Site) -> Reader:
    return Reader(site.client, letter(site.context))


def wanting(site: Site, stream: str) -> list[list[str]]:
    """What the proof of each consent to be measured lacks."""
    pieces = {
        commitment: read_payload(piece.payload)
        for commitment, piece in site.context.vault.pieces_of(stream).items()
    }
    proofs = ground_proofs(site.context.ledger.stream(stream), pieces)
    return [missing(p.particulars) for p in proofs if p.particulars["purpose"] == MEASURE]


@pytest.mark.parametrize("path", ["/f/choix", "/f/choix/embed", "/f/choix.json"])
def test_a_form_asks_it_in_the_words_that_are_published_and_ticks_nothing(
    site: Site, path: str
) -> None:
    page = html.unescape(site.client.get(path).text)
    assert "Mesurer ce que je lis" in page and "treize mois" in page and " checked" not in page
    plan = site.context.installation_stream.current().plan()
    assert "[ ] Mesurer ce que je lis Nous notons" in notice_text(plan, "choix")


def test_what_was_ticked_is_confirmed_with_the_rest_and_the_page_says_so(site: Site) -> None:
    address = "mesuree@exemple.fr"
    site.post("choix", {"email": address, BOX: "yes"})
    assert site.person(address).measured_since == 0, "anybody can type an address"
    mail = site.asked(address)
    page = html.unescape(site.client.get(f"/l/{mail.token(2)}").text)
    assert "Mesurer ce que je lis" in page and "treize mois" in page
    site.confirm(mail)
    assert site.person(address).measured_since
    given = site.entries(address)[-1]
    plan = site.context.installation_stream.current().plan()
    assert given.event == e.ConsentGiven(
        given.event.at, MEASURE, "page", digest_of(notice_text(plan, "choix")), "human_button"
    )
    pieces = site.context.vault.pieces_of(site.stream(address))
    piece = read_payload(pieces[given.cause.evidence].payload)
    assert piece["purpose"] == MEASURE and "treize mois" in str(piece["shown_besides"])
    assert wanting(site, site.stream(address)) == [[]]


def test_who_ticked_nothing_is_not_measured_and_is_told_nothing_of_it(site: Site) -> None:
    address = "discrete@exemple.fr"
    site.post("choix", {"email": address})
    mail = site.asked(address)
    assert "Mesurer" not in site.client.get(f"/l/{mail.token(2)}").text
    site.confirm(mail)
    assert site.person(address).memberships and site.person(address).measured_since == 0


def test_who_joins_at_once_has_agreed_at_once_with_a_proof_of_its_own(site: Site) -> None:
    address = "vite@exemple.fr"
    site.post("vite", {"email": address, BOX: "yes"})
    assert site.person(address).measured_since
    assert wanting(site, site.stream(address)) == [[]]
    taken = [fact for fact in site.facts(address) if isinstance(fact, e.ConsentGiven)]
    assert [fact.purpose for fact in taken] == ["conseils", MEASURE]


def test_somebody_elses_post_measures_nobody_who_is_known(site: Site) -> None:
    address = "connue@exemple.fr"
    site.post("vite", {"email": address})
    site.post("vite", {"email": address, BOX: "yes"})
    assert site.person(address).measured_since == 0


def test_the_page_of_preferences_has_a_switch_which_is_off_until_somebody_agrees(
    site: Site, reader: Reader
) -> None:
    page = html.unescape(reader.opens().text)
    assert "Mesurer ce que je lis" in page
    assert f'name="purpose-{MEASURE}" value="yes">' in page
    told = reader.told(reader.saves(**{f"purpose-{MEASURE}": "yes"}))
    assert "est mesuré" in told
    (fact,) = reader.since()
    plan = site.context.installation_stream.current().plan()
    words = digest_of(offer(plan, "fr").notice)
    assert fact == e.ConsentGiven(fact.at, MEASURE, "page", words, "human_button")
    assert site.context.installation_stream.current().words[words]
    assert wanting(site, reader.letter.stream) == [[]]
    assert f'name="purpose-{MEASURE}" value="yes" checked' in reader.opens().text
    told = reader.told(reader.saves(**{f"purpose-{MEASURE}": None}))
    assert "n’est plus mesuré" in told
    assert reader.since()[-1] == e.ConsentWithdrawn(reader.since()[-1].at, MEASURE, "human_button")
    assert reader.letter.person().memberships, "the letters go on"


def test_stopping_everything_ends_it(site: Site, reader: Reader) -> None:
    reader.saves(**{f"purpose-{MEASURE}": "yes"})
    assert reader.letter.person().measured_since
    press(site.client, reader.letter.token(1))
    assert reader.letter.person().measured_since == 0


def test_agreeing_to_be_measured_lifts_no_objection(site: Site, reader: Reader) -> None:
    page = reader.opens()
    press(site.client, reader.letter.token(1))
    reader.saves(page, **{f"purpose-{MEASURE}": "yes", "purpose-conseils": None})
    person = reader.letter.person()
    known = site.context.vault.people([reader.letter.stream])[reader.letter.stream]
    hashed = site.context.vault.hash(known.address)
    assert person.measured_since and person.objected
    assert site.context.vault.suppressed([hashed])


def test_the_vault_holds_no_evidence_that_no_fact_names(site: Site, reader: Reader) -> None:
    """After whatever was pressed above, and a press of which only one part changed anything."""
    reader.saves(**{f"purpose-{MEASURE}": "yes"})
    reader.saves(purpose_conseils="yes", frequency="weekly")
    assert list(vault_faults(site.context.ledger, site.context.vault)) == []
