"""`relance members LIST`: each person of a list with their fields, since when, on what ground, and
what comes next; inert in a spreadsheet.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

import pytest

from engine.cli import lists
from engine.cli.arguments_of_people import STDOUT
from engine.cli.lists import members
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, PeopleExported
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES, answer, send
from tests.conftest import MakeContext
from tests.running_installation import CONFIG

pytestmark = pytest.mark.postgres
NAMES = {
    "ana@lecteurs.example": '=HYPERLINK("x")',
    "bob@lecteurs.example": "Bob\x1b[31m",
    "zoe@lecteurs.example": "",
}


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    """Three on list 10 who were asked: one has answered since."""
    birthday = '\n[fields.birthday]\nlabel = "Date de naissance"\ntype = "date"\n'
    context = make_context(FILES, config=CONFIG + birthday)
    streams = {}
    for address, name in NAMES.items():
        now = context.clock.now()
        command = Subscribe(
            now, Cause("form"), 10, "consent", "single", own_act=True, fields=("first_name",)
        )
        streams[address] = context.command_handler.execute_one(
            CommandRequest(
                command,
                address=address,
                vault_write=VaultWrite(
                    "", now, fields={"first_name": name, "birthday": "1980-09-03"}
                ),
            )
        ).stream
        context.clock.jump(1000)
    begun = send(context, list(streams.values()))
    answer(context, streams["zoe@lecteurs.example"], begun[streams["zoe@lecteurs.example"]], 1, 12)
    return context


def said(
    context: AppContext, capsys: pytest.CaptureFixture[str], number: str, to: Path | None = None
) -> str:
    assert members(context, argparse.Namespace(list=number, csv=to)) == 0
    return capsys.readouterr().out


def test_each_is_shown_with_what_comes_next(
    context: AppContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BATCH", 1)
    shown = said(context, capsys, "question")
    assert (
        "ana@lecteurs.example" in shown
        and "[again]" in shown
        and "consentement, en vigueur" in shown
    )
    assert "zoe@" not in shown and "zoe@" in said(context, capsys, "12")
    assert shown.endswith("2 personnes dans la liste 10 question\n") and "\x1b" not in shown
    assert shown.index("ana@") < shown.index("bob@")


def test_a_spreadsheet_runs_nothing_of_it_and_nobody_else_reads_it(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO(said(context, capsys, "10", STDOUT))))
    assert [row["address"] for row in rows] == ["ana@lecteurs.example", "bob@lecteurs.example"]
    assert rows[0]["first_name"] == '\'=HYPERLINK("x")' and rows[0]["next_at"] > rows[0]["since"]
    assert rows[0]["ground"] == "consentement, en vigueur"
    file = tmp_path / "members.csv"
    said(context, capsys, "10", file)
    assert (
        file.stat().st_mode & 0o777 == 0o600 and len(file.read_text("utf-8-sig").splitlines()) == 3
    )
    with pytest.raises(UserError, match="there already"):
        said(context, capsys, "10", file)
    *_others, on_screen, in_file = context.ledger.stream(STREAM)
    for entry in (on_screen, in_file):
        assert entry.event == PeopleExported(entry.event.at, 2, ("first_name", "birthday"))
        kept = context.vault.evidence_of(STREAM)[entry.cause.evidence]
        assert kept["conditions"] == ["on 10"]


def test_a_date_is_in_words_for_people_and_as_it_is_kept_for_programs(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "3 septembre 1980" in said(context, capsys, "10")
    rows = list(csv.DictReader(io.StringIO(said(context, capsys, "10", STDOUT))))
    assert {row["birthday"] for row in rows} == {"1980-09-03"}


def test_a_list_that_is_not_there_is_not_guessed_at(make_context: MakeContext) -> None:
    with pytest.raises(UserError, match="did you mean question") as refused:
        members(make_context(FILES), argparse.Namespace(list="questoin", csv=None))
    assert refused.value.status == 2
