"""What the log keeps of calls, and how it is read."""

from __future__ import annotations

import argparse
import json

import pytest

from engine.cli.webhook_log import webhook_log
from engine.desk import webhook_calls
from engine.desk.webhook_calls import CallFact
from engine.i18n.user_error import UserError
from engine.subscriber.outcome import NothingToDo, Refusal, Refused, Unchanged
from engine.webhooks.call_outcomes import (
    FactOutcome,
    Outcome,
    WhyRefused,
    outcome_in_words,
    stored,
)
from engine.webhooks.delivery import DeliveryFault
from engine.webhooks.signatures import SignatureFault
from engine.words import Reason, Words
from tests.webhooks.receiving_calls import Senders


@pytest.mark.parametrize(
    ("outcome", "code", "sentence"),
    [
        (FactOutcome.DONE, "fact:done", "it was done"),
        (
            Refused(Refusal.WITHDRAWN, purpose="conseils & plus"),
            "refused:withdrawn?purpose=conseils+%26+plus",
            'this person has withdrawn from "conseils & plus"',
        ),
        (
            Refused(Refusal.ADDRESS_SUPPRESSED, why=Words("complained")),
            "refused:address_suppressed?why=complained",
            "this address is suppressed (complained)",
        ),
        (
            NothingToDo(Unchanged.ON_LIST_ALREADY, list=20),
            "unchanged:on_list_already?list=20",
            "this person is on list 20 already",
        ),
        (
            Reason(SignatureFault.TOO_OLD, minutes=5),
            "signature:too_old?minutes=5",
            "it was signed more than 5 minutes ago",
        ),
        # What a body says may name somebody.
        (
            Reason(DeliveryFault.MEMBER_TWICE, field="anna@example.org"),
            "body:member_twice",
            "… stands in it twice",
        ),
        (
            Reason(DeliveryFault.STATE_UNKNOWN, field="/what"),
            "body:state_unknown?field=%2Fwhat",
            "/what is no state that is known here: docs/connections.md lists them",
        ),
    ],
)
def test_an_outcome_is_kept_as_a_code_without_what_a_sender_wrote(
    outcome: Outcome | WhyRefused, code: str, sentence: str
) -> None:
    assert stored(outcome) == code
    assert outcome_in_words(code).said() == sentence


def test_a_code_of_a_later_version_is_shown_as_it_is() -> None:
    told = outcome_in_words("fact:unheard_of?a=b").said()
    assert told == "a reason that this program does not know (fact:unheard_of?a=b)"


def args(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**({"days": 7, "webhook": "", "json": False} | given))


@pytest.mark.postgres
def test_the_log_tells_each_call_in_words_and_names_nobody(
    senders: Senders, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = senders.buyer()
    senders.tells("autre", order="31", email=buyer)
    senders.tells("boutique", order="31", email=buyer, product="livre")
    senders.tells("autre", order="32", email=buyer)
    assert webhook_log(senders.context, args(webhook="autre")) == 0
    told, stream = capsys.readouterr().out, senders.context.vault.find(buyer)
    first, unknown, second, bought = told.splitlines()[-4:]
    assert first.endswith("  autre\u00a0: la signature est bonne") and first[20:] == second[20:]
    assert "un achat\u00a0: personne n’est connu" in unknown
    assert bought == f"    un achat\u00a0: c’est fait  [{stream}]"
    assert webhook_log(senders.context, args(json=True)) == 0
    told = capsys.readouterr().out
    assert buyer not in told
    newest = json.loads(told)[0]
    assert newest["facts"][0]["subscriber"] == stream and newest["refused"] is None
    with pytest.raises(UserError, match="boutique"):
        webhook_log(senders.context, args(webhook="boutiqe"))


@pytest.mark.postgres
def test_a_flood_of_what_anybody_can_send_pushes_out_no_other(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_calls, "MAX_CALLS", 3)
    monkeypatch.setattr(webhook_calls, "MAX_REFUSED", 2)
    calls = senders.context.webhook_calls
    for number in range(6):
        calls.keep("flooded", "signed", facts=[])
        calls.keep("flooded", "", f"signature:wrong?minutes={number}")
    for _ping in range(6):
        calls.keep("flooded", "none", facts=[CallFact(name="ping", outcome="fact:ping")])
    kept = calls.recent("flooded")
    assert [call.trust for call in kept] == ["none", "none", "signed", "signed", "signed"]
    calls.keep("flooded", "", "signature:wrong?minutes=7")
    kept = calls.recent("flooded")
    assert [call.refusal for call in kept if not call.trust] == ["signature:wrong?minutes=7"]
    assert len(kept) == 5 and kept == sorted(kept, key=lambda call: -call.id)
    calls.keep("flooded", "none", facts=[CallFact(name="ping", outcome="fact:ping")])
    (silent,) = [row for row in calls.refused() if row.webhook == "flooded"]
    assert silent.calls == 1, "a ping that nobody signed ends no trouble"
    kept = calls.recent("flooded")
    page = calls.recent("flooded", 2)
    assert page + calls.recent("flooded", 9, page[-1].id) == kept
    assert calls.recent("flooded", since=kept[0].at + 1) == []
