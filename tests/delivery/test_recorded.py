"""The provider of each letter is recorded where it is sent, from the recipient's domain; the domain
itself is not.
"""

from __future__ import annotations

import pytest

from engine.context import AppContext
from engine.sequence.delay import DAY

pytestmark = pytest.mark.postgres


def test_each_answer_counts_for_the_provider_whose_mailbox_it_was(context: AppContext) -> None:
    day = context.clock.now() // DAY - 1
    assert {(c.provider, c.what): c.n for c in context.views.delivery.by_day(day)} == {
        ("orange", "sent"): 1,
        ("orange", "deferred"): 1,
        ("gmail", "failed"): 1,
        ("gmail", "hard"): 1,
        ("free", "deferred"): 1,
        ("other", "sent"): 1,
    }
    waiting = context.views.delivery.put_off(0)
    assert {(w.provider, w.code, w.enhanced, w.n) for w in waiting} == {
        ("orange", 421, "4.7.0", 1),
        ("free", 550, "5.7.1", 1),
    }


def test_no_domain_of_a_reader_stands_in_the_ledger(context: AppContext) -> None:
    entries = context.ledger.bytes_at_all(range(1, context.ledger.head() + 1))
    ledger = b"".join(entries.values())
    assert b"orange" in ledger
    assert not any(domain in ledger for domain in (b"orange.fr", b"wanadoo", b"potager.example"))
