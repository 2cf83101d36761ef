"""Whom a command is about: by address, by one they had before it was corrected, or by their opaque
id.
"""

from __future__ import annotations

from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM
from engine.ledger.codec import STREAM_ID


def person_of(context: AppContext, text: str) -> str:
    """The opaque id of somebody who has facts. Raises UserError for nobody."""
    subscriber = text if STREAM_ID.fullmatch(text) else behind(context, address_of(text))
    if subscriber == STREAM or not context.ledger.stream(subscriber):
        raise UserError(N_("nobody is known under this id"))
    return subscriber


def behind(context: AppContext, address: str) -> str:
    """Who has an address, or had it. Raises UserError for nobody."""
    subscriber = context.vault.find(address) or context.vault.formerly(address)
    if subscriber is not None:
        return subscriber
    for reason in context.vault.suppressed([context.vault.hash(address)]).values():
        why = stored_in_words(reason, translator(context.config.site.language))
        raise UserError(
            N_("nobody is known under this address; its hash is on the suppression list ({why})"),
            why=why,
        )
    raise UserError(N_("nobody is known under this address"))
