"""Whatever was read is told in words, in both languages, with nothing left to fill in."""

from __future__ import annotations

import pytest

from engine.i18n.language import translator
from engine.inbound.aggregate_report import ReportFault
from engine.inbound.mail import InboundFault
from engine.inbound.reading import NotUnderstood, Obscurity, Reading
from engine.inbound.reading_sentences import (
    INBOUND_FAULTS,
    OBSCURITIES,
    REPORT_FAULTS,
    letter_named,
    recipients_named,
    what_is_done,
    what_it_is,
)
from engine.words import Reason
from tests.inbound.mails import SAMPLES, read, sample
from tests.inbound.test_aggregate_reports import mail, xml

READINGS: dict[str, Reading] = {
    **{file.name: read(sample(file.name)) for file in sorted(SAMPLES.glob("*.eml"))},
    "report": read(mail(xml(), "text/xml", "xml")),
    "absence": read("Subject: Absence\n\nx"),
    "stop": read("From: a@b.example\n\nSTOP"),
    "token": read("To: {unsubscribe}\n\nx"),
    "too large": NotUnderstood(None, Reason(InboundFault.TOO_LARGE, megabytes=10)),
    "large report": NotUnderstood(None, Reason(ReportFault.TOO_LARGE, megabytes=25)),
    "unknown": NotUnderstood(None, Reason(Obscurity.UNKNOWN_REPORT)),
}


@pytest.mark.parametrize("name", READINGS)
def test_a_reading_is_told_in_both_languages(name: str) -> None:
    reading = READINGS[name]
    letter = letter_named(reading)
    lines = [what_it_is(reading), what_is_done(reading), *recipients_named(reading)]
    french = translator("fr")
    for line in [*lines, *([letter] if letter else [])]:
        assert line.said(french) != line.said()
        assert "{" not in line.said(french) + line.said()


def test_each_fault_has_words_of_its_own() -> None:
    tables = (INBOUND_FAULTS, InboundFault), (REPORT_FAULTS, ReportFault), (OBSCURITIES, Obscurity)
    for table, codes in tables:
        assert set(table) == set(codes)
    assert "report" not in what_it_is(READINGS["too large"]).said()
    assert "report" in what_it_is(READINGS["large report"]).said()
