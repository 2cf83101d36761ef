"""`relance suppress`: whoever is in the file is never written to again, and of strangers nothing is
kept but a keyed hash.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.cli.arguments_of_imports import suppress_arguments
from engine.cli.import_file import suppress
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.imports.passes import SuppressOptions, run_suppress
from engine.imports.report import SuppressReport
from engine.subscriber.eligibility import why_not
from engine.subscriber.terms import SuppressionReason
from tests.cli.bringing_in import (
    FILES,
    bring,
    counts,
    entries,
    person,
    personal_rows,
    reasons,
    stream,
    table,
)
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
BOTH = "adresse e-mail\nana@lecteurs.example\nZoe@Lecteurs.example\nzoe@lecteurs.example\nnobody\n"


@pytest.fixture
def context(make_context: MakeContext, tmp_path: Path) -> AppContext:
    made = make_context(FILES)
    bring(made, table(tmp_path, "email\nana@lecteurs.example\nbob@lecteurs.example\n"))
    return made


def suppressed(
    context: AppContext, path: Path, reason: SuppressionReason, *, dry_run: bool = False
) -> SuppressReport:
    options = SuppressOptions(path=path, reason=reason, dry_run=dry_run)
    return run_suppress(context.importing(), options)


def test_a_dry_run_counts_the_same_and_writes_nothing(context: AppContext, tmp_path: Path) -> None:
    path = table(tmp_path, BOTH, "stop.csv")
    before = (context.ledger.head(), personal_rows(context))
    rehearsed = dict(suppressed(context, path, "operator", dry_run=True).counts)
    assert (context.ledger.head(), personal_rows(context)) == before
    assert rehearsed == dict(suppressed(context, path, "operator").counts)


@pytest.mark.parametrize("reason", ["operator", "bounced", "complained"])
def test_a_known_person_may_not_be_written_to_and_a_stranger_leaves_only_a_hash(
    context: AppContext, tmp_path: Path, reason: SuppressionReason
) -> None:
    people = personal_rows(context)[0]
    report = suppressed(context, table(tmp_path, BOTH, "stop.csv"), reason)
    assert (dict(report.counts), report.rows, report.exit_code) == (
        {"suppressed": 1, "noted": 1, "duplicate": 1},
        4,
        0,
    )
    assert why_not(person(context, "ana@lecteurs.example"), "letter", "conseils") == reason
    assert why_not(person(context, "bob@lecteurs.example"), "letter", "conseils") == ""
    assert personal_rows(context)[0] == people
    hashed = context.vault.hash("zoe@lecteurs.example")
    assert context.vault.suppressed([hashed]) == {hashed: reason}
    with context.database.connection() as connection:
        dumped = repr(connection.execute(b"TABLE vault.suppression").fetchall())
    assert "zoe" not in dumped
    assert (
        (tmp_path / "stop.csv.rejected.csv")
        .read_text(encoding="utf-8-sig")
        .splitlines()[1]
        .startswith('"5",')
    )


def test_the_act_has_its_evidence_and_the_ledger_does_not_name_the_file(
    context: AppContext, tmp_path: Path
) -> None:
    suppressed(context, table(tmp_path, BOTH, "plaintes-mars.csv"), "complained")
    found = stream(context, "ana@lecteurs.example")
    last = context.ledger.stream(found)[-1]
    assert context.vault.evidence_of(found)[last.cause.evidence]["file"] == "plaintes-mars.csv"
    assert "plaintes-mars" not in repr(entries(context))


def test_the_same_file_twice_changes_nothing_and_no_import_revives_anybody_in_it(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, BOTH, "stop.csv")
    suppressed(context, path, "bounced")
    before = (context.ledger.head(), personal_rows(context))
    assert dict(suppressed(context, path, "bounced").counts) == {
        "already": 2,
        "duplicate": 1,
    }
    report = bring(
        context,
        table(tmp_path, "email\nana@lecteurs.example\nzoe@lecteurs.example\n"),
        "--update",
        "--start",
        "welcome",
    )
    assert (counts(report), report.exit_code) == ({"rejected": 2}, 1)
    assert set(reasons(report)) == {"this address is suppressed (bounced)"}
    assert (context.ledger.head(), personal_rows(context)) == before


def test_the_command_says_its_counts_and_refuses_a_file_without_addresses(
    context: AppContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    suppress_arguments(parser)
    assert (
        suppress(context, parser.parse_args([str(table(tmp_path, BOTH)), "--reason", "bounced"]))
        == 0
    )
    said = capsys.readouterr().out
    assert "bounced" in said
    assert "4" in said
    path = table(tmp_path, "ville;pays\nLyon;France\n")
    with pytest.raises(UserError, match="no column") as refusal:
        suppress(context, parser.parse_args([str(path)]))
    assert refusal.value.status == 2
    path = table(tmp_path, "nobody\nnobody else\n", "none.txt")
    with pytest.raises(UserError):
        suppress(context, parser.parse_args([str(path)]))
