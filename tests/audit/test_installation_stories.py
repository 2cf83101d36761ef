"""Who held sending, published, took back or exported is known by name as long as the vault is; the
ledger names nobody.
"""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.audience.people_export import record_export
from engine.audit.vault_check import vault_faults
from engine.authoring.publication import apply, approve, plan_publication, plan_rollback, propose
from engine.cli.audit_reports import story
from engine.cli.prove import prove
from engine.commands.command_handler import CommandRequest
from engine.commands.operators import CauseAndEvidence, Operator, operator_cause
from engine.context import AppContext
from engine.installation.events import STREAM
from engine.sending import holding
from engine.subscriber.commands import Perform, RecordOutcome
from tests.cli.asking import ENGINE, FILES, join
from tests.proof.handed import verified
from tests.running_installation import Installations

LEA, ZOE = Operator("Léa", "a" * 32), Operator("Zoé", "b" * 32)


def by(operator: Operator) -> CauseAndEvidence:
    return operator_cause(operator, {})


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Where Léa and Zoé have done something each."""
    with installations.made(FILES) as made:
        join(made, 2)
        anyway = operator_cause(ZOE, {"against": "site.url"})
        assert holding.pause(made, 10, by(LEA)) and holding.resume(made, 10, anyway)
        _write(made, FILES["asks.md"] + "\nAlors ?\n")
        proposal = plan_publication(made)
        assert propose(made, proposal.digest, "a" * 32, by(LEA))
        assert approve(made, proposal.digest, "b" * 32, by(ZOE))
        apply(made, proposal, by(LEA))
        back = plan_rollback(made)
        assert back is not None
        apply(made, back, by(ZOE))
        record_export(made, {"conditions": []}, 2, lambda said: operator_cause(LEA, said))
        yield made


def _write(context: AppContext, words: str) -> None:
    (context.config.sequences / "asks.md").write_text(words, encoding="utf-8")


def told(context: AppContext, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> str:
    args = Namespace(address="installation", lang="en", json=as_json, html=None)
    assert story(context, args) == 0
    return capsys.readouterr().out


def test_each_act_is_told_with_who_did_it(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(context, capsys).splitlines()
    for act, name in (
        ("Sending was held: 10", "Léa"),
        ("Sending was let go on: 10", "Zoé"),
        ("Sending was let go on: 10", "released although not set right: site.url"),
        ("was proposed", "Léa"),
        ("was approved", "Zoé"),
        ("Edition 2 was put in force", "Léa"),
        ("edition 1 taken up again", "Zoé"),
        ("A list of 2 people was exported", "Léa"),
    ):
        evidence = evidence_below(lines, act)
        if same := re.search(r"the same as at (position \d+)", evidence):
            evidence = evidence_below(lines, f"{same[1]} ")
        assert name in evidence, (act, evidence)


def evidence_below(lines: list[str], words: str) -> str:
    at = next(number for number, line in enumerate(lines) if words in line)
    return next(line for line in lines[at:] if "evidence:" in line)


def test_a_program_reads_the_same(context: AppContext, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json.loads(told(context, capsys, as_json=True))["facts"]
    (paused,) = [fact for fact in facts if fact["event"] == "sending-paused"]
    assert paused["evidence"] == "held" and paused["cause"]["door"] == "operator"
    pieces = {"words-published", "notice-published", "form-published"}
    assert not pieces & {fact["event"] for fact in facts}


def test_the_ledger_names_nobody_and_each_piece_is_what_it_commits_to(context: AppContext) -> None:
    octets = b"".join(state for _entry, state in context.ledger.stored(STREAM).values())
    assert "Léa".encode() not in octets and "Zoé".encode() not in octets
    assert list(vault_faults(context.ledger, context.vault)) == []


def test_a_letter_in_doubt_is_settled_by_somebody_who_is_known(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    (who,) = join(context, 1)
    now, message = context.clock.now(), "ab" * 16
    handler = context.command_handler
    handler.execute_one(CommandRequest(Perform(now, ENGINE, "list:10", message), stream=who))
    handler.execute_one(CommandRequest(RecordOutcome(now, ENGINE, message, "doubt"), stream=who))
    context.views.catch_up()
    assert holding.settle_doubt(context, message, "taken-as-sent", by(ZOE)) is not None
    args = Namespace(address=who, lang="en", json=False, html=None)
    story(context, args)
    assert "Zoé" in capsys.readouterr().out


def test_a_person_s_proof_verifies_and_names_no_operator(
    context: AppContext, tmp_path: Path
) -> None:
    (who,) = join(context, 1)
    target = tmp_path / "proof.zip"
    assert prove(context, Namespace(person=who, target=str(target), size=None)) == 0
    assert verified(target).status == 0
    assert "Léa".encode() not in target.read_bytes()
