"""People who came by each door there is, through the doors themselves: pages, API, import, command
line, and a mail server that takes what asks.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from engine.api.api_keys import create
from engine.api.scopes import SCOPES
from engine.audit.evidence import GroundProof, ground_proofs
from engine.cli.arguments_of_imports import import_arguments
from engine.cli.arguments_of_people import subscribe_arguments
from engine.cli.import_file import from_arguments
from engine.cli.people import subscribe
from engine.context import AppContext
from engine.imports.passes import run_imports
from engine.letter.link_token import CONFIRM, FIRST_LINK, UNSUBSCRIBE, make_token
from engine.subscriber.events import LetterBegun, LetterSent
from tests.sending.readers import send_until
from tests.sink import Accepted, Sink
from tests.web.correspondence import Letter, form_to, press, written_to
from tests.web.garden import GARDEN
from tests.web.visiting import Site

PARTNER = """
[[partner]]
id = "pepiniere"
name = "La Pépinière"
address = "bonjour@pepiniere.example"
notice = "https://pepiniere.example/vie-privee"

[[purpose]]
id = "pepiniere"
name = "Les offres de la Pépinière"
partner = "pepiniere"
"""
MORE = """
[[form]]
name = "pepiniere"
title = "Les offres de notre partenaire"
purpose = "pepiniere"
list = 60
confirm = false
checkbox = "Oui, les offres de la Pépinière"
notice = "Le Potager garde votre adresse jusqu’à votre désinscription."

[[form]]
name = "metier"
title = "Pour les jardiniers"
list = 30
basis = "b2b"
checkbox = "Je m’y oppose"
notice = "Le Potager garde votre adresse jusqu’à votre désinscription."
function_field = "first_name"
age = "J’ai quinze ans ou plus."
  [[form.field]]
  name = "first_name"
  label = "Votre métier"
  required = true

[[list]]
id = 50
name = "question"
  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Question"
  body = "question.md"

[[list]]
id = 60
name = "chez-la-pepiniere"
purpose = "pepiniere"

