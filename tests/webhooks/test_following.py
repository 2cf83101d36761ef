"""What a `[[webhook.do]]` leads to, what is kept of it, and what no call may do."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from engine.audit.evidence import ground_proofs
from engine.cli.prove import prove
from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests
from engine.desk.clock import Clock
from engine.intake.evidence_requirements import missing
from engine.intake.orders import PlacedOrder
from engine.privacy.erasure import erase
from engine.privacy.paper_markdown import speech_in
from engine.privacy.processing_register import InForce, register
from engine.proof import verify
from engine.sequence.delay import DAY
from engine.subscriber.commands import LeaveList, Withdraw
from engine.subscriber.events import Cause
from engine.vault.recorded_orders import hash_of_number, known_orders
from tests.privacy.garden import Everything
from tests.running_installation import Installations
from tests.webhooks.receiving_calls import Senders

pytestmark = pytest.mark.postgres
BY_HAND = Cause("operator")
DONE = ["purchase fact:done", "join fact:done"]


def test_who_stands_on_the_list_moves_and_who_does_not_joins(senders: Senders) -> None:
    known, _ = senders.reader()
    assert senders.tells(order="1", email=known, product="coffret")[1] == "move fact:done"
    assert senders.facts(known) == ["list-transferred", "call-honoured", "order-recorded"]
    assert set(senders.person(known).memberships) == {20}
    stranger = senders.buyer()
    assert senders.tells(order="2", email=stranger, product="coffret")[1] == "move fact:done"
    assert set(senders.person(stranger).memberships) == {20}


def test_a_list_that_refuses_somebody_costs_them_no_place(senders: Senders) -> None:
    moved, refused = senders.reader()[0], senders.reader()[0]
    told = senders.tells(order="1", email=moved, product="outils")
    assert told == ["purchase fact:done", "move fact:done"]
    assert set(senders.person(moved).memberships) == {21}
    senders.executed(refused, Withdraw(senders.now, BY_HAND, "offres"))
    told = senders.tells(order="2", email=refused, product="outils")
    assert told[1] == "move refused:withdrawn?purpose=offres"
    assert set(senders.person(refused).memberships) == {10}


def test_a_ground_by_a_purchase_has_its_whole_proof(senders: Senders) -> None:
    buyer = senders.buyer()
    assert senders.tells(order="3", email=buyer, product="livre")[1] == "join fact:done"
    stream, vault = senders.context.vault.find(buyer) or "", senders.context.vault
    [proof] = ground_proofs(senders.context.ledger.stream(stream), vault.evidence_of(stream))
    assert missing(proof.particulars) == []
    assert proof.particulars["basis"] == "soft-optin"
    assert proof.particulars["by"] == {"webhook": "boutique", "from": "generic"}
    assert {entry.cause.ref for entry in senders.entries(buyer)} == {"boutique"}


def test_the_body_is_kept_beside_the_act_for_as_long_as_where_it_came_from(
    senders: Senders,
) -> None:
    buyer = senders.buyer()
    senders.tells(order="4", email=buyer, product="livre", note="été")
    pieces = senders.context.vault.pieces_of(senders.context.vault.find(buyer) or "")
    said = [json.loads(piece.payload) for piece in pieces.values()]
    [apart] = [piece for piece in said if "ip" in piece]
    assert json.loads(apart["body"])["order"] == "4"
    assert apart["user_agent"] == "Sender/1.0"
    assert len(said) == 3


def test_the_register_says_how_long_a_body_is_kept(senders: Senders) -> None:
    installation = senders.context.installation_stream.current()
    text = register(InForce(senders.now, senders.now, "1", installation), speech_in("en", "UTC"))
    assert "what shops and mail services told of somebody, word for word" in text


def test_who_is_not_known_and_joins_nothing_is_passed_over(senders: Senders) -> None:
    stranger = senders.buyer()
    told = senders.tells(order="5", email=stranger, product="semis")
    assert told == ["purchase fact:person_unknown"] and senders.facts(stranger) == []
    reader, _ = senders.reader()
    told = senders.tells(order="6", email=reader, product="semis")
    assert told == ["purchase fact:done", "segment fact:done"]
    assert senders.facts(reader) == ["segment-entered", "call-honoured", "order-recorded"]


def test_whoever_has_withdrawn_is_not_put_back_and_what_they_bought_is_recorded(
    senders: Senders,
) -> None:
    reader, _ = senders.reader()
    senders.executed(reader, Withdraw(senders.now, BY_HAND, "conseils"))
    told = senders.tells(order="7", email=reader, product="livre")
    assert told == ["purchase fact:done", "join refused:withdrawn?purpose=conseils"]
    assert senders.facts(reader) == ["order-recorded"]


def test_a_suppressed_address_is_not_registered(senders: Senders) -> None:
    stranger, vault = senders.buyer(), senders.context.vault
    vault.suppress({vault.hash(stranger): "objected"}, senders.now)
    told = senders.tells(order="8", email=stranger, product="livre")
    assert told == ["purchase refused:address_suppressed?why=objected"]
    assert vault.find(stranger) is None


def test_two_shops_may_each_count_from_one(senders: Senders) -> None:
    anna, ben = senders.buyer(), senders.reader()[0]
    assert senders.tells(order="1", email=anna, product="livre") == DONE
    assert senders.tells("autre", order="1", email=ben) == ["purchase fact:done"]
    assert senders.tells("autre", order="1", email=ben) == ["purchase unchanged:order_recorded"]
    assert senders.tells("autre", order="1", state="refund") == ["refund fact:done"]
    # Nor is a refund that names nobody another shop's, or an order of the same buyer's.
    assert senders.tells("autre", order="2", email=anna)[0] == "purchase fact:done"
    assert senders.tells(order="2", email=anna, product="livre")[0] == "purchase fact:done"
    assert senders.tells(order="7", state="refund") == ["refund fact:order_awaited"]
    assert senders.tells("autre", order="7", email=anna) == ["purchase fact:done"]
    assert senders.tells(order="7", state="refund") == ["refund fact:order_awaited"]
    pepper = senders.context.vault.pepper
    hashes = [hash_of_number(pepper, number) for number in ("1", "autre/1")]
    known = known_orders(senders.context.database, hashes)
    whose = [known[hashed].subscriber for hashed in hashes]
    assert whose == [senders.context.vault.find(anna), senders.context.vault.find(ben)]


def test_a_shops_fact_about_a_stranger_never_meets_the_order_of_somebody_known(
    senders: Senders,
) -> None:
    """By a door that is no shop's its order may have the very number that this shop counts."""
    anna, _ = senders.reader()
    vault, now = senders.context.vault, senders.now
    order = PlacedOrder(address=anna, number="14", amount=1250, currency="EUR", placed_at=now)
    [request] = record_requests(vault, [order], now, lambda _order: (BY_HAND, ()))
    assert isinstance(request, CommandRequest)
    senders.context.command_handler.execute_one(request)
    stranger = {"order": "14", "email": senders.buyer_beside()}
    assert senders.tells("autre", **stranger, state="refund") == ["refund fact:order_awaited"]
    told = senders.tells(**stranger, state="cancelled")
    assert told == ["subscription-ended fact:order_awaited"]
    for named in ({"email": anna}, {}):
        told = senders.tells("autre", order="14", state="refund", amount="1.00", **named)
        assert told == ["refund fact:done"]


