"""One installation lived through as its users do, in processes of its own: a form confirmed by
mail, an import with order numbers, a shop's call, clicks, answers, a bounce whose words repeat the
address, an operator's notes, a breach. `SAID` is whatever personal went in.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from psycopg.conninfo import make_conninfo

from tests.cli.commanding import DIALOGUE, SMTP, Installation, embedded, stop
from tests.running import MailServer, link, press, wait_for, write

THEODORA = "theodora.brindamour@lecteurs.example"
LUDIVINE = "ludivine.pastoureau@courriels.example"
FANNY = "fanny.quatresous@boutiques.example"
ACHILLE = "achille.zinzolin@lecteurs.example"
HORTENSE = "hortense.lampourde@lecteurs.example"
OPERATOR = "martine.duchemin"
OTHERS = "198.51.100.23"
VISITOR = "203.0.113.77"
AGENT = "Mozilla/5.0 (Brouettephone 7)"
PLOT = "Derrière la chapelle Saint-Mesmin"
NOTE = "Mme Brindamour a téléphoné du 05 55 01 02 03, fâchée"
FACTS = "La clé USB de Mme Pastoureau est perdue dans le train de Guéret"
ORDERS = ("FACT-2026-88417", "COMMANDE-77421", "CMD/2026/0117")
SAID = {
    "addresses": (THEODORA, LUDIVINE, FANNY, ACHILLE, HORTENSE),
    "names": ("Brindamour", "Théodora", "Ludivine", "Pastoureau", "Quatresous", "Zinzolin"),
    "where they were": (VISITOR, OTHERS, "Brouettephone", "campagne-mimosa"),
    "orders": ORDERS,
    "answers": (PLOT, "Saint-Mesmin"),
    "operators": (OPERATOR, NOTE, "05 55 01 02 03", FACTS, "Guéret"),
    "sources": ("gens.csv", "salon-des-tulipes"),
}
FORMS = """
[[form]]
name = "inscription"
title = "La lettre"
list = 10
checkbox = "Oui, je veux la lettre."
button = "Je m'inscris"
notice = "Nous gardons votre adresse pour vous écrire."

  [[form.field]]
  name = "first_name"
  label = "Prénom"

  [[form.field]]
  name = "parcelle"
  label = "Où est votre parcelle ?"

