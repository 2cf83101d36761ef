"""Access and portability: everything that is known, in order, for people and for programs; and
nothing in it runs in a spreadsheet (G05).
"""

from __future__ import annotations

import csv
import io
import json

from engine.privacy.dossier_words import DossierInWords
from engine.privacy.export import CSV_HEADER, as_csv, dossier
from tests.conftest import MakeContext
from tests.privacy.garden import FILES, Anna


def test_everything_that_went_in_comes_out(make_context: MakeContext) -> None:
    anna = Anna(make_context(FILES)).joins()
    anna.clicks(anna.is_sent(), 0, 11)
    anna.changes()
    said = dossier(anna.context, anna.stream)
    text = json.dumps(said, ensure_ascii=False)
    assert [word for word in anna.words if word not in text] == []
    events = said["events"]
    assert isinstance(events, list) and [each["version"] for each in events] == list(
        range(1, len(events) + 1)
    )
    stored = set(anna.context.vault.evidence_of(anna.stream))
    evidence = said["evidence"]
    assert isinstance(evidence, list) and {each["commitment"] for each in evidence} == stored
    letters, sources = said["letters"], said["sources"]
    assert isinstance(letters, list) and isinstance(sources, list)
    (letter,), (source,) = letters, sources
    assert (letter["letter"], letter["outcome"], letter["subject"]) == (
        "asks",
        "accepted",
        "Une question",
    )
    assert (source["door"], source["source"], source["order"]) == ("api", "boutique", anna.order)
    assert said["lists"] == [
        {"list": 11, "name": said["lists"][0]["name"], "since": said["lists"][0]["since"]}  # type: ignore[index]
    ]
    assert said["recipients"] and said["controller"]
    assert said["authority"] == {
        "name": "CNIL",
        "address": "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, France",
        "web": "https://www.cnil.fr/plaintes",
    }
    assert {row["what"] for row in said["retention"]} >= {"adresse IP et navigateur"}  # type: ignore[attr-defined]
    assert said["ledger"] == {"position": anna.context.ledger.head(), "checkpoint": None}


def test_what_was_bought_is_told_with_its_number_and_in_words(make_context: MakeContext) -> None:
    anna = Anna(make_context(FILES)).joins()
    anna.buys()
    said = dossier(anna.context, anna.stream)
    orders = said["orders"]
    assert isinstance(orders, list) and len(orders) == 1
    assert orders[0] | {"at": ""} == {
        "order": anna.order,
        "at": "",
        "amount": 4990,
        "currency": "EUR",
        "products": ["coffret"],
        "refunded": 0,
    }
    plan = anna.context.installation_stream.current().plan()
    for language, words in (
        ("fr", f"49,90\u00a0€ · coffret · commande {anna.order}"),
        ("en", f"EUR 49.90 · coffret · order {anna.order}"),
    ):
        teller = DossierInWords(plan, language, "Europe/Paris", anna.context.clock.now())  # type: ignore[arg-type]
        lines = [line.value for section in teller.sections(said) for line in section.lines]
        assert words in lines
    assert anna.order in as_csv(said)


def test_a_subject_is_the_one_the_person_read_and_recipients_are_those_of_the_register(
    make_context: MakeContext,
) -> None:
    greeting = "subject = \"Une question, {{ first_name | default('vous') }}\""
    files = {
        name: text.replace('subject = "Une question"', greeting) for name, text in FILES.items()
    }
    anna = Anna(make_context(files, PROCESSOR)).joins()
    anna.is_sent()
    said = dossier(anna.context, anna.stream)
    assert [letter["subject"] for letter in said["letters"]] == [  # type: ignore[attr-defined]
        "Une question, Anastasie"
    ]
    assert said["recipients"][1] == {  # type: ignore[index]
        "who": "Hébergeur",
        "what": "Garde les sauvegardes.",
        "data": ["adresses", "lettres"],
        "country": "US",
        "guarantee": "clauses types",
    }
    zone = anna.context.config.site.timezone
    plan = anna.context.installation_stream.current().plan()
    told_in_french = DossierInWords(plan, "fr", zone, anna.context.clock.now())
    told = {
        section.heading: " | ".join(f"{line.name}: {line.value}" for line in section.lines)
        for section in told_in_french.sections(said)
    }
    assert "Hébergeur (États-Unis): Garde les sauvegardes. Données vues" in told[
        "Qui d’autre les voit"
    ].replace("\u00a0", " ")
    assert "www.cnil.fr/plaintes" in told["Vos droits"]
    assert "adresse IP et navigateur: 1 an" in told["Combien de temps nous le gardons"]


PROCESSOR = """
[[processor]]
name = "Hébergeur"
task = "Garde les sauvegardes."
country = "US"
contract = "n° 7"
data = ["adresses", "lettres"]
guarantee = "clauses types"
"""


def test_the_sheet_holds_the_same_and_every_cell_is_inert(make_context: MakeContext) -> None:
    anna = Anna(make_context(FILES), name='=HYPERLINK("http://evil.example";"clic")').joins()
    text = as_csv(dossier(anna.context, anna.stream))
    assert text.startswith('\ufeff"about","date","what","value"\r\n')
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == CSV_HEADER and {len(row) for row in rows} == {4}
    assert not [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]
    assert any(anna.address in cell for row in rows for cell in row)
    assert {row[0] for row in rows[1:]} >= {
        "person",
        "purposes",
        "lists",
        "sources",
        "recipients",
        "evidence",
        "events",
    }


def test_the_name_that_looks_like_a_formula_is_shown_as_text(make_context: MakeContext) -> None:
    anna = Anna(make_context(FILES), name="=1+1").joins()
    said = {"fields": dossier(anna.context, anna.stream)["person"]["fields"]}  # type: ignore[index]
    assert '"first_name","\'=1+1"' in as_csv(said)