def test_an_order_that_is_told_otherwise_stays_as_it_was(senders: Senders) -> None:
    buyer = senders.buyer()
    assert senders.tells(order="9", email=buyer, product="livre") == DONE
    told = senders.tells(order="9", email=buyer, product="livre", amount="99.00")
    assert told == ["purchase refused:order_differs"]
    told = senders.tells(order="9", email=senders.buyer_beside(), product="livre")
    assert told == ["purchase refused:order_of_another"]


def test_the_same_order_again_puts_nobody_back(senders: Senders) -> None:
    buyer = senders.buyer()
    assert senders.tells(order="10", email=buyer, product="livre") == DONE
    senders.executed(buyer, LeaveList(senders.now, BY_HAND, 20))
    told = senders.tells(order="10", email=buyer, product="livre", note="again")
    assert told == ["purchase unchanged:order_recorded"]
    assert senders.person(buyer).memberships == {}


def test_a_refund_that_is_told_again_after_a_month_is_the_same_refund(senders: Senders) -> None:
    class Later(Clock):
        def now(self) -> int:
            return super().now() + 31 * DAY

    buyer = senders.buyer()
    later = Senders(senders.context, Later(senders.context.database))
    refund = {"order": "13", "state": "refund", "id": "r1", "amount": "2.50"}
    senders.tells(order="13", email=buyer, product="livre")
    assert senders.tells(**refund) == ["refund fact:done"]
    later.tells(order="13", email=buyer, state="cancelled")
    assert len(senders.person(buyer).calls) == 1, "the person's state remembers a month"
    assert later.tells(**refund, note="again") == ["refund fact:repeated"]


