"""An installation to which every kind of sender is connected, and its calls: of a person of their
own, about a letter that was really written to them where a letter is meant.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import cast

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk.clock import Clock
from engine.ledger.codec import Entry
from engine.mime.header_values import message_id
from engine.sequence.webhooks import WEBHOOK_KINDS, WebhookKind
from engine.subscriber.commands import AnyCommand
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY, Person
from engine.webhooks.body import Headers
from engine.webhooks.delivery import (
    Bounced,
    Complained,
    Delivery,
    Fact,
    Undeliverable,
    Unreachable,
)
from engine.webhooks.receiving import Believed, CallAnswer, ReceivedCall, Receiving
from tests.cli.asking import DIALOGUE, WORDS
from tests.privacy.garden import Anna
from tests.webhooks.calls import (
    LETTER,
    NOW,
    SAMPLES,
    SECRET,
    certificate,
    mac,
    mailgun,
    sns,
)

HOME = "potager.example"
RULES = {
    "purchase": "join = 11",
    "refund": "leave = 11",
    "subscription-ended": "leave = 11",
    "booking": "join = 12",
    "bounce": "leave = 10",
    "complaint": "nothing = true",
}
TOLD: dict[WebhookKind, Sequence[str]] = {
    **dict.fromkeys(WEBHOOK_KINDS, ("purchase", "refund", "subscription-ended")),
    **dict.fromkeys(("helloasso", "sumup"), ("purchase", "refund")),
    **dict.fromkeys(("brevo", "mailgun", "ses", "postmark"), ("bounce", "complaint")),
    "calendly": ("booking",),
    "generic": ("purchase", "refund", "subscription-ended", "booking"),
}


def declared() -> str:
    """A `[[webhook]]` of each kind, by its own name."""
    lines = list[str]()
    for kind in WEBHOOK_KINDS:
        lines += [f'[[webhook]]\nname = "{kind}"\nfrom = "{kind}"']
        if kind != "sumup":
            lines.append(f'secret_file = "secret-{kind}"')
        for on in TOLD[kind]:
            lines.append(f'[[webhook.do]]\non = "{on}"\n{RULES[on]}')
    return "\n".join(lines)


MORE = """
[[segment]]
id = "acheteurs"
name = "Acheteurs"
static = true

[[list]]
id = 20
name = "clients"

[[list]]
id = 21
name = "offres"
purpose = "offres"

[[webhook]]
name = "boutique"
from = "generic"
secret_file = "secret-own"
[[webhook.do]]
on = "purchase"
product = ["outils"]
move = 21
from = 10
[[webhook.do]]
on = "purchase"
product = ["coffret"]
move = 20
from = 10
[[webhook.do]]
on = "purchase"
product = ["livre"]
join = 20
objection = "Vous pouvez vous y opposer à chaque lettre."
[[webhook.do]]
on = "purchase"
product = ["semis"]
segment = "segment:acheteurs"
[[webhook.do]]
on = "subscription-ended"
leave = 20

