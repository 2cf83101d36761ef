"""Erasing a person: what goes, what remains and why, and that nothing of what remains can be linked
to them (E05, E07).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.commands.command_handler import CommandRequest
from engine.privacy.erasure import Receipt, erase
from engine.sending.mailbox import Mailbox
from engine.subscriber import events as e
from engine.subscriber.commands import ChangeProfile, Erase, RecordOutcome, Suppress
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Refused
from engine.vault.recorded_orders import hash_of_number, known_orders
from engine.vault.vault import Erasing, VaultWrite
from tests.cli.asking import join
from tests.conftest import MakeContext
from tests.privacy.garden import FILES, Anna, Everything, put_into_mailbox
from tests.running_installation import Installations

SHOP = Cause("operator", "o1")


@pytest.fixture
def anna(make_context: MakeContext) -> Anna:
    """She stands on list 11 after a click, has evidence of every kind, and traces on the desk."""
    found = Anna(make_context(FILES)).joins()
    join(found.context, 3)
    found.clicks(found.is_sent(), 0, 11)
    found.changes()
    found.buys()
    found.leaves_traces()
    found.context.views.catch_up()
    return found


def erased(anna: Anna, forget_suppression: bool = False) -> Receipt:
    result, receipt = erase(
        anna.context,
        anna.stream,
        SHOP,
        anna.context.command_handler.execute_one,
        suppression="forget" if forget_suppression else "bar",
    )
    assert isinstance(result.outcome, Done), result
    assert receipt is not None
    anna.context.views.catch_up()
    return receipt


def test_nothing_that_went_in_can_be_found_anywhere_in_the_database(
    anna: Anna, installations: Installations
) -> None:
    database = Everything.of(installations, anna.context)
    database.analyze()
    before = database.found(*anna.words)
    assert {
        ("vault.person", "address"),
        ("vault.person", "fields"),
        ("vault.evidence", "payload"),
        ("desk.stuck", "why"),
        ("vault.measured", "link"),
    } <= before
    erased(anna)
    assert database.found(*anna.words) == set()
    database.analyze()
    assert database.found(*anna.words) == set()


def test_the_number_of_an_order_is_known_no_more_and_another_may_have_it(anna: Anna) -> None:
    vault = anna.context.vault
    number = hash_of_number(vault.pepper, anna.order)
    assert known_orders(vault.database, [number])[number].subscriber == anna.stream
    erased(anna)
    assert known_orders(vault.database, [number]) == {}


# Where something of an erased person still stands: random ids that nothing links to anybody, and a
# hash that says nothing without the pepper.
OPAQUE_ID = {
    "ledger.events.originator_id",
    "ledger.events.state",
    "view_agenda_8.fold.subscriber",
    "view_letters_5.letter.subscriber",
    "view_letters_5.purchase.subscriber",
    "view_letters_5.arrival.subscriber",
}
MESSAGE_IDS = {
    "ledger.events.state",
    "view_letters_5.letter.message",
    "view_letters_5.answer.message",
    "view_letters_5.purchase.after_act",
    "view_letters_5.purchase.after_letter",
}
KEYED_HASH = {"vault.suppression.address_hash"}


def test_what_remains_of_a_person_is_what_is_listed(
    anna: Anna, installations: Installations
) -> None:
    """By content: of every column of every table, where the opaque id, a message id, a commitment's
    preimage or the address's hash still stands.
    """
    context, database = anna.context, Everything.of(installations, anna.context)
    hashed = context.vault.hash(anna.address).hex()
    salts = [salt.hex() for _c, salt, _p in context.vault.evidence_bytes(anna.stream)]
    payloads = [payload.hex() for _c, _s, payload in context.vault.evidence_bytes(anna.stream)]
    assert len(salts) >= 3 and database.found(*salts, *payloads) == {
        ("vault.evidence", "salt"),
        ("vault.evidence", "payload"),
    }
    erased(anna)
    found = {
        words: {f"{table}.{column}" for table, column in database.found(*words)}
        for words in ((anna.stream,), (hashed,), (*salts, *payloads))
    }
    assert list(found.values()) == [OPAQUE_ID, KEYED_HASH, set()]
    assert {
        f"{table}.{column}"
        for table, column in database.found(*(begun.message for begun in anna.letters))
    } == MESSAGE_IDS


# Every column of every table. What is personal is deleted with the person; of what is not, it is
# said why it may stay. Whoever adds a column thinks here about what it says of somebody who was
# erased.
DELETED = {
    "view_choices_3.chosen": "subscriber kind code",
    "view_choices_3.measured": "subscriber since",
    "view_choices_3.asked": "subscriber purpose form week",
    "view_silence_2.stopped": "subscriber purpose silent_since",
    "vault.person": "subscriber address_hash address fields registered_at source form",
    "vault.evidence": "commitment subscriber at salt payload kind",
    "vault.former_address": "address_hash subscriber until",
    "vault.recorded_order": "number_hash subscriber order_id at",
    "vault.measured": "subscriber letter act link at",
    "vault.inbound_mail": "digest at state door subscriber why octets taken_until",
    "desk.stuck": "subscriber key why at until",
    "desk.waiting": "subscriber key provider urgent due list since",
    "desk.shown": "message link at asked pressed robot networks since",
    "vault.segment_member": "segment subscriber",
    "vault.segment_look": "subscriber look",
    "desk.segment_edge": "subscriber segment entered at",
}
STAYS = {
    # Random ids, dates, words of the installation; the vault alone knew whom they were about.
    "ledger.events": "originator_id originator_version topic state notification_id",
    "ledger.asset": "digest octets",  # the author's pictures and downloads
    "view_agenda_8.agenda": "subscriber key kind letter due planned list run why",
    "view_agenda_8.zone": "timezone",
    "view_agenda_8.fold": "subscriber version state timezone traits",
    "view_agenda_8.segment_member": "segment subscriber",
    "view_agenda_8.segment_look": "subscriber look",
    "view_agenda_8.segment_built": "segment definition",
    "view_agenda_8.choosing": "key",
    "vault.segment_built": "segment definition",
    "view_agenda_8.stale": "subscriber",
    "view_agenda_8.aside": "subscriber position why",
    "view_silence_2.silence": "subscriber heard_at requested_at asked_at expires_at",
    # Hashes of whole entries, and what was signed over all of them together.
    "proof.tile": "level number hashes",
    "proof.checkpoint": "origin size root note signed_at",
    "proof.cosignature": "origin size vkey line cosigned_at",
    "proof.stamp": "origin size response roots stamped_at holds_until",
    "view_letters_5.letter": (
        "message subscriber position key letter list run kind edition purpose week version status"
        " at sent_at why bounce complained unsubscribed link act"
    ),
    "view_letters_5.answer": "message link act moved at label target",
    "view_letters_5.purchase": (
        "order subscriber at after_letter after_act currency amount refunds refunded"
    ),
    "view_letters_5.arrival": "subscriber position week",
    # Numbers of everybody together.
    "view_choices_3.form_week": "form week asked confirmed",
    "view_delivery_1.day_count": "provider day what n",
    "view_letters_5.cohort": "joined week what n",
    "desk.visited": "letter kind link week visits people",
    "desk.total": "name label n",
    "view_letters_5.tally": ("letter occurrence edition list purpose week what detail n amount"),
    "view_members_2.standing": "list people",
    "view_members_2.transition": "day source target kind question label n",
    "view_members_2.membership": "subscriber list run joined_at how source question label",
    # Letters that were put off, gone with whoever is erased.
    "view_delivery_1.suppressed": "subscriber reason",
    "view_delivery_1.put_off": "message subscriber provider at retry_at code enhanced why",
    # The same, for two minutes.
    "desk.bucket": "bucket sender until",
    "desk.taking": "sender until",
    # Keyed hashes: of addresses that must not be written to, and for a month of addresses and
    # visitors that are limited.
    "vault.suppression": "address_hash reason at",
    "desk.attempt": "key at",
    "desk.visitor": "visitor message link at hurried",
    # Keyed hashes of a call and its key, for a month.
    "desk.idempotency": "name call done at",
    # Sealed to a key that is not here.
    "vault.archive": "subscriber sealed archived_at ends_at",
    # Of nobody: random numbers, positions, the program's own.
    "desk.nonce": "nonce until",
    "desk.api_key": "id hash name scopes created last_used revoked expires",
    "desk.clock": "one epoch_wall epoch_engine rate trial_since trial_over_people",
    "desk.inbox": "mailbox holder until uid_validity uid",
    "desk.mark": "name engine_at position",
    "desk.operation": "id kind at well position octets place copy faults why",
    "desk.robot": "one form way address step until",  # the operator's own
    "desk.robot_mail": "digest octets at",
    "desk.approved": "sender slot term messages at",
    "desk.process": "id host pid parts since seen clock heard_since version",
    "desk.release": "one version fingerprint minimum",
    "desk.secret": "name fingerprint",
    # Of mailbox providers, whoever has a mailbox there.
    "desk.provider": (
        "provider tokens filled let_through leases held_until slow_until rule ruled to_mend"
    ),
    "desk.provider_reply": "provider rule at",
    "desk.warm_up": "identity provider day days sent stepped",
    "desk.count": "name day n",
    # Mail servers, as mailbox providers report them.
    "desk.dmarc": "organisation report domain begins source aligned disposition letters at",
    "desk.segment_count": "segment engine_day n",
    # How far programs of one's own are told of the ledger.
    "desk.hook": (
        "name position turn failing failing_since probes next_try off off_at delivered failures"
        " given_up answered_at answer seen"
    ),
    "desk.hook_retry": "hook position tries next_try tried_at answer",
    # What came of a shop's calls, by opaque ids, for ninety days.
    "desk.awaited_order": (
        "number identity kind trust amount currency products occurred_at at"
    ),  # hashes, of an order nobody here has placed yet
    "desk.webhook_call": "id webhook at trust refusal facts outcomes subscribers",
    # Of colleagues, and what their pages say once without naming anybody.
    "desk.console_session": "token id account enrols way browser notice since seen",
    "desk.console_token": "token kind account value until",
    "vault.console_account": (
        "account name role reads language created_at issuer subject first_steps_away"
    ),
    "vault.console_passkey": ("credential account name public_key sign_count created_at used_at"),
    "vault.console_recovery_code": "account mark hash",
    "vault.console_sign_in": "id account at what way network",
    "vault.console_search": "token account lines name address until",
    "desk.trouble": "process what why since",
    "vault.migration": "name at",
    "view_agenda_8.position": "one position",
    "view_choices_3.position": "one position",
    "view_delivery_1.position": "one position",
    "view_letters_5.position": "one position",
    "view_members_2.position": "one position",
    "view_silence_2.position": "one position",
}


def test_every_column_of_the_database_was_thought_about(
    anna: Anna, installations: Installations
) -> None:
    there: dict[str, list[str]] = {}
    for table, column in Everything.of(installations, anna.context).columns():
        there.setdefault(table, []).append(column)
    assert {table: " ".join(columns) for table, columns in there.items()} == DELETED | STAYS
    receipt = erased(anna)
    with anna.context.database.connection() as connection:
        for table in DELETED.keys() - {"desk.shown"}:
            found = connection.execute(
                f"SELECT count(*) FROM {table} WHERE subscriber = %s".encode(),
                (receipt.subscriber,),
            ).fetchone()
            assert found == (0,), table
        assert connection.execute("SELECT count(*) FROM desk.shown").fetchone() == (0,)


def test_the_views_equal_their_replay_and_others_stand_where_they_stood(anna: Anna) -> None:
    before = anna.context.views.standing()
    erased(anna)
    assert anna.context.views.compare(lambda done, total: None) == []
    assert anna.context.views.standing() == {
        number: count - (number == 11) for number, count in before.items() if count - (number == 11)
    }


def test_the_receipt_says_what_went_what_stays_and_why(anna: Anna) -> None:
    receipt = erased(anna)
    assert receipt.deleted["person"] == 1 and receipt.deleted["evidence"] >= 3
    entry = anna.context.ledger.at(receipt.position)
    assert (
        entry is not None
        and isinstance(entry.event, e.SubscriberErased)
        and entry.stream == receipt.subscriber
    )
    said = json.dumps(receipt.as_json())
    assert "no address can be read back" in said and "ledger" in said and "copies" in said
    assert not any(word in said for word in anna.words)


def test_the_address_is_not_written_to_again_unless_that_is_forgotten_too(anna: Anna) -> None:
    vault = anna.context.vault
    hashed = vault.hash(anna.address)
    erased(anna)
    assert vault.find(anna.address) is None and vault.suppressed([hashed]) == {hashed: "erased"}


def test_with_forget_suppression_nothing_bars_the_address(anna: Anna) -> None:
    vault = anna.context.vault
    vault.suppress({vault.hash(anna.address): "objected"}, 1)
    receipt = erased(anna, forget_suppression=True)
    assert vault.suppressed([vault.hash(anna.address)]) == {} and "suppression" not in json.dumps(
        receipt.as_json()
    )


def test_why_somebody_was_suppressed_outlives_them(anna: Anna) -> None:
    context = anna.context
    context.command_handler.execute_one(
        CommandRequest(Suppress(context.clock.now(), SHOP, "complained"), stream=anna.stream)
    )
    erased(anna)
    assert context.vault.suppressed([context.vault.hash(anna.address)]) == {
        context.vault.hash(anna.address): "complained"
    }


def test_a_letter_on_the_wire_is_recorded_and_what_the_server_says_is_not_kept(
    make_context: MakeContext, installations: Installations
) -> None:
    anna = Anna(make_context(FILES)).joins()
    begun = anna.is_begun()
    before = anna.context.command_handler.load([anna.stream])
    erased(anna)
    cause, vault_write = anna.cause("relay", words=anna.said)
    command = RecordOutcome(anna.context.clock.now(), cause, begun.message, "hard", 550)
    # As the sender does it: about the person as they were when the letter was begun.
    (result,) = anna.context.command_handler.execute(
        [CommandRequest(command, stream=anna.stream, vault_write=vault_write)], before
    )
    assert isinstance(result.outcome, Done) and isinstance(result.outcome.events[0], e.LetterFailed)
    anna.context.views.catch_up()
    assert anna.context.command_handler.load([anna.stream])[anna.stream].in_flight == {}
    assert Everything.of(installations, anna.context).found(*anna.words) == set()
    assert anna.context.views.compare(lambda done, total: None) == []


def test_whatever_else_is_decided_in_the_same_batch_leaves_nothing_behind(
    anna: Anna, installations: Installations
) -> None:
    """A click beside the erasure, before it and after it in one transaction; many at once, so that
    rows are written together.
    """
    context, now = anna.context, anna.context.clock.now()
    requests = []
    for number in range(12):
        cause, vault_write = anna.cause("click", ip=anna.ip, number=number)
        requests.append(
            CommandRequest(
                ChangeProfile(now, cause, ("first_name",)),
                stream=anna.stream,
                vault_write=vault_write,
            )
        )
    erasing = CommandRequest(
        Erase(now, SHOP, "q1"),
        stream=anna.stream,
        vault_write=VaultWrite("", now, erasing=Erasing(tuple(b.message for b in anna.letters))),
    )
    results = context.command_handler.execute([*requests[:6], erasing, *requests[6:]])
    assert [type(result.outcome) for result in results] == [*[Done] * 7, *[Refused] * 6]
    assert Everything.of(installations, context).found(*anna.words) == set()


def test_erasing_twice_is_erasing_once(anna: Anna) -> None:
    erased(anna)
    result, receipt = erase(
        anna.context, anna.stream, SHOP, anna.context.command_handler.execute_one
    )
    assert isinstance(result.outcome, NothingToDo) and receipt is None


def test_who_comes_back_by_their_own_act_is_somebody_new(anna: Anna) -> None:
    erased(anna, forget_suppression=True)
    again = Anna(anna.context).joins()
    assert again.stream != anna.stream and anna.context.vault.find(anna.address) == again.stream


def test_letters_in_the_built_in_mailbox_go_too(anna: Anna) -> None:
    folder = anna.context.config.data / "mailbox"
    folder.mkdir(parents=True)
    mailbox = Mailbox(folder)
    for number, recipient in enumerate(
        (anna.address, "bruno@lecteurs.example", anna.address.upper())
    ):
        put_into_mailbox(folder, number, recipient, f"Subject: x\r\n\r\n{recipient}")
    assert erased(anna).deleted["letters in the built-in mailbox"] == 2
    assert [each.recipient for each in mailbox.list(9)] == ["bruno@lecteurs.example"]


def test_nothing_of_her_stays_in_the_files_of_the_installation(anna: Anna) -> None:
    erased(anna)
    folder = anna.context.config.data
    text = {path: path.read_bytes().lower() for path in Path(folder).rglob("*") if path.is_file()}
    assert [
        path
        for path, octets in text.items()
        if any(word.lower().encode() in octets for word in anna.words)
    ] == []