[[webhook]]
name = "boutique"
from = "generic"
secret_file = "boutique.secret"
[[webhook.do]]
on = "purchase"
join = 30
"""
FILES = GARDEN | {
    "potager.toml": GARDEN["potager.toml"] + MORE,
    "question.md": "Et nos offres ?\n\n[Oui, les offres](===40===)\n",
}
CALL = {"list": 30, "source": "Salon du jardin", "collected_at": "2026-01-15"}


def proofs_of(site: Site, address: str) -> list[GroundProof]:
    stream = site.stream(address)
    return list(
        ground_proofs(site.context.ledger.stream(stream), site.context.vault.evidence_of(stream))
    )


def last(site: Site, address: str) -> GroundProof:
    return proofs_of(site, address)[-1]


def posted(context: AppContext, site: Site, *addresses: str) -> list[Accepted]:
    """The engine's own sender until the mails to `addresses` are accepted and recorded: the
    mails.
    """

    def sent() -> bool:
        return all(
            any(isinstance(fact, LetterSent) for fact in site.facts(address))
            for address in addresses
        )

    async def story() -> list[Accepted]:
        async with Sink() as sink:
            await send_until(context, sink, sent)
            return list(sink.messages)

    taken = asyncio.run(story())
    return [next(mail for mail in taken if address in mail.recipients) for address in addresses]


def letter_to(site: Site, address: str) -> Letter:
    """The last letter begun for somebody."""
    entry = [each for each in site.entries(address) if isinstance(each.event, LetterBegun)][-1]
    assert isinstance(entry.event, LetterBegun)
    return Letter(site.context, entry.stream, entry.position, entry.event)


def confirmed(site: Site, address: str) -> Accepted:
    """Who was asked gets the mail, opens its link and presses the button."""
    (mail,) = posted(site.context, site, address)
    assert press(site.client, letter_to(site, address).token(CONFIRM)).status_code == 200
    return mail


def unknown(proof: GroundProof) -> list[str]:
    """What a proof says is not known."""
    listed = proof.particulars.get("unknown", [])
    assert isinstance(listed, list)
    return [str(name) for name in listed]


def by_form(site: Site) -> str:
    site.post(
        "simple",
        {
            "email": "simple@exemple.fr",
            "relance-source": "affiche",
            "relance-campaign": "printemps",
        },
    )
    return "simple@exemple.fr"


def by_form_confirmed(site: Site) -> str:
    site.post(
        "inscription", {"email": "doi@exemple.fr", "first_name": "Léa", "jardin": "Un balcon"}
    )
    confirmed(site, "doi@exemple.fr")
    return "doi@exemple.fr"


def by_soft_opt_in(site: Site) -> str:
    site.post("client", {"email": "cliente@exemple.fr", "order": "CMD-17", "relance-agreed": ""})
    return "cliente@exemple.fr"


def by_business(site: Site) -> str:
    site.post(
        "metier",
        {
            "email": "jardinier@exemple.fr",
            "first_name": "Jardinier",
            "relance-agreed": "",
            "relance-age": "yes",
        },
    )
    return "jardinier@exemple.fr"


def by_partner(site: Site) -> str:
    site.post("pepiniere", {"email": "partenaire@exemple.fr"})
    return "partenaire@exemple.fr"


def by_page(site: Site) -> str:
    address = "retour@exemple.fr"
    site.post("simple", {"email": address})
    token = written_to(site.context, site.stream(address), "list:30").token(UNSUBSCRIBE)
    page = press(site.client, token).text
    site.client.post(f"/l/{token}", data=form_to(page, token, "again"))
    return address


def by_answer(site: Site) -> str:
    address = "reponse@exemple.fr"
    call(site, {"email": address, "basis": "consent", **CALL, "list": 50})
    found = written_to(site.context, site.stream(address), "list:50")
    press(
        site.client,
        make_token(site.context.secrets.link_key, FIRST_LINK, found.position, found.claim.message),
        consent="offres",
    )
    return address


def call(site: Site, body: dict[str, object]) -> None:
    key = create(site.context.desk, f"k{site.context.ledger.head()}", SCOPES)
    answer = site.client.post(
        "/api/v1/subscriptions", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 201, answer.text


def by_api(site: Site) -> str:
    call(site, {"email": "appel@exemple.fr", "basis": "consent", "proof": "fiche 12", **CALL})
    return "appel@exemple.fr"


def by_api_confirmed(site: Site) -> str:
    call(site, {"email": "appel-doi@exemple.fr", "basis": "double-opt-in", "list": 31})
    confirmed(site, "appel-doi@exemple.fr")
    return "appel-doi@exemple.fr"


def by_import(site: Site) -> str:
    path = site.context.config.folder / "gens.csv"
    Path(path).write_text("email,metier\nfichier@exemple.fr,jardinière\n", encoding="utf-8")
    parser = argparse.ArgumentParser()
    import_arguments(parser)
    said = [
        "--list",
        "30",
        "--source",
        "Salon du jardin",
        "--collected",
        "2025-03-01",
        "--basis",
        "b2b",
    ]
    args = parser.parse_args(
        [str(path), *said, "--function", "metier", "--objection", "case sur la fiche"]
    )
    run_imports(site.context.importing(), from_arguments(args, site.context))
    return "fichier@exemple.fr"


def operate(site: Site, *said: str) -> None:
    parser = argparse.ArgumentParser()
    subscribe_arguments(parser)
    assert subscribe(site.context, parser.parse_args(list(said))) == 0


def by_operator(site: Site) -> str:
    operate(
        site,
        "main@exemple.fr",
        "--list",
        "30",
        "--basis",
        "consent",
        "--source",
        "foire",
        "--collected",
        "2025-03-01",
    )
    return "main@exemple.fr"


def corrected(site: Site, address: str, new: str) -> None:
    key = create(site.context.desk, f"c{site.context.ledger.head()}", SCOPES)
    answer = site.client.post(
        "/api/v1/people/correct",
        json={"email": address, "new_email": new},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text


def by_operator_confirmed(site: Site) -> str:
    operate(site, "main-doi@exemple.fr", "--list", "31", "--source", "téléphone")
    confirmed(site, "main-doi@exemple.fr")
    return "main-doi@exemple.fr"


def by_webhook(site: Site) -> str:
    (site.context.config.folder / "boutique.secret").write_text("secret\n", encoding="ascii")
    order = {"order": "7", "amount": "12.50", "currency": "EUR", "email": "achat@exemple.fr"}
    answer = site.client.post("/w/boutique", json=order, headers={"Authorization": "Bearer secret"})
    assert answer.status_code == 200, answer.text
    return "achat@exemple.fr"


DOORS: dict[str, Callable[[Site], str]] = {
    "form": by_form,
    "form-confirmed": by_form_confirmed,
    "form, soft opt-in": by_soft_opt_in,
    "form, b2b": by_business,
    "form, partner": by_partner,
    "page": by_page,
    "answer": by_answer,
    "api": by_api,
    "api-confirmed": by_api_confirmed,
    "import": by_import,
    "webhook": by_webhook,
    "operator": by_operator,
    "operator-confirmed": by_operator_confirmed,
}
