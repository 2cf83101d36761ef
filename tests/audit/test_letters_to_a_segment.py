"""The report of a contested letter says to which segment it went, and by which words its people
were chosen: those that were published then.
"""

from __future__ import annotations

import json

import pytest

from engine.cli.audit_reports import letter
from engine.cli.parser import parser
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.sending.claim import take_and_claim
from engine.subscriber.commands import PutIntoSegment, TakeOutOfSegment
from tests.conftest import MakeContext
from tests.running_installation import publish, write_sequences
from tests.sending.test_segments import FILES, OPERATOR, falls_due, join

AROUND = """[[segment]]
id = "dixieme"
name = "Sur dix"
all = ["on 10"]

[[segment]]
id = "lyon"
in = "dixieme"
"""


def told(context: AppContext, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    letter(context, parser("audit").parse_args(["audit", "letter", *words]))
    return capsys.readouterr().out


def test_the_words_are_those_of_the_edition_it_was_begun_in(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    nested = FILES["a.toml"].replace('[[segment]]\nid = "lyon"\n', AROUND)
    context = make_context({**FILES, "a.toml": nested}, 'town = "Ville"\n')
    join(context, "anna", town="Lyon")
    falls_due(context, "villes")
    [claim], _ = take_and_claim(context.sending(), context.sending().new_queue(), ())
    write_sequences(
        context.config.folder, {"a.toml": nested.replace('town is "Lyon"', 'town is "Nice"')}
    )
    publish(context)
    said = told(context, capsys, claim.entry.message, "--lang", "en")
    assert "it went to the segment “Lyon”" in said
    assert said.index("dixieme, all: on 10") < said.index('lyon, all: field town is "Lyon"')
    assert "not reproducible once a field has changed or gone" in said
    assert json.loads(told(context, capsys, claim.entry.message, "--json"))["segment"] == "lyon"


def test_what_the_ledger_alone_decides_is_asked_again_as_of_then(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES, 'town = "Ville"\n')
    anna = join(context, "anna")
    put = PutIntoSegment(context.clock.now(), OPERATOR, "salon")
    context.command_handler.execute_one(CommandRequest(put, stream=anna))
    falls_due(context, "rencontre")
    [claim], _ = take_and_claim(context.sending(), context.sending().new_queue(), ())
    take = TakeOutOfSegment(context.clock.now(), OPERATOR, "salon")
    context.command_handler.execute_one(CommandRequest(take, stream=anna))
    assert "they were in it" in told(context, capsys, claim.entry.message, "--lang", "en")
