"""Under a cap of one, of three letters that are due together the heaviest leaves, once: whoever
came first, with two senders and after a third was killed with claims of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest

from engine.app import sender_name
from engine.audit.standing import standing
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import translator
from engine.ledger.codec import Encoded
from engine.proof import verify
from engine.sending import claim
from engine.sending.delivery_journal import DeliveryJournal, journal_file
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sending.settling import reclaim
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.subscriber.commands import Perform, SetPreferences, Subscribe
from engine.subscriber.events import Cause, LetterBegun, LetterSent, LetterWithheld
from engine.subscriber.outcome import Done
from engine.subscriber.terms import PRESSURE
from engine.vault.vault import VaultWrite
from tests.sending.readers import MakeContext
from tests.sink import Sink

pytestmark = pytest.mark.postgres
WEIGHTS = {1: 3, 2: 9, 3: 5}
LISTS = "".join(
    f"""
[[list]]
id = {number}
name = "l{number}"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"
  weight = {weight}
"""
    for number, weight in WEIGHTS.items()
)
FILES = {
    "suite.toml": f'title = "Suite"\npurpose = "conseils"\n{LISTS}',
    "bonjour.md": "Bonjour.\n",
}
ORDERS = list(permutations(WEIGHTS))
CAPPED = '\n[pressure]\nmax = "1 per 1 week"\n'


def join(context: AppContext, name: str, lists: tuple[int, ...]) -> None:
    now = context.clock.now()
    context.command_handler.execute(
        [
            CommandRequest(
                Subscribe(now, Cause("import"), number, "consent", "declared"),
                address=f"{name}@potager.example",
                vault_write=VaultWrite("", now),
            )
            for number in lists
        ]
    )


def killed_after_its_claims(context: AppContext) -> int:
    """A sender that has begun letters and then is gone, without a mark in its journal."""
    stores = replace(context.sending(), sender=sender_name())
    path = journal_file(context.config.data, stores.sender)
    path.parent.mkdir(exist_ok=True)
    journal = DeliveryJournal(path)
    claims, _ = claim.take_and_claim(stores, stores.new_queue(), (), 5)
    journal.close()
    reclaim(context.config.data, stores.leases, context.shaping)
    context.views.catch_up()
    return len(claims)


def everybody_has_one(sink: Sink) -> bool:
    to = {address for message in sink.messages for address in message.recipients}
    return len(to) == len(ORDERS)


async def two_senders(context: AppContext) -> list[str]:
    async with Sink() as sink:
        senders = [
            Sender(
                replace(context.sending(), sender=sender_name()),
                RelaySettings("127.0.0.1", sink.port, "none", connections=1),
            )
            for _ in range(2)
        ]
        while not everybody_has_one(sink):
            await asyncio.gather(*(sender.tick() for sender in senders))
            await asyncio.to_thread(context.views.catch_up)
            # What a dead sender had begun is left alone for a second.
            await asyncio.sleep(0.1)
        await asyncio.gather(*(sender.tick() for sender in senders))
        for sender in senders:
            await sender.route.close()
            sender.journal.close()
        return [address for message in sink.messages for address in message.recipients]


def wrong_in_the_verifier(context: AppContext) -> list[str]:
    report = verify.Report()
    people = verify.People(report)
    for batch in context.ledger.all():
        for entry in batch:
            encoded = Encoded(entry.stream, entry.event, entry.cause, entry.recorded_at)
            octets = encoded.at_version(entry.version)
            people.see(verify.parse_entry(entry.position, octets), str(entry.position))
    return [wrong.code for wrong in report.wrong_findings]


def test_two_letters_of_one_claim_are_under_a_choice_made_since_they_were_taken(
    make_context: MakeContext,
) -> None:
    """What the views knew is older than the choice: the ledger refuses it, and it is decided anew,
    the second letter on top of the first.
    """
    context = make_context(FILES)
    join(context, "anna", (1, 3))
    context.views.catch_up()
    anna = context.vault.find("anna@potager.example")
    assert anna is not None
    known, now = context.views.folds([anna]), context.clock.now()
    chosen = SetPreferences(now, Cause("api"), frequency="weekly")
    context.command_handler.execute([CommandRequest(chosen, stream=anna)])
    requests = [
        CommandRequest(
            Perform(
                at=now, cause=Cause("engine"), key=f"list:{n}", message=f"{n}" * 32, sender="s"
            ),
            stream=anna,
        )
        for n in (3, 1)
    ]
    begun, held = context.command_handler.execute(requests, known)
    assert isinstance(begun.outcome, Done) and isinstance(held.outcome, Done)
    assert [type(event) for event in begun.outcome.events] == [LetterBegun]
    (refusal,) = held.outcome.events
    assert isinstance(refusal, LetterWithheld) and refusal.cap == "1 per 7 days"
    assert wrong_in_the_verifier(context) == []


def test_the_heaviest_leaves_once_and_the_verifier_counts_the_same(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES, CAPPED)
    for number, order in enumerate(ORDERS):
        join(context, f"reader-{number}", order)
    context.views.catch_up()
    assert killed_after_its_claims(context)
    accepted = asyncio.run(asyncio.wait_for(two_senders(context), 30))
    assert sorted(accepted) == [f"reader-{n}@potager.example" for n in range(len(ORDERS))]
    events = [entry.event for batch in context.ledger.all() for entry in batch]
    sent = {event.message for event in events if isinstance(event, LetterSent)}
    begun = {e.message: e.list for e in events if isinstance(e, LetterBegun)}
    assert Counter(begun[message] for message in sent) == {2: len(ORDERS)}
    assert set(begun) == sent
    held = [event for event in events if isinstance(event, LetterWithheld)]
    assert {event.why for event in held} == {PRESSURE} and all(event.until for event in held)
    assert wrong_in_the_verifier(context) == []
    # What waits is counted where an operator looks, and told of each person.
    facts = gather(context)
    assert facts.held_back == {1: len(ORDERS), 3: len(ORDERS)}
    assert facts.held_back_today == len(held)
    assert facts.not_sent == {}, "what waits is not left out"
    assert b'relance_letters_held_back{list="1"} 6.0' in exposition(facts)
    somebody = context.vault.find("reader-0@potager.example")
    assert somebody is not None
    told = list(standing(context, somebody, str, translator("en")))
    assert [line for line in told if "held back" in line] == [
        "    held back until then: at most “1 per 7 days”"
    ] * 2
