"""Anybody can type an address: a form takes nobody anywhere whom it does not know to have asked,
and tells nobody who is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine.audit.evidence import ground_proofs
from engine.intake.evidence_requirements import missing
from engine.intake.forms import AGREED, BOUGHT, PROOF
from engine.subscriber.agenda import acts
from engine.subscriber.commands import AnyCommand, Object, Suppress, Withdraw, WithdrawEverything
from engine.subscriber.events import Cause, ConsentConfirmed, ConsentRequested
from engine.vault.vault import Vault
from tests.intake.test_signed_orders import signed
from tests.running_installation import Installations
from tests.web.garden import GARDEN, NOTICE
from tests.web.visiting import BEHIND_A_PROXY, Site, nonceless, visited

KEY = "une-clef-de-la-boutique-assez-longue"
SHOP = BEHIND_A_PROXY + '[form]\norder_key_file = "order.key"\n'
CLIENTS = f"""
[[form]]
name = "achat"
title = "Votre coffret"
list = 50
basis = "service"
order_field = "order"
button = "Recevoir"
notice = "{NOTICE}"

[[list]]
id = 50
name = "clientes"
group = "clients"

[[list]]
id = 51
name = "curieuses"
group = "prospects"
"""
FILES = GARDEN | {
    "potager.toml": (
        GARDEN["potager.toml"].replace(
            'name = "balcon"\n\n', 'name = "balcon"\ngroup = "prospects"\n\n', 1
        )
        + CLIENTS
    )
}


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with installations.made(FILES, SHOP) as context, visited(context, behind_a_proxy=True) as made:
        (context.config.folder / "order.key").write_text(f"{'x' * 32}\n{KEY}\n")
        yield made


def reader(site: Site, address: str) -> str:
    """Somebody known, on the prospects' list 31."""
    site.post("inscription", {"email": address, "jardin": "Un balcon"})
    site.confirm(site.asked(address))
    assert site.lists(address) == {31}
    return address


def order(site: Site, address: str, number: str, proof: str = "", bought: str = "") -> None:
    posted = {"email": address, "order": number, PROOF: proof, BOUGHT: bought, AGREED: ""}
    assert site.post("achat", posted).status_code == 200


def ordered(site: Site, address: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(o.amount, o.products) for o in site.person(address).orders.values()]


def until(seconds: int = 3600) -> int:
    return int(time.time()) + seconds


def is_mailed(site: Site, address: str) -> bool:
    plan = site.context.installation_stream.current().plan()
    return any(
        act.kind == "letter" and key.startswith("ask:")
        for key, act in acts(site.person(address), plan).items()
    )


def test_an_order_form_posted_with_a_known_readers_address_moves_nobody_and_asks_by_mail(
    site: Site,
) -> None:
    address = reader(site, "lectrice@exemple.fr")
    order(site, address, "A-1")
    assert site.lists(address) == {31} and is_mailed(site, address)
    site.confirm(site.asked(address))
    assert site.lists(address) == {50}


def test_who_is_unknown_is_taken_at_once(site: Site) -> None:
    order(site, "nouvelle@exemple.fr", "A-2")
    assert site.lists("nouvelle@exemple.fr") == {50}


