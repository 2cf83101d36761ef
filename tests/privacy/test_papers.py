"""The papers the law asks for, from what was declared and published: complete, as of any day, or
refused with everything that is missing.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli import arguments_of_trust, papers
from engine.config import read_config
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.publishing import publication
from engine.sequence.parse_measure import Measure
from engine.sequence.timing import to_local
from engine.subscriber.events import Cause
from tests.cli.asking import FILES
from tests.conftest import MakeContext
from tests.running import wait_for

pytestmark = pytest.mark.postgres

DECLARED = """
[controller]
name = "Le Potager, SARL"
address = "4 chemin des Tilleuls, 00000 Semailles"
contact = "donnees@potager.example"
security = ["Disques chiffrés."]

[[processor]]
name = "Hébergeur"
task = "Héberge le serveur."
country = "FR"
contract = "n° 7"
data = ["adresses"]

[[processor]]
name = "Sauvegardes | & Cie"
task = "Garde les sauvegardes."
country = "US"
contract = "n° 8"
data = ["sauvegardes"]
guarantee = "clauses types"
engaged_by = "Hébergeur"
"""
FORM = """
[[form]]
name = "accueil"
title = "La lettre du potager"
purpose = "conseils"
list = 10
notice = "Votre adresse sert à cette lettre."
checkbox = "Je veux la lettre"
button = "M’inscrire"
"""


def asked(context: AppContext, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = argparse.ArgumentParser()
    arguments_of_trust.papers_arguments(parser)
    assert papers.papers(context, parser.parse_args(words)) == 0
    return capsys.readouterr().out


def publish(context: AppContext, extra: str) -> None:
    """Another edition, with what is declared added to config.toml."""
    path = context.config.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + extra, encoding="utf-8")
    now = context.clock.now()
    facts = publication(
        context.installation_stream.current(),
        FILES | {"form.toml": FORM_FILE},
        read_config(context.config.folder).settings,
        now,
        "9.9",
    )
    assert facts and context.installation_stream.execute(
        lambda state: facts, Cause("operator"), now
    )


FORM_FILE = 'title = "Formulaire"\npurpose = "conseils"\n' + FORM


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


@pytest.fixture
def declared(context: AppContext) -> AppContext:
    publish(context, DECLARED)
    return context


def test_a_register_that_would_have_holes_is_refused_with_all_of_them(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="would not be complete") as refusal:
        asked(context, capsys, "register", "--lang", "en")
    said = str(refusal.value)
    assert all(
        name in said
        for name in ("[controller] name", "[controller] address", "[controller] contact")
    )


def test_the_register_holds_what_article_30_wants(
    declared: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    said = asked(declared, capsys, "register", "--lang", "en")
    for wanted in (
        "Le Potager, SARL",  # (a) controller and contact
        "donnees@potager.example",
        "Des conseils de jardinage, deux fois par mois.",  # (b) purposes
        "email address, language and time zone",  # (c) data
        "Hébergeur, Sauvegardes",  # (d) recipients
        "(United States): clauses types",  # (e) transfers
        "3 years after they were last heard of",  # (f) time limits
        "Disques chiffrés.",  # (g) security
        "consent (GDPR 6(1)(a); CPCE L34-5)",
        "run by Relance 9.9",
    ):
        assert wanted in said, wanted
    assert "Sauvegardes \\| & Cie" in said, "what was declared breaks no table"
    assert "GDPR 27" not in said, "a representative in the Union is for who stands outside of it"
    assert "| legal representative | not said |" in said
    assert "visits to ordinary links" not in said
    head = declared.ledger.head()
    assert said.endswith(f"---\n\nLe Potager · position {head} · no signed checkpoint yet\n")


def test_the_register_says_that_links_are_counted_where_they_are(
    declared: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    counting = replace(declared, config=replace(declared.config, measure=Measure(links=True)))
    said = asked(counting, capsys, "register", "--lang", "en")
    assert "| visits to ordinary links of letters | less than thirteen months" in said


def test_the_register_says_what_is_noted_of_who_agreed_and_that_pictures_are_counted(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(context, f"{DECLARED}\n[measure]\npeople = true\n")
    counting = replace(context, config=replace(context.config, measure=Measure(images=True)))
    said = asked(counting, capsys, "register", "--lang", "en")
    for wanted in (
        "## Mesurer ce que je lis",
        "| lawful because of | consent, given apart from any other",
        "clicked and loaded | thirteen months, or until they take it back |",
        "| loads of the picture that letters hold | less than thirteen months",
    ):
        assert wanted in said, wanted


def test_the_register_is_french_in_dates_countries_and_articles(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(context, DECLARED.replace("[controller]", OUTSIDE))
    signed = context.tree.sign_now()
    said = asked(context, capsys, "register", "--lang", "fr").replace("\u00a0", " ")
    assert re.search(r"^Au \d+(er)? \w+ 20\d\d à \d+ h \d\d, tel qu’on le savait", said, re.M)
    for wanted in (
        "| représentant légal | Ève Semeur |",
        "| représentant dans l’Union (RGPD 27) | Semences Europe, Bruxelles |",
        "Sauvegardes \\| & Cie (États-Unis) : clauses types",
        "consentement (RGPD, art. 6.1.a ; CPCE, art. L. 34-5)",
        "| collecte | formulaire « La lettre du potager » |",
        f"· point de contrôle de {signed.size} entrées, signé le ",
    ):
        assert wanted in said, wanted
    assert "[retention]" not in said


OUTSIDE = """
[controller]
representative = "Ève Semeur"
union_representative = "Semences Europe, Bruxelles"
"""


def test_an_annex_names_its_processor_its_duties_and_its_sub_processors(
    declared: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    said = asked(declared, capsys, "processor", "--name", "Hébergeur", "--lang", "en")
    assert said.count("# Annex") == 1 and all(f"({letter}) " in said for letter in "abcdefgh")
    assert (
        "- Sauvegardes \\| & Cie (United States): Garde les sauvegardes. They see: sauvegardes."
        in said
    )
    assert asked(declared, capsys, "processor").count("# Annexe") == 2
    with pytest.raises(UserError, match="no processor Inconnu was declared; there are: Hébergeur"):
        asked(declared, capsys, "processor", "--name", "Inconnu")


def test_as_of_a_day_the_papers_say_what_was_declared_then(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    publish(context, DECLARED)
    zone = context.config.site.timezone
    now = context.clock.now()
    then = to_local(now, zone).isoformat(timespec="milliseconds")
    wait_for(lambda: context.clock.now() > now)
    publish(context, DECLARED_ANEW)
    assert "Rosier" in asked(context, capsys, "register")
    assert "Rosier" not in asked(context, capsys, "register", "--as-of", then)
    with pytest.raises(UserError, match="nothing had been published by"):
        asked(context, capsys, "register", "--as-of", "2020-01-01")
    with pytest.raises(UserError, match="still to come"):
        asked(context, capsys, "register", "--as-of", "2190-01-01")
    file = tmp_path / "registre.md"
    asked(context, capsys, "register", "-o", str(file))
    assert file.read_text(encoding="utf-8").startswith("# Registre des activités de traitement")


DECLARED_ANEW = """
[[processor]]
name = "Rosier"
task = "Porte les lettres"
country = "FR"
contract = "n° 9"
data = ["adresses", "lettres"]
"""


def test_the_log_of_breaches_tells_each_step_and_what_is_owed(
    declared: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    arguments_of_trust.breach_arguments(parser)
    assert "No breach has been recorded." in asked(declared, capsys, "breaches", "--lang", "en")
    words = (
        "record",
        "--facts",
        "Un | carton\nperdu",
        "--effects",
        "De la publicité",
        "--measures",
        "Aucune",
        "--risk",
        "high",
    )
    assert papers.breach(declared, parser.parse_args(words)) == 0
    capsys.readouterr()
    said = asked(declared, capsys, "breaches", "--lang", "en")
    assert (
        "facts – Un \\| carton perdu" in said
        and "a high risk" in said
        and "to be told without delay" in said
    )
    assert "Breach" not in asked(
        declared, capsys, "breaches", "--lang", "en", "--as-of", "2020-01-01"
    ).replace("Log of personal data breaches", "")
