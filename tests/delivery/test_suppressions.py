"""`relance suppressions`: counted by reason, asked about one address, and lifted with a reason."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.backup.stop_replay import apply_again, read_journals
from engine.cli.suppressions import run
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.subscriber.commands import Suppress
from engine.subscriber.events import Cause, SubscriberReachable
from engine.subscriber.terms import SuppressionReason
from engine.vault.vault import VaultWrite
from tests.delivery.conftest import in_english
from tests.running_installation import Installations
from tests.sending.readers import FILES, enter

pytestmark = pytest.mark.postgres
Says = Callable[..., str]
STRANGER = "inconnue@potager.example"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield in_english(made)


@pytest.fixture
def says(
    context: AppContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Says:
    """`says(typed="…", ask=True)`: what the verb prints for an address that comes as a line."""

    def said(typed: str = "", *, ask: bool = False, lift: str | None = None) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        capsys.readouterr()
        run(context, argparse.Namespace(ask=ask, lift=lift, json=False))
        return capsys.readouterr().out

    return said


def suppressed(context: AppContext, name: str, why: SuppressionReason) -> str:
    stream = enter(context, name)
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            Suppress(now, Cause("import"), why), stream=stream, vault_write=VaultWrite("", now)
        )
    )
    return stream


def test_a_person_is_asked_about_and_lifted_with_who_said_so_and_why(
    context: AppContext, says: Says
) -> None:
    anna = suppressed(context, "anna", "bounced")
    assert "suppressed (bounced); known as" in says("Anna@Potager.example", ask=True)
    assert "letters may go" in says("anna@potager.example", lift="she answered by phone")
    assert "not suppressed; known as" in says("anna@potager.example", ask=True)
    assert "is not suppressed" in says("anna@potager.example", lift="again")
    last = context.ledger.stream(anna)[-1]
    assert isinstance(last.event, SubscriberReachable) and last.cause.door == "operator"
    kept = context.vault.evidence_of(anna)[last.cause.evidence]
    assert kept["note"] == "she answered by phone"


def test_what_was_lifted_since_is_not_suppressed_by_an_older_line_of_the_journal(
    context: AppContext, says: Says
) -> None:
    """Nor is it by a copy that is put back and knows of the lifting; a later line holds."""
    emil = suppressed(context, "emil", "operator")
    stops, _unreadable = read_journals([context.vault.journal.path])
    says("emil@potager.example", lift="a mistake")
    apply_again(context, stops)
    assert context.command_handler.load([emil])[emil].suppressed == ""
    later = [replace(stop, at=context.clock.now() + 1) for stop in stops if stop.stream == emil]
    apply_again(context, later)
    assert context.command_handler.load([emil])[emil].suppressed == "operator"
    says("emil@potager.example", lift="a mistake")


def test_a_hash_of_nobody_known_is_taken_off_and_the_ledger_does_not_say_whose(
    context: AppContext, says: Says
) -> None:
    hashed = context.vault.hash(STRANGER)
    context.vault.suppress({hashed: "imported"}, context.clock.now())
    assert "suppressed since" in says(STRANGER, ask=True)
    assert "letters may go" in says(STRANGER, lift="their file was wrong")
    assert "not suppressed; nobody is known" in says(STRANGER, ask=True)
    [fact] = context.ledger.latest(["suppression-lifted"], 10)
    assert fact.cause.door == "operator" and "imported" in str(fact.event)
    written = context.ledger.bytes_at(fact.position) or b""
    assert hashed.hex().encode() not in written and b"inconnue" not in written


@pytest.mark.parametrize("why", ["objected", "complained", "erased", "unsubscribed"])
def test_what_somebody_wished_is_lifted_by_them_alone(
    context: AppContext, says: Says, why: str
) -> None:
    address = f"{why}@potager.example"
    context.vault.suppress({context.vault.hash(address): why}, context.clock.now())
    assert "only their own act lifts it" in says(address, ask=True)
    with pytest.raises(UserError):
        says(address, lift="a try")
    assert context.vault.suppressed([context.vault.hash(address)])


def test_they_are_counted_by_reason_apart_for_people_and_for_hashes(
    context: AppContext, says: Says, capsys: pytest.CaptureFixture[str]
) -> None:
    suppressed(context, "bruno", "operator")
    suppressed(context, "chloe", "complained")
    listed = {"dora@potager.example": "imported", "chloe@potager.example": "withdrawn"}
    context.vault.suppress({context.vault.hash(who): why for who, why in listed.items()}, 1)
    told = says()
    assert "people who are known: 2\n  complained: 1\n  operator: 1\n" in told
    run(context, argparse.Namespace(ask=False, lift=None, json=True))
    counted = json.loads(capsys.readouterr().out)
    assert counted["people"] == {"complained": 1, "operator": 1}
    assert counted["addresses"]["imported"] == 1
    assert "withdrawn" not in counted["addresses"], "who is known is counted once"


@pytest.mark.parametrize("typed, words", [("", "no address was given"), ("anna", "one @ sign")])
def test_no_address_or_half_of_one_is_a_sentence(says: Says, typed: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        says(typed, ask=True)
    assert words in refused.value.said(lambda text: text)


def test_why_has_to_be_said(says: Says) -> None:
    with pytest.raises(UserError) as refused:
        says(STRANGER, lift=" ")
    assert "say why" in refused.value.said(lambda text: text)
