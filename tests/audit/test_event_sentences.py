"""Each fact about a person is told in words, in the language of whoever asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from engine.audit.event_sentences import sentence
from engine.i18n.dates import on_clock
from engine.i18n.language import Language, translator
from engine.installation.events import ClockChanged, InstallationEvent
from engine.ledger.codec import decode
from engine.ledger.names import NAME_OF
from engine.sequence.delay import DAY
from engine.subscriber.events import LetterWithheld, PersonEvent
from tests.examples import PLAN

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SAMPLES = Path(__file__).parents[1] / "ledger/samples"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "event",
    (*get_args(PersonEvent), *get_args(InstallationEvent)),
    ids=lambda event: event.__name__,
)
def test_each_event_has_a_sentence(
    event: type[PersonEvent | InstallationEvent], language: Language
) -> None:
    stored = (SAMPLES / f"{NAME_OF[event]}.v1.json").read_bytes()
    told = sentence(decode(1, stored).event, PLAN, on_clock("Europe/Paris"), translator(language))
    assert told != event.__name__


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("letter-sent", "accepted by the mail server (250 2.0.0, orange)"),
        ("letter-deferred", "(451 4.7.1, orange)"),
        ("letter-failed", "failed (550 5.1.1, orange)"),
        ("mail-bounced", "Bounced (soft, orange)"),
        ("mail-complained", "Complained (orange)"),
    ],
)
def test_what_a_server_said_is_told_with_its_provider(name: str, words: str) -> None:
    event = decode(1, (SAMPLES / f"{name}.v1.provider.json").read_bytes()).event
    clock, english = on_clock("Europe/Paris"), translator("en")
    assert words in sentence(event, PLAN, clock, english)


CLOCK = (
    (ClockChanged(DAY, jumped=-DAY), "jumped from 1970-01-02 01:00:00 to 1970-01-01 01:00:00"),
    (
        ClockChanged(DAY, behind=DAY),
        "stand at 1970-01-02 01:00:00, before the last fact (1970-01-03",
    ),
    (ClockChanged(2 * DAY, rate=9, trial=True, ahead=DAY), "9 times faster than real time (it was"),
    (ClockChanged(2 * DAY, trial=True, ahead=DAY), "A trial was begun (it was 1970-01-02 01:00:00"),
    (ClockChanged(2 * DAY, ahead=DAY), "made to run in real time (it was 1970-01-02 01:00:00)"),
)


@pytest.mark.parametrize(("event", "words"), CLOCK)
def test_a_change_of_the_clock_is_told_with_what_it_showed(event: ClockChanged, words: str) -> None:
    assert words in sentence(event, PLAN, on_clock("Europe/Paris"), translator("en"))


def test_a_broadcast_to_a_segment_is_told_with_the_name_the_segment_had() -> None:
    stored = (SAMPLES / "letter-begun.v1.segment.json").read_bytes()
    event = decode(1, stored).event
    clock, english = on_clock("Europe/Paris"), translator("en")
    known = replace(PLAN, segments={"salon-2026": replace(PLAN.segments["salon"])})
    told = "Letter “salon” begun, for the segment “{}” (attempt 1)"
    assert sentence(event, known, clock, english) == told.format("Rencontrés au salon")
    assert sentence(event, PLAN, clock, english) == told.format("salon-2026")


def test_a_letter_for_which_there_was_no_room_is_told_with_what_it_yielded_to() -> None:
    stored = (SAMPLES / "letter-withheld.v1.pressure.json").read_bytes()
    event = decode(1, stored).event
    assert isinstance(event, LetterWithheld)
    english, french = (
        sentence(event, PLAN, on_clock("Europe/Paris"), translator(language))
        for language in LANGUAGES
    )
    assert english == (
        "Letter “list-created” held back until 2026-03-05 12:00:00: at most “3 per 7 days”,"
        " in favour of “soldes” (broadcast soldes)"
    )
    assert french.startswith(
        "Lettre «\u00a0list-created\u00a0» retenue jusqu’au 2026-03-05 12:00:00"
    )
    assert "«\u00a03 par 7 jours\u00a0»" in french
    skipped = replace(event, until=0, favoured="")
    assert sentence(skipped, PLAN, on_clock("Europe/Paris"), translator("en")) == (
        "Letter “list-created” left out: at most “3 per 7 days”"
    )


def test_french_sentences_are_others_than_english_ones() -> None:
    events = [
        decode(1, (SAMPLES / f"{NAME_OF[event]}.v1.json").read_bytes()).event
        for event in get_args(PersonEvent)
    ]
    events += [event for event, _ in CLOCK]
    english, french = (
        [sentence(event, PLAN, on_clock("Europe/Paris"), translator(language)) for event in events]
        for language in LANGUAGES
    )
    assert not set(english) & set(french)