[[form]]
name = "commande"
title = "Votre commande"
purpose = "commandes"
list = 20
basis = "service"
order_field = "order"
button = "Recevoir"
notice = "Nous gardons votre adresse pour suivre la commande."
"""


@dataclass
class WholeLife:
    relance: Installation
    mail: MailServer
    conninfo: str  # of the database's owner
    logs: list[str] = field(default_factory=list)  # the standard error of every process
    files: dict[str, Path] = field(default_factory=dict)

    def done(self, *arguments: str) -> str:
        """A verb that succeeds; what it says on standard error is kept with the logs."""
        said = self.relance(*arguments)
        assert said.status == 0, f"{arguments}: {said}"
        self.logs.append(said.err)
        return said.out

    def fills_in(
        self, form: str, answers: dict[str, str], ip: str = VISITOR, agent: str = AGENT
    ) -> None:
        """As a browser does, a few seconds after the page was opened."""
        headers = {"X-Forwarded-For": ip, "User-Agent": agent}
        with httpx.Client(
            base_url=self.relance.url, headers=headers, timeout=20, follow_redirects=True
        ) as visitor:
            page = visitor.get(f"/f/{form}", params={"utm_campaign": "campagne-mimosa"})
            asked = dict(
                re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
            )
            boxes = dict(
                re.findall(
                    r'<input[^>]*type="checkbox"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text
                )
            )
            time.sleep(3.2)
            action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
            posted = visitor.post(
                html.unescape(action[1]) if action else str(page.url), data=asked | boxes | answers
            )
        assert posted.status_code == 200, posted.text

    def letters(self, address: str, number: int) -> None:
        wait_for(lambda: len(self.mail.letters(address)) >= number)


@contextmanager
def whole_life(folder: Path) -> Iterator[WholeLife]:
    """Lived up to the moment before anybody is erased; nothing of it runs any more but its
    database.
    """
    relance = Installation(folder)
    relance.environment |= {"LOGNAME": OPERATOR, "USER": OPERATOR}
    with embedded(relance) as server, MailServer() as mail:
        write(folder, {"sequences/semis.toml": DIALOGUE + FORMS})
        web, fields = f"port = {relance.web}", 'first_name = "Prénom"'
        changes = {
            web: f'{web}\ntrusted_proxies = ["127.0.0.1"]',
            fields: f'{fields}\nparcelle = "Parcelle"',
        }
        relance.configure(SMTP.format(port=mail.sink.port), changes)
        life = WholeLife(relance, mail, make_conninfo(server.attach(), dbname="relance"))
        life.done("publish", "--yes")
        _is_lived(life)
        yield life


def _is_lived(life: WholeLife) -> None:
    relance, mail = life.relance, life.mail
    rows = (
        f"{LUDIVINE};Ludivine;salon-des-tulipes;{ORDERS[0]}\n"
        f"{ACHILLE};Achille;salon-des-tulipes;{ORDERS[0]}-2\n"
    )
    table = f"email;first_name;source;commande\n{rows}"
    write(relance.folder, {"gens.csv": table})
    mail.sink.answer(
        "rcpt",
        f"550 5.1.1 <{LUDIVINE}>: no such user Ludivine Pastoureau, asked {OTHERS}",
        LUDIVINE,
    )
    mail.sink.answer("dot", f"250 2.0.0 Ok: queued for <{ACHILLE}> from {OTHERS}", ACHILLE)
    said = (
        "--basis",
        "soft-optin",
        "--collected",
        "2026-01-05",
        "--objection",
        "case à cocher",
        "--start",
        "welcome",
        "--order",
        "commande",
    )
    life.done(
        "import",
        str(relance.folder / "gens.csv"),
        "--list",
        "10",
        "--source",
        "",
        "--map",
        "source=source",
        *said,
    )
    (relance.folder / "gens.csv").unlink()
    key = life.done("api-key", "create", "boutique", "--scope", "subscribe").strip()
    life.done("resume", "--yes")
    with relance.running() as process:
        life.fills_in(
            "inscription", {"email": THEODORA.title(), "first_name": "Théodora", "parcelle": PLOT}
        )
        life.letters(THEODORA, 1)
        press(re.search(r"https?://\S+/l/[\w-]{35}", _text(mail, THEODORA))[0])  # type: ignore[index]
        life.letters(THEODORA, 2)
        press(link(mail.letters(THEODORA)[1], "Oui"))
        press(link(mail.letters(THEODORA)[1], "Non"))
        call = {
            "email": FANNY,
            "list": 20,
            "basis": "service",
            "source": "salon-des-tulipes",
            "collected_at": "2026-01-06",
            "proof": ORDERS[1],
        }
        heads = {
            "Authorization": f"Bearer {key.split()[-1]}",
            "Idempotency-Key": ORDERS[1],
            "X-Forwarded-For": OTHERS,
        }
        answer = httpx.post(
            f"{relance.url}/api/v1/subscriptions",
            json=call | {"fields": {"first_name": "Fanny Quatresous"}},
            headers=heads,
        )
        assert answer.status_code in (200, 201), answer.text
        life.fills_in("commande", {"email": HORTENSE, "order": ORDERS[2]}, OTHERS, "Mozilla/5.0")
        for nothing in ("/nothing", "/f/inscription"):
            httpx.get(f"{relance.url}{nothing}", params={"email": THEODORA})
        wait_for(lambda: "mail-bounced" in relance("show", LUDIVINE, "--json").out)
        life.letters(ACHILLE, 1)
        life.done("requests", "--right", "access", "--by", THEODORA, "--note", NOTE)
        life.done(
            "breach",
            "record",
            "--facts",
            FACTS,
            "--effects",
            "aucun",
            "--measures",
            "clé chiffrée",
            "--risk",
            "none",
        )
        life.done("person", "correct", ACHILLE, "--field", "first_name=Zinzolin")
        life.files["copy"] = relance.folder.parent / "copy"
        life.done("backup", "-o", str(life.files["copy"]))
        assert relance("show", THEODORA + "x").status == 1
        ended_ = stop(process)
        assert ended_.status == 0
        life.logs.append(ended_.out + ended_.err)


def _text(mail: MailServer, address: str) -> str:
    part = mail.letters(address)[0].get_body(("plain",))
    assert part is not None
    return str(part.get_content())
