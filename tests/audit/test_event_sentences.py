"""Each fact about a person is told in words, in the language of whoever asks."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from engine.audit.event_sentences import sentence
from engine.i18n.language import Language, translator
from engine.ledger.codec import decode
from engine.ledger.names import NAME_OF
from engine.subscriber.events import PersonEvent
from tests.examples import PLAN

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SAMPLES = Path(__file__).parents[1] / "ledger/samples"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", get_args(PersonEvent), ids=lambda event: event.__name__)
def test_each_event_of_a_person_has_a_sentence(
    event: type[PersonEvent], language: Language
) -> None:
    stored = (SAMPLES / f"{NAME_OF[event]}.v1.json").read_bytes()
    told = sentence(decode(1, stored).event, PLAN, "Europe/Paris", translator(language))
    assert told != event.__name__


def test_french_sentences_are_others_than_english_ones() -> None:
    events = [
        decode(1, (SAMPLES / f"{NAME_OF[event]}.v1.json").read_bytes()).event
        for event in get_args(PersonEvent)
    ]
    english, french = (
        [sentence(event, PLAN, "Europe/Paris", translator(language)) for event in events]
        for language in LANGUAGES
    )
    assert not set(english) & set(french)
