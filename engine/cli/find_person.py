"""Whom a command is about: by address, by one they had before it was corrected, or by their opaque
id.
"""

from __future__ import annotations

import re

from engine.context import House
from engine.i18n.language import N_, translator
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal, address_of
from engine.i18n.refused import in_words
from engine.installation.events import STREAM

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def person_of(house: House, said: str) -> str:
    """The opaque id of somebody who has facts. Raises Refusal for nobody."""
    subscriber = said if _ID.fullmatch(said) else behind(house, address_of(said))
    if subscriber == STREAM or not house.ledger.stream(subscriber):
        raise Refusal(N_("nobody is known under this id"))
    return subscriber


def behind(house: House, address: str) -> str:
    """Who has an address, or had it. Raises Refusal for nobody."""
    subscriber = house.vault.find(address) or house.vault.formerly(address)
    if subscriber is not None:
        return subscriber
    for reason in house.vault.suppressed([house.vault.hash(address)]).values():
        why = in_words(reason, translator(language_of(house.config)))
        raise Refusal(
            N_("nobody is known under this address; its hash is on the suppression list ({why})"),
            why=why,
        )
    raise Refusal(N_("nobody is known under this address"))
