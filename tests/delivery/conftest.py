"""Letters that were sent to several providers, and how each answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.context import AppContext
from engine.subscriber.events import LetterDeferred, LetterFailed, LetterSent
from tests.running_installation import Installations
from tests.sending.readers import FILES, enter, send_until
from tests.sink import Sink

READERS = {
    "anna": "orange.fr",
    "bruno": "wanadoo.fr",
    "chloe": "gmail.com",
    "dora": "free.fr",
    "emil": "potager.example",
}


def in_english(context: AppContext) -> AppContext:
    """The same installation, whose verbs speak English."""
    site = replace(context.config.site, language="en")
    return replace(context, config=replace(context.config, site=site))


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Orange takes one letter and puts one off, Gmail knows nobody of that name, Free refuses us as
    such, and somebody of a domain of their own gets theirs.
    """
    with installations.made(FILES) as made:
        for name, domain in READERS.items():
            enter(made, name, domain=domain)
        asyncio.run(_sent(made))
        made.views.catch_up()
        yield in_english(made)


async def _sent(context: AppContext) -> None:
    async with Sink() as sink:
        sink.answer("rcpt", "421 4.7.0 OFR_109 Too many messages", to="bruno@wanadoo.fr")
        sink.answer("rcpt", "550 5.1.1 No such user", to="chloe@gmail.com")
        sink.answer("dot", "550 5.7.1 spam detected", to="dora@free.fr")
        await send_until(context, sink, lambda: outcomes(context) == len(READERS))


def outcomes(context: AppContext) -> int:
    ends = LetterSent | LetterDeferred | LetterFailed
    return sum(isinstance(entry.event, ends) for some in context.ledger.all() for entry in some)
