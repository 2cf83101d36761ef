"""`relance import` of people who are said to have agreed, with no proof of it: what `[consent]
declared` makes of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audit.event_sentences import sentence
from engine.context import AppContext
from engine.sending.compose import Composer, ComposeRequest
from engine.sending.inert_letter import letter_named
from engine.subscriber.events import ConsentRequested
from tests.cli.bringing_in import FILES, bring, counts, person, table
from tests.conftest import MakeContext
from tests.running_installation import CONFIG

TWO = "email;fiche\nana@lecteurs.example;\nbob@lecteurs.example;F-12\n"
PROOF = ("--proof", "fiche")
pytestmark = pytest.mark.postgres


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES, config=CONFIG.replace('declared = "write"\n', ""))


def test_who_has_no_proof_is_asked_and_who_has_one_joins(
    context: AppContext, tmp_path: Path
) -> None:
    report = bring(context, table(tmp_path, TWO), *PROOF)
    assert counts(report) == {"asked": 1, "joined": 1}
    assert any("declared = “ask-first”" in line for line in report.lines(str))
    asked, proved = person(context, "ana@lecteurs.example"), person(context, "bob@lecteurs.example")
    assert (dict(asked.grounds), dict(asked.memberships)) == ({}, {})
    assert asked.requests["conseils"].declared
    assert proved.grounds["conseils"].proof == "declared-with-proof" and 10 in proved.memberships


def test_the_same_file_again_asks_nobody_again(context: AppContext, tmp_path: Path) -> None:
    bring(context, table(tmp_path, TWO), *PROOF)
    again = bring(context, table(tmp_path, TWO), *PROOF)
    assert counts(again) == {"asked-before": 1, "already": 1}


def test_a_dry_run_says_who_would_be_asked_and_writes_nothing(
    context: AppContext, tmp_path: Path
) -> None:
    report = bring(context, table(tmp_path, TWO), *PROOF, "--dry-run")
    assert counts(report) == {"asked": 1, "joined": 1}
    assert context.vault.find("ana@lecteurs.example") is None


def test_the_operator_may_take_the_file_at_its_word(
    make_context: MakeContext, tmp_path: Path
) -> None:
    context = make_context(FILES)
    report = bring(context, table(tmp_path, TWO), *PROOF)
    assert counts(report) == {"joined": 2}
    assert any("declared = “write”" in line for line in report.lines(str))
    assert person(context, "ana@lecteurs.example").grounds["conseils"].proof == "declared"


def test_the_mail_says_from_where_the_address_came_and_not_that_they_had_asked(
    context: AppContext,
) -> None:
    plan = context.installation_stream.current().plan()
    claim = letter_named(plan, "ask-first")
    request = ComposeRequest(claim, 0, "ana@lecteurs.example", {}, "fr", source="Salon du jardin")
    composed = Composer(context.config, b"k" * 32).compose(request, plan, 1_772_449_200_000)
    assert composed.subject == "Souhaitez-vous recevoir nos lettres ?"
    assert "Salon du jardin" in composed.text and "La lettre du potager" in composed.text
    assert "a demandé" not in composed.text and "formulaire" not in composed.text


def test_an_auditor_reads_that_they_had_not_asked(context: AppContext, tmp_path: Path) -> None:
    bring(context, table(tmp_path, TWO), *PROOF)
    stream = context.vault.find("ana@lecteurs.example")
    assert stream is not None
    (request,) = (
        entry.event
        for entry in context.ledger.stream(stream)
        if isinstance(entry.event, ConsentRequested)
    )
    plan = context.installation_stream.current().plan()
    assert "without a proof" in sentence(request, plan, str, str)


def test_nothing_is_said_of_proofs_where_none_is_wanting(
    context: AppContext, tmp_path: Path
) -> None:
    report = bring(context, table(tmp_path, "email;fiche\nbob@lecteurs.example;F-12\n"), *PROOF)
    assert not any("[consent]" in line for line in report.lines(str))


THEMES = """
[[theme]]
id = "semis"
name = "Semis & plants"
[[theme]]
id = "eau"
name = "L’eau"
"""
CHOSEN = (
    "email;fiche;envies\nana@lecteurs.example;F-1;Semis & plants\neve@lecteurs.example;F-2;feu\n"
)


def test_a_newcomer_chose_the_themes_of_the_file_and_who_is_known_keeps_their_own(
    make_context: MakeContext, tmp_path: Path
) -> None:
    context = make_context(FILES, config=CONFIG + THEMES)
    columns = (*PROOF, "--map", "envies=theme")
    report = bring(context, table(tmp_path, CHOSEN), *columns)
    assert person(context, "ana@lecteurs.example").preferences.themes == ("semis",)
    assert person(context, "eve@lecteurs.example").preferences.themes == ()
    assert any("3" in line and "theme" in line for line in report.lines(str))
    bring(context, table(tmp_path, CHOSEN.replace("Semis & plants", "eau")), *columns, "--update")
    assert person(context, "ana@lecteurs.example").preferences.themes == ("semis",)
