"""Mails that come back to a real installation: the samples, with the tokens of letters that were
really sent, handed to the one who handles them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from engine.context import AppContext
from engine.inbound.handling import Handled, InboundDoor, InboundHandler
from engine.ledger.codec import Entry
from engine.mime.header_values import message_id
from engine.mime.return_path import TokenUse, make_token, return_address, return_key
from engine.subscriber.events import LetterBegun
from tests.inbound.mails import SAMPLES
from tests.privacy.garden import Anna

HOME = "potager.example"
CONFIG = """
[inbound]
authserv_ids = ["mx.potager.example"]
reply_to = "martine@potager.example"
"""


@dataclass
class ComingBack:
    """`of(anna)` writes to somebody new; `comes` hands one mail about their letter in."""

    context: AppContext

    def __post_init__(self) -> None:
        self.handler = InboundHandler(self.context.inbound())

    def reader(self, number: int = 10) -> Reader:
        name = secrets.token_hex(4)
        anna = Anna(self.context, f"{name}@lecteurs.example", name.title()).joins(number)
        begun = anna.is_sent(f"list:{number}")
        self.context.views.catch_up()
        return Reader(self, anna, begun)

    def address(self, use: TokenUse, message: str) -> str:
        mailbox = f"{'bounce' if use == 'bounce' else 'u'}@{HOME}"
        return return_address(return_key(self.context.secrets.link_key), use, mailbox, message)

    def filled(self, text: str, message: str, address: str) -> bytes:
        key = return_key(self.context.secrets.link_key)
        places = {
            "{return_path}": self.address("bounce", message),
            "{unsubscribe}": self.address("unsubscribe", message),
            "{token}": make_token(key, "bounce", message),
            "{message_id}": message_id(bytes.fromhex(message), HOME).strip("<>"),
            "anna@reader.example": address,
        }
        for place, value in places.items():
            text = text.replace(place, value)
        return text.encode()


@dataclass
class Reader:
    world: ComingBack
    anna: Anna
    begun: LetterBegun

    def mail(self, sample: str) -> bytes:
        """A file of the samples, or a mail as it stands."""
        text = sample if "\n" in sample else (SAMPLES / sample).read_text("utf-8")
        return self.world.filled(text, self.begun.message, self.anna.address)

    def comes(self, sample: str, *recipients: str, door: InboundDoor = "lmtp") -> Handled:
        return self.world.handler.handle(self.mail(sample), recipients, door)

    def to(self, use: TokenUse) -> str:
        return self.world.address(use, self.begun.message)

    @property
    def entries(self) -> list[Entry]:
        return self.world.context.ledger.stream(self.anna.stream)

    @property
    def facts(self) -> list[str]:
        """Since the letter was sent."""
        names = [entry.name for entry in self.entries]
        return names[names.index("letter-sent") + 1 :]

    @property
    def suppressed(self) -> str:
        return self.world.context.command_handler.load([self.anna.stream])[
            self.anna.stream
        ].suppressed
