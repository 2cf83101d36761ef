"""Every kind's calls, as they came and as they go wrong on the way, end in exactly one fact or in a
named refusal: one installation for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from engine.webhooks.receiving import Believed, CallAnswer, Receiving
from tests.running_installation import Installations
from tests.webhooks.calls import NOW, SAMPLES
from tests.webhooks.receiving_calls import FILES, Senders, Sent, is_of_letter

pytestmark = pytest.mark.postgres
BOUGHT = [
    "subscriber-registered",
    "ground-declared",
    "list-joined",
    "call-honoured",
    "order-recorded",
]
BOUNCED = ["mail-bounced", "list-left", "call-honoured"]
COMPLAINED = ["consent-withdrawn", "list-left", "mail-complained"]
FOLLOWS = {
    **{name: BOUGHT for name in SAMPLES if name.endswith(" purchase")},
    **{name: BOUGHT[:-1] for name in SAMPLES if name.endswith(" booking")},
    **{name: BOUNCED for name in SAMPLES if name.endswith((" bounce", " soft"))},
    **{name: COMPLAINED for name in SAMPLES if name.endswith((" complaint", " complaints"))},
}
"""What the calls lead to that need no other before them."""


@pytest.fixture(scope="module")
def senders(installations: Installations) -> Iterator[Senders]:
    with installations.made(FILES) as context:
        yield Senders(context)


def prepared(senders: Senders, name: str) -> tuple[str, Sent]:
    of_letter = is_of_letter(SAMPLES[name].fact)
    address, letter = senders.reader() if of_letter else (senders.buyer(), "")
    return address, senders.call(name, address, letter)


@pytest.mark.parametrize("name", FOLLOWS)
def test_a_call_is_followed_once_however_often_it_comes_and_whoever_falls_over(
    senders: Senders, name: str
) -> None:
    address, sent = prepared(senders, name)

    class Killed(Receiving):
        """Falls over between the commit and the answer."""

        def follow(self, believed: Believed) -> CallAnswer:
            super().follow(believed)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        senders.comes(sent, Killed(senders.context.webhooks(), lambda: NOW))
    for _ in range(2):
        assert senders.comes(sent).status == HTTPStatus.OK
    assert senders.facts(address) == FOLLOWS[name]