[[webhook]]
name = "autre"
from = "generic"
secret_file = "secret-own"
"""
FILES = {"d.toml": f"{DIALOGUE}\n{declared()}\n{MORE}"} | WORDS


@dataclass(frozen=True)
class Sent:
    """A call on its way to a webhook of this name."""

    webhook: str
    raw: bytes
    headers: Headers


@dataclass
class Senders:
    """`clock` is the engine's, of the installation where none is given."""

    context: AppContext
    clock: Clock | None = None
    receiving: Receiving = field(init=False)

    def __post_init__(self) -> None:
        stores = replace(self.context.webhooks(), clock=self.clock or self.context.clock)
        self.receiving = Receiving(stores, lambda: NOW)
        for sample in SAMPLES.values():
            secret = b"\n".join(sample.secrets[:1])
            (self.context.config.folder / f"secret-{sample.kind}").write_bytes(secret + b"\n")
        (self.context.config.folder / "secret-own").write_bytes(SECRET)

    def buyer(self) -> str:
        """The address of somebody new. What others have ordered under the samples' numbers is
        forgotten.
        """
        with self.context.database.connection() as connection:
            for table in ("vault.recorded_order", "desk.awaited_order", "desk.idempotency"):
                connection.execute(f"DELETE FROM {table}".encode())
        return self.buyer_beside()

    def buyer_beside(self) -> str:
        """Without forgetting what was ordered."""
        return f"anna{secrets.token_hex(4)}@example.org"

    @property
    def now(self) -> int:
        return self.context.clock.now()

    def executed(self, address: str, command: AnyCommand) -> None:
        stream = self.context.vault.find(address) or ""
        result = self.context.command_handler.execute_one(CommandRequest(command, stream=stream))
        assert isinstance(result.outcome, Done), result

    def reader(self, *, followed: bool = True) -> tuple[str, str]:
        """Address of somebody to whom a letter was sent, and its Message-ID. `followed`: the views
        know of it.
        """
        anna = Anna(self.context, self.buyer()).joins()
        begun = anna.is_sent()
        if followed:
            self.context.views.catch_up()
        return anna.address, message_id(bytes.fromhex(begun.message), HOME)

    def call(self, name: str, address: str, letter: str = "") -> Sent:
        """The sample of this name, about somebody, signed."""
        sample = SAMPLES[name]

        def own(text: str) -> str:
            return text.replace("anna", address.partition("@")[0]).replace(LETTER[1:-1], letter)

        letter = letter.strip("<>")
        if sample.kind == "ses":
            body = cast(dict[str, str], sample.body)
            version, kind = body["SignatureVersion"], body["Type"]
            raw = json.dumps(sns(own(body["Message"]), kind, version)).encode()
        elif sample.kind == "mailgun":
            event = cast(dict[str, dict[str, object]], sample.body)["event-data"]
            told = mailgun(json.loads(own(json.dumps(event))), token=secrets.token_hex(8))
            raw = json.dumps(told).encode()
        else:
            raw = own(sample.octets.decode()).encode()
        return Sent(sample.kind, raw, sample.signed_for(raw))

    def of_brevo(self, events: list[dict[str, str]]) -> Sent:
        raw = json.dumps(events).encode()
        return Sent("brevo", raw, SAMPLES["brevo bounce"].signed_for(raw))

    def person(self, address: str) -> Person:
        stream = self.context.vault.find(address) or ""
        return self.context.command_handler.load([stream])[stream] if stream else NOBODY

    def tells(self, webhook: str = "boutique", **body: object) -> list[str]:
        """A shop of one's own tells this; what came of it."""
        raw = json.dumps({"amount": "12.50", "currency": "EUR"} | body).encode()
        sent = Sent(webhook, raw, [("X-Hub-Signature-256", f"sha256={mac(SECRET, raw).hex()}")])
        assert self.comes(sent).status == HTTPStatus.OK
        return self.last(webhook)

    def comes(
        self,
        sent: Sent,
        receiving: Receiving | None = None,
        reread: Delivery | Undeliverable | Unreachable | None = None,
    ) -> CallAnswer:
        """`reread` is what the sender's API says of it."""
        receiving = receiving or self.receiving
        webhook = receiving.webhook(sent.webhook)
        assert webhook is not None
        call = ReceivedCall(
            headers=sent.headers,
            raw=sent.raw,
            visitor="203.0.113.9",
            user_agent="Sender/1.0",
            certificate=certificate(),
        )
        believed = receiving.believe(webhook, call)
        if reread is not None and isinstance(believed, Believed):
            assert believed.trust == "re-read"
            believed = receiving.reread(believed, reread)
        return receiving.follow(believed) if isinstance(believed, Believed) else believed

    def entries(self, address: str) -> list[Entry]:
        """What followed from calls, of somebody."""
        stream = self.context.vault.find(address)
        entries = self.context.ledger.stream(stream) if stream else []
        return [entry for entry in entries if entry.cause.door in ("webhook", "rule")]

    def facts(self, address: str) -> list[str]:
        return [entry.name for entry in self.entries(address)]

    def last(self, webhook: str) -> list[str]:
        """What came of the facts of the last call, or why it was refused."""
        (call,) = self.context.webhook_calls.recent(webhook, 1)
        return [call.refusal] if call.refusal else [f"{f.name} {f.outcome}" for f in call.facts]


def is_of_letter(fact: Fact | None) -> bool:
    return isinstance(fact, Bounced | Complained)
