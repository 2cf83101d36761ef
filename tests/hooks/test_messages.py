"""What leaves is what the official library of Standard Webhooks takes, and holds ids alone."""

from __future__ import annotations

import base64
import json

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engine.desk.clock import wall_now
from engine.hooks.message import IDS, headers, message_of
from engine.hooks.message import test_message as made_for_a_test
from engine.hooks.target_secrets import decode_secret
from engine.installation.events import STREAM, SendingPaused
from engine.ledger.codec import Entry
from engine.ledger.names import NAME_OF, NAMES, AnyEvent
from engine.sequence.mistakes import Unreadable
from engine.subscriber.events import Cause, ListMoved, OrderRecorded
from tests.ledger.test_names import SAMPLES, read

OLD, NEW = b"o" * 24, b"n" * 64
ANNA = "5c9a2f1e-0000-4000-8000-00000000a11a"
MOVED = ListMoved(1000, 10, 1, 11, 2, "m" * 32, 0, act="a1", question="10/asks", label="Oui")


def entry_of(
    event: AnyEvent, *, position: int = 7, stream: str = ANNA, recorded: int = 1000
) -> Entry:
    name, cause = NAME_OF[type(event)], Cause("click", "m" * 32, evidence="e" * 64)
    return Entry(position, stream, 3, name, event.at, recorded, cause, event)


def whsec(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


@pytest.mark.parametrize("known", [OLD, NEW])
def test_the_official_library_verifies_it_with_either_secret(known: bytes) -> None:
    message = message_of(entry_of(MOVED), restored=0)
    sent = headers(message, [NEW, OLD], wall_now())
    body = Webhook(whsec(known)).verify(message.body, sent)
    assert body == {
        "type": "list-moved",
        "timestamp": "1970-01-01T00:00:01.000Z",
        "data": {
            "position": 7,
            "door": "click",
            "subscriber": ANNA,
            "source": 10,
            "target": 11,
            "question": "10/asks",
            "message": "m" * 32,
        },
    }
    assert sent["webhook-id"] == "msg_7"


@pytest.mark.parametrize("late", [0, 400_000])
def test_the_official_library_refuses_another_secret_and_another_time(late: int) -> None:
    message = message_of(entry_of(MOVED), restored=0)
    sent = headers(message, [OLD if late else NEW], wall_now() - late)
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(OLD)).verify(message.body, sent)


def test_what_was_paid_and_what_the_vault_keeps_is_not_told() -> None:
    order = OrderRecorded(1000, "0f" * 16, 4900, "EUR", ("coffret",))
    body = json.loads(message_of(entry_of(order), restored=0).body)
    assert body["data"] == {"position": 7, "door": "click", "subscriber": ANNA, "order": "0f" * 16}


def test_what_happened_to_the_installation_is_about_nobody() -> None:
    body = json.loads(
        message_of(entry_of(SendingPaused(1000, "blocked", 4), stream=STREAM), 0).body
    )
    assert body["data"] == {"position": 7, "door": "click", "list": 4}


def test_of_every_event_there_is_only_ids_leave() -> None:
    known = {"position", "door", "subscriber", *IDS}
    entries = [read(path) for path in SAMPLES]
    assert {entry.name for entry in entries} == NAMES.keys()
    for entry in entries:
        assert json.loads(message_of(entry, 0).body)["data"].keys() <= known


def test_a_position_that_is_given_anew_gets_another_id() -> None:
    """Receivers leave out what they have had by its id."""
    before, after = entry_of(MOVED, recorded=1000), entry_of(MOVED, recorded=3000)
    assert message_of(before, restored=2000).id == "msg_7"
    assert message_of(after, restored=2000).id == "msg_7_2000"


def test_a_test_message_is_signed_alike() -> None:
    message = made_for_a_test("ab12", wall_now())
    sent = headers(message, [OLD], wall_now())
    assert Webhook(whsec(OLD)).verify(message.body, sent)["type"] == "test"


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_!!", "whsec_" + base64.b64encode(b"short").decode(), "clé", "{}"]
)
def test_what_is_no_secret_of_the_standard_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        decode_secret(text.encode(), "data/secrets/crm")


def test_a_secret_is_read_with_its_prefix_and_without() -> None:
    assert decode_secret(whsec(OLD).encode(), "") == OLD
    assert decode_secret(whsec(OLD).removeprefix("whsec_").encode() + b"\n", "") == OLD