def test_an_end_of_a_subscription_takes_nobody_off_who_has_bought_since(senders: Senders) -> None:
    buyer, days = senders.buyer(), ("2026-05-01", "2026-06-01", "2026-07-01")
    for order, at in (("11", days[0]), ("12", days[2])):
        senders.tells(order=order, email=buyer, product="livre", at=f"{at}T10:00:00Z")
    ended = {"order": "11", "email": buyer, "state": "cancelled", "product": "livre"}
    told = senders.tells(**ended, at=f"{days[1]}T10:00:00Z")
    assert told == ["subscription-ended fact:outdated"]
    assert set(senders.person(buyer).memberships) == {20}
    senders.tells(**ended, at="2026-08-01T10:00:00Z")
    assert senders.person(buyer).memberships == {}


def test_an_end_of_a_subscription_is_about_whoever_bought_it_whatever_address_it_names(
    senders: Senders,
) -> None:
    anna, ben = senders.buyer(), senders.buyer_beside()
    for order, buyer in (("17", anna), ("18", ben)):
        assert senders.tells(order=order, email=buyer, product="livre") == DONE
    told = senders.tells(order="17", email=ben, state="cancelled")
    assert told == ["subscription-ended fact:done"]
    assert senders.person(anna).memberships == {}
    assert set(senders.person(ben).memberships) == {20}


def test_of_a_call_about_several_people_no_body_is_kept(senders: Senders) -> None:
    (anna, one), (ben, two) = senders.reader(), senders.reader()
    events = [
        {"event": "hard_bounce", "email": address, "message-id": letter, "reason": "550 5.1.1 dead"}
        for address, letter in ((anna, one), (ben, two))
    ]
    sent = senders.of_brevo(events)
    assert senders.comes(sent).status == 200
    assert senders.last("brevo")[::2] == ["bounce fact:done"] * 2
    for address, other in ((anna, ben), (ben, anna)):
        stream = senders.context.vault.find(address) or ""
        assert other not in json.dumps(senders.context.vault.evidence_of(stream))


def test_nothing_of_a_call_is_left_of_whoever_is_erased_and_it_brings_nobody_back(
    senders: Senders, installations: Installations
) -> None:
    buyer, everything = senders.buyer(), Everything.of(installations, senders.context)
    order = f"nr{buyer[4:12]}"
    assert senders.tells(order=order, email=buyer, product="livre") == DONE
    assert everything.found(order) == {("vault.evidence", "payload")}
    context = senders.context
    stream = context.vault.find(buyer) or ""
    erase(context, stream, BY_HAND, context.command_handler.execute_one)
    context.views.catch_up()
    assert everything.found(order, buyer) == set()
    told = senders.tells(order=order, email=buyer, product="livre")
    assert told == ["purchase refused:address_suppressed?why=erased"]


def test_what_a_call_led_to_is_proved_to_an_auditor(senders: Senders, tmp_path: Path) -> None:
    buyer, target = senders.buyer(), tmp_path / "proof.zip"
    assert senders.tells(order="14", email=buyer, product="livre") == DONE
    person = senders.context.vault.find(buyer)
    args = argparse.Namespace(person=person, size=None, target=target)
    assert prove(senders.context, args) == 0
    assert verify.main([str(target)]) == 0
