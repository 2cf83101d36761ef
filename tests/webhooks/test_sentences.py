"""Every fact and every refusal is told in both languages, with nothing left to fill in."""

from __future__ import annotations

import pytest

from engine.i18n.language import translator
from engine.webhooks.delivery import DeliveryFault, PassedReason, RereadFault
from engine.webhooks.sentences import (
    DELIVERY_FAULTS,
    PASSED_REASONS,
    REREAD_FAULTS,
    SIGNATURE_FAULTS,
    what_it_says,
    why_not_believed,
    why_not_reread,
    why_unreadable,
)
from engine.webhooks.signatures import SignatureFault
from engine.words import Reason, Value, Words
from tests.webhooks.calls import SAMPLES

VALUES: dict[str, Value] = {
    "currency": "d",
    "field": "a",
    "form": "ID:SECRET",
    "header": "b",
    "host": "api.example.org",
    "kilobytes": 1,
    "minutes": 5,
    "most": 2,
    "resource": "payments/1",
    "state": "c",
}
TOLD: dict[str, Words] = {
    **{name: what_it_says(sample.fact) for name, sample in SAMPLES.items() if sample.fact},
    **{f"unreadable {c}": why_unreadable(Reason(c, **VALUES)) for c in DeliveryFault},
    **{f"refused {c}": why_not_believed(Reason(c, **VALUES)) for c in SignatureFault},
    **{f"not re-read {c}": why_not_reread(Reason(c, **VALUES)) for c in RereadFault},
}


@pytest.mark.parametrize("name", TOLD)
def test_what_came_is_told_in_both_languages(name: str) -> None:
    french = TOLD[name].said(translator("fr"))
    assert french != TOLD[name].said()
    assert "{" not in french + TOLD[name].said()


def test_each_code_has_words_of_its_own() -> None:
    tables = (
        (SIGNATURE_FAULTS, SignatureFault),
        (DELIVERY_FAULTS, DeliveryFault),
        (PASSED_REASONS, PassedReason),
        (REREAD_FAULTS, RereadFault),
    )
    for table, codes in tables:
        assert set(table) == set(codes)