def test_a_shop_that_signs_its_order_moves_its_customer_at_once_and_once(site: Site) -> None:
    address = reader(site, "cliente@exemple.fr")
    proof = signed(KEY, "achat", "A-3", address, until())
    order(site, "  CLIENTE@exemple.fr ", "A-3", proof)
    assert site.lists(address) == {50}
    site.command(address, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
    before = site.names(address)
    order(site, address, "A-3", proof)
    assert site.names(address) == before


def test_what_a_shop_has_signed_was_bought_is_recorded_once(site: Site) -> None:
    bought, known, new = "49.90 EUR coffret,livre", "acheteuse@exemple.fr", "acheteur@exemple.fr"
    reader(site, known)
    for address, number in ((known, "K-1"), (new, "K-2"), (new, "K-2")):
        order(site, address, number, signed(KEY, "achat", number, address, until(), bought), bought)
    assert ordered(site, known) == ordered(site, new) == [(4990, ("coffret", "livre"))]


@pytest.mark.parametrize("bought", ["49.90 EUR coffret", "beaucoup", "49.90 EUR un coffret"])
def test_what_nobody_signed_or_nobody_can_read_is_not_recorded(site: Site, bought: str) -> None:
    address = reader(site, f"k{len(bought)}@exemple.fr")
    said = "4.90 EUR livre" if bought == "49.90 EUR coffret" else bought
    number = f"K-{len(bought)}"
    order(site, address, number, signed(KEY, "achat", number, address, until(), said), bought)
    assert ordered(site, address) == []


@pytest.mark.parametrize(
    ("number", "other", "form", "key", "seconds"),
    [
        ("B-1", "B-2", "achat", KEY, 3600),
        ("B-3", "B-3", "commande", KEY, 3600),
        ("B-4", "B-4", "achat", "une-autre-clef-assez-longue-pourtant", 3600),
        ("B-5", "B-5", "achat", KEY, -1),
        ("B-6", "B-6", "achat", KEY, 31 * 86_400),
    ],
    ids=["another order", "another form", "another key", "over", "too far ahead"],
)
def test_a_proof_that_is_none_asks_by_mail(
    site: Site, number: str, other: str, form: str, key: str, seconds: int
) -> None:
    address = reader(site, f"{number.lower()}@exemple.fr")
    order(site, address, number, signed(key, form, other, address, until(seconds)))
    assert site.lists(address) == {31} and is_mailed(site, address)


def test_a_proof_is_good_for_one_address_alone(site: Site) -> None:
    address = reader(site, "victime@exemple.fr")
    order(site, address, "C-1", signed(KEY, "achat", "C-1", "attaquante@exemple.fr", until()))
    assert site.lists(address) == {31}


def test_the_page_keeps_the_shops_proof_and_no_address_stands_in_its_link(site: Site) -> None:
    proof = signed(KEY, "achat", "D-1", "d@exemple.fr", until())
    page = site.client.get(f"/f/achat?order=D-1&proof={proof}").text
    assert f'<input type="hidden" name="{PROOF}" value="{proof}">' in page and 'value="D-1"' in page
    again = site.post("achat", {"email": "d@", "order": "D-1", PROOF: proof, AGREED: ""})
    assert again.status_code == 422 and f'value="{proof}"' in again.text


def test_who_had_left_the_purpose_confirms_even_a_signed_order(site: Site) -> None:
    address = reader(site, "revenue@exemple.fr")
    site.command(address, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
    order(site, address, "E-1", signed(KEY, "achat", "E-1", address, until()))
    assert site.lists(address) == set() and is_mailed(site, address)


@pytest.mark.parametrize("form", ["inscription", "simple", "achat"])
@pytest.mark.parametrize(
    "how", ["objected", "everything", "complained", "suppressed", "imported objection"]
)
def test_an_objector_is_never_mailed_because_a_stranger_posted_a_form(
    site: Site, form: str, how: str
) -> None:
    address, now = f"{form}-{how.replace(' ', '-')}@exemple.fr", site.context.clock.now()
    if how == "imported objection":
        site.context.vault.suppress({site.context.vault.hash(address): "objected"}, now)
    else:
        reader(site, address)
        commands: dict[str, AnyCommand] = {
            "objected": Object(now, Cause("operator"), "r" * 32),
            "everything": WithdrawEverything(now, Cause("click")),
            "complained": Suppress(now, Cause("relay"), "complained"),
            "suppressed": Suppress(now, Cause("operator"), "operator"),
        }
        site.command(address, commands[how])
    before, here = site.names(address), site.lists(address)
    answers = {"jardin": "Un balcon", "order": f"F-{how}"} | (
        {AGREED: ""} if form == "achat" else {}
    )
    page = site.post(form, answers | {"email": address})
    assert site.names(address) == before and site.lists(address) == here
    assert nonceless(page) == nonceless(site.post(form, answers | {"email": f"inconnue-{address}"}))


def test_the_page_says_the_same_to_all_and_claims_no_mail(site: Site) -> None:
    known = reader(site, "connue@exemple.fr")
    for form in ("inscription", "simple", "offres", "achat"):
        answers = {"jardin": "Un balcon", "order": "G-1"} | (
            {AGREED: ""} if form == "achat" else {}
        )
        pages = [
            site.post(form, answers | {"email": who})
            for who in (known, known, f"{form}@exemple.fr")
        ]
        assert len(set(map(nonceless, pages))) == 1
        assert (
            "S’il vous reste quelque chose à confirmer" in pages[0].text
            and "venons" not in pages[0].text
        )


def test_what_was_confirmed_after_an_order_form_is_proved_in_full(site: Site) -> None:
    address = reader(site, "preuve@exemple.fr")
    order(site, address, "H-1")
    site.confirm(site.asked(address))
    stream = site.stream(address)
    last = list(
        ground_proofs(site.context.ledger.stream(stream), site.context.vault.evidence_of(stream))
    )[-1]
    assert isinstance(last.entry.event, ConsentConfirmed) and last.particulars["order"] == "H-1"
    # The letters of this test are begun and taken as accepted by hand: no relay has seen the mail
    # itself.
    assert set(missing(last.particulars)) <= {
        "mail",
        "mail_digest",
        "message_id",
        "sent_at",
        "relay_code",
        "relay_words",
    }


def test_who_becomes_known_while_a_form_is_being_read_is_asked_by_mail(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reader(site, "entre-temps@exemple.fr")
    found, looked = Vault.find, iter([None])
    monkeypatch.setattr(Vault, "find", lambda vault, address: next(looked, found(vault, address)))
    order(site, address, "K-1")
    assert site.lists(address) == {31} and is_mailed(site, address)


def test_nobody_is_asked_to_confirm_where_a_signed_order_has_brought_them(site: Site) -> None:
    address = reader(site, "deux-voies@exemple.fr")
    order(site, address, "J-1")
    order(site, address, "J-2", signed(KEY, "achat", "J-2", address, until()))
    assert site.lists(address) == {50}
    assert (
        acts(site.person(address), site.context.installation_stream.current().plan())[
            "ask:conseils"
        ].kind
        == "expire"
    )


def test_the_second_order_of_somebody_taken_already_asks_for_nothing(site: Site) -> None:
    order(site, "double@exemple.fr", "I-1")
    order(site, "double@exemple.fr", "I-2")
    facts = site.facts("double@exemple.fr")
    assert site.lists("double@exemple.fr") == {50} and not [
        fact for fact in facts if isinstance(fact, ConsentRequested)
    ]
