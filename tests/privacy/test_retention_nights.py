"""The nightly round: who was silent too long is asked, then erased; what nobody confirmed goes;
never too many, never in a mode that only reports.
"""

from __future__ import annotations

import argparse
import json

import pytest

from engine.cli import arguments_of_trust, audit_checks
from engine.commands.command_handler import CommandRequest
from engine.config import read_config
from engine.context import AppContext
from engine.installation.events import STREAM, RetentionApplied
from engine.installation.publishing import publication
from engine.privacy.retention import apply_if_night, night_of, terms
from engine.sequence.declared import Retention
from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber.events import Cause, PermissionAsked, SubscriberErased
from engine.subscriber.outcome import Done
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES
from tests.conftest import MakeContext
from tests.examples import PARIS, local

ENGINE = Cause("engine")
YEARS = 1100 * DAY


def declared(context: AppContext, text: str) -> AppContext:
    """Another edition, with [retention] in config.toml."""
    path = context.config.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[retention]\n{text}\n", encoding="utf-8")
    now = context.clock.now()
    facts = publication(
        context.installation_stream.current(),
        FILES,
        read_config(context.config.folder).settings,
        now,
        "1",
    )
    assert facts and context.installation_stream.execute(
        lambda state: facts, Cause("operator"), now
    )
    return context


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


@pytest.fixture
def enforcing(context: AppContext) -> AppContext:
    return declared(context, 'mode = "enforce"')


def people(context: AppContext, count: int, name: str = "lectrice") -> list[str]:
    now = context.clock.now()
    join = c.Subscribe(now, Cause("form"), 10, "consent", "single", own_act=True)
    return [
        context.command_handler.execute_one(
            CommandRequest(join, address=f"{name}{n}@exemple.fr", vault_write=VaultWrite("", now))
        ).stream
        for n in range(count)
    ]


def unconfirmed(context: AppContext, address: str) -> str:
    now = context.clock.now()
    return context.command_handler.execute_one(
        CommandRequest(
            c.RequestConsent(now, Cause("form"), (10,), "r1"),
            address=address,
            vault_write=VaultWrite("", now),
        )
    ).stream


def night(context: AppContext) -> RetentionApplied:
    context.views.catch_up()
    assert apply_if_night(context)
    context.views.catch_up()
    *_, last = [
        entry.event
        for entry in context.ledger.stream(STREAM)
        if isinstance(entry.event, RetentionApplied)
    ]
    return last


def counts(applied: RetentionApplied) -> dict[str, tuple[int, int]]:
    """What was past its time, and done, where there was any."""
    return {rule: (due, done) for rule, due, done, _oldest in applied.rules if due or done}


def asked_by_mail(context: AppContext, stream: str) -> None:
    now = context.clock.now()
    outcome = context.command_handler.execute_one(
        CommandRequest(c.Perform(now, ENGINE, "ask:*", f"{stream[:8]}{0:024x}"), stream=stream)
    ).outcome
    assert isinstance(outcome, Done)
    context.command_handler.execute_one(
        CommandRequest(
            c.RecordOutcome(now, ENGINE, f"{stream[:8]}{0:024x}", "sent", 250), stream=stream
        )
    )


def names(context: AppContext, stream: str) -> list[str]:
    return [entry.name for entry in context.ledger.stream(stream)]


def test_a_night_begins_at_three_local_and_bears_the_local_date() -> None:
    assert night_of(local("2026-03-02 02:59"), PARIS) == "2026-03-01"
    assert night_of(local("2026-03-02 03:00"), PARIS) == "2026-03-02"


def test_terms_are_counted_back_on_the_calendar() -> None:
    found = terms(Retention(), local("2026-03-31 12:00"), PARIS)
    assert (
        found.visitor == local("2025-03-31 12:00")
        and found.unconfirmed == local("2026-03-01 12:00")
        and found.suppression == 0
    )
    assert found.silent == local("2023-03-31 12:00") + DAY


@pytest.mark.postgres
def test_a_night_comes_once(enforcing: AppContext) -> None:
    first = night(enforcing)
    assert not apply_if_night(enforcing)
    enforcing.clock.jump(DAY)
    assert night(enforcing).night > first.night


@pytest.mark.postgres
def test_the_silent_are_asked_and_erased_where_no_answer_comes(enforcing: AppContext) -> None:
    silent, answering = people(enforcing, 2)
    enforcing.clock.jump(YEARS)
    (recent,) = people(enforcing, 1, "nouvelle")
    assert counts(night(enforcing))["silent"] == (2, 2)
    for stream in (silent, answering):
        assert names(enforcing, stream)[-1] == "permission-asked"
        asked_by_mail(enforcing, stream)
    assert "permission-asked" not in names(enforcing, recent)
    enforcing.command_handler.execute_one(
        CommandRequest(
            c.RenewPermission(
                enforcing.clock.now(), Cause("click", evidence="e" * 64), "human_button"
            ),
            stream=answering,
        )
    )
    enforcing.clock.jump(31 * DAY)
    assert counts(night(enforcing)) == {"unanswered": (1, 1)}
    assert (
        enforcing.command_handler.load([silent])[silent].erased
        and not enforcing.command_handler.load([answering])[answering].erased
    )
    assert list(
        enforcing.vault.people([silent, answering, recent])
    ) and silent not in enforcing.vault.people([silent])
    (erased,) = [
        entry.event
        for entry in enforcing.ledger.stream(silent)
        if isinstance(entry.event, SubscriberErased)
    ]
    assert erased.basis == "retention"


@pytest.mark.postgres
def test_whoever_was_erased_for_silence_may_come_back(enforcing: AppContext) -> None:
    (silent,) = people(enforcing, 1)
    enforcing.clock.jump(YEARS)
    night(enforcing)
    asked_by_mail(enforcing, silent)
    enforcing.clock.jump(31 * DAY)
    night(enforcing)
    (again,) = people(enforcing, 1)
    assert again != silent and names(enforcing, again)[0] == "subscriber-registered"


@pytest.mark.postgres
def test_whoever_may_not_be_written_to_is_erased_unasked_and_stays_barred(
    enforcing: AppContext,
) -> None:
    (gone,) = people(enforcing, 1)
    hashed = enforcing.vault.hash("lectrice0@exemple.fr")
    now = enforcing.clock.now()
    vault_write = VaultWrite(gone, now, suppress="objected", address_hash=hashed)
    enforcing.command_handler.execute_one(
        CommandRequest(
            c.WithdrawEverything(now, Cause("click"), "human_button"),
            stream=gone,
            vault_write=vault_write,
        )
    )
    enforcing.clock.jump(YEARS)
    assert counts(night(enforcing)) == {"silent": (1, 1)}
    assert names(enforcing, gone)[-1] == "subscriber-erased"
    assert enforcing.vault.suppressed([hashed])


@pytest.mark.postgres
def test_a_request_nobody_confirmed_goes_after_thirty_days_and_bars_nobody(
    enforcing: AppContext,
) -> None:
    stream = unconfirmed(enforcing, "peut-etre@exemple.fr")
    enforcing.clock.jump(29 * DAY)
    assert counts(night(enforcing)) == {}
    enforcing.clock.jump(2 * DAY)
    assert counts(night(enforcing)) == {"unconfirmed": (1, 1)}
    assert (
        enforcing.vault.find("peut-etre@exemple.fr") is None
        and names(enforcing, stream)[-1] == "subscriber-erased"
    )
    assert not enforcing.vault.suppressed([enforcing.vault.hash("peut-etre@exemple.fr")])


@pytest.mark.postgres
def test_one_night_touches_no_more_people_than_its_cap(context: AppContext) -> None:
    declared(context, 'mode = "enforce"\nnightly_cap = 3')
    streams = people(context, 5)
    context.clock.jump(YEARS)
    assert counts(night(context))["silent"] == (5, 3)
    context.clock.jump(DAY)
    assert counts(night(context))["silent"] == (2, 2)
    assert all("permission-asked" in names(context, stream) for stream in streams)


@pytest.mark.postgres
def test_what_only_reports_does_nothing_and_says_how_much_it_would(context: AppContext) -> None:
    streams = people(context, 2)
    context.clock.jump(YEARS)
    applied = night(context)
    assert (applied.mode, counts(applied)) == ("report", {"silent": (2, 0)})
    assert not any(
        isinstance(entry.event, PermissionAsked)
        for stream in streams
        for entry in context.ledger.stream(stream)
    )


@pytest.mark.postgres
def test_the_frozen_are_neither_asked_nor_erased(enforcing: AppContext) -> None:
    (frozen,) = people(enforcing, 1)
    enforcing.command_handler.execute_one(
        CommandRequest(c.Restrict(enforcing.clock.now(), Cause("operator"), "q1"), stream=frozen)
    )
    enforcing.clock.jump(YEARS)
    assert counts(night(enforcing))["silent"][1] == 0
    assert names(enforcing, frozen)[-1] not in ("permission-asked", "subscriber-erased")


@pytest.mark.postgres
def test_hashes_are_kept_for_ever_unless_an_end_was_declared(context: AppContext) -> None:
    context.vault.suppress({b"h" * 32: "imported"}, context.clock.now())
    declared(context, 'mode = "enforce"')
    context.clock.jump(2 * YEARS)
    assert counts(night(context)) == {}
    assert context.vault.suppressed([b"h" * 32])


@pytest.mark.postgres
def test_after_a_declared_end_a_hash_is_forgotten(context: AppContext) -> None:
    context.vault.suppress({b"h" * 32: "imported"}, context.clock.now())
    declared(context, 'mode = "enforce"\nsuppression = "4 years"')
    context.clock.jump(4 * 365 * DAY)
    assert counts(night(context)) == {}
    context.clock.jump(2 * DAY)
    assert counts(night(context)) == {"suppression": (1, 1)}
    assert not context.vault.suppressed([b"h" * 32])


@pytest.mark.postgres
def test_a_replay_after_such_nights_is_equal(enforcing: AppContext) -> None:
    people(enforcing, 3)
    unconfirmed(enforcing, "peut-etre@exemple.fr")
    enforcing.clock.jump(YEARS)
    night(enforcing)
    assert enforcing.views.compare(lambda done, total: None) == []


@pytest.mark.postgres
def test_the_audit_holds_what_was_declared_against_the_oldest_kept(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    arguments_of_trust.retention_arguments(parser)
    people(context, 2)
    assert audit_checks.retention(context, parser.parse_args([])) == 0
    context.clock.jump(YEARS)
    night(context)
    assert audit_checks.retention(context, parser.parse_args([])) == 1
    said = capsys.readouterr().out
    assert (
        "personnes silencieuses, à interroger une fois" in said
        and "3 ans" in said
        and "report" in said
    )
    assert audit_checks.retention(context, parser.parse_args(["--json"])) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["rules"]["silent"]["past"] == 2 and told["nights"][0]["mode"] == "report"
